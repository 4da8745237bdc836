"""What a site needs in order to work, checked one by one: database, clock, migrations, worker, keys, disk."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tonghu.errors import InputRefused
from tonghu.platform.crypto import keys

#: Below this much free space writing may fail any moment, in bytes.
FREE_BYTES: Final = 500_000_000
#: A worker that has not shown itself for so many seconds is gone; it does every 10.
WORKER_SECONDS: Final = 45
#: So far may this machine's clock and the database's be apart: one-time codes and deadlines need the right time.
CLOCK_SECONDS: Final = 10


@dataclass(frozen=True)
class Check:
    """One part of the site: its name, whether it is as it should be, and in words what is."""

    name: str
    passed: bool
    detail: str

    def as_dict(self, *, details: bool) -> dict[str, object]:
        """The check for an answer; `details` only for operators."""
        return {"ok": self.passed, "detail": self.detail} if details else {"ok": self.passed}


def checks() -> list[Check]:
    """Every check, the database first; those that need it are not asked while it is away."""
    database = _checked("database", _database)
    if database.passed:
        asked = [database, *(_checked(name, check) for name, check in _IN_DATABASE.items())]
    else:
        asked = [database, *(Check(name, False, "the database is away") for name in _IN_DATABASE)]
    return [*asked, _checked("keys", _keys), _checked("disk", _disk)]


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except InputRefused as refused:
        return Check(name, False, str(refused))
    except (DatabaseError, OSError) as fault:
        return Check(name, False, type(fault).__name__)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return f"PostgreSQL {cursor.fetchone()[0]}"
    except DatabaseError:
        connection.close()  # the next probe begins with a fresh one
        raise


@functools.cache
def _wanted_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _migrations() -> str:
    missing = _wanted_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        raise InputRefused(
            f"有 {len(missing)} 个数据库迁移尚未执行：请运行 ./run tonghu site migrate",
            f"{len(missing)} migrations have not run: run ./run tonghu site migrate",
        )
    return f"{len(_wanted_migrations())} migrations"


def _clock() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        apart = abs(time.time() - cursor.fetchone()[0])
    if apart > CLOCK_SECONDS:
        raise InputRefused(
            f"本机与数据库的时钟相差 {apart:.0f} 秒：请校时",
            f"This machine's clock and the database's are {apart:.0f} s apart",
        )
    return f"{apart:.1f} s apart"


def _worker() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat))::int FROM procrastinate_workers")
        seconds = cursor.fetchone()[0]
    if seconds is None or seconds > WORKER_SECONDS:
        raise InputRefused("后台任务进程没有运行", "No worker is running: jobs wait")
    return f"seen {seconds} s ago"


def _keys() -> str:
    if missing := keys.state():
        raise missing
    return "readable"


def _disk() -> str:
    free = shutil.disk_usage(settings.SITE).free
    if free < FREE_BYTES:
        raise InputRefused(
            f"磁盘空间不足：剩余 {free // 10**6} MB", f"The disk is nearly full: {free // 10**6} MB free"
        )
    return f"{free // 10**6} MB free"


_IN_DATABASE: Final[dict[str, Callable[[], str]]] = {
    "clock": _clock,
    "migrations": _migrations,
    "worker": _worker,
}
