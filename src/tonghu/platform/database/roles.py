"""The database's roles and the addresses that the site uses for each of them.

``prepare`` makes roles and database on any server by an administrator's address, writes fresh passwords to
``database.json`` in the site's folder (readable by its owner only), and can run again: it changes what is missing.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tonghu.errors import InputRefused
from tonghu.platform.database.installations import OLDEST

Role = Literal["owner", "app", "backup"]
RESOLVER = "tonghu_resolver"
LOGIN_ROLES: dict[Role, str] = {"owner": "tonghu_owner", "app": "tonghu_app", "backup": "tonghu_backup"}
FILE = "database.json"


def prepare(admin_url: str, home: Path, database: str = "tonghu") -> None:
    """Make the roles and the database where they are missing, and write ``home/database.json``.

    Args:
        admin_url: of a role that may make roles with BYPASSRLS and databases (a superuser).
        home: the site's folder.
        database: the name of the database.

    Raises:
        InputRefused: the server does not answer, is older than 15, or the role may not do this.
    """
    parts = urlsplit(admin_url)
    host, port = unquote(parts.hostname or "127.0.0.1"), parts.port or 5432
    held = _read(home)
    passwords = {role: held.get("passwords", {}).get(role) or secrets.token_urlsafe(24) for role in LOGIN_ROLES}
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=5) as admin:
            check_version(admin.info.server_version, f"{host}:{port}")
            _make_roles(admin, passwords)
            _make_database(admin, database)
        with psycopg.connect(admin_url, autocommit=True, dbname=database) as admin:
            _grant(admin, database)
    except psycopg.Error as fault:
        raise refused(fault, admin_url) from fault
    wanted = {
        "host": host,
        "port": port,
        "database": database,
        "passwords": passwords,
    }
    if wanted != held:
        _write(home, wanted)


def check_version(number: int, where: str) -> None:
    """See that a server is new enough for the SQL here.

    Args:
        number: as libpq gives it: 150018 is 15.18, 90624 is 9.6.24.
        where: the server's host and port.

    Raises:
        InputRefused: it is older than PostgreSQL 15; says which one it is.
    """
    major, rest = divmod(number, 10_000)
    if major >= OLDEST:
        return
    found = f"{major}.{rest}" if major >= 10 else f"{major}.{rest // 100}.{rest % 100}"
    raise InputRefused(
        f"数据库版本过低：{where} 是 PostgreSQL {found}，需要 {OLDEST} 以上",
        f"The database at {where} is PostgreSQL {found}: {OLDEST} or newer is needed",
    )


def refused(fault: psycopg.Error, admin_url: str) -> InputRefused:
    """Return what a server said to its administrator, in words: where, why, never the password."""
    parts = urlsplit(admin_url)
    said, where = reason(fault, parts.password), f"{unquote(parts.hostname or '127.0.0.1')}:{parts.port or 5432}"
    more = ("", "")
    if isinstance(fault, psycopg.errors.InsufficientPrivilege):
        more = "；DATABASE_URL 应为超级用户的地址", "; DATABASE_URL must be a superuser's"
    return InputRefused(
        f"无法准备数据库（{where}）：{said}{more[0]}", f"The database at {where} could not be prepared: {said}{more[1]}"
    )


def django_database(home: Path, role: Role, **options: Any) -> dict[str, Any]:
    """Return Django's settings for one role; empty host where the site is not prepared yet (commands say so)."""
    held = _read(home)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": held.get("host", ""),
        "PORT": held.get("port", ""),
        "NAME": held.get("database", "tonghu"),
        "USER": LOGIN_ROLES[role],
        "PASSWORD": held.get("passwords", {}).get(role, ""),
        **options,
    }


def address(home: Path, role: Role) -> str:
    """Return a role's address for libpq.

    Raises:
        InputRefused: the site's database is not prepared.
    """
    held = _read(home)
    if not held:
        raise InputRefused("数据库尚未准备，请先运行 ./run up", "The database is not prepared: run ./run up first")
    return psycopg.conninfo.make_conninfo(
        host=held["host"], port=held["port"], dbname=held["database"], user=LOGIN_ROLES[role],
        password=held["passwords"][role],
    )  # fmt: skip


def where(home: Path) -> str:
    """Host and port of a site's database server."""
    held = _read(home)
    return f"{held.get('host', '?')}:{held.get('port', '?')}"


def reason(fault: psycopg.Error, password: str | None = None) -> str:
    """What the server or libpq says first: hints follow it. An address that it repeats loses its password."""
    said = next((line.strip() for line in str(fault).splitlines() if line.strip()), type(fault).__name__)
    return said.replace(f":{password}@", ":***@") if password else said


def _make_roles(admin: psycopg.Connection[Any], passwords: dict[Role, str]) -> None:
    there = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role, name in LOGIN_ROLES.items():
        verb = "ALTER" if name in there else "CREATE"
        rights = "BYPASSRLS" if role == "backup" else "NOBYPASSRLS"
        admin.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT {} PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(name), sql.SQL(rights), sql.Literal(passwords[role])
            )
        )
        # Whatever a role was made to set for itself is gone with the next start; a password is set anew above.
        admin.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(sql.Identifier(name)))
    # The site is one role to the server: what one person's statement says is not for another's to read.
    admin.execute(sql.SQL("ALTER ROLE {} SET track_activities = off").format(sql.Identifier(LOGIN_ROLES["app"])))
    verb = "ALTER" if RESOLVER in there else "CREATE"
    admin.execute(sql.SQL("{} ROLE {} NOLOGIN NOSUPERUSER BYPASSRLS").format(sql.SQL(verb), sql.Identifier(RESOLVER)))
    # The owner hands functions over to the resolver in migrations; nobody else can become it.
    admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(RESOLVER), sql.Identifier(LOGIN_ROLES["owner"])))
    admin.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(LOGIN_ROLES["backup"])))


def _make_database(admin: psycopg.Connection[Any], database: str) -> None:
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return
    admin.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(database), sql.Identifier(LOGIN_ROLES["owner"])
        )
    )


def _grant(admin: psycopg.Connection[Any], database: str) -> None:
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(LOGIN_ROLES["owner"]),
        "app": sql.Identifier(LOGIN_ROLES["app"]),
        "backup": sql.Identifier(LOGIN_ROLES["backup"]),
        "resolver": sql.Identifier(RESOLVER),
    }
    for statement in _GRANTS:
        admin.execute(sql.SQL(statement).format(**names))


#: Run once a database, as administrator. What the app may do on new tables is a default of the owner's.
_GRANTS = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {app}, {backup}",
    # No temporary tables: one named like ours could stand in for it where a function looks it up.
    "REVOKE TEMPORARY ON DATABASE {database} FROM {app}, {backup}",
    "ALTER SCHEMA public OWNER TO {owner}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {app}, {backup}, {resolver}",
    # No large objects: rows without a policy, outside every table of ours.
    *(
        f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC"
        for function in (
            "lo_creat(integer)",
            "lo_create(oid)",
            "lo_from_bytea(oid, bytea)",
            "lo_import(text)",
            "lo_import(text, oid)",
            "lo_open(oid, integer)",
            "lo_put(oid, bigint, bytea)",
            "lowrite(integer, bytea)",
        )
    ),
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {resolver}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {resolver}",
)


def _read(home: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads((home / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return held


def _write(home: Path, held: dict[str, Any]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(held, out, indent=2)
    fresh.replace(home / FILE)
