"""Which column of a discharge file is which field: by its header, in any order, by code or by Chinese name.

Two layouts share one inner model (``tonghu.codes.hqms_fields``): a column of either is the fact `Field.name`.
A header is untrusted input like any other cell: it may be shifted, doubled, numeric, of a third layout, or missing.

Decided here: a known column that appears twice is refused, even when both columns hold the same values. Which of the
two the hospital meant cannot be known from the file, and a check that silently took one of them would vouch for data
that it never read. Unknown and missing columns are no reason to refuse: they are reported (HQ033) and checked around.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tonghu.codes.hqms_fields import LAYOUTS, Field, Layout, header_key, layout
from tonghu.codes.text import clean
from tonghu.errors import InputRefused
from tonghu.hqms.outputs import MARKED_HEADS

# Column names of the TCM front page (pinyin initials of the collection standard of 2019). None of them is a code or a
# name of the layouts that this registry reads, so three of them are enough to know that layout.
TCM_NAMES = frozenset(
    {
        "ZZJGDM", "YLFKFS", "JKKH", "ZYCS", "BAH", "XM", "XB", "CSRQ", "NL", "GJ", "MZ", "SFZH", "HY", "ZY", "RYTJ",
        "RYSJ", "CYSJ", "SJZYTS", "ZYZD", "JBDM", "ZB", "ZFJE",
    }
)  # fmt: skip
_NUMERIC = re.compile(r"[-+]?\d+([.,]\d+)?(E[-+]?\d+)?|\d{4}[-/]\d{1,2}[-/]\d{1,2}.*")

# Without these the screen cannot say whether a row is in scope.
DIAGNOSIS = "principal_diagnosis_code"
BIRTH, ADMISSION = "birth_date", "admission_datetime"
STAND_INS = {"2012": ("age_years", "age_infant_months"), "2020": ("age_years", "age_infant_days")}


@dataclass(frozen=True)
class Columns:
    """The columns of one file, understood.

    `header` is the file's own, as written. `fields` maps the position of a column (0-based) to its field. `unknown`
    are the file's own headers that no layout knows, `ignored` the vendor extensions, `missing` the fields of the
    layout that the file has not. `notes` are remarks for the user, each (Chinese, English).
    """

    layout: Layout
    header: tuple[str, ...]
    fields: dict[int, Field]
    unknown: tuple[str, ...]
    missing: tuple[Field, ...]
    ignored: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def position(self) -> dict[str, int]:
        """Name of a fact → position of its column."""
        return {f.name: at for at, f in self.fields.items()}

    @cached_property
    def diagnosis_slots(self) -> tuple[tuple[int, str], ...]:
        """(slot, name of the code's fact) of every diagnosis slot that the file has, main diagnosis (0) first."""
        slots = [(0, DIAGNOSIS), *((n, f"other_diagnosis_{n}_code") for n in range(1, 41))]
        return tuple((n, name) for n, name in slots if name in self.position)

    @property
    def named(self) -> str:
        """The layout's id: `2012` or `2020`."""
        return self.layout.id


def is_column(text: str) -> bool:
    """Whether a cell names a column of either layout: what a reader looks for among title rows."""
    return any(layout(name).find(text) is not None for name in LAYOUTS)


def detect(header: Sequence[str]) -> Columns:
    """Understand a header. Raises InputRefused with one line where the columns cannot be told, or do not suffice."""
    keys = [header_key(cell) for cell in header]
    if not any(keys):
        raise InputRefused(
            "文件没有表头：第一行应为字段代码（如 P900、P321 或 A01、C03C）或字段中文名称",
            "No header: the first row should hold field codes (such as P900, P321 or A01, C03C) or Chinese field names",
        )
    found = {name: {at: f for at, key in enumerate(keys) if key and (f := layout(name).find(key))} for name in LAYOUTS}
    chosen = max(LAYOUTS, key=lambda name: len(found[name]))
    other = next(name for name in LAYOUTS if name != chosen)
    _refuse_marked(header)
    _refuse_strangers(keys, header, len(found[chosen]))
    _refuse_doubled(found[chosen])
    fields = {at: f for at, f in found[chosen].items() if not f.vendor_extension}
    known = {f.name for f in fields.values()}
    columns = Columns(
        layout=layout(chosen),
        header=tuple(header),
        fields=fields,
        unknown=tuple(_shown(header[at], at) for at in range(len(keys)) if at not in found[chosen]),
        missing=tuple(f for f in layout(chosen).fields if f.name not in known),
        ignored=tuple(header[at] for at, f in found[chosen].items() if f.vendor_extension),
        notes=_mixed(header, [at for at in found[other] if at not in found[chosen]], chosen, other),
    )
    _refuse_insufficient(columns)
    return columns


def _shown(cell: str, at: int) -> str:
    """A header for people: an empty one is named by its place."""
    return clean(cell) or f"(第{at + 1}列 column {at + 1})"


def _refuse_marked(header: Sequence[str]) -> None:
    """Refuse the workbook that a check made, which is for people to read: its first columns repeat the file's own."""
    count = len(MARKED_HEADS)
    if tuple(clean(cell) for cell in header[:count]) == MARKED_HEADS:
        raise InputRefused(
            "这是检查生成的标注工作簿，供核对时查看，不能直接再查或导入：请在病案系统中改好后重新导出；"
            f"若只能用此文件，请先删除最前面的 {count} 列（“{MARKED_HEADS[0]}”至“{MARKED_HEADS[-1]}”）",
            "This is the marked workbook that a check made, for people to read; it cannot be checked or imported: "
            "correct the rows in the record system and export again, or, if there is only this file, delete its first "
            f"{count} columns (“{MARKED_HEADS[0]}” to “{MARKED_HEADS[-1]}”)",
        )


def _refuse_strangers(keys: list[str], header: Sequence[str], matched: int) -> None:
    """Refuse a header of another layout, a first row that is data, and a header that nobody knows."""
    tcm = sum(key in TCM_NAMES for key in keys)
    if tcm >= 3 and tcm > matched:
        raise InputRefused(
            "这是中医住院病案首页的列名（如 ZZJGDM、YLFKFS），本系统读取西医首页 2012 版（P 代码）"
            "与 2020 版（A/B/C/D 代码）；请从病案系统导出 HQMS 接口文件",
            "These are the column names of the TCM front page (such as ZZJGDM, YLFKFS); this system reads the 2012 "
            "(P codes) and 2020 (A/B/C/D codes) layouts: export the HQMS interface file instead",
        )
    if matched >= max(2, len(keys) // 20):
        return
    filled = [key for key in keys if key]
    if sum(bool(_NUMERIC.fullmatch(key)) for key in filled) * 4 >= len(filled):
        raise InputRefused(
            f"没有找到表头：首行是数据或序号，不是字段名（如“{_sample(header)}”）：请在第一行写明"
            "字段代码（如 P900、P321 或 A01）或中文名称",
            f"No header: the first row is data or numbers, not field names (such as “{_sample(header)}”): put field "
            "codes (such as P900 or A01, C03C) or Chinese names into the first row",
        )
    raise InputRefused(
        f"无法识别表头（如“{_sample(header)}”）：应为 2012 版字段代码（P900、P321……）、2020 版字段代码"
        "（A01、A02、C03C……）或其中文名称；如列名正确，请核对分隔符",
        f"Unknown header (such as “{_sample(header)}”): expected the codes of the 2012 layout (P900, P321 …) or of the "
        "2020 layout (A01, A02, C03C …) or their Chinese names; if the names are right, check the delimiter",
    )


def _sample(header: Sequence[str]) -> str:
    """The first words of a header for a message: short, on one line."""
    text = "、".join(" ".join(cell.split()) for cell in header[:3] if cell)
    return text if len(text) <= 60 else text[:60] + "…"


def _refuse_doubled(fields: dict[int, Field]) -> None:
    """Refuse a file in which a known field has two columns."""
    places: dict[str, list[int]] = {}
    for at, f in fields.items():
        places.setdefault(f.code, []).append(at + 1)
    doubled = {code: at for code, at in places.items() if len(at) > 1}
    if not doubled:
        return
    listed = "、".join(f"{code}（第 {'、'.join(map(str, at))} 列）" for code, at in list(doubled.items())[:5])
    listed_en = ", ".join(f"{code} (columns {', '.join(map(str, at))})" for code, at in list(doubled.items())[:5])
    raise InputRefused(
        f"列重复：{listed}，共 {len(doubled)} 个字段；无法判断以哪一列为准，请只保留一列",
        f"Doubled columns: {listed_en}, {len(doubled)} field(s); which one counts cannot be known: keep one of them",
    )


def _mixed(header: Sequence[str], foreign: list[int], chosen: str, other: str) -> tuple[tuple[str, str], ...]:
    """The remark on a header that mixes both layouts."""
    if not foreign:
        return ()
    names = "、".join(header[at] for at in foreign[:5])
    return (
        (
            f"表头混有两个版本的列：按多数认作 {chosen} 版，{len(foreign)} 列属于 {other} 版，未读取（如 {names}）",
            f"The header mixes both layouts: taken for {chosen} by majority; {len(foreign)} column(s) of {other} are "
            f"not read (such as {names})",
        ),
    )


def _refuse_insufficient(columns: Columns) -> None:
    """Refuse a file without the columns that the screen stands on."""
    lacking: list[str] = []
    codes = {f.name: f"{f.code} {f.name_zh}" for f in columns.layout.fields}
    if DIAGNOSIS not in columns.position:
        lacking.append(codes[DIAGNOSIS])
    ages = (BIRTH, ADMISSION)
    stand_ins = STAND_INS[columns.named]
    if not all(a in columns.position for a in ages) and not any(a in columns.position for a in stand_ins):
        lacking += [codes[a] for a in (*ages, *stand_ins) if a not in columns.position]
    if lacking:
        listed = "、".join(lacking)
        raise InputRefused(
            f"缺少筛查所必需的列：{listed}；请补齐后重新导出",
            f"Columns missing without which no row can be screened: {listed}; add them to the export",
        )
