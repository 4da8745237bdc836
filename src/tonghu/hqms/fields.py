"""HQ021, HQ022, HQ023: what the field dictionary itself asks of a cell — its type, its length, its code table.

These are not written as rules: the dictionary says them once for every field of both layouts. A value table is only
held against cells where the dictionary says that its values have a source (`Field.table_checked`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from tonghu.codes.hqms_fields import Field
from tonghu.codes.tables import table
from tonghu.codes.text import has_fullwidth
from tonghu.hqms import casting, wording
from tonghu.hqms.casting import Cast, Value
from tonghu.hqms.layout import Columns
from tonghu.hqms.wording import Said

TYPE, LENGTH, TABLE = "HQ021", "HQ022", "HQ023"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One kind of bad cell of a column: which dictionary rule, in which rows (positions in the frame), and why."""

    rule: str
    fact: str
    rows: tuple[int, ...]
    said: Said


def of_cell(field: Field, raw: str) -> list[tuple[str, Said]]:
    """The dictionary's findings on one cell: (rule, words)."""
    return of_reading(field, raw, *casting.cell(field, raw))


def of_reading(field: Field, raw: str, value: Value | None, note: str | None) -> list[tuple[str, Said]]:
    """The dictionary's findings on one cell that was read as `value` with `note`: (rule, words)."""
    if note is not None:
        return [(TYPE, wording.badly_written(field, raw, note, value))]
    if not isinstance(value, str):
        return []
    found = []
    if field.max_length is not None and len(value) > field.max_length:
        found.append((LENGTH, wording.too_long(field, len(value))))
    if field.table_checked and field.table:
        codes = table(field.table)
        # A full-width code is understood, but it is not the code that stands in the table.
        if not codes.has(value) or has_fullwidth(raw):
            found.append((TABLE, wording.not_in_table(raw, codes)))
    return found


def of_frame(data: pl.DataFrame, cast: Cast, columns: Columns) -> Iterator[Misfit]:
    """The dictionary's findings on a frame whose cells are `data` and whose facts are `cast`.

    Finds the suspicious cells set-wise and has :func:`of_cell` judge each distinct text of them, so that a file and
    a single record are judged by the same lines.
    """
    badly_written = {fact for (fact,) in cast.issues.select("fact").unique().iter_rows()}
    present = [f for f in columns.fields.values() if cast.facts[f.name].null_count() < len(cast.facts)]
    lengths = [f for f in present if f.type == "text" and f.max_length is not None]
    longest = cast.facts.select([pl.col(f.name).str.len_bytes().max() for f in lengths])
    for field in columns.fields.values():
        suspects: list[pl.Series] = []
        if field.name in badly_written:
            suspects.append(cast.issues.filter(pl.col("fact") == field.name)["row"])
        # Bytes are never fewer than characters: a column without long cells is done with one comparison.
        if field.name in longest.columns and (longest[field.name][0] or 0) > (field.max_length or 0):
            suspects.append((cast.facts[field.name].str.len_chars() > field.max_length).arg_true())
        if field.table and field.table_checked and field in present:
            suspects.append(_not_listed(cast.facts[field.name], data, columns, field))
        if suspects:
            rows = pl.concat([s.cast(pl.UInt32) for s in suspects]).unique(maintain_order=False).sort()
            yield from _judged(field, rows, data[f"c{columns.position[field.name]}"])


def _not_listed(values: pl.Series, data: pl.DataFrame, columns: Columns, field: Field) -> pl.Series:
    """Rows whose code is not in the table, or is only in it once it is made half-width."""
    assert field.table is not None
    codes = table(field.table)
    distinct = values.unique().drop_nulls()
    strange = [value for value in distinct if not codes.has(value)]
    bad = values.is_in(strange) if strange else pl.Series([False]).new_from_index(0, len(values))
    raw = data[f"c{columns.position[field.name]}"]
    return (bad | (raw.str.len_bytes() != raw.str.len_chars())).arg_true()


def _judged(field: Field, rows: pl.Series, raw: pl.Series) -> Iterator[Misfit]:
    if rows.is_empty():
        return
    cells = pl.DataFrame({"row": rows, "text": raw.gather(rows)})
    for text, at in cells.group_by("text", maintain_order=True).agg("row").iter_rows():
        for rule, said in of_cell(field, text or ""):
            yield Misfit(rule, field.name, tuple(at), said)
