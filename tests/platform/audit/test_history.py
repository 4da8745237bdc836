"""The history of rows: what the triggers keep, from whom, and that nobody can write it themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction

import made_up
from tonghu.network.models import Institution, InstitutionCode
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.audit.history import ProtectHistory, event_models
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db

PROVISIONING = system_scope("provisioning")


def events(model: type[Any], pk: int | None = None) -> list[Any]:
    history = apps.get_model(model._meta.app_label, f"{model.__name__}Event")
    with open_scope(system_scope("migration")):
        found = history.objects.order_by("pgh_id")
        return list(found if pk is None else found.filter(pgh_obj_id=pk))


def labels(found: list[Any]) -> list[str]:
    return [event.pgh_label for event in found]


def test_insert_update_and_delete_are_kept_with_the_values_of_the_row() -> None:
    hospital = made_up.hospital("H1")
    with open_scope(PROVISIONING):
        code = InstitutionCode.objects.create(institution=hospital, system="credit", code="A" * 18)
        code.code = "B" * 18
        code.save(update_fields=["code"])  # whose code it is, the app cannot change
        pk = code.pk
        code.delete()
    found = events(InstitutionCode, pk)
    assert labels(found) == ["insert", "update", "delete"]
    assert [event.code[0] for event in found] == ["A", "B", "B"]
    assert {event.institution_id for event in found} == {hospital.pk}


def test_who_why_and_for_which_request_come_from_the_open_scope() -> None:
    held = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    hospital = made_up.hospital("H1")
    scope = replace(made_up.scope_at(held, purpose="POST /x"), reason="更正名称", request="r-1")
    with open_scope(scope):
        Institution.objects.filter(pk=hospital.pk).update(name="虚构医院甲")
    event = events(Institution, hospital.pk)[-1]
    assert (event.pgh_person, event.pgh_post, event.pgh_institution) == (held.person_id, held.pk, None)
    assert (event.pgh_reason, event.pgh_request, event.pgh_purpose) == ("更正名称", "r-1", "POST /x")
    assert event.pgh_who == f"虚构人员 · 国家监测中心工作人员 · {held.institution.name}"
    with open_scope(PROVISIONING):
        Institution.objects.filter(pk=hospital.pk).update(name="虚构医院乙")
    assert events(Institution, hospital.pk)[-1].pgh_who == "provisioning"


def test_without_a_scope_a_change_is_refused() -> None:
    made_up.hospital("H1")
    with pytest.raises(DatabaseError, match="no scope is open"), transaction.atomic():
        Institution.objects.update(name="x")


def test_bulk_update_bulk_create_and_raw_sql_are_kept_row_by_row() -> None:
    hospitals = [made_up.hospital(f"H{n}") for n in range(5)]
    with open_scope(PROVISIONING):
        for hospital in hospitals:
            hospital.name = f"新 {hospital.code}"
        Institution.objects.bulk_update(hospitals, ["name"])
        InstitutionCode.objects.bulk_create(
            InstitutionCode(institution=hospital, system="credit", code=f"{hospital.code:>18}")
            for hospital in hospitals
        )
        with connection.cursor() as cursor:
            cursor.execute("UPDATE network_institution SET grade = '甲' WHERE code LIKE 'H%%'")
            cursor.execute("DELETE FROM network_institutioncode WHERE code LIKE '%%H%%'")
    assert labels(events(InstitutionCode)) == ["insert"] * 5 + ["delete"] * 5
    for hospital in hospitals:
        found = events(Institution, hospital.pk)
        assert labels(found) == ["insert", "update", "update"]
        assert [event.grade for event in found] == ["", "", "甲"]


def test_an_upsert_is_kept_as_what_it_did() -> None:
    hospital = made_up.hospital("H1")
    with open_scope(PROVISIONING):
        for code in ("A" * 18, "B" * 18):
            InstitutionCode.objects.bulk_create(
                [InstitutionCode(institution=hospital, system="credit", code=code)],
                update_conflicts=True, unique_fields=["institution", "system"], update_fields=["code"],
            )  # fmt: skip
    assert labels(events(InstitutionCode)) == ["insert", "update"]


@pytest.fixture
def staging(db: None) -> None:
    """A table in which rows land first, made by the owner: the application makes none, not even a temporary one."""
    wanted = connections["owner"].get_connection_params()
    kept = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: wanted[name] for name in kept}, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA IF NOT EXISTS sample; GRANT USAGE ON SCHEMA sample TO tonghu_app")
        owner.execute("CREATE TABLE IF NOT EXISTS sample.incoming (code text)")


@pytest.mark.usefixtures("staging")
def test_copy_through_a_staging_table_is_kept_with_its_actor() -> None:
    """COPY itself is refused on a protected table; rows come by INSERT … SELECT, under the scope of who imports."""
    with open_scope(replace(PROVISIONING, request="import-7")), connection.cursor() as cursor:
        with cursor.copy("COPY sample.incoming FROM STDIN") as copy:
            for n in range(100):
                copy.write_row([f"IMPORT{n:03}"])
        cursor.execute(
            "INSERT INTO network_institution (code, name, name_pinyin, kind, department, region_code, type, grade, "
            "valid, made_up) "
            "SELECT code, '虚构', '', 'hospital', '', '510104', '', '', '(,)', true FROM sample.incoming"
        )
    found = events(Institution)
    assert len(found) == 100
    assert {event.pgh_request for event in found} == {"import-7"}
    assert len({event.pgh_act for event in found}) == 1


def test_a_save_that_changes_nothing_leaves_no_trace() -> None:
    hospital = made_up.hospital("H1")
    with open_scope(PROVISIONING):
        hospital.save()
        Institution.objects.filter(code="none").update(name="x")
    assert labels(events(Institution, hospital.pk)) == ["insert"]


def test_a_change_that_is_rolled_back_leaves_no_trace() -> None:
    hospital = made_up.hospital("H1")

    def change() -> None:
        with open_scope(PROVISIONING):
            Institution.objects.filter(pk=hospital.pk).update(name="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert labels(events(Institution, hospital.pk)) == ["insert"]


def test_what_is_excluded_is_not_in_the_history() -> None:
    names = {field.name for field in apps.get_model("accounts", "PersonEvent")._meta.fields}
    assert {"username", "pgh_who"} <= names
    assert not names & {"password", "last_login"}


def test_the_history_is_read_by_who_reads_the_record() -> None:
    here, there = made_up.post("point_lead"), made_up.post("point_lead")
    history = apps.get_model("accounts", "PostEvent")
    with made_up.acting(here):
        assert {event.person_id for event in history.objects.all()} == {here.person_id}
    with made_up.acting(there):
        assert {event.person_id for event in history.objects.all()} == {there.person_id}
    with pytest.raises(DatabaseError, match="no scope is open"), transaction.atomic():
        history.objects.count()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} (pgh_id) VALUES (1)",
        "UPDATE {table} SET pgh_who = 'x'",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {followed} DISABLE TRIGGER history_update",
        "DROP TRIGGER history_update ON {followed}",
        "TRUNCATE {followed} CASCADE",
        "SET session_replication_role = replica",
        "CREATE TEMPORARY TABLE {followed} (id bigint) ON COMMIT DROP; CREATE TRIGGER forged AFTER INSERT ON "
        "{followed} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION audit.keep_history('id')",
    ],
)
def test_the_application_cannot_write_or_switch_off_any_history(statement: str) -> None:
    for model in event_models():
        table = model._meta.db_table
        followed = model.pgh_tracked_model._meta.db_table
        with (
            pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
            open_scope(PROVISIONING),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table=table, followed=followed))


def test_every_followed_table_has_its_triggers_and_its_wall() -> None:
    with connection.cursor() as cursor:
        for model in event_models():
            cursor.execute(
                "SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger WHERE tgrelid = %s::regclass "
                "AND tgenabled = 'O' AND tgname LIKE 'history%%'",
                [model.pgh_tracked_model._meta.db_table],
            )
            assert cursor.fetchone()[0] == ["history_delete", "history_insert", "history_update"], model
            cursor.execute(
                "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
                [model._meta.db_table],
            )
            assert cursor.fetchone()[0] is True, model
    assert {Person, Post, Institution} <= {model.pgh_tracked_model for model in event_models()}


def test_the_history_of_a_table_is_called_after_it() -> None:
    with pytest.raises(ValueError, match="_event"):
        ProtectHistory("patients_child", read="true")
    written = ProtectHistory("a_b_event", read="true", pk="code")
    assert written.deconstruct() == ("ProtectHistory", ["a_b_event"], {"read": "true", "pk": "code"})
    assert ProtectHistory("a_b_event", read="true").deconstruct()[2] == {"read": "true"}
    assert "a_b_event" in written.describe()


@pytest.mark.django_db(databases=["default", "owner"])
def test_protecting_a_history_can_be_undone_and_done_again() -> None:
    owner = connections["owner"]
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        cursor.execute("CREATE TABLE audit_try (id bigint primary key, name text)")
        cursor.execute("CREATE TABLE audit_try_event (pgh_id bigint, pgh_obj_id bigint, id bigint, name text)")
        operation = ProtectHistory("audit_try_event", read="true")
        for statements, walled in ((operation.sql, True), (operation.reverse_sql, False), (operation.sql, True)):
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("SELECT count(*) > 0 FROM pg_policies WHERE tablename = 'audit_try_event'")
            assert cursor.fetchone() == (walled,)
        transaction.set_rollback(True, using="owner")
