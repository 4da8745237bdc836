"""Where changes stand: one statement over all histories finds the places of a page, or counts them, and opens no row.

Written by hand: for twenty histories Django takes longer to write the statement than the database to answer it.
"""

# ruff: noqa: S608 -- SQL of constants of the code and names of tables; every value is a parameter

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

#: Moment, table and number of a change: where a page ends.
Place = tuple[datetime, str, int]

_COUNTED: Final = "(SELECT 1 FROM {table}{where} LIMIT %s)"
_NEWEST: Final = (
    "(SELECT pgh_created_at, {rank} AS rank, pgh_id FROM {table}{where} "
    "ORDER BY pgh_created_at DESC, pgh_id DESC LIMIT %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which changes: of one table or all, by people whose words contain `who`, from a moment until before another."""

    table: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None


def count(wanted: Wanted, histories: Mapping[str, str], limit: int) -> int:
    """Return how many changes are wanted, `limit` at most; see :func:`newest`.

    One history after the other, in no order: the database stops where the limit is reached and sorts nothing.
    """
    each, values = _each(wanted, histories, None, _COUNTED, limit)
    return int(
        _asked(f"SELECT count(*) FROM (SELECT 1 FROM ({each}) AS each LIMIT %s) AS found", [*values, limit])[0][0]
    )


def newest(wanted: Wanted, histories: Mapping[str, str], limit: int, after: Place | None) -> list[Place]:
    """Return where the newest `limit` changes stand that are wanted, behind a place.

    Args:
        histories: the histories to look into: by what the tables that they follow are called, their own tables.
    """
    each, values = _each(wanted, histories, after, _NEWEST, limit)
    names = sorted(histories)
    found = _asked(
        f"SELECT pgh_created_at, rank, pgh_id FROM ({each}) AS found "
        "ORDER BY pgh_created_at DESC, rank DESC, pgh_id DESC LIMIT %s",
        [*values, limit],
    )
    return [(at, names[rank], number) for at, rank, number in found]


def _asked(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _each(
    wanted: Wanted, histories: Mapping[str, str], after: Place | None, select: str, limit: int
) -> tuple[str, list[Any]]:
    """One `select` of every history, and their values; ranks sort in the database as the names do here."""
    parts: list[str] = []
    values: list[Any] = []
    for rank, name in enumerate(sorted(histories)):
        where, said = _where(name, wanted, after)
        parts.append(select.format(rank=rank, table=histories[name], where=where))
        values += [*said, limit]
    return " UNION ALL ".join(parts), values


def _where(name: str, wanted: Wanted, after: Place | None) -> tuple[str, list[Any]]:
    """Which rows of a history are wanted, behind a place: a condition and its values."""
    asked: list[tuple[str, list[Any]]] = []
    if wanted.who:
        asked.append(("strpos(pgh_who, %s) > 0", [wanted.who]))
    if wanted.since:
        asked.append(("pgh_created_at >= %s", [wanted.since]))
    if wanted.until:
        asked.append(("pgh_created_at < %s", [wanted.until]))
    if after:
        at, table, number = after
        if name == table:
            asked.append(("(pgh_created_at, pgh_id) < (%s, %s)", [at, number]))
        else:
            asked.append((f"pgh_created_at {'<=' if name < table else '<'} %s", [at]))
    where = " AND ".join(condition for condition, _values in asked)
    return f" WHERE {where}" if where else "", [value for _condition, values in asked for value in values]
