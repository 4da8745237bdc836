"""What the site's own role may see and keep of itself on the server."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connections

import site_database
from tonghu.platform.database import roles


@pytest.fixture
def app_address(django_db_setup: None) -> str:
    return site_database.address("app", str(connections["owner"].settings_dict["NAME"]))


def test_nobody_reads_what_anothers_statement_says(app_address: str) -> None:
    with psycopg.connect(app_address) as other, psycopg.connect(app_address) as spy:
        other.execute("SELECT '虚构秘密名'")
        seen = spy.execute(
            "SELECT query FROM pg_stat_activity WHERE pid = %s", [other.info.backend_pid]
        ).fetchone()  # fmt: skip
        assert seen is not None
        assert "虚构" not in (seen[0] or "")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            spy.execute("SET track_activities = on")


def test_what_a_role_set_for_itself_is_gone_with_the_next_start(app_address: str) -> None:
    def kept() -> list[str]:
        row = app.execute("SELECT rolconfig FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row is not None
        return sorted(row[0] or [])

    with psycopg.connect(app_address, autocommit=True) as app:
        app.execute("ALTER ROLE tonghu_app SET application_name = 'mine'")
        assert kept() == ["application_name=mine", "track_activities=off"]
        roles.prepare(site_database.server().admin_url(), site_database.HOME, app.info.dbname)
        assert kept() == ["track_activities=off"]


def test_a_site_made_before_loses_large_objects_with_the_next_start(app_address: str) -> None:
    """One kept by the application would lie outside every wall."""
    admin_url, name = site_database.server().admin_url(), psycopg.conninfo.conninfo_to_dict(app_address)["dbname"]
    with psycopg.connect(admin_url, autocommit=True, dbname=str(name)) as admin:
        admin.execute("GRANT EXECUTE ON FUNCTION lo_create(oid), lo_open(oid, integer) TO PUBLIC")
    with psycopg.connect(app_address) as app:
        app.execute("SELECT lo_create(0)")
        app.rollback()
        roles.prepare(admin_url, site_database.HOME, str(name))
        for attempt in ("SELECT lo_create(0)", "SELECT lo_open(1, 131072)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(attempt)
            app.rollback()
