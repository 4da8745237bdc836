"""A place for the chain's head that is each test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tonghu.platform.audit import chain


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that keeps the chain's head, in a folder of the test's own."""
    place = tmp_path / "audit" / "head.json"
    monkeypatch.setattr(chain, "head_file", lambda: place)
    return place


@pytest.fixture
def owner_at_work(django_db_setup: Any) -> Any:
    """Somebody with the owner's rights, who changes the log past every rule; call it with statements."""
    from django.db import connections

    from tonghu.platform.scope.scope import open_scope, system_scope

    def change(*statements: str) -> None:
        with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
            for table in ("audit_event", "audit_link"):
                cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER sign")
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER sign")
            for table in ("audit_event", "audit_link"):
                cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")

    return change
