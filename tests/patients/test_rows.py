"""Raw SQL of the application, in an honest scope of one hospital: it plants nothing on another hospital's children."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from made_up_hospitals import enter, scope_of
from psycopg.types.range import TimestamptzRange

from tonghu.network.models import Institution
from tonghu.patients.identity import which_child
from tonghu.patients.models import Consent, Grant, HospitalView
from tonghu.patients.services import save_guardian
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
HELD = TimestamptzRange(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
NO_KEY, NO_RIGHT = "violates foreign key", "permission denied"
VIEW = (
    "INSERT INTO patients_hospitalview (child_id, institution_id, record_number, patient_name, name_sort, sex, "
    "ethnicity, nationality, document_type, residence_code, created_at, updated_at) "
    "VALUES (%s, %s, %s, '虚构', 'x', '', '', '', '', '', now(), now())"
)


def sql(query: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)


@pytest.fixture
def theirs(hospitals: Hospitals) -> HospitalView:
    """A child that only the other hospital has."""
    with open_scope(scope_of(hospitals[1])) as by:
        view = enter(by, hospitals[1], "77", "虚构乙")
        save_guardian(view=view, name="虚构监护人", by=by)
    return view


@pytest.fixture
def ours(hospitals: Hospitals) -> HospitalView:
    with open_scope(scope_of(hospitals[0])) as by:
        view = enter(by, hospitals[0], "1")
        save_guardian(view=view, name="虚构监护人", by=by)
    return view


def test_a_view_names_only_a_child_that_the_resolver_answered_its_hospital_with(
    hospitals: Hospitals, theirs: HospitalView
) -> None:
    here, _there = hospitals
    with open_scope(scope_of(here)):
        for child in (theirs.child_id, 987654):
            with pytest.raises(DatabaseError, match="view_of_a_known_child"):
                sql(VIEW, child, here.pk, "1")
        sql(VIEW, which_child(institution=here.pk, record_number="1"), here.pk, "1")
        with pytest.raises(DatabaseError, match=NO_RIGHT):
            sql("INSERT INTO patients_knownchild (institution_id, child_id) VALUES (%s, %s)", here.pk, theirs.child_id)


def test_nothing_is_planted_on_a_view_of_another_hospital(
    hospitals: Hospitals, theirs: HospitalView, ours: HospitalView
) -> None:
    here, _there = hospitals
    rows = {
        "patients_guardian": ("name, relation", "'虚构', ''"),
        "patients_formername": ("name, until", "'虚构', now()"),
        "patients_nametoken": ("kind, token, former", "1, '虚构', false"),
        "patients_identifier": (
            "document_type, document_number, document_key, added_at", "'', '\\x01', '\\x01', now()",
        ),
    }  # fmt: skip
    with open_scope(scope_of(here)):
        for table, (columns, values) in rows.items():
            into = f"INSERT INTO {table} (view_id, child_id, institution_id, {columns}) VALUES (%s, %s, %s, {values})"
            for view, child in (
                (theirs.pk, theirs.child_id), (theirs.pk, ours.child_id), (ours.pk, theirs.child_id),
            ):  # fmt: skip
                with pytest.raises(DatabaseError, match=NO_KEY):
                    sql(into, view, child, here.pk)
            sql(into, ours.pk, ours.child_id, here.pk)


@pytest.mark.parametrize("table", ["hospitalview", "guardian", "identifier", "formername", "nametoken", "consent"])
@pytest.mark.parametrize("column", ["id", "child_id", "institution_id", "view_id"])
def test_what_a_row_is_about_stands_from_its_beginning(
    table: str, column: str, hospitals: Hospitals, ours: HospitalView
) -> None:
    if table in ("hospitalview", "consent") and column == "view_id":
        return
    with open_scope(scope_of(hospitals[0])), pytest.raises(DatabaseError, match=NO_RIGHT):
        sql(f"UPDATE patients_{table} SET {column} = {column}")


def test_a_consent_is_of_a_child_that_the_hospital_has(
    hospitals: Hospitals, theirs: HospitalView, ours: HospitalView
) -> None:
    here, _there = hospitals
    into = (
        "INSERT INTO patients_consent (child_id, institution_id, purpose, given_by, relation, valid, note) "
        "VALUES (%s, %s, 'sharing', '虚构', '', '[2026-01-01,)', '')"
    )
    with open_scope(scope_of(here)):
        with pytest.raises(DatabaseError, match="row-level security"):
            sql(into, theirs.child_id, here.pk)
        sql(into, ours.child_id, here.pk)
        for change in ("valid = '(,)'", "purpose = 'research'", "given_by = ''"):
            with pytest.raises(DatabaseError, match=NO_RIGHT):
                sql(f"UPDATE patients_consent SET {change}")
        # It is withdrawn once, at the moment that it is, whatever is said.
        sql("UPDATE patients_consent SET withdrawn_at = '2099-01-01'")
        assert Consent.objects.get().withdrawn_at < timezone.now()  # type: ignore[operator]
        for again in ("NULL", "now()", "'2026-01-01'"):
            with pytest.raises(DatabaseError, match="withdrawn once"):
                sql(f"UPDATE patients_consent SET withdrawn_at = {again}")


#: Of a grant, whether it has begun and is over, what raw SQL may make of it, and what it may not.
TODAY, TOMORROW, YESTERDAY = "now() - interval '1 hour'", "now() + interval '1 day'", "now() - interval '1 day'"
ENDINGS = {
    f"tstzrange({YESTERDAY}, {TOMORROW})": {
        f"tstzrange({YESTERDAY}, now())": True,
        f"tstzrange({YESTERDAY}, now() + interval '2 days')": False,
        f"tstzrange({YESTERDAY}, NULL)": False,
        f"tstzrange({YESTERDAY} - interval '1 day', {TOMORROW})": False,
        f"tstzrange({TODAY}, {TOMORROW})": False,
    },
    f"tstzrange({YESTERDAY}, {TODAY})": {
        f"tstzrange({YESTERDAY}, {TOMORROW})": False,
        "tstzrange(now(), '2099-01-01')": False,
        f"tstzrange({YESTERDAY}, {TODAY} - interval '1 hour')": False,
    },
    f"tstzrange({TOMORROW}, NULL)": {
        "tstzrange(now(), now(), '[]')": True,
        f"tstzrange({TOMORROW}, '2099-01-01')": True,
        "tstzrange(now(), '2099-01-01')": False,
    },
}


@pytest.mark.parametrize("held", ENDINGS)
def test_a_grant_is_ended_sooner_and_never_made_to_last_longer(
    held: str, hospitals: Hospitals, ours: HospitalView
) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)):
        for said, passes in ENDINGS[held].items():
            sql(
                "INSERT INTO patients_grant (child_id, institution_id, given_by_id, ground, reference, valid) "
                f"VALUES (%s, %s, %s, 'referral', %s, {held})", ours.child_id, there.pk, here.pk, said[:60],
            )  # fmt: skip
            newest = Grant.objects.latest("pk").pk
            with nullcontext() if passes else pytest.raises(DatabaseError, match="never made to last longer"):
                sql(f"UPDATE patients_grant SET valid = {said} WHERE id = %s", newest)
    # The scope that moves rows between versions is held to it as well.
    with open_scope(system_scope("migration")), pytest.raises(DatabaseError, match="never made to last longer"):
        sql("UPDATE patients_grant SET valid = '[2000-01-01,)'")


def test_a_grant_on_consent_rests_on_one_that_stands(
    hospitals: Hospitals, theirs: HospitalView, ours: HospitalView
) -> None:
    here, there = hospitals
    consents = []
    for place, view in ((here, ours), (there, theirs)):
        with open_scope(scope_of(place)):
            consents.append(
                Consent.objects.create(
                    child_id=view.child_id,
                    institution=place,
                    purpose="sharing",
                    given_by="虚构",
                    valid=HELD,
                ).pk
            )
    into = (
        "INSERT INTO patients_grant (child_id, institution_id, given_by_id, ground, consent_id, reference, valid) "
        "VALUES (%s, %s, %s, %s, %s, '', '[2026-01-01 00:00+00,2027-01-01 00:00+00)')"
    )
    with open_scope(scope_of(here)):
        for ground, consent in (("consent", None), ("consent", consents[1]), ("referral", consents[1])):
            with pytest.raises(DatabaseError, match="row-level security"):
                sql(into, ours.child_id, there.pk, here.pk, ground, consent)
        twin = enter(scope_of(here), here, "2", "虚构丙").child_id
        for child, consent in ((twin, consents[0]), (ours.child_id, 987654)):  # another child's, and none
            with pytest.raises(DatabaseError, match="row-level security"):
                sql(into, child, there.pk, here.pk, "consent", consent)
        sql(into, ours.child_id, there.pk, here.pk, "consent", consents[0])
        assert Grant.objects.get().valid.upper == datetime(2026, 12, 1, tzinfo=UTC)  # no longer than the consent
        sql("UPDATE patients_consent SET withdrawn_at = now()")
        assert not Grant.objects.get().stands
        with pytest.raises(DatabaseError, match="row-level security"):
            sql(into, ours.child_id, there.pk, here.pk, "consent", consents[0])


def test_what_the_resolver_calls_within_is_not_the_applications(hospitals: Hospitals) -> None:
    with open_scope(scope_of(hospitals[0])), pytest.raises(DatabaseError, match=NO_RIGHT):
        sql("SELECT resolver.answers('{}', '{}', '{}', '{}', '{}', '{}', false)")
