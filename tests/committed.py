"""A fixture for tests whose transactions really commit: several connections, threads, jobs.

Import it in a ``conftest.py`` of a room: ``from committed import committed``. The app may not TRUNCATE, so the owner
cleans up afterwards; rows that a migration wrote are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Database access without a surrounding transaction; before and after it the tables are as migrations left them."""
    with django_db_blocker.unblock():
        _empty()  # what a test without this fixture has committed, through a server of its own for example
        try:
            yield
        finally:
            connection.rollback() if connection.in_atomic_block else None
            _empty()
            for one in connections.all():
                one.close()


def note_fresh_database() -> None:
    """Remember which tables hold rows in a database that no test has touched; called where it is made."""
    _fresh.clear()
    _fresh.update(_filled())


_fresh: set[str] = set()


def _empty() -> None:
    grown = _filled() - _fresh
    if grown:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(sorted(grown))} CASCADE")


def in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run ``work(0)`` … ``work(count - 1)`` at once, each on a connection of its own; raises the first error."""

    def with_own_connection(number: int) -> Any:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return [done.result() for done in [pool.submit(with_own_connection, number) for number in range(count)]]


def _filled() -> set[str]:
    """Names of the tables that hold rows, asked as the owner in the scope that sees everything."""
    from tonghu.platform.scope.scope import open_scope, system_scope

    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
            "AND pg_catalog.pg_get_userbyid(c.relowner) = current_user"
        )
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables))
        return {row[0] for row in cursor.fetchall()}
