"""A merge is an act and nothing is rewritten: whatever is merged and edited, taking it back restores both sides."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_hospitals import enter, make_hospitals, scope_of

from committed import in_threads
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.merges import merge, undo_merge
from tonghu.patients.models import Child, HospitalView, Merge
from tonghu.patients.queries import of_group
from tonghu.patients.services import change_view, save_guardian
from tonghu.platform.scope.scope import open_scope

Hospitals = tuple[Institution, Institution]
CHILDREN = 5


def groups() -> dict[int, int]:
    return {child.pk: child.group for child in Child.objects.all()}


def rows() -> list[Any]:
    return list(HospitalView.objects.order_by("id").values())


@pytest.mark.requirement("REG-17")
def test_a_merge_shows_both_views_as_one_child_and_an_undo_takes_it_back(hospitals: Hospitals) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        kept, other = (enter(by, here, n, "虚构甲").child for n in "12")
        before = rows()
        act = merge(by=by, kept=kept, merged=other, reason="同一名患儿，建档两次")
        assert of_group(Child.objects.get(pk=other.pk)).count() == 2
        assert len(set(groups().values())) == 1
        with pytest.raises(InputRefused, match="无需重复"):
            merge(by=by, kept=other, merged=kept, reason="再来一次")
        enter(by, here, "2", "虚构乙")  # an edit since, on the other side
        undo_merge(by=by, act=act, reason="不是同一人")
        assert groups() == {kept.pk: kept.pk, other.pk: other.pk}
        assert [view.patient_name for view in of_group(Child.objects.get(pk=other.pk))] == ["虚构乙"]
        assert rows()[0] == before[0]
        with pytest.raises(InputRefused, match="无需重复"):
            undo_merge(by=by, act=act, reason="再撤一次")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(st.integers(0, CHILDREN - 1), st.integers(0, CHILDREN - 1), st.booleans()), min_size=1, max_size=8
    )
)
def test_undoing_every_merge_in_any_order_leaves_everything_as_it_was(hospitals: Hospitals, acts: list[Any]) -> None:
    here, _ = hospitals
    with transaction.atomic(), open_scope(scope_of(here)) as by:
        views = [enter(by, here, f"{n}", f"虚构{n}") for n in range(CHILDREN)]
        children = [view.child for view in views]
        before, untouched = groups(), rows()
        standing: dict[int, tuple[int, int]] = {}
        for first, second, take_back in acts:
            if take_back and standing:
                act = sorted(standing)[first % len(standing)]
                undo_merge(by=by, act=act, reason="撤销")
                del standing[act]
            elif groups()[children[first].pk] != groups()[children[second].pk]:
                act = merge(by=by, kept=children[first], merged=children[second], reason="合并")
                standing[act] = (children[first].pk, children[second].pk)
            assert groups() == components(before, list(standing.values()))
        for act in standing:
            undo_merge(by=by, act=act, reason="撤销")
        assert groups() == before
        assert rows() == untouched
        transaction.set_rollback(True)


def components(children: dict[int, int], edges: list[tuple[int, int]]) -> dict[int, int]:
    """The plain way: spread the smallest id along the edges until nothing changes."""
    head = {child: child for child in children}
    for _ in children:
        for first, second in edges:
            head[first] = head[second] = min(head[first], head[second])
    return head


def test_a_merge_needs_both_sides_in_scope_the_right_and_a_reason(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(there)) as by:
        far = enter(by, there, "1", "虚构甲").child
    with open_scope(scope_of(here)) as by:
        near, second = (enter(by, here, n, "虚构甲").child for n in "12")
        with pytest.raises(InputRefused, match="您的岗位"):
            merge(by=by, kept=near, merged=far, reason="猜的")
        with pytest.raises(InputRefused, match="原因"):
            merge(by=by, kept=near, merged=second, reason=" ")
        act = merge(by=by, kept=near, merged=second, reason="同一名患儿")
    with open_scope(scope_of(there)) as by, pytest.raises(InputRefused, match="您的岗位"):
        undo_merge(by=by, act=act, reason="不归我管")
    with open_scope(scope_of(here, frozenset({"children.read"}))) as by, pytest.raises(InputRefused, match="您的岗位"):
        undo_merge(by=by, act=act, reason="没有权限")


@pytest.mark.parametrize("statement", ["UPDATE patients_merge SET reason = 'x'", "DELETE FROM patients_merge"])
def test_an_act_cannot_be_changed(hospitals: Hospitals, statement: str) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        kept, other = (enter(by, here, n, "虚构甲").child for n in "12")
        merge(by=by, kept=kept, merged=other, reason="同一名患儿")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
        assert Merge.objects.count() == 1


@pytest.mark.requirement("REG-17")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_edits_of_others_during_merges_stay_with_the_side_they_were_made_on(committed: None, seed: int) -> None:
    """Two merge and take back at random, four edit meanwhile, each on a connection of its own; then all is undone."""
    here, _ = make_hospitals()
    with open_scope(scope_of(here)) as by:
        views = [enter(by, here, f"{n}", f"虚构{n}") for n in range(4)]
        children = [view.child for view in views]

    def merge_and_part(chance: random.Random) -> None:
        done = []
        for _ in range(12):
            one, other = chance.sample(children, 2)
            with contextlib.suppress(InputRefused), open_scope(scope_of(here)) as by:
                if done and chance.random() < 0.4:
                    undo_merge(by=by, act=done.pop(chance.randrange(len(done))), reason="撤销")
                else:
                    done.append(merge(by=by, kept=one, merged=other, reason="合并"))
        for act in done:
            with open_scope(scope_of(here)) as by:
                undo_merge(by=by, act=act, reason="撤销")

    def edit(number: int) -> None:
        for turn in range(10):
            with open_scope(scope_of(here)) as by:
                change_view(by=by, view=views[number], patient_name=f"虚构{number}改{turn}")
                enter(by, here, f"{number}-{turn}", f"虚构{number}", document_number=f"P{number}{turn:05d}")
            with open_scope(scope_of(here)) as by:
                save_guardian(by=by, view=views[number], name=f"监护{turn}")

    def work(number: int) -> None:
        merge_and_part(random.Random(seed * 10 + number)) if number < 2 else edit(number - 2)

    in_threads(work, 6)
    with open_scope(scope_of(here)):
        assert all(group == child for child, group in groups().items())
        for number, view in enumerate(views):
            mine = list(of_group(children[number]))
            assert [(held.pk, held.patient_name) for held in mine] == [(view.pk, f"虚构{number}改9")]
            assert mine[0].guardians.count() == 10
            assert mine[0].former_names.count() == 10
        assert HospitalView.objects.count() == 4 + 40
