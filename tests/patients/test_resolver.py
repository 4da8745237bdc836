"""One child, many hospitals: the resolver answers with an id, and each hospital sees its own view only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from made_up_hospitals import CHILDREN, scope_of

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.models import Child, HospitalView
from tonghu.patients.services import enter_view, let_see, which_child
from tonghu.platform.scope.scope import Scope, open_scope

#: A made-up number whose check character is right; no person has it (the region code was never given out).
DOCUMENT = "990101202001010018"
OTHER = "990101202001010026"

Hospitals = tuple[Institution, Institution]


def test_the_same_document_is_the_same_child_in_two_hospitals(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)):
        first = which_child(institution=here.pk, record_number="1", document_number=DOCUMENT)
    with open_scope(scope_of(there)):
        second = which_child(institution=there.pk, record_number="77", document_number=DOCUMENT.lower())
    assert first == second


def test_a_record_number_is_known_again_at_its_hospital_and_nowhere_else(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)):
        first = which_child(institution=here.pk, record_number="1")
        assert which_child(institution=here.pk, record_number="1") == first
    with open_scope(scope_of(there)):
        assert which_child(institution=there.pk, record_number="1") != first


def test_a_document_that_comes_later_joins_the_child_of_the_record_number(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)):
        newborn = which_child(institution=here.pk, record_number="1")
        assert which_child(institution=here.pk, record_number="1", document_number=DOCUMENT) == newborn
    with open_scope(scope_of(there)):
        assert which_child(institution=there.pk, document_number=DOCUMENT) == newborn


def test_a_record_number_given_out_twice_does_not_join_two_documents(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)):
        first = which_child(institution=here.pk, record_number="1", document_number=DOCUMENT)
        assert which_child(institution=here.pk, record_number="1", document_number=OTHER) != first
        enter_view(institution=here.pk, record_number="1", patient_name="虚构甲", document_number=DOCUMENT)
        with pytest.raises(InputRefused, match="另一名患儿"):
            enter_view(institution=here.pk, record_number="1", patient_name="虚构乙", document_number=OTHER)
        assert HospitalView.objects.get().patient_name == "虚构甲"


def test_the_resolver_answers_only_for_the_own_institution_and_with_the_right(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)), pytest.raises(InputRefused, match="您的岗位"):
        which_child(institution=there.pk, document_number=DOCUMENT)
    with open_scope(scope_of(here, frozenset({"children.read"}))), pytest.raises(InputRefused, match="您的岗位"):
        which_child(institution=here.pk, document_number=DOCUMENT)
    with open_scope(scope_of(here)), pytest.raises(InputRefused, match="证件号码或病案号"):
        which_child(institution=here.pk)


@pytest.mark.requirement("REG-17")
def test_each_hospital_sees_its_own_view_and_the_child_only_where_it_has_one(hospitals: Hospitals) -> None:
    here, there = hospitals
    for hospital, name in ((here, "虚构甲"), (there, "虚构假")):
        with open_scope(scope_of(hospital)):
            enter_view(institution=hospital.pk, record_number="1", patient_name=name, document_number=DOCUMENT)
    with open_scope(scope_of(here)):
        assert [view.patient_name for view in HospitalView.objects.all()] == ["虚构甲"]
        assert Child.objects.count() == 1
    with open_scope(Scope(region_from="000000", region_to="999999", permissions=CHILDREN)):
        assert HospitalView.objects.count() == 2
        assert Child.objects.count() == 1  # one child, not counted twice
    with open_scope(Scope(region_from="440000", region_to="450000", permissions=CHILDREN)):
        assert HospitalView.objects.count() == 0
        assert Child.objects.count() == 0
    with open_scope(scope_of(here, frozenset({"children.enter"}))):
        assert HospitalView.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT key FROM patients_documentkey",
        "SELECT record_number FROM patients_recordkey",
        "INSERT INTO patients_child DEFAULT VALUES",
        "UPDATE patients_child SET one_with_id = NULL",
        "DELETE FROM patients_merge",
        "SELECT resolver.regroup(1)",
        "SET ROLE tonghu_resolver",
        "ALTER TABLE patients_hospitalview DISABLE ROW LEVEL SECURITY",
        "TRUNCATE patients_nametoken",
        "CREATE FUNCTION public.leak() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_app_cannot_reach_behind_the_resolver(hospitals: Hospitals, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
    with open_scope(scope_of(hospitals[0])), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_grant_opens_and_closes_on_time_and_says_from_whom(hospitals: Hospitals) -> None:
    here, there = hospitals
    now = timezone.now()
    with open_scope(scope_of(here)):
        child = enter_view(institution=here.pk, record_number="1", patient_name="虚构甲").child
    with open_scope(scope_of(there)):
        assert HospitalView.objects.count() == 0
    for start, end, seen in ((-2, -1, 0), (1, 2, 0), (-1, 1, 1)):
        with open_scope(scope_of(here)):
            let_see(
                child=child, institution=there.pk, given_by=here.pk, ground="referral",
                start=now + timedelta(hours=start), end=now + timedelta(hours=end),
            )  # fmt: skip
        with open_scope(scope_of(there)):
            assert HospitalView.objects.count() == seen
            assert Child.objects.count() == seen
            with pytest.raises(InputRefused, match="您的岗位"):
                let_see(
                    child=child, institution=here.pk, given_by=here.pk, ground="consent",
                    start=now, end=now + timedelta(hours=1),
                )  # fmt: skip
    with open_scope(scope_of(there)):
        # What was let be seen can be read, not changed.
        assert HospitalView.objects.update(patient_name="改") == 0
