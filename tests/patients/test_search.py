"""A child is found by what a clerk has at hand, and only within the clerk's scope."""

from __future__ import annotations

import pytest
from made_up_hospitals import CHILDREN, scope_of

from tonghu.network.models import Institution
from tonghu.patients.queries import search
from tonghu.patients.services import enter_view, merge
from tonghu.platform.scope.scope import Scope, open_scope

Hospitals = tuple[Institution, Institution]
DOCUMENT = "99010120200101001X"


def names(text: str, by: Scope) -> list[str]:
    with open_scope(by):
        return [view.patient_name for found in search(text, by=by) for view in found.views]


@pytest.fixture
def known(hospitals: Hospitals) -> Hospitals:
    here, there = hospitals
    with open_scope(scope_of(here)):
        enter_view(institution=here.pk, record_number="ZY001", patient_name="单小雪", document_number=DOCUMENT)
        enter_view(institution=here.pk, record_number="ZY002", patient_name="单小宇")
        enter_view(institution=here.pk, record_number="ZY003", patient_name="曾一")
    with open_scope(scope_of(there)):
        enter_view(institution=there.pk, record_number="ZY001", patient_name="单小雪", document_number=DOCUMENT)
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
    assert [view.institution_id for view in found.views] == [known[0].pk, known[1].pk]


def test_children_that_were_merged_are_found_as_one(known: Hospitals) -> None:
    by = scope_of(known[0])
    with open_scope(by):
        first, second = (found.views[0].child for found in search("单小", by=by))
        merge(kept=first, merged=second, reason="同一名患儿")
        (found,) = search("单小", by=by)
        assert len(found.views) == 2


def test_a_changed_name_is_found_and_the_old_one_is_not(known: Hospitals) -> None:
    by = scope_of(known[0])
    with open_scope(by):
        enter_view(institution=known[0].pk, record_number="ZY003", patient_name="曾二")
    assert names("曾二", by) == ["曾二"]
    assert names("zengyi", by) == []
