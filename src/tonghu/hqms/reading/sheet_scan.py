"""The cells of a worksheet that the fast reader would tell wrongly, found beside it in the XML.

calamine gives texts and everyday numbers exactly. It drops error values, loses whether a date cell shows a time,
writes `true` for TRUE, and writes out digits of long numbers that were never stored. Those cells are few. A second
thread inflates the same sheet and looks for the marks that such cells bear, without parsing the others, while
calamine (which lets go of the GIL) reads all of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import IO

from tonghu.hqms.reading.ooxml import Book
from tonghu.hqms.reading.sheet_stream import column_index, value_text

CHUNK = 2 << 20

# r, s, t is the order in which every known writer puts a cell's attributes; others are read the slow way.
CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"(?: s="([0-9]+)")?(?: t="([a-zA-Z]+)")?[^>]*>(?:<f[^>]*/>|<f.*?</f>)?<v>')
USUAL_CELL = re.compile(rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?(?: t="[a-zA-Z]+")?(?: [cv]m="[0-9]+")*/?>')
VALUED = re.compile(rb'<c r="([A-Z]+)([0-9]+)"[^>]*(?<!/)>(?!</c>|<v></v>|<v ?/>)')
ANY_CELL = re.compile(rb"<(?:[A-Za-z]+:)?c[ />]")

TWO_LETTERS = 26 + 26 * 26
"""Columns up to ZZ: as wide as any layout."""

LONG_NUMBER = rb"<v>(?:[^<]{16,}|[-0-9.]+[eE][^<]+)</v>"
TYPED = rb' t="[eb]"'
UNCALCULATED = re.compile(rb"</f>(?:<v></v>|<v ?/>|</c>)")


@dataclass
class Marked:
    """What the scan found."""

    usual: bool = True
    """Whether the sheet is written in the way that the scan understands, from cell A on."""
    first_row: int = 0
    """1-based row of the first cell."""
    uncalculated: int = 0
    """Formulas without a stored value."""
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def fits(self, height: int, width: int) -> bool:
        """Whether the sheet was understood, and every cell found lies within the table that calamine made of it."""
        return self.usual and all(
            self.first_row <= row < self.first_row + height and column < width
            for row, column in zip(self.rows, self.columns, strict=True)
        )


def first_value(xml: bytes) -> tuple[int, int] | None:
    """Row (1-based) and column (0-based) of the first cell that is not just a format."""
    found = VALUED.search(xml)
    return (int(found[2]), column_index(found[1].decode())) if found else None


def is_usual(start: bytes) -> bool:
    """Whether the cells at the start of a sheet are written in the usual way, the first one being in column A."""
    first = first_value(start)
    cells = len(ANY_CELL.findall(start))
    return first is not None and first[1] == 0 and cells == len(USUAL_CELL.findall(start))


def filled_size(stream: IO[bytes]) -> int | None:
    """Cells of the rectangle down to the last value, no wider than needed; None when written in an unusual way.

    Asked where a sheet claims more than is plausible: most often those are formats without values.
    """
    rows = columns = 0
    for number, chunk in enumerate(_chunks(stream)):
        if number == 0 and not is_usual(chunk):
            return None
        last = None
        for last in VALUED.finditer(chunk):
            if len(last[1]) >= 3:
                columns = max(columns, column_index(last[1].decode()) + 1)
        if last is not None:
            rows = int(last[2])
    return rows * max(columns, TWO_LETTERS)


def scan_sheet(stream: IO[bytes], book: Book, stop: threading.Event) -> Marked:
    """Find the marked cells of a sheet; gives up early when `stop` is set."""
    marked = Marked()
    take = _Taker(marked, book)
    styles = b"|".join(str(style).encode() for style in book.date_styles)
    numbers = [re.compile(LONG_NUMBER)] + ([re.compile(rb' s="(?:%b)"(?: t="n")?><v>' % styles)] if styles else [])
    typed = re.compile(TYPED)
    for chunk in _chunks(stream):
        if stop.is_set():
            return marked
        if not marked.first_row:
            marked.usual = is_usual(chunk)
            if not marked.usual:
                return marked
            marked.first_row, _ = first_value(chunk) or (0, 0)
        if b"</f>" in chunk:
            marked.uncalculated += len(UNCALCULATED.findall(chunk))
        # A cell with two marks is taken twice, with the same text.
        # Plain search tells ten times faster than a pattern that there is nothing to be found.
        has_typed = b' t="e"' in chunk or b' t="b"' in chunk
        for spot in [typed, *numbers] if has_typed else numbers:
            for hit in spot.finditer(chunk):
                take(chunk, chunk.rfind(b"<c ", 0, hit.start() + 1))
    return marked


class _Taker:
    """Puts a marked cell on the list, with its text; columns and texts are remembered, for most occur often."""

    def __init__(self, marked: Marked, book: Book) -> None:
        self._marked = marked
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
        self._marked.rows.append(int(row))
        self._marked.columns.append(self._column(letters))
        self._marked.texts.append(self._text(raw, kind or b"n", style))


def _is_short(raw: bytes) -> bool:
    """Whether a number, however long it is written, is one of 15 digits: then calamine tells it as Excel does."""
    shortest = repr(float(raw))
    return len(shortest) <= 16 and "e" not in shortest


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML in pieces that end with a row."""
    rest = b""
    while piece := stream.read(CHUNK):
        rest += piece
        cut = rest.rfind(b"</row>") + 6
        if cut > 6:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest
