"""The walls, over every table: who has no scope, comes from elsewhere or lacks the right sees and changes nothing.

All of it runs as ``tonghu_app`` and asks the database directly, past every line of Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import tables
from django.db import DatabaseError, connection, models, transaction

import made_up
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]

#: Whoever comes holds every permission that a role can hold: what stops them is where they come from.
EVERYTHING = frozenset(code for code, one in declared().items() if not one.system_only)
TABLES = {model._meta.db_table: model for model in tables.protected()}
WALLED = sorted(set(TABLES) - set(tables.PUBLIC))


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def count(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


@pytest.fixture
def place() -> tables.Place:
    return tables.Place()


@pytest.fixture
def strangers() -> dict[str, Scope]:
    """Who has no business with the rows of the place, each holding every permission."""
    other = made_up.post("point_lead", made_up.hospital("WALL2", "510104"))
    far = made_up.post("commission_officer", made_up.authority("health", "330000"))
    return {
        "another hospital of the same county": made_up.scope_at(other, *EVERYTHING),
        "the right post in the wrong region": made_up.scope_at(far, *EVERYTHING),
        "somebody without a post": Scope(person=other.person_id, permissions=EVERYTHING),
    }


def test_every_table_stands_behind_forced_row_security_or_says_why_not() -> None:
    found = ask(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') "
        "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'sample')"
    )
    without = {name for name, forced in found if not forced}
    assert without == set(tables.OPEN), "protect the table in its migration, or give a reason in tables.OPEN"
    behind = {name for name, forced in found if forced}
    assert behind == set(TABLES), "a table without a model: the tests below do not see it"


def test_views_show_nobody_more_than_the_tables_behind_them(place: tables.Place) -> None:
    """A view stands behind no wall of its own: it asks with the rights and the scope of whoever reads it."""
    found = ask(
        "SELECT c.relname, coalesce(array_to_string(c.reloptions, ';'), '') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' "
        "AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert {name for name, _options in found} == {"registry_seencard"}
    for name, options in found:
        assert "security_invoker=true" in options.split(";"), name
    tables.make(TABLES["registry_card"], place)
    with pytest.raises(DatabaseError, match="no scope is open"):
        ask("SELECT * FROM registry_seencard")


def test_no_table_without_row_security_names_a_person_or_a_child() -> None:
    people = ask(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' "
        "AND confrelid IN (SELECT oid FROM pg_class WHERE relname IN ('accounts_person', 'patients_child'))"
    )
    assert {name for (name,) in people} & set(tables.OPEN) == set()


def test_every_protected_table_has_a_policy_for_each_act() -> None:
    found: dict[str, set[str]] = {}
    for table, act in ask("SELECT tablename, cmd FROM pg_policies"):
        found.setdefault(table, set()).add(act)
    for table in TABLES:
        # A history is written by its trigger alone: the application has no right to, with or without a policy.
        acts = {"SELECT"} if table.endswith("_event") else {"SELECT", "INSERT", "UPDATE", "DELETE"}
        assert acts <= found[table], table


def test_policies_ask_for_permissions_that_exist_and_know_their_scope_functions() -> None:
    for table, read, write in ask("SELECT tablename, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies"):
        for code in re.findall(r"scope\.may\('([^']*)'", read + write):
            assert code in declared(), f"{table}: {code}"


def test_only_public_tables_read_without_asking_for_the_scope() -> None:
    open_to_all = {table for table, read in ask("SELECT tablename, qual FROM pg_policies WHERE cmd = 'SELECT'")
                   if "scope." not in read or read.startswith("(true OR")}  # fmt: skip
    assert open_to_all == set(tables.PUBLIC)


@pytest.mark.parametrize("table", WALLED)
def test_without_a_scope_reading_is_an_error(table: str, place: tables.Place) -> None:
    if not no_right(table, "SELECT"):
        tables.make(TABLES[table], place)
    with pytest.raises(DatabaseError, match=r"no scope is open|permission denied"):
        ask(f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", WALLED)
def test_a_stranger_with_every_permission_sees_nothing(
    table: str, place: tables.Place, strangers: dict[str, Scope]
) -> None:
    if no_right(table, "SELECT") or (table, "SELECT") in tables.ANYWHERE:
        return
    row = tables.make(TABLES[table], place)
    with open_scope(system_scope("migration")):
        assert there(table, row), "the made-up row is there"
    for who, scope in strangers.items():
        with open_scope(scope):
            assert not there(table, row), who


@pytest.mark.parametrize("table", WALLED)
def test_nobody_keeps_rows_of_a_hospital_that_they_do_not_act_from(table: str, place: tables.Place) -> None:
    """The same person from a post elsewhere, and after their post has ended: what they made stays with the hospital."""
    if no_right(table, "SELECT") or table.removesuffix("_event") in tables.OF_THE_PERSON:
        return
    if (table, "SELECT") in tables.ANYWHERE:
        return
    row = tables.make(TABLES[table], place)
    elsewhere = made_up.post("point_lead", made_up.hospital("WALL2", "510104"), holder=place.person)
    for who, scope in {
        "the same person from another post": made_up.scope_at(elsewhere, *EVERYTHING),
        "after the post ended": Scope(person=place.person.pk, permissions=EVERYTHING),
    }.items():
        with open_scope(scope):
            assert not there(table, row), who
            for column in changeable(table)[:1]:
                if (table, "UPDATE") not in tables.ANYWHERE:
                    key = TABLES[table]._meta.pk.column
                    sql = f'UPDATE {table} SET "{column}" = "{column}" WHERE {key} = {literal(row)}'
                    assert refused(sql), f"{who}: {sql}"


@pytest.mark.parametrize("table", WALLED)
def test_a_stranger_changes_and_removes_nothing(table: str, place: tables.Place, strangers: dict[str, Scope]) -> None:
    columns = changeable(table)
    acts = {"UPDATE": f'UPDATE {table} SET "{columns[0]}" = "{columns[0]}"'} if columns else {}
    acts |= {} if no_right(table, "DELETE") else {"DELETE": f"DELETE FROM {table}"}
    acts = {act: sql for act, sql in acts.items() if (table, act) not in tables.ANYWHERE}
    if not acts:
        return
    row = tables.make(TABLES[table], place)
    key = TABLES[table]._meta.pk.column
    for who, scope in strangers.items():
        with open_scope(scope):
            for sql in acts.values():
                assert refused(f"{sql} WHERE {key} = {literal(row)}"), f"{who}: {sql}"


@pytest.mark.parametrize("table", WALLED)
def test_a_stranger_adds_nothing_in_the_name_of_the_place(
    table: str, place: tables.Place, strangers: dict[str, Scope]
) -> None:
    if no_right(table, "INSERT") or (table, "INSERT") in tables.ANYWHERE:
        return
    row = tables.make(TABLES[table], place)
    key = TABLES[table]._meta.pk.column
    columns = ", ".join(
        f'"{name}"' for (name,) in ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = '' AND attidentity <> 'a'", table,
        )
    )  # fmt: skip
    with open_scope(system_scope("migration")):
        ((copy,),) = ask(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {key} = {literal(row)}")
    for scope in strangers.values():
        with (
            open_scope(scope),
            pytest.raises(DatabaseError, match=r"row-level security|another actor|outside the scope"),
        ):
            ask(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)", copy)


def changeable(table: str) -> list[str]:
    """The columns of a table that the application has a right to change at all, in whichever scope."""
    return [
        name for (name,) in ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = '' AND has_column_privilege(attrelid, attnum, 'UPDATE') ORDER BY attnum", table,
        )
    ]  # fmt: skip


def no_right(table: str, act: str) -> bool:
    """Whether the application has no right to an act at all, in whichever scope."""
    return ask("SELECT has_table_privilege(%s, %s)", table, act) == [(False,)]


def there(table: str, row: models.Model) -> bool:
    key = TABLES[table]._meta.pk.column
    return bool(ask(f"SELECT 1 FROM {table} WHERE {key} = {literal(row)}"))


def refused(sql: str) -> bool:
    """Whether nothing happened: no right, or no row that the scope sees."""
    try:
        return count(sql) == 0
    except DatabaseError as refusal:
        return "row-level security" in str(refusal)


def literal(row: models.Model) -> str:
    return f"'{row.pk}'"


@pytest.mark.parametrize(
    "attack",
    [
        "SET ROLE tonghu_owner",
        "SET ROLE tonghu_resolver",
        "SET SESSION AUTHORIZATION tonghu_owner",
        "ALTER ROLE tonghu_app BYPASSRLS",
        "ALTER TABLE accounts_person DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE accounts_person NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE accounts_person OWNER TO tonghu_app",
        "DROP POLICY accounts_person_read ON accounts_person",
        "CREATE POLICY mine ON accounts_person USING (true)",
        "CREATE OR REPLACE FUNCTION scope.everything() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.copy AS SELECT 1",
        "DROP TABLE accounts_person",
        "TRUNCATE accounts_person CASCADE",
        "TRUNCATE accounts_post_event",
        "ALTER TABLE accounts_post DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "COPY accounts_person FROM STDIN",
        "COPY accounts_person TO PROGRAM 'cat'",
        "COPY accounts_person TO '/tmp/people'",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_put(1, 0, 'x')",
        "GRANT tonghu_owner TO tonghu_app",
        "UPDATE accounts_post_event SET pgh_who = ''",
        "DELETE FROM accounts_post_event",
        "INSERT INTO accounts_post_event (pgh_id) VALUES (1)",
    ],
)
def test_raw_sql_of_the_application_does_not_get_around_the_walls(attack: str, place: tables.Place) -> None:
    with made_up.acting(place.post), pytest.raises(DatabaseError):
        ask(attack)


def test_row_security_switched_off_by_the_session_is_an_error_and_not_everything(place: tables.Place) -> None:
    with made_up.acting(place.post), transaction.atomic():
        connection.cursor().execute("SET LOCAL row_security = off")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            connection.cursor().execute("SELECT * FROM accounts_person")
        connection.cursor().execute("SET LOCAL row_security = on")


def test_what_the_wall_does_not_hold_back_is_said_in_the_docs(place: tables.Place) -> None:
    """Whoever runs SQL of their choice as the application can name another scope: docs/scope.md says so."""
    with open_scope(Scope()):
        ask("SELECT set_config('tonghu.scope', %s, true)", system_scope("login").as_setting())
        assert ask("SELECT count(*) FROM accounts_person") != [(0,)]


#: Functions that run with rights of their own, and why each may.
DEFINERS = {
    "intake.count_rows": "has the rows of imports counted for the planner; says nothing",
    "audit.": "keeps histories and the chain, which the application may not write",
    "registry.fold_tally": "adds the tally up, for the job alone",
    "registry.drafts_told": "tells colleagues who typed on which card and when, never what",
    "registry.views_let_see": "the views of children that other hospitals let the open scope see: ids",
    "registry.keep_reported": "puts aside what was reported of a card in correction: the database alone writes it",
    "registry.count_reported": "keeps the tally of what was reported of cards in correction",
    "registry.bring_back": "puts the child of a card in force back on its hospital's lists",
    "registry.stays_listed": "refuses to take a child off the lists who has a card in force",
    "registry.count_cards": "keeps the tally of cards, which the application may not write",
    "surveillance.count_arrivals": "keeps what of each month has arrived, which the application may not write",
    "surveillance.count_reported": "keeps the same of what was reported of cards in correction",
    "surveillance.fold_arrivals": "adds the arrivals up, for the job alone",
    "resolver.": "answers questions across scopes with ids or yes and no",
    "scope.appoints": "may the open post give this role at this place: yes or no",
    "scope.keeps_person": "does the open scope keep this person's account, or a post of theirs: yes or no",
    "scope.end_deputies": "ends the deputies of a post that ends, also the row of whoever ends it",
    "scope.granted_children": "which children are granted to the open scope: ids",
    "scope.seen_children": "the children of whom the open scope sees a hospital's view: ids",
    "scope.granted": "which hospitals' rows of which children are granted to the open scope: ids",
}


def test_functions_with_rights_of_their_own_are_the_known_ones_and_fix_their_search_path() -> None:
    found = ask(
        "SELECT n.nspname, p.proname, coalesce(array_to_string(p.proconfig, ';'), '') FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog')"
    )
    for schema, name, settings in found:
        assert any(f"{schema}.{name}".startswith(known) for known in DEFINERS), f"{schema}.{name}"
        path = settings.partition("search_path=")[2].partition(";")[0]
        assert path.endswith("pg_temp"), f"{schema}.{name} can be led astray by a table of the caller's"


def test_the_application_makes_no_temporary_tables_that_could_stand_in_for_ours() -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        ask("CREATE TEMP TABLE patients_grant (child_id bigint)")


@pytest.fixture(autouse=True)
def _no_scope_left_over() -> Iterator[None]:
    yield
    with pytest.raises(DatabaseError, match="no scope is open"):
        ask("SELECT scope.person()")
