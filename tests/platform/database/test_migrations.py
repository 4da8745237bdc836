"""Migrations: one line of them for each room, readable SQL without hidden locks or losses, and a way back."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration

import site_database
from tonghu.errors import InputRefused
from tonghu.platform.database import migrate as migrating

asks_database = pytest.mark.django_db(databases=["default", "owner"])
ROOT = Path(__file__).resolve().parents[3]
OURS = sorted(app.label for app in apps.get_app_configs() if app.name.startswith("tonghu."))


def loader() -> MigrationLoader:
    return MigrationLoader(connections["owner"], replace_migrations=False)


def ours(held: MigrationLoader) -> list[Migration]:
    """Our migrations, in an order in which they may run."""
    plan = [held.graph.nodes[key] for key in _order(held)]
    return [migration for migration in plan if migration.app_label in OURS]


def _order(held: MigrationLoader) -> list[tuple[str, str]]:
    done: list[tuple[str, str]] = []
    for leaf in sorted(held.graph.leaf_nodes()):
        done += [key for key in held.graph.forwards_plan(leaf) if key not in done]
    return done


@asks_database
@pytest.mark.parametrize("app", OURS)
def test_each_room_has_one_line_of_migrations(app: str) -> None:
    held = loader()
    leaves = held.graph.leaf_nodes(app)
    assert len(leaves) <= 1, f"two ends: {leaves}; put one after the other"
    assert [key[1][:4] for key in _order(held) if key[0] == app] == [f"{n + 1:04d}" for n in range(len(_names(app)))]


def _names(app: str) -> list[str]:
    return [name for held_app, name in loader().disk_migrations if held_app == app]


@asks_database
def test_models_and_migrations_say_the_same() -> None:
    call_command("makemigrations", *OURS, check=True, dry_run=True, verbosity=1)


@asks_database
def test_every_migration_has_a_way_back_or_says_why_not() -> None:
    one_way = {
        f"{migration.app_label}.{migration.name}": [op for op in migration.operations if not op.reversible]
        for migration in ours(loader())
    }
    for name, operations in one_way.items():
        if operations:
            app, number = name.split(".")
            module = importlib.import_module(f"{apps.get_app_config(app).name}.migrations.{number}")
            assert getattr(module, "ONE_WAY", ""), f"{name} cannot be undone and says no reason (ONE_WAY): {operations}"


@asks_database
def test_squawk_finds_nothing_in_their_sql(tmp_path: Path) -> None:
    """Which of its rules hold for us, and why the others do not, stands in ``.squawk.toml``."""
    held = loader()
    state = held.project_state(nodes=[])
    files: dict[bool, list[str]] = {True: [], False: []}
    for key in _order(held):
        migration = held.graph.nodes[key]
        if migration.app_label not in OURS:
            state = migration.mutate_state(state, preserve=False)
            continue
        with connections["owner"].schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        if editor.collected_sql:
            file = tmp_path / f"{migration.app_label}.{migration.name}.sql"
            file.write_text("\n".join(editor.collected_sql), encoding="utf-8")
            files[migration.name.startswith("0001")].append(str(file))
    assert len(files[True]) >= 5
    assert squawk(files[False]) == ""
    assert squawk(files[True], *NO_ROWS_YET) == ""


#: In a room's first migration every table is new: there are no rows to scan, and nobody waits for a lock.
NO_ROWS_YET = ("adding-required-field", "adding-foreign-key-constraint")


def squawk(files: list[str], *more: str) -> str:
    """What squawk says of files, without the rules that ``.squawk.toml`` and `more` leave out."""
    left_out = [*tomllib.loads((ROOT / ".squawk.toml").read_text())["excluded_rules"], *more]
    command = [Path(sys.executable).with_name("squawk"), "--config", ROOT / ".squawk.toml", "--reporter", "gcc"]
    done = subprocess.run(
        [*command, *(f"--exclude={rule}" for rule in left_out), *files], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout[-6000:] + done.stderr


def test_a_migration_waits_for_no_lock_longer_than_its_limit(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 1)

    def wants_a_lock(*_: object, **__: object) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute("LOCK TABLE network_region IN ACCESS EXCLUSIVE MODE")

    monkeypatch.setattr(migrating, "call_command", wants_a_lock)
    with psycopg.connect(site_database.address("owner", connections["owner"].settings_dict["NAME"])) as other:
        other.execute("LOCK TABLE network_region IN ACCESS SHARE MODE")
        with pytest.raises(InputRefused, match="in use"), transaction.atomic(using="owner"):
            migrating.migrate()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.fixture
def full_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of its own, which ``owner`` works on meanwhile: a copy of the one that ran every migration."""
    name, alias = f"making_{site_database.os.getpid()}", connections["owner"]
    before = alias.settings_dict["NAME"]
    with django_db_blocker.unblock(), site_database.another(name):
        alias.close()
        alias.settings_dict["NAME"] = name
        try:
            yield
        finally:
            alias.close()
            alias.settings_dict["NAME"] = before


@pytest.mark.usefixtures("full_database")
def test_all_of_them_have_run_from_empty_and_ours_go_back_to_empty() -> None:
    """From empty they ran when the template was made that the session's database is a copy of: for each new set."""
    runner = MigrationExecutor(connections["owner"])
    assert set(_order(runner.loader)) <= set(runner.loader.applied_migrations)
    runner.migrate([(app, None) for app in OURS if app in runner.loader.migrated_apps])
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'S') AND n.nspname NOT LIKE 'pg\\_%' "
            "AND n.nspname <> 'information_schema' ORDER BY 1"
        )
        left = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
        schemas = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' "
            "AND p.proname !~ '^procrastinate' AND NOT EXISTS "
            "(SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        functions = [row[0] for row in cursor.fetchall()]
    foreign = ("public.django_", "public.auth_", "public.procrastinate_", "public.pghistory_", "public.oauth2_")
    assert [name for name in left if not name.startswith(foreign)] == []
    assert schemas == ["public"]
    assert [name for name in functions if not name.startswith(("pgtrigger", "_pgh"))] == []
