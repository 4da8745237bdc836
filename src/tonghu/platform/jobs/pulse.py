"""Telling how far a job is, outside the job's own transaction, so that its page sees it at once."""

from __future__ import annotations

import contextlib
import threading
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


class OwnConnection:
    """Writes over a connection of its own: what a worker uses."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def beat(self, values: dict[str, Any]) -> bool | None:
        for _attempt in range(2):  # a connection that broke since the last report is replaced at once
            with contextlib.suppress(psycopg.OperationalError):
                return self._beat(values)
            self.close()
        return False  # a lost report harms nothing; the job's own connection tells if the database is gone

    def _beat(self, values: dict[str, Any]) -> bool | None:
        if self._connection is None:
            self._connection = _connect()
        with self._connection.transaction():
            self._connection.execute("SELECT set_config('tonghu.scope', %s, true)", [WORKER.as_setting()])
            row = self._connection.execute(_SQL, values).fetchone()
        return bool(row[0]) if row else None

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


_threads = threading.local()


def of_this_thread() -> OwnConnection:
    """Return the pulse that a worker's thread keeps from job to job: connecting costs more than a short job."""
    if not hasattr(_threads, "pulse"):
        _threads.pulse = OwnConnection()
    kept: OwnConnection = _threads.pulse
    return kept


class SameConnection:
    """Writes over the same connection: for running a job where no worker is, inside a transaction nobody else sees."""

    def beat(self, values: dict[str, Any]) -> bool | None:
        with open_scope(WORKER), connection.cursor() as cursor:
            cursor.execute(_SQL, values)
            row = cursor.fetchone()
        return bool(row[0]) if row else None


def _connect() -> psycopg.Connection[Any]:
    wanted = connection.get_connection_params()
    kept = ("host", "port", "dbname", "user", "password", "connect_timeout")
    return psycopg.connect(
        **{name: wanted[name] for name in kept if name in wanted}, autocommit=True, application_name="tonghu-progress"
    )
