"""An honest scope of one hospital, with every permission, that aims by raw SQL at another's rows: over every table.

Here no row is a stranger's as a whole; the row is the scope's own and one key of it is another hospital's. So nobody
plants a row of theirs on others' children, people, files or jobs, nor moves one there. A new table is in it of itself;
a key of it that the application may change, or aim elsewhere, fails until it is named in ``tables`` with a reason.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import tables
from django.db import DatabaseError, connection, models, transaction

import made_up
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]

EVERYTHING = frozenset(code for code, one in declared().items() if not one.system_only)
TABLES = {model._meta.db_table: model for model in tables.protected()}
#: What the walls say; any other fault of the database would prove nothing.
REFUSED = (
    r"row-level security|permission denied|violates foreign key|another actor|outside the scope|"
    r"answer_of_a_person_or_a_client"
)


def keys(model: type[models.Model]) -> list[str]:
    """The columns that say which row it is, what it belongs to, and who wrote it."""
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if field.primary_key or field.is_relation or field.column in ("institution_id", "subject_id", "by_person")
    ]


FOREIGN = [(table, column) for table, model in sorted(TABLES.items()) for column in keys(model)
           if column != model._meta.pk.column or model._meta.pk.is_relation]  # fmt: skip


def but_holes(all_keys: list[tuple[str, str]], holes: dict[tuple[str, str], str]) -> list[Any]:
    """Keys for a test that must fail for those that are still open."""
    return [
        pytest.param(*key, marks=pytest.mark.xfail(strict=True, reason=holes[key])) if key in holes else key
        for key in all_keys
    ]


def right(act: str, table: str, column: str | None = None) -> bool:
    """Whether the application has a right to an act at all."""
    function = "has_table_privilege(%s, %s)" if column is None else "has_column_privilege(%s, %s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", [table, *([] if column is None else [column]), act])
        return bool(cursor.fetchone()[0])


def run(sql: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def came_to_nothing(sql: str, *values: Any) -> bool:
    """Whether a statement found no row, or the walls refused it."""
    try:
        return run(sql, *values) == 0
    except DatabaseError as refusal:
        return re.search(REFUSED, str(refusal)) is not None


def as_dict(table: str, row: models.Model) -> dict[str, Any]:
    pk = TABLES[table]._meta.pk.column
    with open_scope(system_scope("migration")), connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {pk} = %s", [row.pk])
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return found


@pytest.fixture
def here() -> tables.Place:
    return tables.Place()


@pytest.fixture
def there() -> tables.Place:
    return tables.Place("WALL2")


def honest(place: tables.Place) -> Scope:
    return made_up.scope_at(place.post, *EVERYTHING)


def test_the_keys_that_the_application_may_change_are_the_known_ones() -> None:
    found = {
        (table, column) for table, model in TABLES.items() for column in keys(model) if right("UPDATE", table, column)
    }
    assert found == set(tables.MOVES), "keep the key (policies.Protect does), or say in tables.MOVES why it moves"


def test_tables_without_row_security_are_written_by_the_application_only_where_it_must() -> None:
    found = {table for table in tables.OPEN for act in ("INSERT", "UPDATE", "DELETE", "TRUNCATE") if right(act, table)}
    assert found == tables.WRITTEN


@pytest.mark.parametrize(("table", "column"), but_holes(sorted(tables.MOVES), tables.HOLES_OF_MOVES))
def test_a_key_that_moves_does_not_move_to_another_hospital(
    table: str, column: str, here: tables.Place, there: tables.Place
) -> None:
    model = TABLES[table]
    own, aim = tables.make(model, here), as_dict(table, tables.make(model, there))[column]
    aim = there.person.pk if aim is None else aim
    with open_scope(honest(here)):
        pk = model._meta.pk.column
        assert came_to_nothing(f"UPDATE {table} SET {column} = %s WHERE {pk} = %s", aim, own.pk)


@pytest.mark.parametrize(("table", "column"), but_holes(FOREIGN, tables.HOLES))
def test_no_row_is_added_that_names_what_is_anothers(
    table: str, column: str, here: tables.Place, there: tables.Place
) -> None:
    if not right("INSERT", table) or (table, "INSERT") in tables.ANYWHERE:
        return
    model = TABLES[table]
    row, other = as_dict(table, tables.make(model, here)), as_dict(table, tables.make(model, there))
    aim = other[column] if other[column] is not None else theirs(model, column, there)
    generated = {field.column for field in model._meta.local_concrete_fields if field.generated}
    fresh = {name: value for name, value in row.items() if name not in generated}
    fresh |= tables.ANEW.get(table, {})
    if table == "audit_event":
        fresh["by_person"] = here.person.pk
    pk = model._meta.pk
    if not pk.is_relation and isinstance(fresh[pk.column], int):
        fresh[pk.column] = 987654
    names = ", ".join(f'"{name}"' for name in fresh)
    into = f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s)"
    with open_scope(honest(here)):
        if (table, column) in tables.AIMS:
            run(into, json.dumps({**fresh, column: aim}))  # said to be possible, and is
            return
        with pytest.raises(DatabaseError, match=REFUSED):
            run(into, json.dumps({**fresh, column: aim}))


def theirs(model: type[models.Model], column: str, there: tables.Place) -> Any:
    """What a key that is empty in the made-up row would name of the other place."""
    field = next(field for field in model._meta.local_concrete_fields if field.column == column)
    if field.is_relation and field.related_model is not model:
        return tables.make(field.related_model, there).pk
    if "post" in column:
        return there.post.pk
    if "institution" in column or "region" in column:
        return there.institution.pk
    return there.person.pk


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_row_of_another_hospital_is_neither_changed_nor_removed(
    table: str, here: tables.Place, there: tables.Place
) -> None:
    model = TABLES[table]
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    columns = [field.column for field in fields if right("UPDATE", table, field.column)]
    acts = [f'UPDATE {table} SET "{column}" = "{column}"' for column in columns]
    acts += [f"DELETE FROM {table}"] if right("DELETE", table) and (table, "DELETE") not in tables.ANYWHERE else []
    acts = [act for act in acts if (table, act[:6]) not in tables.ANYWHERE]
    if not acts:
        return
    row = tables.make(model, there)
    with open_scope(honest(here)):
        for act in acts:
            assert came_to_nothing(f"{act} WHERE {model._meta.pk.column} = %s", row.pk), act
