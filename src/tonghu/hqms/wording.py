"""What a user reads about one cell: the cause and how to mend it, in Chinese and English, each on one line.

The name of the field is not among the words: it stands before them wherever they are shown.

The front-page rules carry their own words; these are for the checks that follow from the field dictionary (HQ021
type, HQ022 length, HQ023 code table) and for the header (HQ033), where the cause depends on what stands in the cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tonghu.codes import reading
from tonghu.codes.hqms_fields import Field
from tonghu.codes.tables import CodeTable
from tonghu.codes.text import halfwidth
from tonghu.hqms.casting import Value

_TYPES = {
    "integer": ("整数", "a whole number"),
    "decimal": ("至多两位小数的数字", "a number with at most two decimal places"),
    "date": ("日期，如 2026-09-07", "a date such as 2026-09-07"),
    "datetime": ("日期时间，如 2026-09-07 20:46:00", "a date and time such as 2026-09-07 20:46:00"),
}
_LISTED = 12  # so many codes of a table still fit into one line


@dataclass(frozen=True, slots=True)
class Said:
    """A cause and how to mend it, in both languages; one line each."""

    cause_zh: str
    mend_zh: str
    cause_en: str
    mend_en: str

    @property
    def zh(self) -> str:
        """The whole message in Chinese."""
        return f"{self.cause_zh}；{self.mend_zh}" if self.mend_zh else self.cause_zh

    @property
    def en(self) -> str:
        """The whole message in English: a sentence for the cause, and one for the mend."""
        mend = f" {self.mend_en[:1].upper()}{self.mend_en[1:]}." if self.mend_en else ""
        return f"{self.cause_en}.{mend}"


def shown(text: str, limit: int = 40) -> str:
    """A cell's text inside a message: on one line, and not longer than people read."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit] + "…"


def badly_written(field: Field, text: str, note: str, value: Value | None) -> Said:
    """HQ021: `text` is not written as the type of `field` asks; `value` is what it says, if that is certain."""
    zh, en = _TYPES.get(field.type, ("文本", "text"))
    given = shown(text)
    if note == reading.SCIENTIFIC:
        return Said(
            f"“{given}”是科学计数法，末几位数字已经丢失",
            "请从原系统重新导出，并在导出前将该列设为文本格式",
            f"“{given}” is in scientific notation: its last digits are lost",
            "export again from the source system with this column as text",
        )
    if value is not None:
        return _rewritten(given, note, plainly(value, field.type))
    why = _why_unreadable(field.type, halfwidth(text).strip())
    return Said(
        f"“{given}”{why[0] if why else '无法识别'}",
        f"应填写{zh}",
        f"“{given}” {why[1] if why else 'cannot be read'}",
        f"write {en}",
    )


def _rewritten(given: str, note: str, right: str) -> Said:
    """The words for a cell whose value is certain and whose writing is not right."""
    causes = {
        reading.FULLWIDTH: ("含有全角字符", "holds full-width characters"),
        reading.EXCEL_SERIAL: ("是 Excel 日期序号", "is an Excel serial number of a date"),
        reading.DECIMAL_FOR_INTEGER: ("带有小数点，该项为整数", "has a decimal point where a whole number is asked"),
        reading.GUARDED: ("前后有引号、等号或括号，不是编码的写法", "has quotes, “=” or brackets around the code"),
        reading.TOO_MANY_PLACES: ("小数多于两位", "has more than two decimal places"),
    }
    zh, en = causes[note]
    return Said(f"“{given}”{zh}", f"应写作“{right}”", f"“{given}” {en}", f"write “{right}”")


def _why_unreadable(kind: str, text: str) -> tuple[str, str] | None:
    """What exactly is wrong with a text that cannot be read as `kind`, where that can be said."""
    if kind in ("date", "datetime"):
        return _why_no_date(text)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return "含有千位分隔符", "has thousands separators"
    if kind == "integer" and re.fullmatch(r"-?\d*\.\d+", text):
        return "不是整数", "is not a whole number"
    return None


def _why_no_date(text: str) -> tuple[str, str] | None:
    parts = re.match(r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})(?!\d)", text)
    if parts is None:
        if re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|\d{6}$", text):
            return "年份不足四位", "has no four-digit year"
        return None
    year, month, day = int(parts[1]), int(parts[3]), int(parts[4])
    if not 1 <= month <= 12:
        return f"的月份 {month} 不存在", f"has month {month}, which does not exist"
    if not 1900 <= year <= 2099:
        return f"的年份 {year} 不在 1900–2099 之间", f"has year {year}, outside 1900–2099"
    try:
        date(year, month, day)
    except ValueError:
        return (
            f"的日期不存在（{year} 年 {month} 月没有 {day} 日）",
            f"is no day of the calendar ({year}-{month:02d} has no {day})",
        )
    return "的时间部分无法识别", "has a time that cannot be read"


def plainly(value: Value, kind: str) -> str:
    """A value as it should be written."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}" if kind == "decimal" else f"{value:f}"
    return str(value)


def too_long(field: Field, length: int) -> Said:
    """HQ022: `length` characters where the dictionary allows fewer."""
    limit = field.max_length
    return Said(
        f"共 {length} 个字符，超过上限 {limit}",
        f"请缩写至 {limit} 个字符以内，或核对是否错列",
        f"{length} characters where at most {limit} are allowed",
        f"shorten to {limit} characters, or check whether columns are shifted",
    )


def not_in_table(text: str, table: CodeTable) -> Said:
    """HQ023: `text` is no code of the field's table; proposes the code that was meant where only one fits."""
    proposed = meant(text, table)
    if proposed:
        mend = f"应写作“{proposed}”", f"write “{proposed}”"
    elif len(table.entries) <= _LISTED:
        mend = (
            "可填：" + "、".join(f"{entry.code} {entry.name_zh}".strip() for entry in table.entries),
            "codes: " + ", ".join(f"{entry.code} {entry.name_en or entry.name_zh}".strip() for entry in table.entries),
        )
    else:
        mend = f"请按代码表 {table.id} 填写代码", f"use a code of table {table.id}"
    return Said(
        f"“{shown(text)}”不在代码表 {table.id}（{table.name_zh}）中",
        mend[0],
        f"“{shown(text)}” is not in code table {table.id} ({table.name_en or table.name_zh})",
        mend[1],
    )


def meant(text: str, table: CodeTable) -> str | None:
    """The one code that `text` stands for: half-width, without or with a leading zero, or the name of a code."""
    plain = halfwidth(text).strip()
    for guess in (plain, plain.upper(), plain.lstrip("0"), "0" + plain, plain.removesuffix(".0")):
        if guess and table.has(guess):
            return guess
    named = [entry.code for entry in table.entries if entry.name_zh == plain]
    return named[0] if len(named) == 1 else None
