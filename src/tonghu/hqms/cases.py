"""cases.csv: the rows that the screen kept, each with what the screen found, then the file's own columns unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import chain, repeat
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

    def write(self, cases: pl.DataFrame, data: pl.DataFrame, raw_lines: Sequence[bytes] | None) -> None:
        """Append rows. `cases` has OWN_COLUMNS; `data` the file's own cells in the same order.

        `raw_lines`, where the reader gives them, are the same rows as they stand in the file (UTF-8, comma, one record
        each, no line end) and are passed through as they are.
        """
        own = cases.select(OWN_COLUMNS)
        if raw_lines is not None:
            fronts = _written(own).split(b"\n")[:-1]
            if len(fronts) == len(raw_lines):  # else a code has a line end inside it
                self._out.write(b"".join(chain.from_iterable(zip(fronts, repeat(b","), raw_lines, repeat(b"\n")))))
                return
        self._out.write(_written(pl.concat([own, data], how="horizontal")))


def _written(rows: pl.DataFrame) -> bytes:
    """Rows as they stand in a csv file."""
    written = io.BytesIO()
    rows.write_csv(written, include_header=False)
    return written.getvalue()
