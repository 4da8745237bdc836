"""The database that the platform's tests run on: a real PostgreSQL server, the four roles, migrations run by the owner.

The server lies in ``var/test`` and is started for the session; each process of a run in several has a folder and a
server of its own (``var/test-gw0``), for keys, roles' passwords and static files are a site's. A database made by the
migrations is kept as a template under their hash, so that a session whose migrations are known starts from a copy.
Sessions that run side by side in one folder share the server: each makes a database of its own, and the last one to
leave stops the server.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tonghu.platform.database import roles
from tonghu.platform.database.installations import choose
from tonghu.platform.database.server import Server

ROOT = Path(__file__).resolve().parent.parent
VERSION = os.environ.get("TONGHU_TEST_POSTGRES")
PROCESS = os.environ.get("PYTEST_XDIST_WORKER")
HOME = ROOT / "var" / "-".join(part for part in (f"test{VERSION or ''}", PROCESS) if part)
#: The template that this session's database was copied from.
template_used = ""
#: Templates of older migrations are kept while others may still work on them.
TEMPLATES_KEPT = 6


def server() -> Server:
    """The tests' server, not started."""
    return Server(HOME / "postgres", choose(int(VERSION) if VERSION else None), durable=False)


def migrations_hash() -> str:
    """A hash over every migration and what migrations import from us."""
    said = hashlib.sha256()
    source = ROOT / "src" / "tonghu"
    for file in sorted(
        [
            *source.rglob("migrations/*.py"),
            *source.rglob("*.sql"),
            *source.rglob("policies.py"),
            *source.rglob("roles.py"),
            *source.rglob("appointing.py"),
            *source.rglob("rights.py"),
            *source.rglob("access.py"),
            *source.rglob("history.py"),
            source / "platform/database/migrate.py",
            ROOT / "requirements.lock",
        ]
    ):
        said.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return said.hexdigest()[:16]


@contextmanager
def session_database(migrate: Callable[[str], None]) -> Iterator[str]:
    """The name of this session's database on the running server; `migrate(name)` is called where no template fits."""
    HOME.mkdir(parents=True, exist_ok=True)
    ours = server()
    with (HOME / "sessions.lock").open("w") as sessions:
        with _one_at_a_time():
            fcntl.flock(sessions, fcntl.LOCK_SH)
            ours.start()
            name = _fresh_database(ours.admin_url(), migrate)
        try:
            yield name
        finally:
            with _one_at_a_time():
                _drop(ours.admin_url(), name)
                try:
                    fcntl.flock(sessions, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # another session still uses it
                else:
                    ours.stop()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (HOME / "change.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _fresh_database(admin_url: str, migrate: Callable[[str], None]) -> str:
    global template_used
    template, name = f"template_{migrations_hash()}", f"test_{os.getpid()}"
    template_used = template
    with psycopg.connect(admin_url, autocommit=True) as admin:
        there = [row[0] for row in admin.execute("SELECT datname FROM pg_database ORDER BY oid DESC").fetchall()]
    templates = [other for other in there if other.startswith("template_") and other != template]
    for old in [*templates[TEMPLATES_KEPT:], *(other for other in there if _left_behind(other))]:
        _drop(admin_url, old)
    if template not in there:
        making = f"making_{os.getpid()}"
        roles.prepare(admin_url, HOME, making)
        migrate(making)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(template))
            )
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER tonghu_owner").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    roles.prepare(admin_url, HOME, name)
    return name


def address(role: roles.Role, database: str) -> str:
    """A role's address of a database; ``database.json`` may name that of another session, which shares the folder."""
    return psycopg.conninfo.make_conninfo(roles.address(HOME, role), dbname=database)


@contextmanager
def another(name: str) -> Iterator[None]:
    """A further copy of this session's template for a block, for the owner alone."""
    with psycopg.connect(server().admin_url(), autocommit=True) as admin, _one_at_a_time():
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER tonghu_owner").format(
                sql.Identifier(name), sql.Identifier(template_used)
            )
        )
    try:
        yield
    finally:
        _drop(server().admin_url(), name)


def _drop(admin_url: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _left_behind(database: str) -> bool:
    """Whether a database belongs to a session that is gone."""
    kind, _, pid = database.partition("_")
    if kind not in ("test", "making") or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    return False
