"""Rows that cannot be screened by their main diagnosis, because its cell is blank or holds no ICD-10 code.

A file in which that is nearly every row has something else in the column of the codes: nobody would be found by it, and
"none found" would read as good news. Such a file is refused; of single rows the user is told.
"""

from __future__ import annotations

from tonghu.errors import InputRefused
from tonghu.hqms.layout import DIAGNOSIS, Columns

_MANY = 20


def refuse(columns: Columns, asked: int, uncoded: int) -> None:
    """Refuse a file with hardly any code in the column of the main diagnosis.

    Args:
        columns: of the file.
        asked: rows under the age of the scope, or of unknown age.
        uncoded: those among them without a code as main diagnosis.

    Raises InputRefused naming the column.
    """
    if asked >= _MANY and (asked - uncoded) * _MANY < asked:
        at = columns.header[columns.position[DIAGNOSIS]]
        raise InputRefused(
            f"主要诊断编码列（{at}）几乎没有编码：不满监测年龄或年龄不明的 {asked:,} 行中，"
            f"{uncoded:,} 行为空或不是 ICD-10 编码；请核对该列导出的是编码（如 C91.000），不是诊断名称",
            f"The column of main diagnosis codes ({at}) holds hardly any: in {uncoded:,} of {asked:,} rows under the "
            "age of the scope, or of unknown age, it is blank or no ICD-10 code; export codes such as C91.000 there",
        )


def note(asked: int, uncoded: int) -> list[tuple[str, str]]:
    """What the user is told of such rows (Chinese, English), if there are any."""
    if not uncoded:
        return []
    return [
        (
            f"不满监测年龄或年龄不明的 {asked:,} 行中，{uncoded:,} 行的主要诊断编码为空或不是 ICD-10 编码，"
            "无法凭主要诊断判断是否应报告，请在病案系统中核对",
            f"{uncoded:,} of {asked:,} rows under the age of the scope, or of unknown age, have no ICD-10 code as main "
            "diagnosis and cannot be screened by it: check them in the record system",
        )
    ]
