"""The inside of an Excel workbook package: its sheets, the formats that mean dates, its shared texts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from posixpath import join, normpath
from typing import IO, Literal

from lxml import etree

DateKind = Literal["date", "time", "datetime"]

_DATE: DateKind = "date"
_TIME: DateKind = "time"

# ECMA-376 part 1, 18.8.30: formats that need no definition; 27-36 and 50-58 are those of Chinese Excel.
BUILT_IN: dict[int, DateKind] = {
    **dict.fromkeys([14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58], _DATE),
    **dict.fromkeys([18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56], _TIME),
    22: "datetime",
}

# What a format shows literally or as a condition says nothing about its kind: "quoted", \x, [Red], _x, *x.
LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)

# Characters that XML cannot hold are written as _x000D_.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheet:
    """One worksheet of a workbook."""

    name: str
    part: str
    """Its path in the package."""
    visible: bool


@dataclass(frozen=True)
class Book:
    """What must be known of a workbook before its cells can be read."""

    sheets: tuple[Sheet, ...]
    shared: str | None
    """Path of the shared texts."""
    styles: str | None
    """Path of the styles."""
    date_styles: dict[int, DateKind]
    """Cell style number → what kind of date it shows."""
    since_1904: bool
    macros: bool


def read_book(package: zipfile.ZipFile) -> Book:
    """The workbook part of an .xlsx package (also .xlsm), its sheets in order.

    Raises KeyError or lxml.etree.XMLSyntaxError when the package is not whole.
    """
    names = {name.lower(): name for name in package.namelist()}
    root = etree.fromstring(package.read(names["xl/workbook.xml"]))
    targets = relation_targets(package.read(names["xl/_rels/workbook.xml.rels"]))
    sheets = []
    for element in root.iter("{*}sheet"):
        relation = next((value for key, value in element.attrib.items() if str(key).endswith("}id")), "")
        kind, part = targets.get(str(relation), ("", ""))
        if kind == "worksheet":
            state = element.get("state", "visible")
            sheets.append(Sheet(str(element.get("name", "")), names.get(part.lower(), part), state == "visible"))
    properties = next(root.iter("{*}workbookPr"), None)
    shared = next((part for kind, part in targets.values() if kind == "sharedStrings"), None)
    styles = next((part for kind, part in targets.values() if kind == "styles"), "").lower()
    return Book(
        tuple(sheets),
        names.get(shared.lower()) if shared else None,
        names.get(styles),
        _date_styles(package.read(names[styles])) if styles in names else {},
        properties is not None and properties.get("date1904") in ("1", "true"),
        "xl/vbaproject.bin" in names,
    )


def shared_texts(stream: IO[bytes]) -> list[str]:
    """The shared texts in order; phonetic guides left out, runs of rich text joined."""
    texts = []
    for _, element in etree.iterparse(stream, tag="{*}si", huge_tree=True):
        texts.append(text_of(element))
        free(element)
    return texts


def text_of(element: etree._Element) -> str:
    """The text of a rich or plain text element, without phonetic guides."""
    parts = [
        node.text or ""
        for node in element.iter("{*}t")
        if (parent := node.getparent()) is not None and not str(parent.tag).endswith("}rPh")
    ]
    text = "".join(parts)
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def rows_of(stream: IO[bytes]) -> Iterator[tuple[int, etree._Element]]:
    """The rows of a sheet with their 1-based numbers; each is freed when the next is asked for."""
    number = 0
    for _, row in etree.iterparse(stream, tag="{*}row", huge_tree=True):
        number = int(row.get("r") or number + 1)
        yield number, row
        free(row)


def format_kind(code: str) -> DateKind | None:
    """What kind of date a number format shows, None when it shows no date."""
    plain = LITERAL.sub("", code.split(";")[0]).lower()
    if "general" in plain:
        return None
    time = bool(re.search(r"[hs]", plain))
    date = bool(re.search(r"[yd]", plain)) or ("m" in plain and not time)
    if date and time:
        return "datetime"
    return "date" if date else "time" if time else None


def date_text(serial: float, kind: DateKind, *, since_1904: bool = False) -> str:
    """A date cell as ISO text: the date alone at midnight under a format without time, else with the time.

    Times are rounded to the millisecond, which is what a serial number can tell. A time without a day is given as
    such. A number that is no date (negative, after the year 9999) is given as the number.
    """
    milliseconds = round(serial * 86_400_000)
    day, rest = divmod(milliseconds, 86_400_000)
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if day >= 60 else 31)  # noqa: DTZ001
    try:
        moment = epoch + timedelta(days=day, milliseconds=rest)
    except OverflowError:
        return number_text(serial)
    if serial < 0:
        return number_text(serial)
    time = f"{moment:%H:%M:%S}" + (f".{rest % 1000:03d}" if rest % 1000 else "")
    if kind == "time" and day == 0:
        return time
    date = moment.date().isoformat()
    return date if kind == "date" and not rest else f"{date} {time}"


def number_text(value: float) -> str:
    """A number as Excel shows it in a wide column: 15 significant digits, whole numbers without a point.

    From 10^15 on, digits have been lost when the number was stored; it is written as 5.10107201609250E+17 would be,
    so that nobody takes it for a whole identity number.
    """
    text = f"{value:.15g}"
    if "e" not in text:
        return "0" if text == "-0" else text
    mantissa, exponent = text.split("e")
    if exponent.startswith("+"):
        return f"{mantissa}E+{exponent[1:]}"
    digits = len(mantissa.lstrip("-").replace(".", "")) - 1 + int(exponent[1:])
    return f"{value:.{digits}f}"


def relation_targets(relations: bytes) -> dict[str, tuple[str, str]]:
    """Relation id → kind and path of the part."""
    found = {}
    for element in etree.fromstring(relations).iter("{*}Relationship"):
        kind = str(element.get("Type", "")).rsplit("/", 1)[-1]
        target = str(element.get("Target", ""))
        part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        found[str(element.get("Id"))] = (kind, part)
    return found


def _date_styles(styles: bytes) -> dict[int, DateKind]:
    root = etree.fromstring(styles)
    formats: dict[int, DateKind | None] = dict(BUILT_IN)
    for element in root.iter("{*}numFmt"):
        formats[int(element.get("numFmtId", "0"))] = format_kind(str(element.get("formatCode", "")))
    cell_formats = next(root.iter("{*}cellXfs"), None)
    kinds: dict[int, DateKind] = {}
    for index, element in enumerate(() if cell_formats is None else cell_formats.iterchildren("{*}xf")):
        kind = formats.get(int(element.get("numFmtId", "0")))
        if kind:
            kinds[index] = kind
    return kinds


def free(element: etree._Element) -> None:
    """Give up an element that has been read, and those before it, so that a long document stays small."""
    element.clear()
    while (before := element.getprevious()) is not None:
        parent = before.getparent()
        if parent is None:
            break
        parent.remove(before)
