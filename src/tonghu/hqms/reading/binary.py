"""The inside of a binary workbook (.xlsb): its sheets, and what of a sheet must be known before calamine lays it out.

MS-XLSB 2.1.4: a part is a run of records, each with its number and its length as 7-bit groups. What a sheet says about
its own size is not believed: its cells are gone through once, which takes a fifth of a second for a million of them.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from tonghu.hqms.reading.ooxml import Book, Sheet, relation_targets

ROW, BUNDLE_SHEET, END_SHEET_DATA = 0, 156, 146
RK, REAL, FORMULA_NUMBER = 2, 5, 9
FIRST_CELL, LAST_CELL = 2, 11
"""Records of cells with a value; number 1 is a cell that has only a format."""

LONG = 1e15
"""From here on a number of a spreadsheet has lost digits, or may have."""

_BLOCK = 1 << 20
_LONGEST_CELL = 1 << 17


@dataclass
class Extent:
    """Where a sheet has values (0-based), and which of them are long numbers, by row and column."""

    first_row: int = 0
    last_row: int = -1
    first_column: int = 0
    last_column: int = -1
    long_numbers: list[tuple[int, int]] = field(default_factory=list)

    @property
    def cells(self) -> int:
        """Size of the rectangle around all values."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)


def read_book(package: zipfile.ZipFile) -> Book:
    """The workbook part of an .xlsb package; its cells are left to calamine."""
    targets = relation_targets(package.read("xl/_rels/workbook.bin.rels"))
    sheets = []
    for number, body in _records(package.read("xl/workbook.bin")):
        if number != BUNDLE_SHEET:  # state, tab id, relation, name
            continue
        relation, rest = _wide_text(body[8:])
        name, _ = _wide_text(rest)
        kind, part = targets.get(relation, ("", ""))
        if kind == "worksheet":
            sheets.append(Sheet(name, part, int.from_bytes(body[:4], "little") == 0))
    return Book(tuple(sheets), None, None, {}, since_1904=False, macros="xl/vbaProject.bin" in package.namelist())


def extent(stream: IO[bytes]) -> Extent:
    """Go through the cells of a sheet. Raises ValueError or IndexError where its records are not whole."""
    found = Extent(first_column=1 << 14)
    row = filled = -1
    low, high = found.first_column, -1
    data, place, end = b"", 0, 0
    while True:
        # A record's head is at most six bytes; one that may be cut is read on first.
        while end - place < 6 and (block := stream.read(_BLOCK)):
            data, place = data[place:] + block, 0
            end = len(data)
        if end - place < 2:
            break
        number, length, body = data[place], data[place + 1], place + 2
        if number > 127 or length > 127:
            number, body = _groups(data, place, 2)
            length, body = _groups(data, body, 4)
        if number == END_SHEET_DATA:
            break
        is_cell = FIRST_CELL <= number <= LAST_CELL
        if body + length > end:
            if (is_cell or number == ROW) and length > _LONGEST_CELL:
                raise ValueError(f"a cell of {length} bytes")
            data, place, body = _read_on(stream, data[place:], body - place + length), 0, body - place
            end = len(data)
        if is_cell:
            column = data[body] | data[body + 1] << 8
            if column > high:
                high = column
            if column < low:
                low = column
            if row != filled:
                if not filled < row < 1 << 20:
                    raise ValueError(f"row {row} after row {filled}")
                if filled < 0:
                    found.first_row = row
                filled = row
            if number in (RK, REAL, FORMULA_NUMBER) and _is_long(number, data, body + 8):
                found.long_numbers.append((row, column))
        elif number == ROW:
            row = int.from_bytes(data[body : body + 4], "little")
        place = body + length
    found.last_row, found.first_column, found.last_column = filled, min(low, max(high, 0)), high
    return found


def _read_on(stream: IO[bytes], begun: bytes, wanted: int) -> bytes:
    """A record that was begun, whole, and some of what follows it. Raises ValueError where the sheet ends before."""
    more = stream.read(max(wanted - len(begun), _BLOCK))
    if len(begun) + len(more) < wanted:
        raise ValueError("a sheet that ends early")
    return begun + more


def _is_long(number: int, data: bytes, place: int) -> bool:
    """Whether the number at a place has 16 digits or more before its point."""
    if number == RK:
        packed = int.from_bytes(data[place : place + 4], "little")
        if packed & 2:
            return False  # a whole number of 30 bits
        value = struct.unpack("<d", (packed & ~3).to_bytes(8, "little")[:4].rjust(8, b"\0"))[0]
        return bool(abs(value / 100 if packed & 1 else value) >= LONG)
    # The highest byte tells for nearly all numbers that they are shorter.
    return data[place + 7] & 0x7F >= 0x43 and bool(abs(struct.unpack_from("<d", data, place)[0]) >= LONG)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        number, place = _groups(data, place, 2)
        length, place = _groups(data, place, 4)
        yield number, data[place : place + length]
        place += length


def _groups(data: bytes, place: int, most: int) -> tuple[int, int]:
    """A number in up to `most` bytes, and the place after it."""
    value = 0
    for index in range(most):
        byte = data[place]
        value |= (byte & 0x7F) << (7 * index)
        place += 1
        if byte < 0x80:
            break
    return value, place


def _wide_text(data: bytes) -> tuple[str, bytes]:
    end = 4 + 2 * int.from_bytes(data[:4], "little")
    return data[4:end].decode("utf-16-le"), data[end:]
