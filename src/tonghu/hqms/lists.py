"""The clinical edition's code list that a site uses: loaded by the user, for HQ065 (code exists, name is its own).

The list is not shipped. It is any table with a column of codes and one of names; without it HQ065 waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from tonghu.codes.icd10 import normalise
from tonghu.codes.text import clean
from tonghu.errors import InputRefused
from tonghu.hqms.layout import Columns

_CODES: Final = ("诊断编码", "疾病编码", "疾病代码", "主要编码", "编码", "代码", "code", "icd10", "icd-10")
_NAMES: Final = ("诊断名称", "疾病名称", "名称", "name")
#: Every fact that a list supplies, whatever the layout: the listed name beside each diagnosis code.
LISTED_FACTS: Final = ("principal_diagnosis_listed_name", *(f"other_diagnosis_{n}_listed_name" for n in range(1, 41)))


@dataclass(frozen=True)
class ClinicalList:
    """Names by code key, as one file gives them."""

    file: str
    sha256: str
    names: dict[str, str]

    @classmethod
    def read(cls, file: Path) -> ClinicalList:
        """Read a list of any format that a discharge file may have. Raises InputRefused when it is none."""
        from tonghu.hqms.reading import open_file

        source = open_file(file, lambda text: _is(text, _CODES) or _is(text, _NAMES))
        header = [clean(cell) or "" for cell in source.header]
        code, name = _column(file, header, _CODES, "编码", "codes"), _column(file, header, _NAMES, "名称", "names")
        names: dict[str, str] = {}
        for frame in source.frames():
            for key, text in frame.data.select(f"c{code}", f"c{name}").iter_rows():
                written, named = clean(key), clean(text)
                if written and named:
                    names.setdefault(normalise(written), named)
        if not names:
            raise InputRefused(f"{file.name} 中没有编码与名称", f"{file.name} holds no codes with names")
        return cls(file.name, source.sha256, names)

    def facts(self, columns: Columns) -> tuple[str, ...]:
        """The facts that the list supplies for a file."""
        return tuple(_listed(name) for _, name in columns.diagnosis_slots)

    def joined(self, table: pl.DataFrame, columns: Columns) -> pl.DataFrame:
        """`table` with the listed name of each diagnosis code: '' where the list has not the code, null without one."""
        return table.with_columns(
            self._names_of(table[name]).alias(_listed(name)) for _, name in columns.diagnosis_slots
        )

    def _names_of(self, codes: pl.Series) -> pl.Series:
        distinct = codes.unique().drop_nulls()
        listed = [self.names.get(normalise(code), "") for code in distinct]
        return codes.replace_strict(distinct, pl.Series(listed, dtype=pl.String), default=None, return_dtype=pl.String)

    @property
    def note(self) -> tuple[str, str]:
        """Which list was used, for the summary."""
        return (
            f"HQ065 使用编码表 {self.file}（{len(self.names)} 条，SHA-256 {self.sha256[:12]}…）",
            f"HQ065 uses the code list {self.file} ({len(self.names)} codes, SHA-256 {self.sha256[:12]}…)",
        )


def _listed(code_fact: str) -> str:
    """The fact that a list supplies beside a code."""
    return code_fact.removesuffix("_code") + "_listed_name"


def _is(text: str, words: tuple[str, ...]) -> bool:
    return (clean(text) or "").lower() in words


def _column(file: Path, header: list[str], words: tuple[str, ...], zh: str, en: str) -> int:
    """The column that is called one of `words`; of several the one whose word stands first there."""
    found = [(words.index(cell.lower()), at) for at, cell in enumerate(header) if cell.lower() in words]
    if not found:
        raise InputRefused(
            f"{file.name} 没有{zh}列：列名应为 {'、'.join(words)} 之一",
            f"{file.name} has no column of {en}: it should be called one of {', '.join(words)}",
        )
    return min(found)[1]
