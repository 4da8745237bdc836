"""Excel workbooks: .xlsx, .xlsm (macros are never run) and .xlsb.

Sheets of .xlsx are read piece by piece (`sheet_pieces`), or row by row where they are not written in the usual way
(`sheet_stream`). A binary sheet is laid out by calamine as a full rectangle, so one that is spread over more than
`CELLS` is refused. What a sheet says about its own size (its dimension) is never believed.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import fastexcel
import polars as pl
from lxml import etree

from tonghu.errors import InputRefused
from tonghu.hqms.reading import binary
from tonghu.hqms.reading.archive import DAMAGED
from tonghu.hqms.reading.binary import Extent
from tonghu.hqms.reading.header import LOOK_AT, Header, Known, find_header
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.model import Frame, Hits, Keep, Ragged, Source, column_names, frames_of_rows
from tonghu.hqms.reading.ooxml import Book, Sheet, number_text, read_book, shared_texts
from tonghu.hqms.reading.sheet_pieces import PieceGrid
from tonghu.hqms.reading.sheet_scan import is_usual
from tonghu.hqms.reading.sheet_stream import sheet_rows

CELLS = 80_000_000
"""Largest rectangle that calamine may lay out: about two gigabytes."""

HEAD = 1 << 16
"""Bytes of a sheet in which its first cells are looked for, if it has any."""

VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)>")

# A refused file gets one line, and that is ours.
logging.getLogger("calamine").addHandler(logging.NullHandler())
logging.getLogger("calamine").propagate = False

# What a damaged workbook makes the libraries raise.
BROKEN = (*DAMAGED, KeyError, IndexError, etree.XMLSyntaxError, fastexcel.FastExcelError)

ENDINGS = {"xlsx": (".xlsx", ".xlsm"), "xlsb": (".xlsb",)}

Rows = list[list[str | None]]


class Grid(Protocol):
    """The cells of one sheet."""

    def top(self) -> Rows:
        """The rows down to at least the tenth with text."""

    def frames(self, first_data: int, width: int, size: int) -> Iterator[Frame]:
        """The rows from `first_data` (0-based) on."""


class WorkbookSource(Source):
    """One sheet of a workbook: the first visible one whose header is known, else the first that has text."""

    def __init__(self, given: Input, known: Known | None = None) -> None:
        """Read the workbook. Raises `InputRefused` when it is damaged or has no table."""
        super().__init__(given)
        self._hash.start()
        # A workbook inside an archive is small enough to be held in memory (`archive` sees to that).
        self._package: Path | bytes = given.path
        if given.member is not None:
            with given.open() as stream:
                self._package = stream.read()
        try:
            with zipfile.ZipFile(
                io.BytesIO(self._package) if isinstance(self._package, bytes) else given.path
            ) as parts:
                self._binary = "xl/workbook.bin" in parts.namelist()
                self.format = "xlsb" if self._binary else "xlsx"
                self._book = binary.read_book(parts) if self._binary else read_book(parts)
                self._grid = self._choose(parts, known)
        except BROKEN:
            raise _damaged(given.name) from None
        if self._book.macros:
            self.note("工作簿带有宏，未运行", "The workbook has macros; they were not run")

    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        try:
            yield from self._grid.frames(self._first_data, len(self.header), rows_per_frame)
        except BROKEN:
            raise _damaged(self.input.name) from None
        self._note_uncalculated()

    def screen(self, columns: Sequence[int], keep: Keep) -> Iterator[Hits]:
        """See `Source.screen`."""
        if not isinstance(self._grid, PieceGrid):
            yield from super().screen(columns, keep)
            return
        self._hash.start()
        self.rows = None
        rows = 0
        try:
            for hits in self._grid.screen(self._first_data, len(self.header), columns, keep):
                rows += hits.screened
                yield hits
        except BROKEN:
            raise _damaged(self.input.name) from None
        self.rows = rows
        self._note_uncalculated()

    def _note_uncalculated(self) -> None:
        if isinstance(self._grid, PieceGrid) and (count := self._grid.uncalculated):
            self.note(
                f"有 {count} 个公式单元格没有保存计算结果，按空白读取；请在 Excel 或 WPS 中打开并保存后再提交",
                f"{count} formula cell(s) have no stored result and read as empty; open the file in Excel or WPS and "
                "save it",
            )

    def _kind(self) -> tuple[str, str]:
        return f"Excel 工作簿（{self.format}）", f"Excel workbook ({self.format})"

    def _choose(self, parts: zipfile.ZipFile, known: Known | None) -> Grid:
        """Choose the sheet, take its header, and name the sheets that are left unread."""
        filled = [sheet for sheet in self._book.sheets if self._has_values(parts, sheet)]
        best: tuple[Sheet, Header, Grid] | None = None
        for sheet in filled:
            if not sheet.visible:
                continue
            grid = self._grid_of(parts, sheet)
            header = find_header(grid.top(), known)
            if header and (best is None or header.known > best[1].known):
                best = sheet, header, grid
            if header and (known is None or header.known):
                break
        if best is None:
            raise _no_table(self.input.name)
        chosen, found, grid = best
        self.header, self._first_data = found.names, found.first_data
        self.notes.extend(found.notes)
        if others := "、".join(sheet.name for sheet in filled if sheet is not chosen):
            self.note(
                f"只读取了工作表“{chosen.name}”，其他有内容的工作表未读取：{others}",
                f"Only sheet '{chosen.name}' was read; other sheets with content were not: {others}",
            )
        return grid

    def _has_values(self, parts: zipfile.ZipFile, sheet: Sheet) -> bool:
        with parts.open(sheet.part) as stream:
            head = stream.read(HEAD)
        # A sheet whose first cells are all but empty may still have values further down: then it counts as filled.
        return self._binary or len(head) == HEAD or VALUE.search(head) is not None

    def _grid_of(self, parts: zipfile.ZipFile, sheet: Sheet) -> Grid:
        if self._binary:
            return self._binary_grid(parts, sheet)
        with parts.open(sheet.part) as stream:
            head = stream.read(HEAD)
        if not is_usual(head):
            return RowGrid(self._package, self._book, sheet)
        return PieceGrid(self._package, self._book, sheet)

    def _binary_grid(self, parts: zipfile.ZipFile, sheet: Sheet) -> Grid:
        with parts.open(sheet.part) as stream:
            extent = binary.extent(stream)
        if extent.cells > CELLS:
            raise InputRefused(
                f"{self.input.name}：工作表“{sheet.name}”的内容分布过散（占 {extent.cells} 个单元格的范围），"
                "请删除远处多余的内容，或另存为 .xlsx、.csv",
                f"{self.input.name}: the content of sheet '{sheet.name}' is spread over {extent.cells} cells; delete "
                "what stands far out, or save it as .xlsx or .csv",
            )
        return TableGrid(_long_numbers_marked(self._calamine(sheet), extent), 0)

    def _calamine(self, sheet: Sheet) -> pl.DataFrame:
        package = self._package
        # calamine believes the ending of a file's name; where that says something else, it gets the bytes alone.
        if isinstance(package, Path) and package.suffix.lower() not in ENDINGS[self.format]:
            package = package.read_bytes()
        loaded = fastexcel.read_excel(package).load_sheet(sheet.name, header_row=None, dtypes="string")
        table = loaded.to_polars()
        return table.rename(dict(zip(table.columns, column_names(table.width), strict=True)))


class TableGrid:
    """A sheet held as text columns."""

    def __init__(self, table: pl.DataFrame, rows_above: int) -> None:
        self._rows_above = rows_above
        blank = [column.name for column in table if (column == "").any()]
        table = table.with_columns(pl.col(blank).replace("", None)) if blank else table
        filled = table.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
        self._table = table.head(int(filled[-1]) + 1 if len(filled) else 0)

    def top(self) -> Rows:
        """See `Grid.top`."""
        rows: Rows = [[] for _ in range(self._rows_above)]
        filled = 0
        for row in self._table.iter_rows():
            rows.append(list(row))
            filled += any(row)
            if filled > LOOK_AT:
                break
        return rows

    def frames(self, first_data: int, width: int, size: int) -> Iterator[Frame]:
        """See `Grid.frames`."""
        table = self._table.slice(first_data - self._rows_above)
        surplus = table.select(column_names(table.width)[width:])
        if surplus.width:
            beyond = surplus.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true().to_list()
            ragged = [
                Ragged(index + 1, width + max(at for at, cell in enumerate(surplus.row(index), 1) if cell))
                for index in beyond
            ]
            table = table.select(column_names(width))
        else:
            ragged = []
        first = 1
        for part in table.iter_slices(size):
            last = first + part.height - 1
            yield Frame(first, part, tuple(one for one in ragged if first <= one.row <= last))
            first = last + 1


class RowGrid:
    """A sheet read row by row from its XML, each time anew."""

    def __init__(self, package: Path | bytes, book: Book, sheet: Sheet) -> None:
        self._package = package
        self._book = book
        self._sheet = sheet

    def top(self) -> Rows:
        """See `Grid.top`."""
        rows: Rows = []
        filled = 0
        for row in self._rows():
            rows.append(row)
            filled += any(row)
            if filled > LOOK_AT:
                break
        return rows

    def frames(self, first_data: int, width: int, size: int) -> Iterator[Frame]:
        """See `Grid.frames`."""
        rows = self._rows()
        for _ in range(first_data):
            next(rows)
        return frames_of_rows(rows, width, size)

    def _rows(self) -> Iterator[list[str | None]]:
        """Every row from the first of the sheet to the last that has text."""
        package = io.BytesIO(self._package) if isinstance(self._package, bytes) else self._package
        with zipfile.ZipFile(package) as parts:
            shared = []
            if self._book.shared is not None:
                with parts.open(self._book.shared) as stream:
                    shared = shared_texts(stream)
            done = 0
            with parts.open(self._sheet.part) as stream:
                for number, cells in sheet_rows(stream, self._book, shared):
                    for _ in range(done + 1, number):
                        yield []
                    row: list[str | None] = [None] * (max(cells) + 1)
                    for column, text in cells.items():
                        row[column] = text
                    yield row
                    done = number


def _long_numbers_marked(table: pl.DataFrame, extent: Extent) -> pl.DataFrame:
    """The numbers of 16 digits and more written as Excel shows them; texts of as many digits are what they are."""
    columns: defaultdict[int, list[int]] = defaultdict(list)
    for row, column in extent.long_numbers:
        columns[column - extent.first_column].append(row - extent.first_row)
    for at, rows in columns.items():
        cells = table[f"c{at}"]
        shown = [None if text is None else number_text(float(text)) for text in cells.gather(rows)]
        table = table.with_columns(cells.scatter(rows, pl.Series(shown, dtype=pl.String)))
    return table


def _damaged(name: str) -> InputRefused:
    return InputRefused(
        f"{name}：工作簿已损坏或不完整，无法打开；请在 Excel 或 WPS 中修复并另存为 .xlsx，或重新导出",
        f"{name}: the workbook is damaged or incomplete; repair and save it as .xlsx in Excel or WPS, or export it "
        "again",
    )


def _no_table(name: str) -> InputRefused:
    return InputRefused(
        f"{name}：工作簿中没有含数据的可见工作表，请检查后重新导出",
        f"{name}: no visible sheet of the workbook has any content; check it and export it again",
    )
