"""Many values to the database at once: as arrays in binary, bound by the server.

Django's own cursor writes values into the statement as text, which for a chunk of rows costs more than inserting them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections


@contextmanager
def array_cursor(using: str = "default") -> Iterator[psycopg.Cursor[Any]]:
    """Give a cursor on the open connection whose placeholders ``%b`` take lists; errors are Django's.

    Example::

        with array_cursor() as cursor:
            cursor.execute("INSERT … SELECT * FROM unnest(%b::int[], %b::text[])", [numbers, texts])
    """
    held = connections[using]
    held.ensure_connection()
    with held.wrap_database_errors, psycopg.Cursor(held.connection) as cursor:
        yield cursor


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into one list a column."""
    return [list(column) for column in zip(*rows, strict=True)]
