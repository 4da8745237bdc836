"""The database that the platform's tests run on: a real PostgreSQL server, the four roles, migrations run by the owner.

The server lies in ``var/test`` and is started for the session. A database made by the migrations is kept as a template
under their hash, so that a session whose migrations are known starts from a copy.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tonghu.platform.database import roles
from tonghu.platform.database.server import Server, choose

ROOT = Path(__file__).resolve().parent.parent
VERSION = os.environ.get("TONGHU_TEST_POSTGRES")
HOME = ROOT / "var" / f"test{VERSION or ''}"


def prepare_environment() -> None:
    """Point the settings at the tests' own site; called before Django reads them."""
    os.environ["TONGHU_HOME"] = str(HOME)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tonghu.config.settings"


def server() -> Server:
    """The tests' server, not started."""
    return Server(HOME / "postgres", choose(int(VERSION) if VERSION else None), durable=False)


def migrations_hash() -> str:
    """A hash over every migration and what migrations import from us."""
    said = hashlib.sha256()
    source = ROOT / "src" / "tonghu"
    for file in sorted(
        [*source.rglob("migrations/*.py"), source / "platform/scope/policies.py", ROOT / "requirements.lock"]
    ):
        said.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return said.hexdigest()[:16]


def fresh_database(admin_url: str, migrate: Any) -> str:
    """Make this session's database from the template; `migrate(name)` is called where the template is missing."""
    template, name = f"template_{migrations_hash()}", f"test_{os.getpid()}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        there = {row[0] for row in admin.execute("SELECT datname FROM pg_database").fetchall()}
        for old in there:
            if (old.startswith("test_") and not _alive(old)) or (old.startswith("template_") and old != template):
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(old)))
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


def drop_database(admin_url: str, name: str) -> None:
    """Drop this session's database."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _alive(database: str) -> bool:
    try:
        os.kill(int(database.removeprefix("test_")), 0)
    except (ValueError, OSError):
        return False
    return True
