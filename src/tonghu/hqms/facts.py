"""The facts of a discharge file as tables that the rulebook can judge: the file's columns, the run, the other rows.

`replay` of the rulebook reads a file through :func:`tables`; the check itself uses the pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from tonghu.hqms import casting
from tonghu.hqms.casting import Cast
from tonghu.hqms.layout import Columns, detect

ROW = "row"


@dataclass(frozen=True)
class Facts:
    """Some rows of a file: `table` is wide and typed (a `row` column among its facts), `cast` what it was made from."""

    table: pl.DataFrame
    cast: Cast


def of_rows(columns: Columns, rows: pl.Series, data: pl.DataFrame, today: date) -> Facts:
    """The typed facts of some rows; `rows` are their 1-based numbers, `data` their cells as the reader gives them."""
    cast = casting.columns(data, {f"c{at}": field for at, field in columns.fields.items()})
    run = [pl.lit(today).alias("today"), pl.lit(columns.named).alias("layout")]
    return Facts(cast.facts.with_columns(rows.alias(ROW), *run), cast)


def types(columns: Columns) -> Mapping[str, str]:
    """What the file's own columns and the run supply: fact → type name."""
    return {f.name: f.type for f in columns.fields.values()} | {"today": "date", "layout": "text"}


def tables(file: Path, today: date, rows_per_table: int = 50_000) -> tuple[Columns, Iterator[pl.DataFrame]]:
    """The layout of a file, and its rows as typed tables, one after the other.

    Raises InputRefused where the file cannot be read.
    """
    from tonghu.hqms.reading import open_file

    source = open_file(file)
    columns = detect(source.header)

    def each() -> Iterator[pl.DataFrame]:
        for frame in source.frames(rows_per_table):
            rows = pl.int_range(frame.first_row, frame.first_row + len(frame.data), eager=True, dtype=pl.Int64)
            yield of_rows(columns, rows, frame.data, today).table

    return columns, each()
