"""Many institutions at once from a CSV file: everything that is wrong is said, and all of it is registered or nothing.

The first row names the columns, in Chinese or English and any order; :data:`COLUMNS` says which there are. A row whose
code is registered already changes what it says differently; a blank cell says nothing. The same file again changes
nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from tonghu.codes.dates import read_date
from tonghu.codes.text import clean, halfwidth
from tonghu.errors import InputRefused
from tonghu.network import services
from tonghu.network.catalogues import GRADES, LEVELS, departments, institution_types
from tonghu.network.events import BROUGHT
from tonghu.network.models import Institution, InstitutionCode
from tonghu.platform.audit.events import SITE, record
from tonghu.platform.scope.scope import Scope

_KINDS: Final = {
    "医院": "hospital", "基层医疗卫生机构": "primary_care", "基层": "primary_care", "主管部门": "authority",
}  # fmt: skip
_CODES: Final = tuple(InstitutionCode.System.values)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: heading in both languages, how a cell is read, and what one may say.

    `read` returns the value; KeyError or ValueError where the cell is none.
    """

    field: str
    zh: str
    en: str
    read: Callable[[str], Any]
    wanted: tuple[str, str]
    needed: bool = False


def _text(most: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > most:
            raise ValueError
        return cell

    return read


def _one_of(named: Mapping[str, Any]) -> Callable[[str], Any]:
    return lambda cell: named[cell]


def _region(cell: str) -> str:
    if not re.fullmatch(r"\d{6}", cell, re.ASCII):
        raise ValueError
    return cell


def _day(cell: str) -> date:
    day = read_date(cell).value
    if day is None:
        raise ValueError
    return day


def _by_either(entries: Mapping[str, Any]) -> dict[str, str]:
    return {said: code for code, one in entries.items() for said in (code, one.zh, one.en)}


def _columns() -> tuple[Column, ...]:
    levels = {said: level for level, (zh, en) in LEVELS.items() for said in (str(level), zh, en)}
    grades = {said: code for code, (zh, en) in GRADES.items() for said in (code, zh, en)}
    kinds = {**_KINDS, **{code: code for code in Institution.Kind.values}}
    up_to = ("不超过 {} 个字符", "at most {} characters")
    return (
        Column("code", "机构编码", "code", _text(22), (up_to[0].format(22), up_to[1].format(22)), True),
        Column("name", "机构名称", "name", _text(120), (up_to[0].format(120), up_to[1].format(120)), True),
        Column("region_code", "行政区划", "region", _region, ("六位区划代码，如 510104", "six digits, 510104"), True),
        Column("kind", "种类", "kind", _one_of(kinds), ("、".join(_KINDS), ", ".join(Institution.Kind.values))),
        Column(
            "department", "条线", "department", _one_of(_by_either(departments())),
            ("、".join(one.zh for one in departments().values()), ", ".join(departments())),
        ),
        Column(
            "type", "类别", "type", _one_of(_by_either(institution_types())),
            ("类别代码或名称，如 A519 或 儿童医院", "a type's code or name, such as A519"),
        ),
        Column("level", "级别", "level", _one_of(levels), ("一级、二级、三级", "1, 2 or 3")),
        Column("grade", "等次", "grade", _one_of(grades), ("、".join(GRADES), ", ".join(GRADES))),
        Column("since", "启用日期", "since", _day, ("日期，如 2026-01-01", "a day, such as 2026-01-01")),
        Column("registration", "登记号", "registration", _text(22), ("22 位字母和数字", "22 letters and digits")),
        Column("credit", "统一社会信用代码", "credit", _text(18), ("18 位字母和数字", "18 letters and digits")),
        Column("organisation", "组织机构代码", "organisation", _text(9), ("9 位字母和数字", "9 letters and digits")),
    )  # fmt: skip


COLUMNS: Final = _columns()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row: where, what, and what would be right."""

    row: int
    zh: str
    en: str

    def __str__(self) -> str:
        return f"第 {self.row} 行{self.zh} / Row {self.row}{self.en}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: row number in the file and values by field, and the faults of the cells."""

    rows: Sequence[tuple[int, dict[str, Any]]]
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a file; with faults, nothing of it stands."""

    new: int
    changed: int
    same: int
    faults: Sequence[Fault]


def read(file: Path) -> Sheet:
    """Read a file of institutions: UTF-8 or GB18030, commas or tabs.

    Raises:
        InputRefused: it cannot be read, a needed column is missing, a heading is unknown or stands there twice.
    """
    try:
        held = file.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise InputRefused(f"找不到文件 {file}", f"There is no file {file}") from None
    text = _decoded(held, file)
    tabs = "\t" in text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",")
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error:  # a quotation mark that never closes, over a file of some size
        raise _no_table(file) from None
    at = _headed(lines[0][1] if lines else [], file)
    rows: list[tuple[int, dict[str, Any]]] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        row, wrong = _read_row(number, cells, at)
        faults += wrong
        code = row.get("code", "")
        if code in first:
            faults.append(
                Fault(
                    number,
                    f"“机构编码”：{code} 与第 {first[code]} 行重复，每家机构只写一行",
                    f", code: {code} is that of row {first[code]}; an institution has one row",
                )
            )
        if code:
            first.setdefault(code, number)
        rows.append((number, row))
    if not rows:
        raise InputRefused(f"{file} 里没有机构", f"{file} holds no institution")
    return Sheet(rows, faults)


def bring(sheet: Sheet, *, by: Scope, dry_run: bool = False) -> Brought:
    """Register and change what a file says: all of it, or nothing where a row is refused or on a dry run.

    Raises:
        PermissionDenied: `by` may not.
    """
    faults, done = list(sheet.faults), {"new": 0, "changed": 0, "same": 0}
    wrong = {fault.row for fault in faults}
    with transaction.atomic():
        for number, row in sheet.rows:
            if number in wrong:
                continue
            try:
                done[_bring_one(row, by)] += 1
            except InputRefused as refused:
                faults.append(Fault(number, f"：{refused.zh}", f": {refused.en}"))
        if faults or dry_run:
            transaction.set_rollback(True)
        elif done["new"] or done["changed"]:
            record(BROUGHT, subject=SITE, by=by, data={"new": done["new"], "changed": done["changed"]})
    return Brought(**done, faults=sorted(faults, key=lambda fault: fault.row))


def _decoded(held: bytes, file: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return held.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _no_table(file)


def _no_table(file: Path) -> InputRefused:
    return InputRefused(
        f"{file} 不是 UTF-8 或 GB18030 编码的 CSV 表：请在表格软件中另存为 CSV",
        f"{file} is no table of text in UTF-8 or GB18030: save it as CSV",
    )


def _headed(headings: Sequence[str], file: Path) -> dict[str, int]:
    """Where each column stands, by field."""
    known = {said: column.field for column in COLUMNS for said in (column.zh, column.en)}
    said = [halfwidth(clean(cell) or "").lower() for cell in headings]
    unknown = [cell for cell in said if cell and cell not in known]
    times = Counter(known[cell] for cell in said if cell in known)
    at = {known[cell]: place for place, cell in enumerate(said) if cell in known}
    missing = [column for column in COLUMNS if column.needed and column.field not in at]
    listed, listed_en = "、".join(column.zh for column in COLUMNS), ", ".join(column.en for column in COLUMNS)
    if missing:
        raise InputRefused(
            f"{file} 缺少列：{'、'.join(column.zh for column in missing)}；可用的列：{listed}",
            f"{file} lacks the columns {', '.join(column.en for column in missing)}; known are {listed_en}",
        )
    twice = sorted({cell for cell in said if cell in known and times[known[cell]] > 1})
    if unknown or twice:
        zh, en = ("不认识的列", "unknown columns") if unknown else ("重复的列", "columns twice")
        wrong = unknown or twice
        raise InputRefused(
            f"{file} 有{zh}：{'、'.join(wrong)}；可用的列：{listed}",
            f"{file} has {en}: {', '.join(wrong)}; known are {listed_en}",
        )
    return at


def _read_row(number: int, cells: Sequence[str], at: Mapping[str, int]) -> tuple[dict[str, Any], list[Fault]]:
    row: dict[str, Any] = {}
    faults = []
    for column in COLUMNS:
        place = at.get(column.field, len(cells))
        cell = (clean(cells[place]) or "") if place < len(cells) else ""
        if column.field != "name":  # brackets of a name stay as they are written
            cell = halfwidth(cell)
        zh, en = column.wanted
        if not cell:
            if column.needed:
                faults.append(
                    Fault(number, f"“{column.zh}”：没有填，应为{zh}", f", {column.en}: empty, should be {en}")
                )
            continue
        try:
            row[column.field] = column.read(cell)
        except (KeyError, ValueError):
            faults.append(
                Fault(number, f"“{column.zh}”：“{cell}”不能用，应为{zh}", f", {column.en}: not “{cell}”, but {en}")
            )
    return row, faults


def _bring_one(row: dict[str, Any], by: Scope) -> str:
    """Bring one row; returns ``new``, ``changed`` or ``same``."""
    said = dict(row)
    codes = {system: said.pop(system) for system in _CODES if system in said}
    code, since = said.pop("code"), said.pop("since", None)
    kind = said.pop("kind", None)
    there = Institution.objects.filter(code=code).first()
    if there is None:
        made = services.register_institution(code=code, kind=kind or _kind_of(said), since=since, by=by, **said)
        _set_codes(made, codes, by)
        return "new"
    if (kind or there.kind, since or there.valid.lower) != (there.kind, there.valid.lower):
        raise InputRefused(
            f"{code} 已登记，种类和启用日期不能再改", f"{code} is registered: kind and first day stay as they are"
        )
    changes = {field: value for field, value in said.items() if getattr(there, field) != value}
    if changes:
        services.change_institution(institution=there, by=by, **changes)
    return "changed" if _set_codes(there, codes, by) or changes else "same"


def _kind_of(said: Mapping[str, Any]) -> str:
    """What a row is that does not say it: an authority has a department, a type belongs to a kind."""
    if "department" in said:
        return str(Institution.Kind.AUTHORITY)
    return institution_types()[said["type"]].kind if "type" in said else str(Institution.Kind.HOSPITAL)


def _set_codes(institution: Institution, codes: Mapping[str, str], by: Scope) -> bool:
    """Set the codes that differ; returns whether there were any."""
    held = services.codes_of(institution)
    differing = {system: code.upper() for system, code in codes.items() if held.get(system) != code.upper()}
    for system, code in differing.items():
        services.set_code(institution=institution, system=system, code=code, by=by)
    return bool(differing)
