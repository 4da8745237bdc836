"""A grant is to see one child: neither a merge nor anything that it joins opens more of the giver's than was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from made_up_hospitals import CHILDREN, enter, scope_of

import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.network.region_range import covered
from tonghu.patients import queries
from tonghu.patients.agreements import end_grant, let_see
from tonghu.patients.merges import merge, split, undo_merge
from tonghu.patients.models import Child, Grant, HospitalView, Merge
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import Scope, open_scope

pytestmark = [pytest.mark.requirement("REG-17"), pytest.mark.requirement("NET-09")]
DOCUMENT = {"document_number": "510104201501010017"}
ANOTHER = {"document_number": "510104201601010015"}


@dataclass(frozen=True)
class Met:
    """The giver knows X and Y; the other hospital knows Y too, and is allowed to see X."""

    giver: Institution
    guest: Institution
    x: HospitalView
    y: HospitalView


@pytest.fixture
def met(hospitals: tuple[Institution, Institution]) -> Met:
    giver, guest = hospitals
    with open_scope(scope_of(giver)) as by:
        x = enter(by, giver, "X", "虚构甲", **ANOTHER)
        y = enter(by, giver, "Y", "虚构乙", **DOCUMENT)
        let_see(
            child=x.child, institution=guest.pk, given_by=giver.pk, ground=Grant.Ground.REFERRAL, by=by,
            start=timezone.now(), end=timezone.now() + timedelta(hours=1), reference="虚构转诊单",
        )  # fmt: skip
    with open_scope(scope_of(guest)) as by:
        assert enter(by, guest, "Y2", "虚构乙", **DOCUMENT).child_id == y.child_id
    return Met(giver, guest, x, y)


def seen(at: Institution) -> set[str]:
    with open_scope(scope_of(at)):
        return set(HospitalView.objects.values_list("record_number", flat=True))


def test_whoever_was_let_see_a_child_does_not_say_who_it_is(met: Met) -> None:
    assert seen(met.guest) == {"X", "Y2"}
    with open_scope(scope_of(met.guest)) as by, pytest.raises(InputRefused):
        merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    assert seen(met.guest) == {"X", "Y2"}


def test_nor_by_raw_sql(met: Met) -> None:
    with (
        open_scope(scope_of(met.guest)),
        pytest.raises(DatabaseError, match="outside the scope"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT resolver.merge(%s, %s, 'x')", [met.x.child_id, met.y.child_id])


def test_a_view_of_ones_own_on_each_side_opens_nothing_of_the_givers(met: Met) -> None:
    """What the grant shows lets the guest enter the child itself, and then merge two children of its own."""
    with open_scope(scope_of(met.guest)) as by:
        assert enter(by, met.guest, "X2", "虚构甲", **ANOTHER).child_id == met.x.child_id
        act = merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    assert seen(met.guest) == {"X", "X2", "Y2"}
    with open_scope(scope_of(met.guest)) as by:
        undo_merge(by=by, act=act, reason="撤销")
    assert seen(met.guest) == {"X", "X2", "Y2"}


@dataclass(frozen=True)
class Above:
    """An authority that says that the two children are one, and whether that counts for the giver's."""

    region: str
    counts: bool


ABOVE = [
    pytest.param(Above("330102", counts=False), id="the guest's county"),
    pytest.param(Above("330100", counts=False), id="the guest's city"),
    pytest.param(Above("330000", counts=False), id="the guest's province"),
    pytest.param(Above("510104", counts=True), id="the giver's county"),
    pytest.param(Above("510000", counts=True), id="the giver's province"),
    pytest.param(Above("000000", counts=True), id="the nation"),
]


def records_of(at: Institution) -> Client:
    return made_up.browser(made_up.post("records_department", at))


def above(region: str, *more: str) -> Scope:
    low, high = covered(region)
    return Scope(region_from=low, region_to=high, permissions=CHILDREN | {*more}, purpose="test", label="虚构主管")


@pytest.mark.parametrize("said", ABOVE)
def test_what_is_said_above_counts_for_the_hospitals_below(met: Met, said: Above) -> None:
    """Of each side the guest has a view of its own, so that its authority may merge them."""
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
    with open_scope(above(said.region)) as by:
        merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    opened = {"Y"} if said.counts else set()
    assert seen(met.guest) == {"X", "X2", "Y2"} | opened
    with open_scope(scope_of(met.guest)) as by:
        found = {hit.record_number for each in queries.search("虚构乙", by=by) for hit in each.views}
        assert found == {"Y2"} | opened
        assert {one.record_number for one in queries.let_see_here(by)} == {"X"} | opened
        assert {child for child, *_ in granted()} == {met.x.child_id} | ({met.y.child_id} if opened else set())


def test_a_chain_of_acts_ends_with_the_first_that_does_not_count(met: Met) -> None:
    """The giver's own act beyond one of the guest's authority opens nothing either."""
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
    with open_scope(scope_of(met.giver)) as by:
        far = enter(by, met.giver, "V", "虚构丁")
        merge(by=by, kept=met.y.child, merged=far.child, reason="同一名患儿")
    with open_scope(above("330102")) as by:
        merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    assert seen(met.guest) == {"X", "X2", "Y2"}


def granted() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM scope.granted()")
        return cursor.fetchall()


@pytest.mark.parametrize(
    ("region", "giver_may", "guest_may"),
    [("330102", True, True), ("510104", True, True), ("000000", True, True)],
)
def test_whoever_holds_both_sides_takes_back_what_anybody_said(
    met: Met, region: str, giver_may: bool, guest_may: bool
) -> None:
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
    with open_scope(above(region)) as by:
        act = merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    for at, may in ((met.giver, giver_may), (met.guest, guest_may)):
        with open_scope(scope_of(at)):
            assert queries.may_take_back([Merge.objects.get(pk=act)]) == ({act} if may else set())


@pytest.mark.parametrize(("region", "may"), [("330102", True), ("330000", True), ("000000", False)])
def test_of_what_was_said_above_others_a_hospital_takes_back_what_names_its_child(
    met: Met, region: str, may: bool
) -> None:
    """The giver holds one side alone: what its own authority said stands, what another's said need not."""
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
        alone = enter(by, met.guest, "Z", "虚构丙")
    with open_scope(above(region)) as by:
        act = merge(by=by, kept=met.x.child, merged=alone.child, reason="合并")
    with open_scope(scope_of(met.giver)) as by:
        assert queries.may_take_back(Merge.objects.filter(pk=act)) == ({act} if may else set())
        if may:
            undo_merge(by=by, act=act, reason="不是同一人")
        else:
            with pytest.raises(InputRefused, match="您的岗位"):
                undo_merge(by=by, act=act, reason="不是同一人")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_hospital_takes_it_back_by_the_page_whichever_side_it_holds(met: Met, swapped: bool) -> None:
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
        alone = enter(by, met.guest, "Z", "虚构丙")
        kept, merged = (alone.child, met.x.child) if swapped else (met.x.child, alone.child)
        act = merge(by=by, kept=kept, merged=merged, reason="合并")
    browser = records_of(met.giver)
    where = reverse("patients:undo_merge", args=[act])
    assert where in browser.get(reverse("patients:child", args=[met.x.child_id])).content.decode()
    assert browser.get(where).status_code == 200
    done = browser.post(where, {"reason": "不是同一人"}, follow=True)
    assert done.status_code == 200
    assert done.redirect_chain[-1][0] == reverse("patients:child", args=[met.x.child_id])
    with open_scope(scope_of(met.giver)):
        assert Merge.objects.filter(undoes=act).exists()


def test_a_grant_asks_nothing_and_offers_no_merge(met: Met) -> None:
    """Neither a question nor the page of two children, nor a child to choose, is of whom a grant alone shows."""
    with open_scope(scope_of(met.giver)) as by:  # the same record number under another document: a question arises
        enter(by, met.giver, "X", "虚构甲", document_number="510104201703010013")
        (asked,) = queries.open_proposals()
        pair = {asked.first_id, asked.second_id}
        for child in pair - {met.x.child_id}:
            let_see(
                child=Child.objects.get(pk=child), institution=met.guest.pk, given_by=met.giver.pk, by=by,
                ground=Grant.Ground.REFERRAL, start=timezone.now(), end=timezone.now() + timedelta(hours=1),
                reference="虚构转诊单",
            )  # fmt: skip
    with open_scope(scope_of(met.guest)) as by:
        assert set(HospitalView.objects.values_list("child", flat=True)) >= {met.x.child_id}
        assert not queries.open_proposals().exists()
        assert queries.count_open(by, 99) == 0
    browser = records_of(met.guest)
    page = browser.get(reverse("patients:child", args=[met.x.child_id]))
    where = reverse("patients:merge", args=[met.x.child_id])
    assert page.status_code == 200
    assert where not in page.content.decode()
    assert browser.get(where).status_code == 404
    choice = browser.get(reverse("patients:merge", args=[met.y.child_id]), {"q": "虚构甲"}).content.decode()
    assert "data-card" not in choice


def beside(met: Met) -> HospitalView:
    """The guest's view of whom it is let see: one child with the giver's by their document."""
    with open_scope(scope_of(met.guest)) as by:
        return enter(by, met.guest, "X2", "虚构甲", **ANOTHER)


def test_whoever_parts_its_view_from_one_it_was_let_see_takes_that_back_once(met: Met) -> None:
    view = beside(met)
    with open_scope(scope_of(met.guest)) as by:
        act = split(by=by, view=view, reason="双胞胎，证件录错")
    assert seen(met.guest) == {"X", "X2", "Y2"}
    with open_scope(scope_of(met.guest)) as by:
        back = merge(by=by, kept=act.child, merged=act.parted, reason="误拆")
    assert seen(met.guest) == {"X", "X2", "Y2"}
    with open_scope(scope_of(met.giver)) as by:
        undo_merge(by=by, act=back, reason="不是同一人")
    with open_scope(scope_of(met.guest)) as by, pytest.raises(InputRefused, match="您的岗位"):
        merge(by=by, kept=act.child, merged=act.parted, reason="再合并")


def test_also_by_the_page_once_the_grant_is_over(met: Met) -> None:
    view = beside(met)
    with open_scope(scope_of(met.guest)) as by:
        act = split(by=by, view=view, reason="双胞胎，证件录错")
    with open_scope(scope_of(met.giver)) as by:
        end_grant(grant=Grant.objects.get(), reason="已经出院", by=by)
    browser = records_of(met.guest)
    where = reverse("patients:undo_split", args=[act.pk])
    assert where in browser.get(reverse("patients:child", args=[act.parted_id])).content.decode()
    assert browser.get(where).status_code == 200
    done = browser.post(where, {"reason": "误拆"}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("patients:child", args=[act.parted_id])
    assert seen(met.guest) == {"X2", "Y2"}
    with open_scope(scope_of(met.guest)):
        assert Merge.objects.get().reason == "误拆"


def test_a_stranger_takes_back_neither(met: Met) -> None:
    view = beside(met)
    with open_scope(scope_of(met.guest)) as by:
        act = split(by=by, view=view, reason="双胞胎，证件录错")
    with open_scope(scope_of(met.giver)) as by, pytest.raises(InputRefused, match="您的岗位"):
        merge(by=by, kept=met.x.child, merged=Child(pk=act.parted_id), reason="不是我拆的")


def test_a_merge_stands_in_the_book_of_every_hospital_that_knows_one(met: Met) -> None:
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
        act = merge(by=by, kept=met.x.child, merged=met.y.child, reason="合并")
    with open_scope(scope_of(met.giver)) as by:
        undo_merge(by=by, act=act, reason="不是同一人")
    for at in (met.giver, met.guest):
        with open_scope(scope_of(at, frozenset({"audit.read"}))):
            told = Event.objects.filter(institution_id=at.pk, kind__in=("children.merged", "children.unmerged"))
            assert sorted(told.values_list("kind", "subject_id")) == sorted(
                (kind, str(child)) for kind in ("children.merged", "children.unmerged")
                for child in (met.x.child_id, met.y.child_id)
            )  # fmt: skip


def test_which_hospitals_know_a_child_is_told_of_no_other_act(met: Met) -> None:
    with open_scope(scope_of(met.giver)) as by:
        act = merge(by=by, kept=met.x.child, merged=met.y.child, reason="同一名患儿")
    with open_scope(scope_of(met.guest)), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM resolver.books_of(%s)", [act])
        assert cursor.fetchall() == []


def test_what_the_giver_calls_one_child_is_seen_whole_as_long_as_it_says_so(met: Met) -> None:
    with open_scope(scope_of(met.giver)) as by:
        act = merge(by=by, kept=met.x.child, merged=met.y.child, reason="同一名患儿")
    assert seen(met.guest) == {"X", "Y", "Y2"}
    with open_scope(scope_of(met.giver)) as by:
        undo_merge(by=by, act=act, reason="不是同一人")
    assert seen(met.guest) == {"X", "Y2"}


def test_a_hospital_takes_back_what_another_said_of_its_child(met: Met) -> None:
    """The guest joins the child with one unknown to the giver, which need not see that one."""
    with open_scope(scope_of(met.guest)) as by:
        enter(by, met.guest, "X2", "虚构甲", **ANOTHER)
        alone = enter(by, met.guest, "Z", "虚构丙")
        act = merge(by=by, kept=met.x.child, merged=alone.child, reason="合并")
    assert "Z" not in seen(met.giver)
    with open_scope(scope_of(met.giver)) as by:
        undo_merge(by=by, act=act, reason="不是同一人")
    with open_scope(scope_of(met.guest)):
        assert alone.child.group != met.x.child.group
    with open_scope(scope_of(met.guest)) as by, pytest.raises(InputRefused, match="无需重复"):
        undo_merge(by=by, act=act, reason="再撤一次")
