"""A child is found by what a clerk has at hand, and only within the clerk's scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from made_up_hospitals import CHILDREN, enter, scope_of
from psycopg.types.range import Range

from tonghu.network.models import Institution
from tonghu.patients.agreements import end_grant, let_see
from tonghu.patients.merges import merge
from tonghu.patients.models import Child, HospitalView
from tonghu.patients.queries import listed, matching, search
from tonghu.patients.services import change_view
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

Hospitals = tuple[Institution, Institution]
DOCUMENT = "99010120200101001X"


def names(text: str, by: Scope) -> list[str]:
    with open_scope(by):
        return [view.patient_name for found in search(text, by=by) for view in found.views]


@pytest.fixture
def known(hospitals: Hospitals) -> Hospitals:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        enter(by, here, "ZY001", "单小雪", document_number=DOCUMENT)
        enter(by, here, "ZY002", "单小宇")
        enter(by, here, "ZY003", "曾一")
    with open_scope(scope_of(there)) as by:
        enter(by, there, "ZY001", "单小雪", document_number=DOCUMENT)
    return hospitals


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("单小雪", ["单小雪"]), ("单小", ["单小雪", "单小宇"]), ("单", ["单小雪", "单小宇"]),
        ("shanxiaoxue", ["单小雪"]),
        ("Shan Xiao", ["单小雪", "单小宇"]), ("sxx", ["单小雪"]), ("danxiaoxue", []), ("zengyi", ["曾一"]),
        ("001X", ["单小雪"]), ("001x", ["单小雪"]), (DOCUMENT, ["单小雪"]),
        ("９９０１０１２０２００１０１００１Ｘ", ["单小雪"]),
        ("ZY003", ["曾一"]), ("ZY00", []), ("雪", []), ("", []), ("%", []), ("'; DROP TABLE x --", []),
    ],
)  # fmt: skip
def test_a_child_is_found_by_what_a_clerk_has_at_hand(known: Hospitals, text: str, found: list[str]) -> None:
    assert sorted(names(text, scope_of(known[0]))) == sorted(found)


@pytest.mark.parametrize("text", ["单小雪", "shanxiaoxue", "sxx", "001X", DOCUMENT, "ZY001"])
def test_another_hospitals_view_is_not_found(known: Hospitals, text: str) -> None:
    assert names(text, scope_of(known[0])) == ["单小雪"]
    assert names(text, scope_of(known[0], frozenset())) == []
    assert names(text, Scope(region_from="440000", region_to="450000", permissions=CHILDREN)) == []


def test_a_reader_of_both_hospitals_finds_one_child_with_two_views(known: Hospitals) -> None:
    nation = Scope(region_from="000000", region_to="999999", permissions=CHILDREN)
    with open_scope(nation):
        (found,) = search("sxx", by=nation)
    assert [view.institution for view in found.views] == [known[0].pk, known[1].pk]


def test_children_that_were_merged_are_found_as_one(known: Hospitals) -> None:
    by = scope_of(known[0])
    with open_scope(by):
        first, second = Child.objects.filter(pk__in=[found.group for found in search("单小", by=by)])
        merge(by=by, kept=first, merged=second, reason="同一名患儿")
        (found,) = search("单小", by=by)
        assert len(found.views) == 2


def test_a_former_name_stays_findable_and_is_marked_but_a_mistake_does_not(known: Hospitals) -> None:
    by = scope_of(known[0])
    with open_scope(by):
        view = HospitalView.objects.get(record_number="ZY003")
        change_view(view=view, by=by, patient_name="曾二")
        change_view(view=view, by=by, patient_name="曾三", mistakes=frozenset({"patient_name"}))
        for text, former in (
            ("曾三", [False]),
            ("zengsan", [False]),
            ("曾一", [True]),
            ("zengyi", [True]),
            ("曾二", []),
        ):
            found = [view for found in search(text, by=by) for view in found.views]
            assert [hit.former for hit in found] == former, text
            assert {hit.patient_name for hit in found} <= {"曾三"}
            assert {row.pk for row in matching(listed(by), text)} == {hit.view for hit in found}
        change_view(view=view, by=by, patient_name="曾一")  # back again: it is no former name any more
        assert [name.name for name in view.former_names.all()] == ["曾三"]
        assert [hit.former for found in search("曾一", by=by) for hit in found.views] == [False]


def test_an_earlier_document_stays_findable_and_a_mistake_does_not(known: Hospitals) -> None:
    by = scope_of(known[0])
    with open_scope(by):
        view = HospitalView.objects.get(record_number="ZY002")
        for number, mistakes in (
            ("B510000001", ()),
            ("990101202001010028", ()),
            ("99010120200101001X", ("document_number",)),
        ):
            change_view(view=view, by=by, document_number=number, mistakes=frozenset(mistakes))
        assert names("B510000001", by) == ["单小宇"]
        assert names("0001", by) == ["单小宇"]
        assert names("990101202001010028", by) == []
        assert {row.patient_name for row in matching(listed(by), "B510000001")} == {"单小宇"}


@pytest.mark.parametrize("text", ["单小", "shanxiao", "ZY001", DOCUMENT, "001X", "sxx", "\0", "x" * 300, "雪"])
def test_the_page_finds_what_the_box_finds(known: Hospitals, text: str) -> None:
    for by in (scope_of(known[0]), Scope(region_from="000000", region_to="999999", permissions=CHILDREN)):
        with open_scope(by):
            boxed = {hit.view for found in search(text, by=by) for hit in found.views}
            assert {row.pk for row in matching(listed(by), text)} == boxed


def test_a_child_that_may_be_seen_by_a_grant_is_found_while_it_lasts(known: Hospitals) -> None:
    here, there = known
    now = timezone.now()
    with open_scope(scope_of(there)) as by:
        enter(by, there, "ZY009", "尉迟小云", document_number="P7654321")
        child = Child.objects.get(views__record_number="ZY009")
    for text in ("尉迟", "yuchixiaoyun", "ycxy", "P7654321", "4321", "ZY009"):
        assert names(text, scope_of(here)) == []
    with open_scope(scope_of(there)) as by:
        grant = let_see(
            child=child, institution=here.pk, given_by=there.pk, ground="referral", start=now,
            end=now + timedelta(days=1), by=by,
        )  # fmt: skip
    for text in ("尉迟", "yuchixiaoyun", "ycxy", "P7654321", "4321", "ZY009"):
        assert names(text, scope_of(here)) == ["尉迟小云"], text
    with open_scope(scope_of(there)) as by:
        end_grant(grant=grant, reason="已转回", by=by)
    assert names("尉迟", scope_of(here)) == []


def test_a_region_of_many_hospitals_finds_the_same_as_one_of_few(known: Hospitals) -> None:
    """Beyond 400 hospitals the search walks all names together; both ways answer alike."""
    nation = Scope(region_from="000000", region_to="999999", permissions=CHILDREN)
    few = {text: sorted(names(text, nation)) for text in ("单", "shanxiao", "sxx", "001X", DOCUMENT, "ZY001")}
    with open_scope(system_scope("provisioning")):
        Institution.objects.bulk_create(
            Institution(code=f"HX{n}", name=f"虚构{n}", kind="hospital", region_code="110101", valid=Range(None, None))
            for n in range(400)
        )
    assert {text: sorted(names(text, nation)) for text in few} == few
    assert few["单"] == ["单小宇", "单小雪", "单小雪"]
