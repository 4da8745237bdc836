"""Telling how far a job is, outside the job's own transaction, so that its page sees it at once."""

from __future__ import annotations

import contextlib
from typing import Any, Final, Protocol

import psycopg
from django.db import connection

from tonghu.platform.scope.scope import open_scope, system_scope

WORKER: Final = system_scope("worker")
#: Answers with no row where this run no longer holds the job.
_SQL: Final = """
UPDATE jobs_progress SET done = %(done)s, total = %(total)s, unit = %(unit)s, rate = %(rate)s, reported_at = now()
WHERE job_id = %(job)s AND EXISTS (
  SELECT 1 FROM jobs_job WHERE id = %(job)s AND run = %(run)s AND state = 'running')
RETURNING cancel_asked_at IS NOT NULL
"""


class Pulse(Protocol):
    """Writes one report; says True or False (the job is asked to stop), or None when the run is no longer its own."""

    def beat(self, values: dict[str, Any]) -> bool | None:
        """Write `values` (job, run, done, total, unit, rate)."""

    def close(self) -> None:
        """Let go of what it holds."""


class OwnConnection:
    """Writes over a connection of its own: what a worker uses. A broken one is replaced at the next report."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def beat(self, values: dict[str, Any]) -> bool | None:
        try:
            if self._connection is None:
                self._connection = _connect()
            with self._connection.transaction():
                self._connection.execute("SELECT set_config('tonghu.scope', %s, true)", [WORKER.as_setting()])
                row = self._connection.execute(_SQL, values).fetchone()
        except psycopg.OperationalError:
            self.close()  # a lost report harms nothing; the job's own connection tells if the database is gone
            return False
        return bool(row[0]) if row else None

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


class SameConnection:
    """Writes in the open transaction: for running a job inside a test's transaction, which nobody else sees."""

    def beat(self, values: dict[str, Any]) -> bool | None:
        with open_scope(WORKER), connection.cursor() as cursor:
            cursor.execute(_SQL, values)
            row = cursor.fetchone()
        return bool(row[0]) if row else None

    def close(self) -> None:
        """Nothing is held."""


def _connect() -> psycopg.Connection[Any]:
    wanted = connection.get_connection_params()
    kept = ("host", "port", "dbname", "user", "password", "connect_timeout")
    return psycopg.connect(
        **{name: wanted[name] for name in kept if name in wanted}, autocommit=True, application_name="tonghu-progress"
    )
