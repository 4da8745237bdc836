"""What merges of before count for: as the post that said them says, and for nobody where no such post is known."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connections
from django.utils import timezone

import made_up
from tonghu.network.region_range import covered
from tonghu.patients.agreements import let_see
from tonghu.patients.merges import merge
from tonghu.patients.models import Grant, HospitalView, Merge
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.requirement("REG-17")]
HELD, ABOVE = (import_module(f"tonghu.patients.migrations.{name}") for name in ("0013_held", "0014_above"))


def as_owner(*statements: str) -> None:
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        for one in statements:
            cursor.execute(one)


def noted(act: int) -> tuple[int | None, str | None, str | None]:
    with open_scope(system_scope("migration"), using="owner"):
        return Merge.objects.using("owner").values_list("of_hospital", "region_from", "region_to").get(pk=act)


def given() -> tuple[Post, Post, list[HospitalView]]:
    """A hospital lets another see the first of two children that it knows."""
    giver, guest = (
        made_up.post("records_department", made_up.hospital(region=region)) for region in ("510104", "330102")
    )
    with made_up.acting(giver, "children.grant") as by:
        at = giver.institution_id
        views = [enter_view(by=by, institution=at, record_number=n, patient_name="虚构甲") for n in ("X", "Y")]
        let_see(
            child=views[0].child, institution=guest.institution_id, given_by=at, ground=Grant.Ground.REFERRAL, by=by,
            start=timezone.now(), end=timezone.now() + timedelta(hours=1), reference="虚构转诊单",
        )  # fmt: skip
    return giver, guest, views


def seen(post: Post) -> set[str]:
    with made_up.acting(post):
        return set(HospitalView.objects.values_list("record_number", flat=True))


@pytest.mark.parametrize("region", ["000000", "510000", "510100", "510104"])
@pytest.mark.usefixtures("committed")
def test_of_an_authority_what_it_is_in_charge_of(region: str) -> None:
    _giver, guest, (x, y) = given()
    city = made_up.post("commission_officer", made_up.authority("health", region))
    with made_up.acting(city, "children.merge") as by:
        act = merge(by=by, kept=x.child, merged=y.child, reason="同一名患儿")
    assert noted(act) == (None, *covered(region))
    assert seen(guest) == {"X", "Y"}
    as_owner("UPDATE patients_merge SET region_from = NULL, region_to = NULL")
    assert seen(guest) == {"X"}
    as_owner(HELD.OF_POSTS, ABOVE.OF_POSTS)
    assert noted(act) == (None, *covered(region))
    assert seen(guest) == {"X", "Y"}


@pytest.mark.usefixtures("committed")
def test_of_a_hospital_the_hospital() -> None:
    giver, guest, (x, y) = given()
    with made_up.acting(giver, "children.merge") as by:
        act = merge(by=by, kept=x.child, merged=y.child, reason="同一名患儿")
    as_owner("UPDATE patients_merge SET of_hospital = NULL")
    assert seen(guest) == {"X"}
    as_owner(HELD.OF_POSTS, ABOVE.OF_POSTS)
    assert noted(act) == (giver.institution_id, None, None)
    assert seen(guest) == {"X", "Y"}


@pytest.mark.usefixtures("committed")
def test_where_no_post_is_known_nothing_is_opened() -> None:
    giver, guest, (x, y) = given()
    with made_up.acting(giver, "children.merge") as by:
        act = merge(by=by, kept=x.child, merged=y.child, reason="同一名患儿")
    as_owner("UPDATE patients_merge SET of_hospital = NULL, post_id = NULL", HELD.OF_POSTS, ABOVE.OF_POSTS)
    assert noted(act) == (None, None, None)
    assert seen(guest) == {"X"}
