"""cases.csv: the rows that the screen kept, each with what the screen found, then the file's own columns unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import polars as pl

from tonghu.hqms.findings import BOM

#: What is put before the file's own columns.
OWN_COLUMNS = (
    "row",
    "scope_group",
    "scope_code",
    "scope_position",
    "age_years",
    "age_days",
    "iccc3_subgroup",
    "iccc3_method",
    "iccc3_certainty",
)


class CasesFile:
    """`cases.csv` in the writing, row order as given."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._out = path.open("wb")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([*OWN_COLUMNS, *header])
        self._out.write((BOM + text.getvalue()).encode())

    def __enter__(self) -> CasesFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._out.close()

    def write(self, cases: pl.DataFrame, data: pl.DataFrame, raw_lines: pl.Series | None) -> None:
        """Append rows. `cases` has OWN_COLUMNS; `data` the file's own cells in the same order.

        `raw_lines`, where the reader gives them, are the same rows as they stand in the file (UTF-8, comma, one record
        a line, no line end) and are passed through as they are.
        """
        own = cases.select(OWN_COLUMNS)
        written = io.BytesIO()
        if raw_lines is None:
            pl.concat([own, data], how="horizontal").write_csv(written, include_header=False)
        else:
            lines = own.select(pl.concat_str([*map(_as_csv, own), raw_lines], separator=","))
            lines.write_csv(written, include_header=False, quote_style="never")
        self._out.write(written.getbuffer())


def _as_csv(column: pl.Series) -> pl.Expr:
    """The values of a column as cells of a csv file, quoted where they must be."""
    text = pl.col(column.name).cast(pl.String)
    if column.dtype == pl.String:
        marked = '"' + text.str.replace_all('"', '""', literal=True) + '"'
        text = pl.when(text.str.contains(r'[",\r\n]')).then(marked).otherwise(text)
    return text.fill_null("")
