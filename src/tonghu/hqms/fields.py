"""HQ021, HQ022, HQ023: what the field dictionary itself asks of a cell — its type, its length, its code table.

These are not written as rules: the dictionary says them once for every field of both layouts. A value table is only
held against cells where the dictionary says that its values have a source (`Field.table_checked`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    unlisted = _not_listed([f for f in present if f.table and f.table_checked], cast.facts, data, columns)
    for field in columns.fields.values():
        suspects: list[pl.Series] = []
        if field.name in badly_written:
            suspects.append(cast.issues.filter(pl.col("fact") == field.name)["row"])
        # Bytes are never fewer than characters: a column without long cells is done with one comparison.
        if field.name in longest.columns and (longest[field.name][0] or 0) > (field.max_length or 0):
            suspects.append((cast.facts[field.name].str.len_chars() > field.max_length).arg_true())
        if field.name in unlisted:
            suspects.append(unlisted[field.name])
        if suspects:
            rows = pl.concat([s.cast(pl.UInt32) for s in suspects]).unique(maintain_order=False).sort()
            yield from _judged(field, rows, data[f"c{columns.position[field.name]}"])


def _not_listed(
    fields: Sequence[Field], facts: pl.DataFrame, data: pl.DataFrame, columns: Columns
) -> dict[str, pl.Series]:
    """For each field with such cells the rows whose code is not in the table, or only once it is made half-width."""
    raw = {field.name: pl.col(f"c{columns.position[field.name]}") for field in fields}
    wide = {name: cell.str.len_bytes() != cell.str.len_chars() for name, cell in raw.items()}
    # Asked of all columns in one go: for most of them there is nothing to find.
    written = facts.select(pl.col(name).unique().implode() for name in raw)
    has_wide = data.select(cell.any().alias(name) for name, cell in wide.items())
    found = {}
    for field in fields:
        codes = table(field.table or "")
        strange = [code for code in written[field.name][0] if code is not None and not codes.has(code)]
        if strange or has_wide[field.name][0]:
            bad = facts[field.name].is_in(strange) | data.select(wide[field.name]).to_series()
            found[field.name] = bad.arg_true()
    return found


def _judged(field: Field, rows: pl.Series, raw: pl.Series) -> Iterator[Misfit]:
    if rows.is_empty():
        return
    cells = pl.DataFrame({"row": rows, "text": raw.gather(rows)})
    for text, at in cells.group_by("text", maintain_order=True).agg("row").iter_rows():
        for rule, said in of_cell(field, text or ""):
            yield Misfit(rule, field.name, tuple(at), said)
