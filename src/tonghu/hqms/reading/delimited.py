"""Delimited text: comma, tab, semicolon or bar; UTF-8, GB18030 or UTF-16.

`DelimitedSource.screen` is the fast path. Blocks of some megabytes are cut into records in a thread, where a sieve
passes over most records at a glance at their bytes; Polars parses the wanted columns of the others; `keep` decides;
only the lines of the hits are decoded and parsed whole. In GB18030 the wanted columns are read as bytes too: where
such a cell is not plain ASCII, its row is decoded before it is judged.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import polars as pl

from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.ahead import prefetched
from tonghu.hqms.reading.header import Known
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.lines import LONGEST_LINE, Checked, Style, style_of
from tonghu.hqms.reading.model import Frame, Hits, Keep, Ragged, Seen, Sieve, Source, column_names
from tonghu.hqms.reading.records import BlockCells, Records, joined, scan
from tonghu.hqms.reading.sample import DELIMITERS, WIDE, delimiter_and_header, never_closes, sample_text

SAMPLE = 4 << 20
"""Bytes looked at to settle encoding, delimiter and header."""

GATHERED = 4 << 20
"""Bytes of records that are parsed together: for a few lines of each block Polars would mostly get ready."""

GATHERED_BLOCKS = 64
"""Blocks after which they are parsed all the same."""


class DelimitedSource(Source):
    """A text file with a record on each line (or over several, inside quotation marks)."""

    format = "csv"

    def __init__(self, given: Input, known: Known | None = None) -> None:
        """Read the first lines. Raises `InputRefused` where they show no table."""
        super().__init__(given)
        with given.open() as stream:
            sample = stream.read(SAMPLE)
        self._style: Style = style_of(sample)
        text, self._settled = sample_text(given.name, sample, self._style, complete=len(sample) < SAMPLE)
        self._delimiter, found = delimiter_and_header(given.name, text, known)
        self.header = found.names
        self._skip = found.first_data
        self.notes.extend(found.notes)
        self.delimiter = self._delimiter.decode()
        self._show_encoding(self._settled)

    def screen(self, columns: Sequence[int], keep: Keep) -> Iterator[Hits]:
        """See `Source.screen`; memory is bounded by the block size, whatever the size of the file."""
        self._hash.start()
        self.rows = None
        wanted = sorted(set(columns))
        rows = 0
        for left in prefetched(self._left()):
            rows += left.screened
            yield self._hits(left, wanted, keep)
        self.rows = rows

    def _left(self) -> Iterator[_Left]:
        """What the sieve leaves of all data records, gathered."""
        rows = 0
        left = _Left()
        for block in self._blocks(self.sieve):
            if left.screened and (left.enough or left.as_utf8 != self._is_utf8):
                yield left
                left = _Left()
            left.as_utf8 = self._is_utf8
            if self.sieve is not None and block.seen is not None:
                self.sieve.passed(block.seen)
            left.add(block, rows + 1, len(self.header))
            rows += len(block)
        if left.screened:
            yield left

    def _hits(self, left: _Left, wanted: list[int], keep: Keep) -> Hits:
        records, numbers = joined(left.records), np.concatenate(left.numbers)
        chosen = self._judge(records, wanted, keep, as_utf8=left.as_utf8)
        chosen |= np.isin(numbers, [one.row for one in left.ragged])
        indexes = np.flatnonzero(chosen)
        lines = self._decoded(records, indexes, as_utf8=left.as_utf8)
        data = self._parsed(lines, len(indexes), quoted=records.quoted)
        rows = pl.Series("row", numbers[indexes], dtype=pl.Int64)
        raw_lines = self._raw_lines(records, indexes) if left.as_utf8 else None
        return Hits(left.screened, rows, data, tuple(left.ragged), raw_lines)

    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        first = 1
        for block in self._blocks():
            records = block.records
            odd = _ragged(records, first, len(self.header))
            lines = self._decoded(records, as_utf8=self._is_utf8)
            data = self._parsed(lines, len(records), quoted=records.quoted)
            for part in data.iter_slices(rows_per_frame):
                last = first + part.height - 1
                yield Frame(first, part, tuple(one for one in odd if first <= one.row <= last))
                first = last + 1

    def _kind(self) -> tuple[str, str]:
        zh, en = DELIMITERS[self._delimiter]
        return f"{zh}分隔的文本，{self.encoding} 编码", f"{en}-separated text in {self.encoding}"

    def _show_encoding(self, settled: str | None) -> None:
        name = self._style.encoding or settled or enc.UTF8
        self.encoding = enc.NAMES[name]

    def _blocks(self, sieve: Sieve | None = None) -> Iterator[_Block]:
        """The data records in blocks; header and rows above it skipped, empty rows at the end of the file left out.

        An empty line between others is a data row, so that row numbers agree with what an editor or Excel shows.
        """
        empty_rows = 0
        skip = self._skip
        for block in self._scanned(sieve):
            if skip:
                skipped = min(skip, len(block))
                skip -= skipped
                block = block.part(skipped, len(block))
            filled = len(block)
            while filled and block.records.is_empty(filled - 1):
                filled -= 1
            if filled and empty_rows:
                yield _Block(scan(b"\n" * empty_rows, self._delimiter)[0])
                empty_rows = 0
            empty_rows += len(block) - filled
            if filled:
                yield block.part(0, filled)

    def _scanned(self, sieve: Sieve | None) -> Iterator[_Block]:
        with self._hash.borrowed() as step:
            yield from self._cut(Checked(self.input, self._style, self._settled, meanwhile=step), sieve)

    def _cut(self, checked: Checked, sieve: Sieve | None) -> Iterator[_Block]:
        name = self.input.name
        rest = b""
        line = 1
        width_of_last = 0
        for piece in checked:
            self._settled = checked.encoding
            self._show_encoding(checked.encoding)
            # A bar can be the second byte of a GB18030 character, so such text is decoded before it is cut.
            if checked.encoding == enc.GB18030 and self._delimiter == b"|":
                piece = enc.as_utf8(piece, name, line)
            data = rest + piece if rest else piece
            records, consumed = scan(data, self._delimiter, line)
            rest = data[consumed:]
            _refuse_swallowed(records, len(self.header), name)
            line += data.count(b"\n", 0, consumed) if records.quoted else len(records)
            if len(rest) > LONGEST_LINE:
                break
            if len(records):
                width_of_last = int(records.cells[-1])
                yield _Block(records, None if sieve is None else sieve.look(BlockCells(records)))
        if rest:
            raise never_closes(name, line)
        if checked.unended and width_of_last < len(self.header):
            self.note(
                "最后一行没有写完（单元格少于表头且无换行），文件可能被截断，请与原系统核对行数",
                "The last line is unfinished (fewer cells than the header, no line end); the file may be cut off: "
                "compare its number of rows with the system it comes from",
            )

    @property
    def _is_utf8(self) -> bool:
        return self._settled != enc.GB18030 or self._delimiter == b"|"

    def _judge(self, records: Records, wanted: list[int], keep: Keep, *, as_utf8: bool) -> npt.NDArray[np.bool_]:
        """`keep` for each record."""
        seen = self._parsed(records.text, len(records), wanted, quoted=records.quoted, lossy=not as_utf8)
        if not as_utf8:
            # Bytes beyond ASCII were misread: decode those records and put their cells right.
            beyond = np.flatnonzero(seen.select(pl.any_horizontal(_beyond_ascii(seen))).to_series().to_numpy())
            if len(beyond):
                lines = self._decoded(records, beyond, as_utf8=False)
                right = self._parsed(lines, len(beyond), wanted, quoted=records.quoted)
                seen = seen.with_columns(column.scatter(beyond, right[column.name]) for column in seen)
        return keep(seen).fill_null(value=False).to_numpy().copy()

    def _decoded(self, records: Records, chosen: npt.NDArray[np.intp] | None = None, *, as_utf8: bool) -> bytes:
        """The chosen records (all, without `chosen`) as UTF-8, each with its line feed."""
        lines = records.text if chosen is None else records.lines(chosen)
        if as_utf8:
            return lines
        try:
            text = lines.decode(enc.GB18030)
        except UnicodeDecodeError:
            text = None
        if text is None or any(enc.looks_like_utf8(line) for line in lines.split(b"\n")):
            self._refuse_undecodable()
        return text.encode()

    def _refuse_undecodable(self) -> NoReturn:
        """Go through the file again, now with line numbers, up to the fault that is in it."""
        line = 1
        for piece in Checked(self.input, self._style, enc.GB18030).pieces():
            enc.refuse_utf8_lines(piece, self.input.name, line)
            if not enc.holds(piece, enc.GB18030):
                raise enc.refusal(piece, self.input.name, line, enc.GB18030)
            line += piece.count(b"\n")
        raise AssertionError("called for a file that decodes")

    def _parsed(
        self, lines: bytes, count: int, wanted: list[int] | None = None, *, quoted: bool, lossy: bool = False
    ) -> pl.DataFrame:
        """`count` records as text columns, all of them or the wanted positions; empty cells are null."""
        names = column_names(len(self.header))
        if not count:
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String)).select(
                names if wanted is None else [names[position] for position in wanted]
            )
        if lines.startswith(b"\xef\xbb\xbf"):  # text here, but Polars would take it for a mark and drop it
            lines = b"\xef\xbb\xbf" + lines
        table = pl.read_csv(
            io.BytesIO(lines),
            has_header=False,
            columns=wanted,
            separator=self.delimiter or ",",
            quote_char='"' if quoted else None,
            # Columns beyond the last wanted one need not even be named: parsing a line ends there.
            schema=dict.fromkeys(names if wanted is None else names[: wanted[-1] + 1], pl.String),
            extra_columns="ignore",
            missing_columns="insert",
            encoding="utf8-lossy" if lossy else "utf8",
        )
        if table.height != count:
            raise AssertionError(f"{count} records, but {table.height} rows parsed")
        # Only two quotation marks make an empty text; an empty cell without any is null already.
        return table.with_columns(pl.all().replace("", None)) if quoted and b'""' in lines else table

    def _raw_lines(self, records: Records, indexes: npt.NDArray[np.intp]) -> Sequence[bytes] | None:
        if self._delimiter != b"," or (records.cells[indexes] != len(self.header)).any():
            return None
        data = records.data
        begins, ends = records.starts[indexes].tolist(), records.ends[indexes].tolist()
        return [data[begin:end].removesuffix(b"\r") for begin, end in zip(begins, ends, strict=True)]


def _beyond_ascii(seen: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col(name).str.len_bytes() != pl.col(name).str.len_chars() for name in seen.columns]


def _ragged(records: Records, first_row: int, width: int) -> tuple[Ragged, ...]:
    return tuple(Ragged(first_row + int(index), int(records.cells[index])) for index in records.ragged(width))


@dataclass(frozen=True)
class _Block:
    """Records, and what a glance at them told."""

    records: Records
    seen: Seen | None = None

    def __len__(self) -> int:
        return len(self.records)

    def part(self, begin: int, end: int) -> _Block:
        """The records from `begin` up to `end`."""
        seen = None if self.seen is None else Seen(*(told[begin:end] for told in self.seen))
        return _Block(self.records.head(end).tail(begin), seen)


@dataclass
class _Left:
    """The records of some blocks that the sieve has left."""

    screened: int = 0
    records: list[Records] = field(default_factory=list)
    numbers: list[npt.NDArray[np.int64]] = field(default_factory=list)
    ragged: list[Ragged] = field(default_factory=list)
    size: int = 0
    as_utf8: bool = True
    """Whether the records are UTF-8 (or plain ASCII), as far as was known when they were read."""

    def add(self, block: _Block, first_row: int, width: int) -> None:
        """Take what is left of a block whose first record is data row `first_row`."""
        chosen = np.arange(len(block)) if block.seen is None else np.flatnonzero(~block.seen.settled)
        records = block.records.taken(chosen)
        self.records.append(records)
        self.numbers.append(chosen + first_row)
        self.ragged += _ragged(block.records, first_row, width)
        self.screened += len(block)
        self.size += len(records.data)

    @property
    def enough(self) -> bool:
        """Whether it is time to parse them."""
        return self.size >= GATHERED or len(self.records) >= GATHERED_BLOCKS


def _refuse_swallowed(records: Records, width: int, name: str) -> None:
    """Raise `InputRefused` where a stray quotation mark has taken whole lines into one cell.

    A cell may have line ends. But where a line inside it has as many cells as the header, the mark was not meant to
    open a cell, and rows would be lost. (In a narrow table a text may look like that: then only where the record
    itself has not as many cells as the header.)
    """
    for index in records.over_several_lines():
        start, end = int(records.starts[index]), int(records.ends[index])
        if width < WIDE and records.cells[index] == width:
            continue
        inner = records.data[start:end].split(b"\n")[1:]
        if any(line.count(records.delimiter) == width - 1 for line in inner):
            raise never_closes(name, records.first_line + records.data.count(b"\n", 0, start))
