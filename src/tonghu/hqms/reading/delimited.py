"""Delimited text: comma, tab, semicolon or bar; UTF-8, GB18030 or UTF-16.

`DelimitedSource.screen` is the fast path. Blocks of some megabytes are cut into records in threads, where a sieve
passes over most records at a glance at their bytes; Polars parses the wanted columns of the others; `keep` decides;
only the lines of the hits are decoded and parsed whole. In GB18030 the wanted columns are read as bytes too: where
such a cell is not plain ASCII, its row is decoded before it is judged.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import polars as pl

from tonghu.errors import InputRefused
from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.ahead import in_order, prefetched
from tonghu.hqms.reading.header import Header, Known, find_header
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.lines import LONGEST_LINE, Checked, Style, first_nul, has_nul, is_utf8, style_of
from tonghu.hqms.reading.model import Frame, Hits, Keep, Ragged, Seen, Sieve, Source, column_names
from tonghu.hqms.reading.records import BlockCells, Records, first_records, joined, scan

DELIMITERS = {b",": ("逗号", "comma"), b"\t": ("制表符", "tab"), b";": ("分号", "semicolon"), b"|": ("竖线", "bar")}

SAMPLE = 4 << 20
"""Bytes looked at to settle encoding, delimiter and header."""

SAMPLE_ROWS = 40

GATHERED = 4 << 20
"""Bytes of records that are parsed together: for a few lines of each block Polars would mostly get ready."""

GATHERED_BLOCKS = 64
"""Blocks after which they are parsed all the same."""

WIDE = 20
"""From so many columns on, no text inside a cell has as many delimiters in one line by chance."""


class DelimitedSource(Source):
    """A text file with a record on each line (or over several, inside quotation marks)."""

    format = "csv"

    def __init__(self, given: Input, known: Known | None = None) -> None:
        """Read the first lines. Raises `InputRefused` where they show no table."""
        super().__init__(given)
        with given.open() as stream:
            sample = stream.read(SAMPLE)
        self._style: Style = style_of(sample)
        text, self._settled = _sample_text(given.name, sample, self._style, complete=len(sample) < SAMPLE)
        self._delimiter, found = _delimiter_and_header(given.name, text, known)
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
        left = _Left()
        rows = 0
        for block in self._blocks(self.sieve):
            if self.sieve is not None and block.seen is not None:
                self.sieve.passed(block.seen)
            left.add(block, rows + 1, len(self.header))
            rows += len(block)
            if left.enough:
                yield self._hits(left, wanted, keep)
                left = _Left()
        if left.screened:
            yield self._hits(left, wanted, keep)
        self.rows = rows

    def _hits(self, left: _Left, wanted: list[int], keep: Keep) -> Hits:
        records, numbers = joined(left.records), np.concatenate(left.numbers)
        chosen = self._judge(records, wanted, keep)
        chosen |= np.isin(numbers, [one.row for one in left.ragged])
        indexes = np.flatnonzero(chosen)
        data = self._parsed(self._decoded(records, indexes), len(indexes), quoted=records.quoted)
        rows = pl.Series("row", numbers[indexes], dtype=pl.Int64)
        return Hits(left.screened, rows, data, tuple(left.ragged), self._raw_lines(records, indexes))

    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        first = 1
        for block in self._blocks():
            records = block.records
            odd = _ragged(records, first, len(self.header))
            data = self._parsed(self._decoded(records), len(records), quoted=records.quoted)
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
        name = self.input.name
        checked = Checked(self.input, self._style, self._settled)
        rest = b""
        line = 1
        width_of_last = 0
        pieces = prefetched(checked.pieces())
        for number, (piece, looked) in enumerate(in_order(pieces, partial(_look, self._delimiter, sieve))):
            checked.settle(piece, looked.nul, number, valid_utf8=looked.valid_utf8)
            self._settled = checked.encoding
            self._show_encoding(checked.encoding)
            # A bar can be the second byte of a GB18030 character, so such text is decoded before it is cut.
            recode = checked.encoding == enc.GB18030 and self._delimiter == b"|"
            if recode:
                piece = enc.as_utf8(piece, name, line)
            data = rest + piece if rest else piece
            # The thread took the piece to begin with a record, which only quoted line ends can belie.
            cut = _cut(data, self._delimiter, sieve) if rest or recode else looked.cut
            rest = data[cut.consumed :]
            records = replace(cut.block.records, first_line=line)
            _refuse_swallowed(records, len(self.header), name)
            line += data.count(b"\n", 0, cut.consumed) if records.quoted else len(records)
            if len(rest) > LONGEST_LINE:
                break
            if len(records):
                width_of_last = int(records.cells[-1])
                yield _Block(records, cut.block.seen)
        if rest:
            raise _never_closes(name, line)
        if checked.unended and width_of_last < len(self.header):
            self.note(
                "最后一行没有写完（单元格少于表头且无换行），文件可能被截断，请与原系统核对行数",
                "The last line is unfinished (fewer cells than the header, no line end); the file may be cut off: "
                "compare its number of rows with the system it comes from",
            )

    @property
    def _is_utf8(self) -> bool:
        return self._settled != enc.GB18030 or self._delimiter == b"|"

    def _judge(self, records: Records, wanted: list[int], keep: Keep) -> npt.NDArray[np.bool_]:
        """`keep` for each record."""
        seen = self._parsed(records.text, len(records), wanted, quoted=records.quoted, lossy=not self._is_utf8)
        if not self._is_utf8:
            # Bytes beyond ASCII were misread: decode those records and put their cells right.
            beyond = np.flatnonzero(seen.select(pl.any_horizontal(_beyond_ascii(seen))).to_series().to_numpy())
            if len(beyond):
                right = self._parsed(self._decoded(records, beyond), len(beyond), wanted, quoted=records.quoted)
                seen = seen.with_columns(column.scatter(beyond, right[column.name]) for column in seen)
        return keep(seen).fill_null(value=False).to_numpy().copy()

    def _decoded(self, records: Records, chosen: npt.NDArray[np.intp] | None = None) -> bytes:
        """The chosen records (all, without `chosen`) as UTF-8, each with its line feed."""
        lines = records.text if chosen is None else records.lines(chosen)
        if self._is_utf8:
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
        return table.with_columns(pl.all().replace("", None)) if quoted else table

    def _raw_lines(self, records: Records, indexes: npt.NDArray[np.intp]) -> pl.Series | None:
        if self._delimiter != b"," or not self._is_utf8 or (records.cells[indexes] != len(self.header)).any():
            return None
        data = records.data
        begins, ends = records.starts[indexes].tolist(), records.ends[indexes].tolist()
        lines = [data[begin:end].removesuffix(b"\r") for begin, end in zip(begins, ends, strict=True)]
        return pl.Series("line", lines, dtype=pl.Binary).cast(pl.String)


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


@dataclass(frozen=True)
class _Cut:
    """The whole records at the start of some bytes, and how many of these they take."""

    block: _Block
    consumed: int


@dataclass(frozen=True)
class _Looked:
    """What a thread saw of a piece of the file: a NUL byte (-1: none), UTF-8 or not, and its records."""

    nul: int
    valid_utf8: bool
    cut: _Cut


def _look(delimiter: bytes, sieve: Sieve | None, piece: bytes) -> _Looked:
    return _Looked(first_nul(piece), is_utf8(piece), _cut(piece, delimiter, sieve))


def _cut(data: bytes, delimiter: bytes, sieve: Sieve | None) -> _Cut:
    records, consumed = scan(data, delimiter)
    return _Cut(_Block(records, sieve.look(BlockCells(records)) if sieve and len(records) else None), consumed)


@dataclass
class _Left:
    """The records of some blocks that the sieve has left."""

    screened: int = 0
    records: list[Records] = field(default_factory=list)
    numbers: list[npt.NDArray[np.int64]] = field(default_factory=list)
    ragged: list[Ragged] = field(default_factory=list)
    size: int = 0

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
            raise _never_closes(name, records.first_line + records.data.count(b"\n", 0, start))


def _never_closes(name: str, line: int) -> InputRefused:
    return InputRefused(
        f"{name}：第 {line} 行有一个双引号没有配对，其后的各行会被并入同一单元格，请更正该行的引号后重新提交",
        f"{name}: line {line} has a quotation mark without its counterpart, which would swallow the lines after it; "
        "mend the quotation marks of that line",
    )


def _sample_text(name: str, sample: bytes, style: Style, *, complete: bool) -> tuple[bytes, str | None]:
    """The sample's whole lines in UTF-8, and the encoding, None while all is ASCII."""
    text = sample[style.mark :]
    if style.wide:
        text = text.decode(style.encoding or "", "ignore").encode()
    if style.returns_only:
        text = text.replace(b"\r", b"\n")
    if not text.strip():
        raise InputRefused(
            f"{name}：文件是空的，没有表头也没有数据，请重新导出",
            f"{name}: the file is empty, without header and data; export it again",
        )
    if complete and not text.endswith(b"\n"):
        text += b"\n"
    elif not complete:
        text = text[: text.rfind(b"\n") + 1] or text + b"\n"
    if (place := text.find(b"\0")) >= 0:
        raise has_nul(name, 1 + text.count(b"\n", 0, place))
    if style.encoding is None:
        settled = enc.decide(text, name)
        return (text.decode(enc.GB18030).encode(), settled) if settled == enc.GB18030 else (text, settled)
    if not enc.holds(text, enc.UTF8):
        raise enc.refusal(text, name, 1, style.encoding)
    return text, enc.UTF8


def _delimiter_and_header(name: str, text: bytes, known: Known | None) -> tuple[bytes, Header]:
    """The delimiter under which the header has most known names, or else most rows are alike, or has most cells."""
    best: tuple[tuple[int, int, int], bytes, Header] | None = None
    for delimiter in DELIMITERS:
        rows = [[cell.decode() for cell in row] for row in first_records(text, delimiter, SAMPLE_ROWS)]
        header = find_header(rows, known)
        if header is None:
            continue
        alike = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
        rank = (header.known, alike[0][1] if alike else 0, len(header.names))
        if best is None or rank > best[0]:
            best = rank, delimiter, header
    if best is None:
        raise _never_closes(name, 1)
    _, delimiter, header = best
    if len(header.names) < 2:
        raise _no_delimiter(name, header.names[0])
    below = [row for row in first_records(text, delimiter, SAMPLE_ROWS)[header.first_data :] if any(row)]
    if len(header.names) >= WIDE and below and all(len(row) == 1 for row in below):
        raise _other_delimiter(name, delimiter, below[0][0])
    return delimiter, header


def _other_delimiter(name: str, delimiter: bytes, line: bytes) -> InputRefused:
    header_zh, header_en = DELIMITERS[delimiter]
    used = max(DELIMITERS, key=line.count)
    row_zh, row_en = DELIMITERS[used] if used in line else ("其他字符", "something else")
    return InputRefused(
        f"{name}：表头以{header_zh}分隔，数据行却以{row_zh}分隔，请统一分隔符后重新导出",
        f"{name}: the header is separated by {header_en}, the rows by {row_en}; export it again with one separator",
    )


def _no_delimiter(name: str, line: str) -> InputRefused:
    marks = Counter(re.findall(r"[^\w\s\"'.()（）/-]|\s{2,}", line)).most_common(1)
    seen_zh = f"（其中“{marks[0][0]}”出现 {marks[0][1]} 次）" if marks else ""
    seen_en = f" ('{marks[0][0]}' occurs {marks[0][1]} times in it)" if marks else ""
    return InputRefused(
        f"{name}：表头只有一列{seen_zh}，不是以逗号、制表符、分号或竖线分隔的表格，请以逗号分隔重新导出",
        f"{name}: the header has only one column{seen_en}; the file is not separated by comma, tab, semicolon or bar: "
        "export it again with commas",
    )
