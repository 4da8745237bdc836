"""marked.xlsx: the rows in scope as the user knows them, bad cells coloured and commented, a sheet to begin with.

Written fresh and streamed row by row (xlsxwriter in constant memory); the original is never opened. Every cell of the
file is text, so identity and record numbers keep all digits. Colour is never the only sign: a marked cell has a
comment, and errors are bold where warnings are italic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
import xlsxwriter

from tonghu.hqms.marking.front import FrontSheet
from tonghu.hqms.marking.rows import RowSheets
from tonghu.hqms.marking.style import SUMMARY_SHEET, Marked

__all__ = ["Marked", "write"]


def write(
    path: Path,
    marked: Marked,
    parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]],
    progress: Callable[[int], None] = lambda _rows: None,
) -> None:
    """Write the workbook. `parts` are (cases, the file's own cells) in row order, as they went into cases.csv;
    `progress` is told how many rows have been written."""
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    try:
        front = book.add_worksheet(SUMMARY_SHEET)
        rows = RowSheets(book, marked)
        rows.write(parts, progress)
        FrontSheet(book, front).write(marked, rows)
    finally:
        book.close()
