"""Bring a site's database to the state that this version wants."""

from __future__ import annotations

from typing import Final

import psycopg
from django.core.management import call_command
from django.db import OperationalError, connections

from tonghu.errors import InputRefused
from tonghu.platform.crypto import site_keys

#: A migration that waits longer for a table is given up: everybody who comes after it would wait with it.
LOCK_SECONDS: Final = 15

#: Which migrations ran, which keys there are, and what Django keeps of models; named after every run, since Django
#: itself makes most of them.
OWNERS: Final = (
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "crypto_key",
    "django_content_type",
    "django_migrations",
    "pghistory_context",
)


def migrate() -> None:
    """Run every migration that is missing, as the owner, each in a transaction of its own; then see to the keys.

    Raises:
        InputRefused: a table is in use for so long that the migration was given up; nothing of it was done.
        KeysMissing: the keys that the database was written with are not there.
    """
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
    try:
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    except OperationalError as fault:
        if isinstance(fault.__cause__, psycopg.errors.LockNotAvailable):
            raise InputRefused(
                "升级时有表正被占用，未作改动：请在空闲时重试，或先停止网站",
                "A table is in use, so nothing was changed: try again when it is quiet, or end the site first",
            ) from fault
        raise
    finally:
        owner.close()
    _keep_the_books_of_the_owner()
    site_keys.prepare()


def _keep_the_books_of_the_owner() -> None:
    """Leave the application tables that only migrations write to read: it is no part of what changes them."""
    with connections["owner"].cursor() as cursor:
        for table in OWNERS:
            cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM tonghu_app, tonghu_resolver")
    connections["owner"].close()
