"""Whoever merges, takes back and lets see whatever, in any order: a hospital sees its own and what it was let see.

What is expected is worked out here from the acts alone: a grant opens what its giver holds of the child and of whom the
giver, or an authority in charge of the giver's region, calls one with it. Nothing is asked of the database for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_hospitals import CHILDREN, enter, scope_of
from psycopg.types.range import Range

from tonghu.network.models import Institution
from tonghu.network.region_range import covered
from tonghu.patients.agreements import end_grant, let_see
from tonghu.patients.models import Grant, HospitalView
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

#: Hospitals by name with their counties: two of one county, one of another, one of another province.
HOSPITALS = {"A": "510104", "B": "510104", "C": "510107", "D": "330102"}
#: Authorities by region; whoever acts is one of these or a hospital.
AUTHORITIES = ("510104", "510100", "510000", "330102", "330000", "000000")
ACTORS = (*HOSPITALS, *AUTHORITIES)
COUNT = 5
#: Numbers of real shape that nobody bears: a child each.
DOCUMENTS = [f"51010420150101{n:03d}" for n in range(1, COUNT + 1)]

child = st.integers(0, COUNT - 1)
hospital = st.sampled_from(sorted(HOSPITALS))
act = st.one_of(
    st.tuples(st.just("merge"), st.sampled_from(ACTORS), child, child),
    st.tuples(st.just("undo"), st.sampled_from(ACTORS), st.integers(0, 20), child),
    st.tuples(st.just("let"), hospital, hospital, child),
    st.tuples(st.just("end"), hospital, hospital, child),
)
#: Which hospital knows which children from the start.
known = st.fixed_dictionaries({name: st.sets(child, max_size=COUNT) for name in HOSPITALS})


def number(child: int) -> str:
    """An identity number with its check digit."""
    first = DOCUMENTS[child]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]


class World:
    """What the acts say, kept the plain way."""

    def __init__(self, knows: Mapping[str, set[int]]) -> None:
        self.knows = knows
        self.merges: dict[int, tuple[str, int, int]] = {}
        self.lets: dict[tuple[str, str, int], int] = {}

    def holds(self, actor: str, child: int) -> bool:
        """Whether an actor's own range has a view of a child."""
        return any(child in self.knows[name] for name in HOSPITALS if actor == name or above(actor, name))

    def reach(self, giver: str, child: int) -> set[int]:
        """The children that are one with a child by acts that count for the giver."""
        counts = [(a, b) for actor, a, b in self.merges.values() if actor == giver or above(actor, giver)]
        found = {child}
        while more := {x for a, b in counts for x in (a, b) if found & {a, b}} - found:
            found |= more
        return found

    def seen(self, name: str) -> set[str]:
        """The record numbers that a hospital sees."""
        given_here = [(giver, one) for giver, to, one in self.lets if to == name]
        views = {(giver, one) for giver, first in given_here for one in self.reach(giver, first) & self.knows[giver]}
        return {f"{at}{one}" for at, one in views | {(name, one) for one in self.knows[name]}}

    def may_undo(self, actor: str, act: int) -> bool:
        """Whoever holds both sides, or one of what was not said above it."""
        by, a, b = self.merges[act]
        sides = [self.holds(actor, one) for one in (a, b)]
        return all(sides) or (any(sides) and not is_above(by, actor))


def above(actor: str, name: str) -> bool:
    """Whether an actor is an authority in charge of a hospital's county."""
    return actor in AUTHORITIES and _within(HOSPITALS[name], actor)


def is_above(one: str, other: str) -> bool:
    """Whether what one said was said above the other."""
    return one in AUTHORITIES and _within(HOSPITALS.get(other, other), one)


def _within(code: str, region: str) -> bool:
    return code.startswith(region.rstrip("0")) if region != "000000" else True


@pytest.fixture
def institutions(db: None) -> dict[str, Institution]:
    with open_scope(system_scope("provisioning")):
        return {
            name: Institution.objects.create(
                code=f"H{name}", name=f"虚构{name}医院", kind="hospital", region_code=region, valid=Range(None, None)
            )
            for name, region in HOSPITALS.items()
        }


def acting(actor: str, institutions: Mapping[str, Institution]) -> AbstractContextManager[Scope]:
    if actor in institutions:
        return open_scope(scope_of(institutions[actor]))
    low, high = covered(actor)
    return open_scope(Scope(region_from=low, region_to=high, permissions=CHILDREN, purpose="test", label="虚构主管"))


@pytest.mark.requirement("REG-17")
@pytest.mark.requirement("NET-09")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(knows=known, acts=st.lists(act, min_size=3, max_size=14))
def test_nobody_ever_sees_more_than_was_given(
    institutions: dict[str, Institution], knows: dict[str, set[int]], acts: list[tuple[str, str, str | int, int]]
) -> None:
    world = World(knows)
    with transaction.atomic():
        children = dict[int, int]()
        for name, at in institutions.items():
            with open_scope(scope_of(at)) as by:
                for one in sorted(knows[name]):
                    document = {"document_number": number(one)}
                    children[one] = enter(by, at, f"{name}{one}", f"虚构{one}", **document).child_id
        for kind, actor, what, one in acts:
            do(world, institutions, children, kind, actor, what, one)
            for name, at in institutions.items():
                with open_scope(scope_of(at)):
                    assert set(HospitalView.objects.values_list("record_number", flat=True)) == world.seen(name), name
        transaction.set_rollback(True)


def do(
    world: World, institutions: Mapping[str, Institution], children: Mapping[int, int],
    kind: str, actor: str, what: str | int, one: int,
) -> None:  # fmt: skip
    """Try an act, and hold that it is taken or refused as it should be."""
    if kind == "merge":
        other = int(what)
        if other in children and one in children and one != other:
            may = world.holds(actor, one) and world.holds(actor, other)
            made = tried(institutions, actor, "merge", children[other], children[one])
            assert made is None or may, "merged by who does not hold both sides"
            if made is not None:
                world.merges[made] = (actor, other, one)
            else:
                assert not may or joined(world, other, one), "refused without a reason"
    elif kind == "undo" and world.merges:
        act = sorted(world.merges)[int(what) % len(world.merges)]
        may = world.may_undo(actor, act)
        assert (tried(institutions, actor, "undo", act) is not None) is may
        if may:
            del world.merges[act]
    elif kind in ("let", "end") and actor != what and one in world.knows[actor]:
        key = (actor, str(what), one)
        with acting(actor, institutions) as by:
            if kind == "let" and key not in world.lets:
                world.lets[key] = let_see(
                    child=HospitalView.objects.get(record_number=f"{actor}{one}").child,
                    institution=institutions[str(what)].pk, given_by=institutions[actor].pk, by=by,
                    ground=Grant.Ground.REFERRAL, start=timezone.now(),
                    end=timezone.now() + timedelta(hours=1), reference="虚构转诊单",
                ).pk  # fmt: skip
            elif kind == "end" and key in world.lets:
                end_grant(by=by, grant=Grant.objects.get(pk=world.lets.pop(key)), reason="虚构")


def joined(world: World, one: int, other: int) -> bool:
    """Whether two children are one already, whoever said so."""
    found = {one}
    while more := {x for _, a, b in world.merges.values() for x in (a, b) if found & {a, b}} - found:
        found |= more
    return other in found


def tried(institutions: Mapping[str, Institution], actor: str, kind: str, *ids: int) -> int | None:
    """The number of the act; None where it was refused. By SQL, as a session of the application could."""
    statement = {"merge": "SELECT resolver.merge(%s, %s, 'x')", "undo": "SELECT resolver.undo_merge(%s, 'x')"}[kind]
    try:
        with acting(actor, institutions), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, ids)
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return None
