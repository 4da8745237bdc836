"""A worksheet read row by row: exact, with bounded memory, and slow. The measure of the fast way beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from lxml import etree

from tonghu.hqms.reading.ooxml import Book, date_text, number_text, rows_of, text_of

LETTERS = re.compile(r"[A-Z]{1,3}")

ROWS, COLUMNS = 1 << 20, 1 << 14
"""What a sheet can have."""


def sheet_rows(stream: IO[bytes], book: Book, shared: list[str]) -> Iterator[tuple[int, dict[int, str]]]:
    """The rows that have a value: 1-based sheet row number, and text by 0-based column.

    Raises ValueError where a row or column lies outside what a sheet can have.
    """
    before = 0
    for number, row in rows_of(stream):
        if not before < number <= ROWS:
            raise ValueError(f"row {number} after row {before}")
        before = number
        cells: dict[int, str] = {}
        column = -1
        for cell in row.iterchildren("{*}c"):
            reference = cell.get("r")
            column = column_index(str(reference)) if reference else column + 1
            text = _cell_text(cell, book, shared)
            if text:
                cells[column] = text
        if cells:
            yield number, cells


def column_index(reference: str) -> int:
    """0-based column of a cell reference such as ``AB12``. Raises ValueError when there is no such column."""
    letters = LETTERS.match(reference.upper())
    index = 0
    for letter in letters[0] if letters else "":
        index = index * 26 + ord(letter) - 64
    if not 1 <= index <= COLUMNS:
        raise ValueError(f"no column {reference}")
    return index - 1


def value_text(raw: str, kind: str, style: int, book: Book, shared: list[str]) -> str:
    """The text that a cell shows, from its stored value, its type letter and its style number."""
    if kind == "s":
        return shared[int(raw)]
    if kind == "b":
        return "TRUE" if raw.strip() == "1" else "FALSE"
    if kind in ("str", "e", "d"):
        return raw
    try:
        number = float(raw)
    except ValueError:
        return raw
    date = book.date_styles.get(style)
    return date_text(number, date, since_1904=book.since_1904) if date else number_text(number)


def _cell_text(cell: etree._Element, book: Book, shared: list[str]) -> str:
    kind = str(cell.get("t", "n"))
    if kind == "inlineStr":
        inline = cell.find("{*}is")
        return "" if inline is None else text_of(inline)
    value = cell.find("{*}v")
    if value is None or not value.text:
        return ""
    return value_text(value.text, kind, int(cell.get("s", "0")), book, shared)
