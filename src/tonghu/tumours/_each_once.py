"""A Python function over the rows of a frame, asked once for every different row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl


def each_once(
    rows: pl.DataFrame, answer: Callable[..., Sequence[Any]], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """What `answer` makes of the cells of each row, as a frame of `schema`, row by row.

    The cost follows the variety of the rows, not their number: codes repeat.
    """
    asked = rows.select(pl.col(name).alias(f"asked {at}") for at, name in enumerate(rows.columns))
    different = asked.unique(maintain_order=True)
    answers = pl.DataFrame([answer(*cells) for cells in different.iter_rows()], schema=dict(schema), orient="row")
    found = asked.join(different.hstack(answers), on=asked.columns, how="left", nulls_equal=True, maintain_order="left")
    return found.select(*schema)
