"""The workbook in memory that calamine gets to read: one piece of a sheet, with what a package needs around it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from html import unescape

import polars as pl

from tonghu.hqms.reading.ooxml import Book, shared_texts

SIMPLE_TEXT = re.compile(rb'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
ANY_TEXT = re.compile(rb"<(?:\w+:)?si(?:[ />])")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BEGIN, _END = f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode(), b"</sheetData></worksheet>"
_GUARD = '<row r="{row}"><c r="A{row}" t="str"><v>-</v></c><c r="{last}{row}" t="str"><v>-</v></c></row>'


def wrapped(rows: bytes) -> bytes:
    """Rows as a worksheet."""
    return _BEGIN + rows + _END


def packed(around: Mapping[str, bytes], rows: bytes, above: int, width: int) -> bytes:
    """A workbook of some rows.

    `above`: the number of the row before them, 0 for none. It is filled from column A to `width` columns, so that the
    table that calamine makes begins in column A and reaches far enough.
    """
    guard = _GUARD.format(row=above, last=_letters(width - 1)).encode() if above else b""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as parts:
        for name, content in around.items():
            parts.writestr(name, content)
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for content in (_BEGIN, guard, rows, _END):
                sheet.write(content)
    return package.getvalue()


def around(parts: zipfile.ZipFile, book: Book) -> dict[str, bytes]:
    """What a package needs besides the sheet: the list of sheets, and the styles of the user's workbook."""
    properties = '<workbookPr date1904="1"/>' if book.since_1904 else ""
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return {
        "_rels/.rels": (
            f'{relations}<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>"
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{properties}<sheets>'
            '<sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'{relations}<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ).encode(),
        **({"xl/styles.xml": parts.read(book.styles)} if book.styles else {}),
    }


def shared(parts: zipfile.ZipFile, book: Book) -> pl.Series | None:
    """The shared texts in order, an empty one being none."""
    if book.shared is None:
        return None
    xml = parts.read(book.shared)
    found = SIMPLE_TEXT.findall(xml)
    # Rich texts, escapes of XML and of Excel, and white space that XML changes are left to the parser.
    if len(found) == len(ANY_TEXT.findall(xml)) and not any(mark in xml for mark in (b"&#", b"_x", b"\r", b"\0")):
        joined = b"\0".join(found).decode()
        texts = (unescape(joined) if "&" in joined else joined).split("\0") if found else []
    else:
        texts = shared_texts(io.BytesIO(xml))
    return pl.Series(texts, dtype=pl.String).replace("", None)


def _letters(index: int) -> str:
    """The letters of a 0-based column: the opposite of `column_index`."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
