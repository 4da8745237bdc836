"""A worksheet read in pieces of some thousand rows: each an Excel workbook of its own, in memory, for calamine.

calamine knows whole workbooks only. So the XML of the sheet is inflated once and cut behind rows, and each piece is
wrapped into a package that calamine reads like any other, two at a time (it lets go of the GIL). That bounds the
memory; and where rows are screened, only the columns asked for are made into text, and whole rows of the hits alone.
What calamine tells wrongly is put right (`sheet_scan`); a piece that is not written in the usual way is read the
exact way instead (`sheet_stream`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import fastexcel
import polars as pl

from tonghu.hqms.reading import sheet_package
from tonghu.hqms.reading.header import LOOK_AT
from tonghu.hqms.reading.model import Frame, Hits, Keep, Ragged, column_names, pick
from tonghu.hqms.reading.ooxml import Book, Sheet, shared_texts
from tonghu.hqms.reading.sheet_scan import Marks, Scan, first_value, row_chunks, uncalculated
from tonghu.hqms.reading.sheet_stream import COLUMNS, ROWS, column_index, sheet_rows

CHUNK, SMALL = 4 << 20, 1 << 18
"""Bytes of XML in a piece; the small ones are for looking at the first rows only."""

WORKERS = 2

LARGEST = 16_000_000
"""Cells that calamine may lay out for one piece: one stray value far down would make it reserve gigabytes."""

TWO_LETTERS = 26 + 26 * 26
"""Columns up to ZZ: as wide as any layout."""

BLANK = 20_000
"""Rows of a gap that are handed over at a time."""

MANY = 0.3
"""Where more of the rows than this are hits, the next pieces are made into text as a whole at once."""

PLACE = re.compile(rb'<c r="([A-Z]+)([0-9]+)"')
VALUED_COLUMN = re.compile(rb'<c r="([A-Z]+)[0-9]+"[^>]*(?<!/)>(?!</c>|<v></v>|<v ?/>)')
THREE_LETTERS = re.compile(rb'<c r="[A-Z]{3}')
ROW = re.compile(rb"<row[ >]")
ROW_BEGIN = re.compile(rb'<row[^>]*><c r="[A-Z]+([0-9]+)"')
ROW_NUMBER = re.compile(rb'^(<row(?: [^>]*?)? r=")[0-9]+')

# A shared text reaches calamine as its number, behind a character for private use that no piece contains itself.
SIGN = "\ue000"
_SIGN = SIGN.encode()
_SHARED, _SIGNED = b' t="s"><v>', b' t="str"><v>' + _SIGN


class UnusualError(Exception):
    """A piece that calamine should not read."""


class SurplusError(Exception):
    """A piece with cells beyond the columns of the header: some of its columns are not enough."""


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of the sheet. `first`: 1-based row of the sheet; `table`: their cells."""

    first: int
    table: pl.DataFrame
    xml: bytes | None = None
    """The rows and perhaps some before them, where `table` has only the columns that were asked for."""

    def head(self, skip: int, height: int) -> Piece:
        """`height` rows after the first `skip`."""
        return replace(self, first=self.first + skip, table=self.table.slice(skip, height))


class PieceGrid:
    """The cells of a sheet whose rows are written in the usual way."""

    def __init__(self, package: Path | bytes, book: Book, sheet: Sheet) -> None:
        self._package, self._book, self._sheet = package, book, sheet
        self._scan = Scan(book)
        self._width = 1
        self._dense = False
        with self._opened() as parts:
            self._around = sheet_package.around(parts, book)
            self._shared = sheet_package.shared(parts, book)
        self.uncalculated = 0
        """Formulas without a stored value among the rows read last."""

    def top(self) -> list[list[str | None]]:
        """See `Grid.top`."""
        rows: list[list[str | None]] = []
        filled = 0
        for piece in self._pieces(None, SMALL):
            rows += [[] for _ in range(len(rows) + 1, piece.first)]
            for row in piece.table.iter_rows():
                rows.append(list(row))
                filled += any(row)
                if filled > LOOK_AT:
                    return rows
        return rows

    def frames(self, first_data: int, width: int, size: int) -> Iterator[Frame]:
        """See `Grid.frames`."""
        for first, piece in self._data_rows(first_data, width, None):
            for start in range(0, piece.table.height, size):
                yield _frame(first + start, piece.table.slice(start, size), width)

    def screen(self, first_data: int, width: int, columns: Sequence[int], keep: Keep) -> Iterator[Hits]:
        """The rows that `keep` wants by the given columns, whole; see `Source.screen`."""
        wanted = sorted(set(columns))
        names = [f"c{position}" for position in wanted]
        self._dense = False
        fetching: deque[Future[Hits]] = deque()
        with ThreadPoolExecutor(1) as pool:
            for first, piece in self._data_rows(first_data, width, wanted):
                chosen = keep(piece.table.select(names)).fill_null(value=False)
                self._dense = bool(chosen.sum() > MANY * len(chosen))
                fetching.append(pool.submit(self._hits, first, piece, chosen))
                if len(fetching) > WORKERS:
                    yield fetching.popleft().result()
            while fetching:
                yield fetching.popleft().result()

    def _hits(self, first: int, piece: Piece, chosen: pl.Series) -> Hits:
        """The chosen rows of a piece whose first has the number `first`."""
        if piece.xml is None:
            return pick(_frame(first, piece.table, self._width), chosen)
        at = chosen.arg_true().cast(pl.Int64)
        return Hits(piece.table.height, (at + first).alias("row"), self._whole(piece, at))

    def _data_rows(self, first_data: int, width: int, columns: Sequence[int] | None) -> Iterator[tuple[int, Piece]]:
        """The data rows piece by piece, with the number of the first; blank rows only where text follows."""
        self._width = width
        done = first_data
        for piece in self._pieces(columns, CHUNK):
            skip = max(0, first_data + 1 - piece.first)
            last = self._last_filled(piece)
            if last <= skip:
                continue
            while done < piece.first - 1:
                blank = min(piece.first - 1 - done, BLANK)
                yield done - first_data + 1, Piece(done + 1, _nulls(width, blank))
                done += blank
            yield done - first_data + 1, piece.head(skip, last - skip)
            done += last - skip

    def _last_filled(self, piece: Piece) -> int:
        """How many rows of a piece there are down to the last with text."""
        filled = piece.table.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
        last = int(filled[-1]) + 1 if len(filled) else 0
        if piece.xml is None or last == piece.table.height:
            return last
        # What the rows after it hold in the other columns is not known yet.
        rest = pl.int_range(last, piece.table.height, eager=True)
        return last + self._last_filled(Piece(1, self._whole(piece, rest)))

    def _pieces(self, columns: Sequence[int] | None, size: int) -> Iterator[Piece]:
        """All pieces in order, some in the making at a time."""
        self.uncalculated = last = 0
        making: deque[Future[list[Piece]]] = deque()
        with self._opened() as parts, parts.open(self._sheet.part) as stream, ThreadPoolExecutor(WORKERS) as pool:
            chunks = row_chunks(stream, size)
            while True:
                while len(making) <= WORKERS and (xml := next(chunks, None)) is not None:
                    self.uncalculated += uncalculated(xml)
                    making.append(pool.submit(self._made, xml, None if self._dense else columns))
                if not making:
                    return
                for piece in making.popleft().result():
                    if piece.first <= last:
                        raise ValueError(f"row {piece.first} after row {last}")
                    last = piece.first + piece.table.height - 1
                    yield piece

    def _made(self, xml: bytes, columns: Sequence[int] | None) -> list[Piece]:
        """The pieces of some rows: one, but where they are read the exact way and have gaps."""
        begin = first_value(xml)
        if begin is None:
            return []
        first, _, place = begin
        # Rows of formats only, before the first value, are no rows for calamine.
        xml = xml[xml.rfind(b"<row", 0, place) :]
        if first == 1:
            columns = None  # the row of the header: nothing above it could hold the columns in place
        try:
            if columns is not None:
                table = self._by_calamine(xml, first, columns)
                return [Piece(first, table, xml)]
            return [Piece(first, self._by_calamine(xml, first, None))]
        except SurplusError:
            return self._made(xml, None)
        except (UnusualError, fastexcel.FastExcelError):
            return list(self._exactly(xml))

    def _by_calamine(self, xml: bytes, first: int, columns: Sequence[int] | None) -> pl.DataFrame:
        """The rows from `first` on, all columns or some of them.

        Raises UnusualError where that cannot be, and SurplusError where some columns are asked for and there are more
        than the header has.
        """
        self._refuse_large(xml, first)
        signed = xml
        if self._shared is not None:
            signed = xml.replace(_SHARED, _SIGNED)
            if b' t="s"' in signed or _SIGN in xml:
                raise UnusualError
        package = sheet_package.packed(self._around, signed, first - 1, self._width)
        loaded = fastexcel.read_excel(package).load_sheet(
            0, header_row=None, dtypes="string", use_columns=None if columns is None else list(columns)
        )
        if columns is not None and len(loaded.available_columns()) > self._width:
            raise SurplusError
        table = loaded.to_polars()
        positions = range(table.width) if columns is None else columns
        table.columns = [f"c{at}" for at in positions]
        table = self._resolved(table.slice(1 if first > 1 else 0))
        return _put_right(table, self._scan.marks(xml), first, whole=columns is None)

    def _refuse_large(self, xml: bytes, first: int) -> None:
        """Refuse a piece that would be laid out over more cells than is reasonable, or than a sheet has."""
        place = PLACE.match(xml, xml.rfind(b"<c r="))
        if place is None:
            raise UnusualError
        last = int(place[2])
        if not first <= last <= ROWS or not _is_ascending(xml, last):
            raise UnusualError
        # The columns need not be looked at where even the widest sheet would be laid out.
        height = last - first + 1
        if height * COLUMNS <= LARGEST or (THREE_LETTERS.search(xml) is None and height * TWO_LETTERS <= LARGEST):
            return
        widest = max(column_index(letters.decode()) + 1 for letters in set(VALUED_COLUMN.findall(xml)))
        if height * max(self._width, widest) > LARGEST:
            raise UnusualError

    def _resolved(self, table: pl.DataFrame) -> pl.DataFrame:
        """Numbers of shared texts replaced by the texts, and empty texts by nothing."""
        every = pl.all()
        empty = set(_true(table.select((every == "").any())))
        signed = set(_true(table.select(every.str.starts_with(SIGN).any()))) if self._shared is not None else set()
        changed = []
        for at in table.columns:
            if at in signed:
                is_number = pl.col(at).str.starts_with(SIGN)
                number = pl.when(is_number).then(pl.col(at).str.strip_prefix(SIGN)).cast(pl.UInt32, strict=False)
                plain = pl.col(at).replace("", None) if at in empty else pl.col(at)
                changed.append(pl.when(is_number).then(pl.lit(self._shared).gather(number)).otherwise(plain).alias(at))
            elif at in empty:
                changed.append(pl.col(at).replace("", None))
        if not changed:
            return table
        try:
            return table.with_columns(changed)
        except pl.exceptions.OutOfBoundsError:
            raise ValueError("a shared text that is not there") from None

    def _whole(self, piece: Piece, at: pl.Series) -> pl.DataFrame:
        """Rows of a piece with all columns, by their places in it."""
        assert piece.xml is not None
        if at.is_empty():
            return _nulls(self._width, 0)
        wanted = pl.DataFrame({"row": at + piece.first})
        asked = set(wanted["row"])
        starts = [match.start() for match in ROW.finditer(piece.xml)]
        numbers: list[int] = []
        rows: list[bytes] = []
        for begin, end in zip(starts, [*starts[1:], len(piece.xml)], strict=True):
            place = PLACE.search(piece.xml, begin, end)
            if place is not None and int(place[2]) in asked:
                numbers.append(int(place[2]))
                rows.append(_renumbered(piece.xml[begin:end], len(numbers) + 1))
        row = pl.Series("row", numbers, pl.Int64)
        found = [
            _as_wide(part.table, self._width).insert_column(0, row.slice(part.first - 2, part.table.height))
            for part in self._made(b"".join(rows), None)
        ]
        if not found:
            return _nulls(self._width, len(at))
        whole = pl.concat(found)
        # Rows without a value anywhere are not among the found.
        return (
            whole if len(whole) == len(at) else wanted.join(whole, on="row", how="left", maintain_order="left")
        ).drop("row")

    def _exactly(self, xml: bytes) -> Iterator[Piece]:
        """The rows read from the XML itself: as many pieces as there are runs of rows without a gap,
        and more where a row is so wide that they would not be small together."""
        with self._opened() as parts:
            shared = []
            if b't="s"' in xml and self._book.shared is not None:
                with parts.open(self._book.shared) as stream:
                    shared = shared_texts(stream)
        run: list[dict[int, str]] = []
        first = 0
        is_wide = False
        for number, cells in sheet_rows(io.BytesIO(sheet_package.wrapped(xml)), self._book, shared):
            # A stray cell far out makes only its own row wide.
            was_wide, is_wide = is_wide, max(cells) >= TWO_LETTERS
            most = LARGEST // (COLUMNS if is_wide else TWO_LETTERS)
            if run and (number != first + len(run) or is_wide != was_wide or len(run) == most):
                yield Piece(first, _table_of(run, self._width))
                run = []
            if not run:
                first = number
            run.append(cells)
        if run:
            yield Piece(first, _table_of(run, self._width))

    def _opened(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self._package) if isinstance(self._package, bytes) else self._package)


def _renumbered(row: bytes, number: int) -> bytes:
    """The XML of a row as that of another row of the sheet, so that rows from far apart lie together."""
    row = ROW_NUMBER.sub(rb"\g<1>%d" % number, row, count=1)
    return PLACE.sub(rb'<c r="\g<1>%d"' % number, row)


def _is_ascending(xml: bytes, last: int) -> bool:
    """Whether the rows stand in order, so that none lies beyond the last."""
    before = 0
    for match in ROW_BEGIN.finditer(xml):
        number = int(match[1])
        if not before < number <= last:
            return False
        before = number
    return True


def _true(flags: pl.DataFrame) -> list[str]:
    """The columns of one row of flags that are true."""
    return [name for name, flag in zip(flags.columns, flags.row(0), strict=True) if flag]


def _frame(first: int, table: pl.DataFrame, width: int) -> Frame:
    """A frame of rows, and which of them have text beyond the header's columns."""
    surplus = table.select(table.columns[width:])
    ragged = []
    if surplus.width:
        for index in surplus.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true():
            cells = enumerate(surplus.row(index), width + 1)
            ragged.append(Ragged(first + index, max(at for at, cell in cells if cell)))
    return Frame(first, _as_wide(table, width), tuple(ragged))


def _as_wide(table: pl.DataFrame, width: int) -> pl.DataFrame:
    """The first `width` columns, those that are not there being empty."""
    missing = [pl.lit(None, pl.String).alias(f"c{at}") for at in range(table.width, width)]
    return table.with_columns(missing).select(column_names(width))


def _nulls(width: int, height: int) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(name, [None], pl.String).new_from_index(0, height) for name in column_names(width)])


def _table_of(rows: Sequence[dict[int, str]], width: int) -> pl.DataFrame:
    widest = max(width, *(max(cells) + 1 for cells in rows))
    columns = [pl.Series(f"c{at}", [cells.get(at) for cells in rows], pl.String) for at in range(widest)]
    return pl.DataFrame(columns)


def _put_right(table: pl.DataFrame, marks: Marks, first: int, *, whole: bool) -> pl.DataFrame:
    """The table with the marked cells told rightly. Raises UnusualError where one of them lies outside the table."""
    if not marks.rows:
        return table
    columns: defaultdict[int, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
    for row, column, text in zip(marks.rows, marks.columns, marks.texts, strict=True):
        if not first <= row < first + table.height or (whole and column >= table.width):
            raise UnusualError
        rows, texts = columns[column]
        rows.append(row - first)
        texts.append(text)
    right = [(f"c{at}", *cells) for at, cells in columns.items() if f"c{at}" in table.columns]
    return table.with_columns(table[name].scatter(rows, texts) for name, rows, texts in right)
