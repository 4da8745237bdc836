"""The cells of a worksheet that the fast reader would tell wrongly, found beside it in the XML.

calamine gives texts and everyday numbers exactly. It drops error values, loses whether a date cell shows a time,
writes `true` for TRUE, and writes out digits of long numbers that were never stored. Those cells are few: the marks
that they bear are looked for in the XML, without parsing the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import IO

from tonghu.hqms.reading.ooxml import Book
from tonghu.hqms.reading.sheet_stream import column_index, value_text

# r, s, t is the order in which every known writer puts a cell's attributes; others are read the slow way.
CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"(?: s="([0-9]+)")?(?: t="([a-zA-Z]+)")?[^>]*>(?:<f[^>]*/>|<f.*?</f>)?<v>')
USUAL_CELL = re.compile(rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?(?: t="[a-zA-Z]+")?(?: [cv]m="[0-9]+")*/?>')
VALUED = re.compile(rb'<c r="([A-Z]+)([0-9]+)"[^>]*(?<!/)>(?!</c>|<v></v>|<v ?/>)')
ROWS_BEGIN, ROWS_END = re.compile(rb"<sheetData[^>]*>"), b"</sheetData>"
ANY_CELL = re.compile(rb"<(?:[A-Za-z]+:)?c[ />]")

LONG_NUMBER = rb"<v>(?:[^<]{16,}|[-0-9.]+[eE][^<]+|-0[.0]*)</v>"
TYPED = rb' t="[eb]"'
UNCALCULATED = re.compile(rb"</f>(?:<v></v>|<v ?/>|</c>)")


@dataclass
class Marks:
    """Cells that calamine tells wrongly: 1-based sheet row, 0-based column and text of each."""

    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def first_value(xml: bytes) -> tuple[int, int, int] | None:
    """Row (1-based), column (0-based) and place of the first cell that is not just a format."""
    found = VALUED.search(xml)
    return (int(found[2]), column_index(found[1].decode()), found.start()) if found else None


def is_usual(start: bytes) -> bool:
    """Whether the cells at the start of a sheet are written in the usual way, the first one being in column A."""
    start = start[: start.rfind(b">") + 1]  # what was read may end inside a cell
    first = first_value(start)
    cells = len(ANY_CELL.findall(start))
    return first is not None and first[1] == 0 and cells == len(USUAL_CELL.findall(start))


def uncalculated(xml: bytes) -> int:
    """How many formulas have no stored value."""
    return len(UNCALCULATED.findall(xml)) if b"</f>" in xml else 0


class Scan:
    """Finds the marked cells of rows; several threads may ask at a time."""

    def __init__(self, book: Book) -> None:
        self._book = book
        styles = b"|".join(str(style).encode() for style in book.date_styles)
        self._numbers = [re.compile(LONG_NUMBER)]
        if styles:
            self._numbers.append(re.compile(rb' s="(?:%b)"(?: t="n")?><v>' % styles))
        self._typed = re.compile(TYPED)

    def marks(self, xml: bytes) -> Marks:
        """The marked cells, with their texts."""
        marks = Marks()
        # No number at all, as where a program has written each cell as a text: plain search tells so soonest.
        if b"<v>" not in xml:
            return marks
        take = _Taker(marks, self._book)
        # A cell with two marks is taken twice, with the same text.
        # Plain search tells ten times faster than a pattern that there is nothing to be found.
        has_typed = b' t="e"' in xml or b' t="b"' in xml
        for spot in [self._typed, *self._numbers] if has_typed else self._numbers:
            for hit in spot.finditer(xml):
                take(xml, xml.rfind(b"<c ", 0, hit.start() + 1))
        return marks


class _Taker:
    """Puts a marked cell on the list, with its text; columns and texts are remembered, for most occur often."""

    def __init__(self, marks: Marks, book: Book) -> None:
        self._marks = marks
        self._column = cache(lambda letters: column_index(letters.decode()))
        self._text = cache(lambda raw, kind, style: value_text(raw.decode(), kind.decode(), int(style or 0), book, []))
        self._dates = {str(style).encode() for style in book.date_styles}

    def __call__(self, chunk: bytes, begin: int) -> None:
        cell = CELL.match(chunk, begin)
        if cell is None:
            return
        letters, row, style, kind = cell.groups()
        begin = cell.end()
        raw = chunk[begin : chunk.index(b"<", begin)]
        if not raw or (kind or b"n") not in (b"n", b"e", b"b"):
            return
        if kind in (None, b"n") and style not in self._dates and _is_short(raw):
            return
        self._marks.rows.append(int(row))
        self._marks.columns.append(self._column(letters))
        self._marks.texts.append(self._text(raw, kind or b"n", style))


def _is_short(raw: bytes) -> bool:
    """Whether a number, however long it is written, is one of 15 digits: then calamine tells it as Excel does."""
    shortest = repr(float(raw))
    return len(shortest) <= 16 and "e" not in shortest and shortest != "-0.0"


def row_chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The rows of a sheet as XML, in pieces of about `size` bytes that end with a row.

    Raises ValueError where the sheet ends before its rows do.
    """
    rest = stream.read(size)
    while (begin := ROWS_BEGIN.search(rest)) is None:
        piece = stream.read(size)
        if not piece:
            raise ValueError("a sheet without rows")
        rest += piece
    rest = rest[begin.end() :]
    while True:
        cut = rest.rfind(b"</row>") + 6
        if cut > 6:
            yield rest[:cut]
            rest = rest[cut:]
        end = rest.find(ROWS_END)
        if end >= 0:
            yield rest[:end]
            return
        piece = stream.read(size)
        if not piece:
            raise ValueError("a sheet that ends early")
        rest += piece
