"""Changing keys while the system works: what an older key sealed or hashed is written again, batch by batch.

A batch is one short transaction. A row is changed only if it still holds what was read, so that a clerk who saves at
the same moment wins. The work goes by what the rows hold, not by a list: it can stop and go on at any point, and passes
are repeated until one finds nothing. Triggers of the history leave these changes out, since no value changes. Run it as
the owner (history tables included) inside the system scope ``rotation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from django.apps import apps
from django.db import connections, models, transaction
from psycopg import sql

from tonghu.platform.crypto.box import seal_with, unseal
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash
from tonghu.platform.crypto.hashing import hash_with
from tonghu.platform.crypto.keys import Key, keyring

BATCH_SIZE: Final = 500
#: Opens the scope that the batch works in; given by the caller, since scopes stand above this room.
Scoped = Callable[[], AbstractContextManager[Any]]
#: Makes a batch of a hash column anew, in the order of the rows' keys: (alias, new key, size, after) → how many rows it
#: changed, and the last one that it saw; None when it saw none.
Rehasher = Callable[[str, Key, int, Any], "Batch"]
rehashers: dict[str, Rehasher] = {}
#: How many rows a batch changed, and the key of the last one that it saw (None: no row was left).
Batch = tuple[int, Any]


def rehashed_by(place: str, rehasher: Rehasher) -> None:
    """Register who makes the hashes in ``table.column`` anew, where they are not made from a field of the same row."""
    rehashers[place] = rehasher


#: Counts what stands under a key and can be made anew by nobody: (alias, the key's number) → how many.
Counter = Callable[[str, int], int]
counters: dict[str, Counter] = {}


def counted_by(place: str, counter: Counter) -> None:
    """Register who counts the values in ``table.column`` that no rotation reaches: their key is not forgotten."""
    counters[place] = counter


@dataclass(frozen=True)
class Column:
    """One column that holds sealed values or hashes."""

    model: type[models.Model]
    field: EncryptedText | KeyedHash

    @property
    def place(self) -> str:
        """``table.column`` as it is now."""
        return f"{self.model._meta.db_table}.{self.field.column}"

    @property
    def names(self) -> dict[str, sql.Identifier]:
        """The identifiers of table, column and primary key."""
        meta = self.model._meta
        assert meta.pk is not None
        names = {"table": meta.db_table, "column": self.field.column, "pk": meta.pk.column}
        return {name: sql.Identifier(str(said)) for name, said in names.items()}


@dataclass(frozen=True)
class Step:
    """One batch that is done."""

    place: str
    changed: int


def columns(kind: type[EncryptedText] | type[KeyedHash]) -> Iterator[Column]:
    """Every column of a kind, history tables included."""
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.local_concrete_fields:
                if isinstance(field, kind):
                    yield Column(model, field)


def rotate(scoped: Scoped, using: str = "owner", batch: int = BATCH_SIZE) -> Iterator[Step]:
    """Write everything again that another key than the newest wrote; yields after every batch.

    Raises:
        KeysMissing: the keys are missing.
        CannotOpen: a value does not open; it is named by its column, and the rows before it are done.
    """
    sealer, hasher = keyring().writer("seal"), keyring().writer("hash")
    for column in columns(EncryptedText):
        yield from _passes(column, scoped, using, partial(_seal_again, column, sealer, batch, using))
    for column in columns(KeyedHash):
        if isinstance(column.field, KeyedHash) and column.field.fixed:
            continue
        yield from _passes(column, scoped, using, partial(_hash_again, column, hasher, batch, using))


def used(number: int, scoped: Scoped, using: str = "owner") -> dict[str, int]:
    """Return how many values of which columns still stand under a key."""
    left = {}
    for kind, start in ((EncryptedText, 2), (KeyedHash, 1)):
        for column in columns(kind):
            with scoped(), connections[using].cursor() as cursor:
                cursor.execute(
                    _sql("SELECT count(*) FROM {table} WHERE substring({column} from %s for 2) = %s", column),
                    [start, number.to_bytes(2, "big")],
                )
                if count := cursor.fetchone()[0]:
                    left[column.place] = count
    for place, counter in counters.items():
        with scoped():
            if count := counter(using, number):
                left[place] = count
    return left


def lasting() -> set[str]:
    """The places that no rotation makes anew: evidence that stays as it is, and codes that only their holders know."""
    return {column.place for column in columns(KeyedHash) if getattr(column.field, "fixed", False)} | set(counters)


def _passes(column: Column, scoped: Scoped, using: str, work: Callable[[Any], Batch]) -> Iterator[Step]:
    """Go through a column in the order of its keys until a whole pass changes nothing.

    What a pass cannot change (two documents that contradict each other) it leaves and goes on; :func:`used` counts it.
    """
    found = True
    while found:
        found, after = False, None
        while True:
            with scoped(), transaction.atomic(using=using):
                changed, after = work(after)
            if after is None:
                break
            found |= changed > 0
            yield Step(column.place, changed)


def _seal_again(column: Column, key: Key, batch: int, using: str, after: Any) -> Batch:
    assert isinstance(column.field, EncryptedText)
    place = column.field.place
    rows = _others(column, 2, key, after, batch, using)
    _replace(column, [(pk, held, seal_with(key, unseal(held, place), place)) for pk, held in rows.items()], using)
    return len(rows), max(rows, default=None)


def _hash_again(column: Column, key: Key, batch: int, using: str, after: Any) -> Batch:
    field = column.field
    assert isinstance(field, KeyedHash)
    if field.of is None:
        return rehashers[column.place](using, key, batch, after)
    held = _others(column, 1, key, after, batch, using)
    changes = []
    for row in column.model._base_manager.using(using).filter(pk__in=held).only("pk", field.of):
        text = field.text(row)
        changes.append((row.pk, held[row.pk], hash_with(key, text, field.purpose) if text else None))
    _replace(column, changes, using)
    return len(held), max(held, default=None)


def _others(column: Column, start: int, key: Key, after: Any, batch: int, using: str) -> dict[Any, bytes]:
    """One batch of values that another key wrote; its number stands at byte `start` of a value."""
    beyond = "AND {pk} > %s " if after is not None else ""
    text = f"SELECT {{pk}}, {{column}} FROM {{table}} WHERE substring({{column}} from %s for 2) <> %s {beyond}"  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(
            _sql(text + "ORDER BY {pk} LIMIT %s", column),
            [start, key.number.to_bytes(2, "big"), *([] if after is None else [after]), batch],
        )
        return {pk: bytes(held) for pk, held in cursor.fetchall()}


def _replace(column: Column, changes: list[tuple[Any, bytes, bytes | None]], using: str) -> None:
    """Write new values where the row still holds the old one."""
    with connections[using].cursor() as cursor:
        cursor.executemany(
            _sql("UPDATE {table} SET {column} = %s WHERE {pk} = %s AND {column} = %s", column),
            [(fresh, pk, held) for pk, held, fresh in changes],
        )


def _sql(text: str, column: Column) -> sql.Composed:
    return sql.SQL(cast(Any, text)).format(**column.names)
