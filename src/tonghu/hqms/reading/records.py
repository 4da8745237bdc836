"""Where the records of a block of delimited text begin and end, and how many cells each has — without parsing it.

Everything here works on bytes and on whole blocks: the places of a byte are kept as a bit set, and how many
delimiters lie before a place is answered by counting bits (rank), so that an exact count of the cells of every line
costs a fifth of a second for a gigabyte. Quotation marks follow the csv habit: one at the start of a cell opens it,
two inside it are one, and delimiters and line ends inside it belong to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

QUOTE = 0x22
NEWLINE = 0x0A
RETURN = 0x0D

# Small enough that a slice, its mask and its bits stay in the processor's cache.
SLICE = 1 << 18


@dataclass(frozen=True)
class Records:
    """The whole records of `data`, in order."""

    data: bytes
    """Only whole records, the last one with its line feed."""
    starts: Places
    ends: Places
    """Places of the line feeds that end the records."""
    cells: Places
    """Number of cells of each record; an empty line has one."""
    delimiter: bytes
    quoted: bool
    """Whether a quotation mark occurs (then each is where the csv habit allows it)."""
    first_line: int = 1
    """Line of the file on which the first record begins."""

    def __len__(self) -> int:
        return len(self.starts)

    def head(self, count: int) -> Records:
        """The first `count` records."""
        end = int(self.ends[count - 1]) + 1 if count else 0
        return replace(
            self, data=self.data[:end], starts=self.starts[:count], ends=self.ends[:count], cells=self.cells[:count]
        )

    def tail(self, skip: int) -> Records:
        """All but the first `skip` records."""
        begin = int(self.ends[skip - 1]) + 1 if skip else 0
        return replace(
            self,
            data=self.data[begin:],
            starts=self.starts[skip:] - begin,
            ends=self.ends[skip:] - begin,
            cells=self.cells[skip:],
            first_line=self.first_line + self.data.count(b"\n", 0, begin),
        )

    def lines(self, chosen: npt.NDArray[np.intp]) -> bytes:
        """The chosen records, each with its line feed."""
        data = self.data
        begins, ends = self.starts[chosen].tolist(), (self.ends[chosen] + 1).tolist()
        return b"".join([data[begin:end] for begin, end in zip(begins, ends, strict=True)])

    def is_empty(self, index: int) -> bool:
        """Whether a record has no text in any cell."""
        record = self.data[self.starts[index] : self.ends[index]].removesuffix(b"\r")
        if not record.strip(self.delimiter):
            return True
        return self.quoted and not any(cells_of(record, self.delimiter))

    def ragged(self, width: int) -> npt.NDArray[np.intp]:
        """The records, by index, with more or fewer cells than `width`.

        Not among them: an empty line, and surplus cells that are all empty (many exporters end each line with a
        delimiter), because nothing stands in a wrong column there.
        """
        odd = np.flatnonzero(self.cells != width)
        return odd[[self._shifts(int(index), width) for index in odd]] if len(odd) else odd

    def over_several_lines(self) -> npt.NDArray[np.intp]:
        """The records, by index, that have line feeds inside quotation marks."""
        if not self.quoted or self.data.count(b"\n") == len(self):
            return np.zeros(0, np.intp)
        feeds = np.flatnonzero(np.frombuffer(self.data, np.uint8) == NEWLINE)
        return np.unique(np.searchsorted(self.ends, np.setdiff1d(feeds, self.ends, assume_unique=True)))

    def _shifts(self, index: int, width: int) -> bool:
        record = self.data[self.starts[index] : self.ends[index]].removesuffix(b"\r")
        surplus = int(self.cells[index]) - width
        if surplus < 0:
            return bool(record)
        return not record.endswith(self.delimiter * surplus) and any(cells_of(record, self.delimiter)[width:])


def scan(data: bytes, delimiter: bytes, first_line: int = 1) -> tuple[Records, int]:
    """The whole records at the start of `data`, and how many bytes of it they take; the rest is not whole yet.

    Where quotation marks stand in places that the csv habit does not explain (``5"`` in the middle of a cell), the
    affected records are first written anew with every cell quoted, so that all later steps see one simple form.
    """
    array = np.frombuffer(data, np.uint8)
    newlines, marks = _bits(array, NEWLINE), _bits(array, delimiter[0])
    if b'"' not in data:
        records = _whole(data, delimiter, newlines, marks, quoted=False, first_line=first_line)
        return records, len(records.data)
    quotes = _bits(array, QUOTE)
    inside = _parity(quotes)
    consumed = None
    if not _is_regular(quotes, inside, newlines, marks, _bits(array, RETURN), len(data)):
        data, consumed = _regularised(data, delimiter)
        array = np.frombuffer(data, np.uint8)
        newlines, marks, inside = _bits(array, NEWLINE), _bits(array, delimiter[0]), _parity(_bits(array, QUOTE))
    records = _whole(data, delimiter, newlines & ~inside, marks & ~inside, quoted=True, first_line=first_line)
    return records, len(records.data) if consumed is None else consumed


def cells_of(record: bytes, delimiter: bytes) -> list[bytes]:
    """The cells of one record, unquoted; `record` without its line end."""
    cells = []
    for match in _cell_pattern(delimiter).finditer(record.removesuffix(b"\r") + delimiter):
        quoted, rest, plain = match.groups()
        cells.append(plain if quoted is None else quoted.replace(b'""', b'"') + rest)
    return cells


def first_records(data: bytes, delimiter: bytes, count: int) -> list[list[bytes]]:
    """The cells of the first few whole records of `data`; a quotation mark that never closes ends the list."""
    pattern = _record_pattern(delimiter)
    records: list[list[bytes]] = []
    place = 0
    while len(records) < count and (match := pattern.match(data, place)):
        records.append(cells_of(data[place : match.end() - 1], delimiter))
        place = match.end()
    return records


def _bits(array: npt.NDArray[np.uint8], byte: int) -> Bits:
    """A bit for every byte of `array`, set where it is `byte`, padded with zeros."""
    packed = np.empty((len(array) // 64 + 1) * 8, np.uint8)
    packed[-9:] = 0
    for begin in range(0, len(array), SLICE):
        bits = np.packbits(array[begin : begin + SLICE] == byte, bitorder="little")
        packed[begin // 8 : begin // 8 + len(bits)] = bits
    return packed.view(np.uint64)


def _parity(bits: Bits) -> Bits:
    """A bit for every place, set where the number of set bits up to and with it is odd: inside quotation marks."""
    words = bits.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - odd[:-1]
    return words


def _one_later(bits: Bits) -> Bits:
    """Every bit moved to the next place."""
    moved = bits << np.uint64(1)
    moved[1:] |= bits[:-1] >> np.uint64(63)
    return moved


def _one_earlier(bits: Bits) -> Bits:
    """Every bit moved to the place before."""
    moved = bits >> np.uint64(1)
    moved[:-1] |= bits[1:] << np.uint64(63)
    return moved


def _places(bits: Bits) -> Places:
    """The places of all set bits, ascending."""
    words = np.flatnonzero(bits != 0)  # numpy walks booleans ten times faster than integers
    left = bits[words]
    found = [np.zeros(0, np.int64)]
    while len(words):  # once for most texts: line ends are seldom within 64 bytes of each other
        lowest = left & (~left + np.uint64(1))
        found.append(words * 64 + np.bitwise_count(lowest - np.uint64(1)))
        left ^= lowest
        more = left != 0
        words, left = words[more], left[more]
    places = np.concatenate(found)
    return places if len(found) <= 2 else np.sort(places)


def _rank(bits: Bits, places: Places) -> Places:
    """How many bits are set before each place."""
    before = np.zeros(len(bits) + 1, np.int64)
    np.cumsum(np.bitwise_count(bits), out=before[1:])
    word = places >> 6
    below = (np.uint64(1) << (places & 63).astype(np.uint64)) - np.uint64(1)
    return np.asarray(before[word] + np.bitwise_count(bits[word] & below), np.int64)


def _whole(data: bytes, delimiter: bytes, newlines: Bits, marks: Bits, *, quoted: bool, first_line: int) -> Records:
    """The whole records of `data`, from the places of line feeds and delimiters that are not text."""
    ends = _places(newlines)
    starts = np.concatenate([np.zeros(1, np.int64), ends + 1])[:-1]
    # A line feed is no delimiter, so as many lie before the start of a record as before the end of the last one.
    cells = np.diff(_rank(marks, ends), prepend=0) + 1
    end = int(ends[-1]) + 1 if len(ends) else 0
    return Records(data if end == len(data) else data[:end], starts, ends, cells, delimiter, quoted, first_line)


def _is_regular(quotes: Bits, inside: Bits, newlines: Bits, marks: Bits, returns: Bits, length: int) -> bool:
    """Whether every quotation mark opens or closes a cell, or stands for one inside a quoted cell."""
    edges = newlines | marks | quotes
    may_open = _one_later(edges)
    may_open[0] |= np.uint64(1)
    # A carriage return is taken for the end of a line only where its line feed follows.
    may_close = _one_earlier(edges | (returns & _one_earlier(newlines)))
    may_close[(length - 1) >> 6] |= np.uint64(1) << np.uint64((length - 1) & 63)
    wrong = (quotes & inside & ~may_open) | (quotes & ~inside & ~may_close)
    return not wrong.any()


def _regularised(data: bytes, delimiter: bytes) -> tuple[bytes, int]:
    """The same whole records, those with a quotation mark having all cells quoted; and the bytes of `data` used."""
    pattern = _record_pattern(delimiter)
    pieces: list[bytes] = []
    done = 0
    while (quote := data.find(b'"', done)) >= 0:
        begin = max(data.rfind(b"\n", done, quote) + 1, done)
        pieces.append(data[done:begin])
        match = pattern.match(data, begin)
        if match is None:
            return b"".join(pieces), begin
        done = match.end()
        cells = cells_of(data[begin : done - 1], delimiter)
        pieces += [delimiter.join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in cells), b"\n"]
    end = max(data.rfind(b"\n") + 1, done)
    pieces.append(data[done:end])
    return b"".join(pieces), end


@cache
def _record_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """One whole record with its line feed. No match: a cell is opened and not closed, or the line feed is missing."""
    mark = re.escape(delimiter)
    cell = rb'(?:"(?:[^"]++|"")*+"[^%b\n]*+|(?!")[^%b\n]*+)' % (mark, mark)
    return re.compile(rb"%b(?:%b%b)*+\n" % (cell, mark, cell))


@cache
def _cell_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """One cell with the delimiter after it: quoted text and what follows its closing mark, or plain text."""
    mark = re.escape(delimiter)
    return re.compile(rb'(?:"((?:[^"]++|"")*+)"([^%b]*+)|([^%b]*+))%b' % (mark, mark, mark))
