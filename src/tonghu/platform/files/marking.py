"""The watermark of a workbook: a sheet of its own at the end, that says who took it, when and why.

A workbook is a ZIP. Its sheets stay as they lie there, byte for byte; three small parts that name them are written
anew, and the sheet beside them, so that marking a large file costs no more than a small one.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BOOK, _RELATIONS, _TYPES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
_PART: Final = "worksheets/tonghu_mark.xml"
_ID: Final = "rIdTonghuMark"


class NotMarked(ValueError):  # noqa: N818 -- it names what happened
    """The file is no workbook that a sheet can be added to."""


def mark_workbook(path: Path, sheet: str, text: str) -> None:
    """Add a sheet with a text to a workbook (.xlsx), in place; what it held stays as it was.

    Args:
        sheet: what the sheet is called, at most 31 characters.
        text: the watermark.

    Raises:
        NotMarked: it is no workbook, or has such a sheet.
    """
    try:
        with zipfile.ZipFile(path, "a") as book:
            parts = {name: book.read(name).decode() for name in (_BOOK, _RELATIONS, _TYPES)}
            if f"xl/{_PART}" in book.NameToInfo:
                raise NotMarked("it is marked already")
            number = 1 + max((int(one) for one in re.findall(r'sheetId="(\d+)"', parts[_BOOK])), default=0)
            entry = f'<sheet name={quoteattr(sheet)} sheetId="{number}" r:id="{_ID}"/>'
            parts[_BOOK] = _before(parts[_BOOK], "</sheets>", entry)
            relation = f'<Relationship Id="{_ID}" Type="{_RELATION}/worksheet" Target="{_PART}"/>'
            parts[_RELATIONS] = _before(parts[_RELATIONS], "</Relationships>", relation)
            override = f'<Override PartName="/xl/{_PART}" ContentType="{_TYPE}"/>'
            parts[_TYPES] = _before(parts[_TYPES], "</Types>", override)
            for name in parts:  # the table at the end of the file names the new ones alone
                book.filelist.remove(book.NameToInfo.pop(name))
            for name, said in parts.items():
                book.writestr(name, said, zipfile.ZIP_DEFLATED)
            book.writestr(f"xl/{_PART}", _sheet(text), zipfile.ZIP_DEFLATED)
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as fault:
        raise NotMarked(str(fault)) from fault


def _before(text: str, end: str, added: str) -> str:
    head, found, tail = text.rpartition(end)
    if not found:
        raise NotMarked(f"{end} is missing")
    return head + added + end + tail


def _sheet(text: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="{_NAMESPACE}"><cols>'
        f'<col min="1" max="1" width="120" customWidth="1"/></cols><sheetData><row r="1"><c r="A1" t="inlineStr">'
        f'<is><t xml:space="preserve">{escape(text)}</t></is></c></row></sheetData></worksheet>'
    )
