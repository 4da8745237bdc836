"""A grant is to see one child: neither a merge nor anything that it joins opens more of the giver's than was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from made_up_hospitals import enter, scope_of

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.agreements import let_see
from tonghu.patients.merges import merge, undo_merge
from tonghu.patients.models import Grant, HospitalView
from tonghu.platform.scope.scope import open_scope

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
