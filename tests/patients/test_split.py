"""One identity that stood for two children: a view is parted from it, and whatever follows may be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_hospitals import enter, scope_of

import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.agreements import record_consent
from tonghu.patients.identity import which_child
from tonghu.patients.merges import merge, split, undo_merge
from tonghu.patients.models import (
    Child,
    Consent,
    Guardian,
    HospitalView,
    Identifier,
    MergeProposal,
    NameToken,
    Split,
)
from tonghu.patients.queries import of_group, open_proposals, search
from tonghu.patients.services import add_document, change_view, save_guardian
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import Scope, open_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
DOCUMENT = "P1234567"
REGION = Scope(region_from="000000", region_to="999999", permissions=frozenset({"children.read", "children.merge"}))


def twins(by: Scope, here: Institution) -> tuple[HospitalView, HospitalView]:
    """Two children whom a clerk entered under the document of the first."""
    first = enter(by, here, "1", "单小雪", document_number=DOCUMENT)
    second = enter(by, here, "2", "单小雨", document_number=DOCUMENT)
    save_guardian(by=by, view=second, name="虚构母", phone="13800001234")
    add_document(by=by, view=second, document_type="birth_certificate", document_number="B7654321")
    assert first.child_id == second.child_id
    return first, second


def test_a_view_is_parted_with_all_that_is_of_it(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        first, second = twins(by, here)
        with pytest.raises(InputRefused, match="原因"):
            split(by=by, view=second, reason=" ")
        act = split(by=by, view=second, reason="双胞胎，证件录错")
        second.refresh_from_db()
        assert (act.child_id, act.parted_id) == (first.child_id, second.child_id)
        assert first.child_id != second.child_id
        for model in (Guardian, Identifier, NameToken):
            assert set(model._default_manager.filter(view=second).values_list("child", flat=True)) == {second.child_id}
        assert [view.pk for view in of_group(Child.objects.get(pk=first.child_id))] == [first.pk]
        assert [found.group for found in search("单小雨", by=by)] == [second.child_id]
        # What only the second names is its own, what both name stays; its record number leads to it.
        assert which_child(institution=here.pk, document_number="B7654321") == second.child_id
        assert which_child(institution=here.pk, document_number=DOCUMENT) == first.child_id
        assert which_child(institution=here.pk, record_number="2") == second.child_id
    with open_scope(scope_of(there)) as by:
        assert enter(by, there, "9", "单小雨", document_number="B7654321").child_id == second.child_id


def test_an_import_of_the_same_wrong_row_does_not_join_them_again(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        first, second = twins(by, here)
        split(by=by, view=second, reason="双胞胎，证件录错")
        again = enter(by, here, "2", "单小雨", document_number=DOCUMENT)
        assert (again.pk, again.child_id != first.child_id) == (second.pk, True)
        assert enter(by, here, "1", "单小雪", document_number=DOCUMENT).pk == first.pk
        assert HospitalView.objects.count() == 2
        assert not open_proposals().exists()


def test_what_a_hospital_agreed_on_goes_with_its_only_view(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        enter(by, here, "1", "单小雪", document_number=DOCUMENT)
    with open_scope(scope_of(there)) as by:
        far = enter(by, there, "9", "单小雨", document_number=DOCUMENT)
        record_consent(child=far.child, institution=there.pk, purpose="sharing", given_by="虚构母", by=by)
        with pytest.raises(InputRefused, match="您的岗位"):  # it does not see the other side
            split(by=by, view=far, reason="不是同一人")
    with open_scope(REGION) as by:
        split(by=by, view=far, reason="双胞胎，证件录错")
        far.refresh_from_db()
        assert Consent.objects.get().child_id == far.child_id


def test_a_split_needs_the_right_a_view_in_reach_and_another_beside_it(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        _first, second = twins(by, here)
        alone = enter(by, here, "3", "曾一")
        with pytest.raises(InputRefused, match="您的岗位"):
            split(by=by, view=alone, reason="只有一份")
    for by in (scope_of(there), scope_of(here, frozenset({"children.read", "children.enter"}))):
        with open_scope(by), pytest.raises(InputRefused, match="您的岗位"):
            split(by=by, view=second, reason="没有权限")


@pytest.mark.parametrize("statement", ["UPDATE patients_split SET reason = 'x'", "DELETE FROM patients_split"])
def test_an_act_cannot_be_changed(hospitals: Hospitals, statement: str) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        split(by=by, view=twins(by, here)[1], reason="双胞胎")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
        assert Split.objects.count() == 1


VIEWS = 4
ACTS = st.tuples(
    st.sampled_from(["split", "merge", "undo", "edit", "enter"]), st.integers(0, VIEWS - 1), st.integers(0, VIEWS - 1)
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=st.lists(ACTS, min_size=1, max_size=10))
def test_whatever_was_split_and_merged_taking_it_all_back_shows_what_was_there(
    hospitals: Hospitals, acts: list[Any]
) -> None:
    """Four views of one child, parted, joined, edited and imported again at random; then every split is taken back."""
    here, _ = hospitals
    with transaction.atomic(), open_scope(scope_of(here)) as by:
        views = [enter(by, here, f"{n}", f"虚构{n}", document_number=DOCUMENT) for n in range(VIEWS)]
        edited = [view.patient_name for view in views]
        standing: list[int] = []
        for what, one, other in acts:
            for view in views:
                view.refresh_from_db()
            if what == "split" and sum(view.child_id == views[one].child_id for view in views) > 1:
                split(by=by, view=views[one], reason="拆分")
            elif what == "merge" and _group(views[one]) != _group(views[other]):
                standing.append(merge(by=by, kept=views[one].child, merged=views[other].child, reason="合并"))
            elif what == "undo" and standing:
                undo_merge(by=by, act=standing.pop(one % len(standing)), reason="撤销")
            elif what == "edit":
                edited[one] = f"虚构{one}改"
                change_view(by=by, view=views[one], patient_name=edited[one])
            elif what == "enter":  # the same front page comes again
                again = enter(by, here, f"{one}", edited[one], document_number=DOCUMENT)
                assert again.pk == views[one].pk
            assert not open_proposals().exists()
        assert HospitalView.objects.count() == VIEWS
        for act in standing:
            undo_merge(by=by, act=act, reason="撤销")
        for done in Split.objects.order_by("-pk"):
            merge(by=by, kept=done.child, merged=done.parted, reason="撤销拆分")
        assert len({_group(view) for view in HospitalView.objects.all()}) == 1
        shown = of_group(Child.objects.get(pk=views[0].child_id)).order_by("pk")
        assert [(view.pk, view.patient_name) for view in shown] == [
            (view.pk, name) for view, name in zip(views, edited, strict=True)
        ]
        transaction.set_rollback(True)


def _group(view: HospitalView) -> int:
    return Child.objects.get(pk=HospitalView.objects.get(pk=view.pk).child_id).group


def test_a_clerk_parts_two_and_takes_it_back_on_the_pages() -> None:
    clerk: Post = made_up.post("records_department", made_up.hospital("SPLA", "510104", name="虚构儿童医院"))
    assert clerk.institution
    with made_up.acting(clerk) as by:
        first, second = twins(by, clerk.institution)
        born = timezone.localdate().replace(year=2020, month=1, day=1)
        alone = enter(by, clerk.institution, "3", "曾一", birth_date=born)
    browser = made_up.browser(clerk)
    page = browser.get(reverse("patients:child", args=[first.child_id])).content.decode()
    url = reverse("patients:split", args=[second.pk])
    assert url in page
    assert browser.get(reverse("patients:split", args=[alone.pk])).status_code == 404
    asked = browser.get(url).content.decode()
    assert "单小雨" in asked
    assert "不一致" in asked
    assert "id_reason_error" in browser.post(url, {"reason": " "}).content.decode()
    parted = browser.post(url, {"reason": "双胞胎，证件录错"}, follow=True).content.decode()
    assert "单小雨" in parted
    assert "单小雪" not in parted
    with made_up.acting(clerk):
        act = Split.objects.get()
        assert MergeProposal.objects.get().dismissed_because == "双胞胎，证件录错"
    told = browser.get(reverse("patients:history", args=[act.parted_id])).content.decode()
    assert "病案号 2 拆分为另一名患儿" in told
    assert "以病案号 2 登记" in told  # from before
    assert "添加监护人虚构母" in told
    assert "拆分为另一名患儿" in browser.get(reverse("patients:history", args=[act.child_id])).content.decode()
    assert browser.get(url).status_code == 404
    assert browser.get(reverse("patients:undo_split", args=[act.pk])).status_code == 200
    back = browser.post(reverse("patients:undo_split", args=[act.pk]), follow=True).content.decode()
    assert "单小雨" in back
    assert "单小雪" in back
    reader = made_up.browser(made_up.post("entry_clerk", clerk.institution))
    assert reader.get(url).status_code in (403, 404)
