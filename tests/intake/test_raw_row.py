"""The row beside a card is what files said: not what was taken back, and not what a person typed."""

from __future__ import annotations

import pytest
from made_up_files import Hospital

from tonghu.intake import services
from tonghu.registry.models import Card
from tonghu.registry.pages.opening import Opened, opened
from tonghu.registry.services import save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def seen(hospital: Hospital) -> Opened:
    with hospital.acting() as by:
        one = opened(Card.objects.get().pk, by)
        assert one.raw
        assert one.saved
        return one


def test_a_row_that_was_taken_back_is_not_the_row(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.imported(hospital.page(P782="99999.00"))
    assert seen(hospital).raw.front["P782"] == "99999.00"
    hospital.undone(batch)
    one = seen(hospital)
    assert (one.raw.front["P782"], one.saved.front["P782"]) == ("12000.00", "12000.00")


def test_what_a_clerk_typed_before_a_fill_is_not_the_rows(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P12=""))
    with hospital.acting() as by:
        save_card(
            card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "12500.00"}, supplement={"laterality": "1"}
        )
    batch = hospital.checked(hospital.page(P12="中国"))
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="fill", rows=[1], by=by) == 1
    hospital.confirmed(batch)
    one = seen(hospital)
    assert (one.raw.front["P782"], one.saved.front["P782"]) == ("12000.00", "12500.00")
    assert (one.raw.front["P12"], one.saved.front["P12"]) == ("中国", "中国")
    assert (dict(one.raw.supplement), dict(one.saved.supplement)) == ({}, {"laterality": "1"})
