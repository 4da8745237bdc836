"""Where the records of a block of delimited text begin and end, how many cells each has, and where these begin —
without parsing it.

The places of a byte are kept as a set of bits (:mod:`bits`): counting those before a line end tells the cells of a
line, and looking one up by its number tells where a cell begins. Quotation marks follow the csv habit: one at the
start of a cell opens it, two inside it are one, and delimiters and line ends inside it belong to the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from tonghu.hqms.reading.bits import Bits, Places, Ranked, listed, one_earlier, one_later, parity, places_of

Bytes = npt.NDArray[np.uint8]

QUOTE = 0x22
NEWLINE = 0x0A
RETURN = 0x0D


@dataclass(frozen=True)
class Records:
    """Whole records in a block of bytes, one behind the other."""

    data: bytes
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
    cuts: Ranked | None = None
    """The delimiters in `data` that are not text; not kept of records that were taken out of others."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def text(self) -> bytes:
        """The records, each with its line feed."""
        if not len(self):
            return b""
        begin, end = int(self.starts[0]), int(self.ends[-1]) + 1
        return self.data if (begin, end) == (0, len(self.data)) else self.data[begin:end]

    def head(self, count: int) -> Records:
        """The first `count` records."""
        return replace(self, starts=self.starts[:count], ends=self.ends[:count], cells=self.cells[:count])

    def tail(self, skip: int) -> Records:
        """All but the first `skip` records."""
        return replace(
            self,
            starts=self.starts[skip:],
            ends=self.ends[skip:],
            cells=self.cells[skip:],
            first_line=self.first_line + self.head(skip).text.count(b"\n"),
        )

    def lines(self, chosen: npt.NDArray[np.intp]) -> bytes:
        """The chosen records, each with its line feed."""
        data = self.data
        begins, ends = self.starts[chosen].tolist(), (self.ends[chosen] + 1).tolist()
        return b"".join([data[begin:end] for begin, end in zip(begins, ends, strict=True)])

    def taken(self, chosen: npt.NDArray[np.intp]) -> Records:
        """The chosen records alone, so that the block can be let go."""
        if len(chosen) == len(self):
            return replace(self, cuts=None)
        lengths = self.ends[chosen] - self.starts[chosen]
        ends = np.cumsum(lengths + 1) - 1
        return replace(
            self, data=self.lines(chosen), starts=ends - lengths, ends=ends, cells=self.cells[chosen], cuts=None
        )

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
        if not self.quoted or self.text.count(b"\n") == len(self):
            return np.zeros(0, np.intp)
        feeds = self.starts[0] + np.flatnonzero(np.frombuffer(self.text, np.uint8) == NEWLINE)
        return np.unique(np.searchsorted(self.ends, np.setdiff1d(feeds, self.ends, assume_unique=True)))

    def _shifts(self, index: int, width: int) -> bool:
        record = self.data[self.starts[index] : self.ends[index]].removesuffix(b"\r")
        surplus = int(self.cells[index]) - width
        if surplus < 0:
            return bool(record)
        return not record.endswith(self.delimiter * surplus) and any(cells_of(record, self.delimiter)[width:])


class BlockCells:
    """The cells of the records that :func:`scan` found, as bytes; see :class:`tonghu.hqms.reading.model.Cells`."""

    def __init__(self, records: Records) -> None:
        assert records.cuts is not None
        self.counts = records.cells
        self._starts = records.starts
        self._data = np.frombuffer(records.data, np.uint8)
        self._cuts = records.cuts
        self._before = records.cuts.before(records.starts)
        self._delimiter = records.delimiter[0]
        self._quoted = records.quoted

    def begins(self, position: int, chosen: npt.NDArray[np.intp]) -> Places:
        """Where a cell of the chosen records begins."""
        return self._cuts.nth(self._before[chosen] + (position - 1)) + 1 if position else self._starts[chosen]

    def heads(self, begins: Places, width: int) -> Bytes:
        """The first `width` bytes of cells, unquoted; where one ends sooner a zero, and what follows says nothing."""
        if self._quoted:
            opened = self._data[begins] == QUOTE
            begins = begins + opened
        seen = _bytes_at(self._data, begins, width + 1)
        ended = (seen == self._delimiter) | (seen == NEWLINE)
        if self._quoted:
            # Within quotation marks a delimiter is text, and a mark before one is the end.
            closed = ended[:, 1:] & (seen[:, :-1] == QUOTE)
            ended = np.where(opened[:, None], closed, ended[:, :-1])
        heads: Bytes = seen[:, :width] * ~ended[:, :width]
        return heads


def scan(data: bytes, delimiter: bytes, first_line: int = 1) -> tuple[Records, int]:
    """The whole records at the start of `data`, and how many bytes of it they take; the rest is not whole yet.

    Where quotation marks stand in places that the csv habit does not explain (``5"`` in the middle of a cell), the
    affected records are first written anew with every cell quoted, so that all later steps see one simple form.
    """
    array = np.frombuffer(data, np.uint8)
    newlines, marks = places_of(array, NEWLINE), places_of(array, delimiter[0])
    if b'"' not in data:
        records = _whole(data, delimiter, newlines, marks, quoted=False, first_line=first_line)
        return records, _length(records)
    quotes = places_of(array, QUOTE)
    inside = parity(quotes)
    consumed = None
    if not _is_regular(quotes, inside, newlines, marks, places_of(array, RETURN), len(data)):
        data, consumed = _regularised(data, delimiter)
        array = np.frombuffer(data, np.uint8)
        newlines, marks, inside = (
            places_of(array, NEWLINE),
            places_of(array, delimiter[0]),
            parity(places_of(array, QUOTE)),
        )
    records = _whole(data, delimiter, newlines & ~inside, marks & ~inside, quoted=True, first_line=first_line)
    return records, _length(records) if consumed is None else consumed


def joined(parts: Sequence[Records]) -> Records:
    """Records of several blocks as those of one."""
    if len(parts) == 1:
        return parts[0]
    texts = [part.text for part in parts]
    begins = np.cumsum([0, *map(len, texts)])
    moved = [begin - part.starts[:1].sum() for begin, part in zip(begins, parts, strict=False)]
    return replace(
        parts[0],
        data=b"".join(texts),
        starts=np.concatenate([part.starts + by for by, part in zip(moved, parts, strict=True)]),
        ends=np.concatenate([part.ends + by for by, part in zip(moved, parts, strict=True)]),
        cells=np.concatenate([part.cells for part in parts]),
        quoted=any(part.quoted for part in parts),
        cuts=None,
    )


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


def _whole(data: bytes, delimiter: bytes, newlines: Bits, marks: Bits, *, quoted: bool, first_line: int) -> Records:
    """The whole records of `data`, from the places of line feeds and delimiters that are not text."""
    ends = listed(newlines)
    starts = np.concatenate([np.zeros(1, np.int64), ends + 1])[:-1]
    cuts = Ranked(marks)
    # A line feed is no delimiter, so as many lie before the start of a record as before the end of the last one.
    cells = np.diff(cuts.before(ends), prepend=0) + 1
    return Records(data, starts, ends, cells, delimiter, quoted, first_line, cuts)


def _length(records: Records) -> int:
    return int(records.ends[-1]) + 1 if len(records) else 0


def _bytes_at(data: Bytes, begins: Places, width: int) -> Bytes:
    """So many bytes from each place on, a row for each; beyond the end of `data` line feeds."""
    windows = len(data) - width + 1
    late = begins >= windows
    if windows > 0 and not late.any():
        # One item of `width` bytes at every place: numpy copies those as fast as memory allows.
        return np.ndarray(windows, f"V{width}", data, strides=(1,))[begins].view(np.uint8).reshape(-1, width)
    places = begins[:, None] + np.arange(width)
    return np.where(places < len(data), data[np.minimum(places, len(data) - 1)], np.uint8(NEWLINE))


def _is_regular(quotes: Bits, inside: Bits, newlines: Bits, marks: Bits, returns: Bits, length: int) -> bool:
    """Whether every quotation mark opens or closes a cell, or stands for one inside a quoted cell."""
    edges = newlines | marks | quotes
    may_open = one_later(edges)
    may_open[0] |= np.uint64(1)
    # A carriage return is taken for the end of a line only where its line feed follows.
    may_close = one_earlier(edges | (returns & one_earlier(newlines)))
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
