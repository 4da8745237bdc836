"""Questions whether two children are one: after an undo as if never merged, also where evidence came in between."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_hospitals import enter, scope_of

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.merges import dismiss, merge, undo_merge
from tonghu.patients.models import HospitalView, MergeProposal
from tonghu.patients.queries import count_open, open_proposals
from tonghu.patients.services import add_document
from tonghu.platform.scope.scope import Scope, open_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
CHILDREN = 4


def waiting() -> set[tuple[int, int]]:
    return {(one.first_id, one.second_id) for one in open_proposals()}


def made(by: Scope, here: Institution, count: int) -> list[HospitalView]:
    return [enter(by, here, f"{n}", f"虚构{n}", document_number=f"P{n:07d}") for n in range(count)]


def same_document(by: Scope, view: HospitalView, other: int) -> None:
    """Say that a view's child has the document of another child."""
    add_document(by=by, view=view, document_type="passport", document_number=f"P{other:07d}")


def test_a_question_that_a_merge_answered_waits_again_once_that_is_taken_back(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        one, other = made(by, here, 2)
        same_document(by, other, 0)
        asked = {(one.child_id, other.child_id)}
        before = MergeProposal.objects.values().get()
        assert waiting() == asked
        act = merge(by=by, kept=one.child, merged=other.child, reason="同一份证件")
        assert waiting() == set()
        answered = MergeProposal.objects.get()
        assert answered.merge_id == act
        undo_merge(by=by, act=act, reason="录错证件")
        assert waiting() == asked
        assert MergeProposal.objects.values().get() == before
        dismiss(by=by, proposal=MergeProposal.objects.get(), reason="双胞胎，证件录错")
        assert waiting() == set()


def test_the_menu_counts_what_the_page_lists_for_every_reader(hospitals: Hospitals) -> None:
    """An authority's number is asked of all questions at once, not through the walls: it is the walls' answer."""
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        views = made(by, here, 4)
        for n in (1, 2, 3):
            same_document(by, views[n], n - 1)
    with open_scope(scope_of(there)) as by:
        far = enter(by, there, "0", "虚构0", document_number="P0000000")  # the first child, which both have
        only = enter(by, there, "9", "虚构9", document_number="P0000009")
        same_document(by, only, 0)
        assert far.child_id == views[0].child_id
    may = frozenset({"children.read", "children.merge"})
    nobody = frozenset({"children.merge"})
    readers = [(scope_of(here), 3), (scope_of(there), 1)]
    for start, end, number in (
        ("000000", "999999", 4), ("000000", "600000", 4), ("510000", "520000", 3), ("330000", "340000", 1),
        ("440000", "450000", 0),
    ):  # fmt: skip
        readers.append((Scope(region_from=start, region_to=end, permissions=may), number))
        readers.append((Scope(region_from=start, region_to=end, permissions=nobody), 0))
    for by, number in readers:
        with open_scope(by):
            assert count_open(by, 99) == open_proposals().count() == number
            assert count_open(by, 2) == min(2, number)
    with open_scope(scope_of(here)) as by:
        merge(by=by, kept=views[1].child, merged=views[2].child, reason="同一人")
        dismiss(by=by, proposal=open_proposals()[0], reason="双胞胎")
    for by, number in readers:
        with open_scope(by):
            assert count_open(by, 99) == open_proposals().count() == max(0, number - (2 if number > 1 else 0))


def test_a_document_entered_while_two_are_one_asks_once_they_are_parted(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        one, other = made(by, here, 2)
        act = merge(by=by, kept=one.child, merged=other.child, reason="同名")
        same_document(by, other, 0)
        enter(by, here, "1", "虚构1", document_number="P0000000")  # an import says it too
        assert waiting() == set()
        with pytest.raises(InputRefused, match="无需重复"):
            dismiss(by=by, proposal=MergeProposal.objects.get(), reason="其实是两人")
        undo_merge(by=by, act=act, reason="不是同一人")
        assert waiting() == {(one.child_id, other.child_id)}


def test_a_merge_by_way_of_a_third_child_answers_too(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        one, other, third = made(by, here, 3)
        same_document(by, other, 0)
        first = merge(by=by, kept=one.child, merged=third.child, reason="同名")
        assert len(waiting()) == 1
        second = merge(by=by, kept=third.child, merged=other.child, reason="同名")
        assert waiting() == set()
        undo_merge(by=by, act=first, reason="不是同一人")
        assert waiting() == {(one.child_id, other.child_id)}
        undo_merge(by=by, act=second, reason="不是同一人")
        assert waiting() == {(one.child_id, other.child_id)}


def test_what_was_told_apart_stays_so_through_a_merge(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        one, other = made(by, here, 2)
        same_document(by, other, 0)
        dismiss(by=by, proposal=MergeProposal.objects.get(), reason="双胞胎")
        before = MergeProposal.objects.values().get()
        act = merge(by=by, kept=one.child, merged=other.child, reason="后来证实同一人")
        undo_merge(by=by, act=act, reason="又不是")
        assert waiting() == set()
        assert MergeProposal.objects.values().get() == before


ACTS = st.one_of(
    st.tuples(st.just("merge"), st.integers(0, CHILDREN - 1), st.integers(0, CHILDREN - 1)),
    st.tuples(st.just("undo"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("evidence"), st.integers(0, CHILDREN - 1), st.integers(0, CHILDREN - 1)),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=st.lists(ACTS, min_size=1, max_size=10))
def test_whatever_is_merged_meanwhile_the_questions_are_those_that_evidence_asked(
    hospitals: Hospitals, acts: list[Any]
) -> None:
    """Beside the site stands the plain account: pairs that evidence named wait, unless merges that stand join them."""
    here, _ = hospitals
    with transaction.atomic(), open_scope(scope_of(here)) as by:
        views = made(by, here, CHILDREN)
        named: set[tuple[int, int]] = set()
        standing: dict[int, tuple[int, int]] = {}
        said: set[tuple[int, int]] = set()
        for what, one, other in acts:
            if what == "undo" and standing:
                act = sorted(standing)[one % len(standing)]
                undo_merge(by=by, act=act, reason="撤销")
                del standing[act]
            elif what == "merge" and not joined(one, other, standing):
                act = merge(by=by, kept=views[one].child, merged=views[other].child, reason="合并")
                standing[act] = (one, other)
            elif what == "evidence" and one != other and (one, other) not in said:
                same_document(by, views[one], other)
                said.add((one, other))
                named.add((min(one, other), max(one, other)))
            open_now = {pair for pair in named if not joined(*pair, standing)}
            assert waiting() == {(views[low].child_id, views[high].child_id) for low, high in open_now}
        for act in standing:
            undo_merge(by=by, act=act, reason="撤销")
        assert waiting() == {(views[low].child_id, views[high].child_id) for low, high in named}
        assert not MergeProposal.objects.exclude(merge=None).exists()
        transaction.set_rollback(True)


def joined(one: int, other: int, standing: dict[int, tuple[int, int]]) -> bool:
    reached = {one}
    for _ in standing:
        reached |= {end for edge in standing.values() if reached & set(edge) for end in edge}
    return other in reached
