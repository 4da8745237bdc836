"""Raw SQL of the application, in an honest scope of one hospital: it plants nothing on another hospital's children."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from made_up_hospitals import enter, scope_of

from tonghu.network.models import Institution
from tonghu.patients.identity import which_child
from tonghu.patients.models import Consent, HospitalView
from tonghu.patients.services import save_guardian
from tonghu.platform.scope.scope import open_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
SINCE = ("2026-01-01", None)
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
        sql("UPDATE patients_consent SET withdrawn_at = now()")


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
                    valid=SINCE,
                ).pk
            )
    into = (
        "INSERT INTO patients_grant (child_id, institution_id, given_by_id, ground, consent_id, reference, valid) "
        "VALUES (%s, %s, %s, %s, %s, '', '[2026-01-01,2027-01-01)')"
    )
    with open_scope(scope_of(here)):
        for ground, consent in (("consent", None), ("consent", consents[1]), ("referral", consents[1])):
            with pytest.raises(DatabaseError, match="row-level security"):
                sql(into, ours.child_id, there.pk, here.pk, ground, consent)
        sql(into, ours.child_id, there.pk, here.pk, "consent", consents[0])
        sql("UPDATE patients_consent SET withdrawn_at = now()")
        with pytest.raises(DatabaseError, match="row-level security"):
            sql(into, ours.child_id, there.pk, here.pk, "consent", consents[0])


def test_what_the_resolver_calls_within_is_not_the_applications(hospitals: Hospitals) -> None:
    with open_scope(scope_of(hospitals[0])), pytest.raises(DatabaseError, match=NO_RIGHT):
        sql("SELECT resolver.answers('{}', '{}', '{}', '{}', '{}', '{}', false)")
