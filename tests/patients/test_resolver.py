"""One child, many hospitals: the resolver answers with an id, and each hospital sees its own view only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from made_up_hospitals import CHILDREN, enter, scope_of

import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.agreements import let_see
from tonghu.patients.identity import which_child
from tonghu.patients.merges import dismiss, merge
from tonghu.patients.models import Child, Grant, HospitalView
from tonghu.patients.queries import open_proposals
from tonghu.patients.services import (
    add_document,
    change_view,
    remove_document,
    remove_guardian,
    save_guardian,
)  # fmt: skip
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


def test_a_record_number_with_two_documents_is_two_children_and_a_question(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        first = enter(by, here, "1", "虚构甲", document_number=DOCUMENT)
        second = enter(by, here, "1", "虚构乙", document_number=OTHER)
        assert first.child_id != second.child_id
        assert which_child(institution=here.pk, record_number="1") == first.child_id
        (asked,) = open_proposals()
        assert (asked.first_id, asked.second_id, asked.ground) == (first.child_id, second.child_id, "record_number")
        enter(by, here, "1", "虚构乙", document_number=OTHER)
        assert open_proposals().count() == 1  # asked once
    with open_scope(scope_of(there)) as by:
        assert open_proposals().count() == 0  # and only of those who see both
        with pytest.raises(InputRefused, match="您的岗位"):
            dismiss(proposal=asked, reason="不是我院的", by=by)
    with open_scope(scope_of(here)) as by:
        dismiss(proposal=asked, reason="病案号重复发放", by=by)
        assert open_proposals().count() == 0
        with pytest.raises(InputRefused, match="无需重复"):
            dismiss(proposal=asked, reason="再答一次", by=by)


def test_a_document_of_another_child_is_a_question_that_a_merge_answers(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        first = enter(by, here, "1", "虚构甲", document_number=DOCUMENT)
        second = enter(by, here, "2", "虚构甲")
        change_view(by=by, view=second, document_number=DOCUMENT)
        second.refresh_from_db()
        assert (second.document_number, second.child_id != first.child_id) == (DOCUMENT, True)
        (asked,) = open_proposals()
        assert asked.ground == "document"
        merge(by=by, kept=first.child, merged=second.child, reason="同一证件")
        assert open_proposals().count() == 0
        add_document(by=by, view=second, document_type="passport", document_number="P1234567")
        with pytest.raises(InputRefused, match="已登记"):
            add_document(by=by, view=second, document_type="passport", document_number="p1234567")
        assert which_child(institution=here.pk, document_number="P1234567") == second.child_id


def test_a_mistyped_document_is_evidence_no_more(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        view = enter(by, here, "1", "虚构甲", document_number=DOCUMENT)
        change_view(by=by, view=view, document_number=OTHER, mistakes=frozenset({"document_number"}))
        assert which_child(institution=here.pk, document_number=OTHER) == view.child_id
        more = add_document(by=by, view=view, document_type="other", document_number="X99999")
        remove_document(by=by, document=more)
    with open_scope(scope_of(there)):
        assert which_child(institution=there.pk, document_number=DOCUMENT) != view.child_id
        assert which_child(institution=there.pk, document_number="X99999") != view.child_id
        assert which_child(institution=there.pk, document_number=OTHER) == view.child_id


def test_a_mistyped_document_that_another_hospital_holds_too_stays_evidence(hospitals: Hospitals) -> None:
    here, _ = hospitals
    views = []
    for hospital in hospitals:
        with open_scope(scope_of(hospital)) as by:
            views.append(enter(by, hospital, "1", "虚构甲", document_number=DOCUMENT))  # fmt: skip
    with open_scope(scope_of(here)) as by:
        change_view(by=by, view=views[0], document_number=OTHER, mistakes=frozenset({"document_number"}))
        assert which_child(institution=here.pk, document_number=DOCUMENT) == views[1].child_id


def test_what_may_only_be_read_is_not_changed(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        view = enter(by, here, "1", "虚构甲")
        guardian = save_guardian(by=by, view=view, name="虚构母", relation="2", phone="13800000000")
        document = add_document(by=by, view=view, document_type="other", document_number="X1")
        with pytest.raises(InputRefused, match="姓名"):
            change_view(by=by, view=view, patient_name="  ")
    with open_scope(scope_of(there)) as by:
        for act in (
            lambda: change_view(by=by, view=view, patient_name="改"),
            lambda: save_guardian(by=by, view=view, name="他人"),
            lambda: remove_guardian(by=by, guardian=guardian),
            lambda: add_document(by=by, view=view, document_type="other", document_number="X2"),
            lambda: remove_document(by=by, document=document),
        ):
            with pytest.raises(InputRefused, match="您的岗位"):
                act()
    reader = scope_of(here, frozenset({"children.read"}))
    with open_scope(reader), pytest.raises(PermissionDenied):
        change_view(by=reader, view=view, patient_name="改")
    with open_scope(scope_of(here)) as by:
        save_guardian(by=by, view=view, guardian=guardian, name="虚构母", relation="2", phone="13900000000")
        assert view.guardians.get().phone == "13900000000"
        remove_guardian(by=by, guardian=guardian)
        assert view.guardians.count() == 0


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
        with open_scope(scope_of(hospital)) as by:
            enter(by, hospital, "1", name, document_number=DOCUMENT)
    with open_scope(scope_of(here)) as by:
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
    with open_scope(scope_of(here)) as by:
        child = enter(by, here, "1", "虚构甲").child
    with open_scope(scope_of(there)) as by:
        assert HospitalView.objects.count() == 0
    for start, end, seen in ((-2, -1, 0), (1, 2, 0), (-1, 1, 1)):
        with open_scope(scope_of(here)) as by:
            let_see(
                by=by, child=child, institution=there.pk, given_by=here.pk, ground="referral",
                start=now + timedelta(hours=start), end=now + timedelta(hours=end),
            )  # fmt: skip
        with open_scope(scope_of(there)) as by:
            assert HospitalView.objects.count() == seen
            assert Child.objects.count() == seen
            with pytest.raises(InputRefused, match="您的岗位"):
                let_see(
                    by=by, child=child, institution=there.pk, given_by=here.pk, ground="referral",
                    start=now, end=now + timedelta(hours=1),
                )  # fmt: skip
    with open_scope(scope_of(there)) as by:
        # What was let be seen can be read, not changed.
        assert HospitalView.objects.update(patient_name="改") == 0


def test_a_grant_opens_the_givers_rows_alone_and_cannot_be_handed_on(hospitals: Hospitals) -> None:
    here, there = hospitals
    third = made_up.hospital()
    now = timezone.now()
    hour = {"start": now - timedelta(minutes=1), "end": now + timedelta(hours=1)}
    for hospital, number in ((here, "1"), (there, "2")):
        with open_scope(scope_of(hospital)) as by:
            view = enter(by, hospital, number, document_number=DOCUMENT)
    with open_scope(scope_of(there)) as by:
        let_see(child=view.child, institution=third.pk, given_by=there.pk, ground="referral", by=by, **hour)
    with open_scope(scope_of(third)) as by:
        assert [seen.institution_id for seen in HospitalView.objects.all()] == [there.pk]
        with pytest.raises(InputRefused, match="您的岗位"):
            let_see(child=view.child, institution=here.pk, given_by=third.pk, ground="referral", by=by, **hour)


def test_nothing_of_a_grant_but_its_end_can_be_changed(hospitals: Hospitals) -> None:
    with open_scope(scope_of(hospitals[0])), pytest.raises(DatabaseError, match="permission denied"):
        Grant.objects.update(child_id=1)
