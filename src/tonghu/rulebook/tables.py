"""Records as a typed table, the form in which a file's rows come to the DuckDB executor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tonghu.rulebook.expressions import Kind, Value
from tonghu.rulebook.schema import UNREADABLE, Schema

_ARROW: dict[Kind, Any] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.DECIMAL: pa.decimal128(18, 2),
    Kind.DATE: pa.date32(),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.BOOLEAN: pa.bool_(),
}


def table_of(
    schema: Schema, records: Sequence[Mapping[str, Value]], columns: Collection[str] | None = None
) -> pa.Table:
    """One row for each record with its place as ``row``; `columns` default to all facts, absent keys are NULL."""
    facts = sorted(columns if columns is not None else schema.facts)
    unreadable = sorted({key for record in records for key in record if key.endswith(UNREADABLE)} - set(facts))
    arrays: list[pa.Array[Any]] = [pa.array(range(len(records)), pa.int64())]
    for name in facts:
        type_: Any = pa.bool_() if name.endswith(UNREADABLE) else _ARROW[schema.facts[name].type.kind]
        arrays.append(pa.array([record.get(name) for record in records], type_))
    arrays += [pa.array([record.get(name) for record in records], pa.bool_()) for name in unreadable]
    return pa.table(arrays, names=["row", *facts, *unreadable])
