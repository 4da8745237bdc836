"""The counts that a batch keeps of its rows' kinds are those of its rows, whatever was chosen or compared again."""

from __future__ import annotations

import random

import pytest
from made_up_files import Hospital

from tonghu.intake import kinds, services
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Batch, Choice, Match, Row
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def kept_and_counted(hospital: Hospital, batch: Batch) -> tuple[dict[kinds.Kind, int], dict[kinds.Kind, int]]:
    """What the batch keeps, and what its rows say."""
    with hospital.acting():
        held = Batch.objects.get(pk=batch.pk)
        assert "kinds" in held.summary
        kept = kinds.kinds(held)
        kinds.forget(held)
        return dict(kept), dict(kinds.kinds(held))


def test_choices_move_rows_from_kind_to_kind(hospital: Hospital) -> None:
    pages = [hospital.page(P3=f"ZY{n}", P4=f"虚构{n}") for n in range(6)]
    hospital.imported(*pages)
    with hospital.acting() as by:
        for card in Card.objects.order_by("pk")[:3]:
            save_card(card=card.pk, based_on=1, by=by, front={"P782": "11000.00"})
    fresh = [hospital.page(P3=f"ZY9{n}", P4=f"虚构九{n}") for n in range(3)]
    batch = hospital.checked(*({**page, "P782": "13000.00"} for page in pages[:5]), pages[5], *fresh)
    kept, counted = kept_and_counted(hospital, batch)
    assert kept == counted
    assert sum(kept.values()) == 9
    chance = random.Random(7)
    for _ in range(12):
        one = chance.random() < 0.5
        with hospital.acting() as by:
            services.choose(
                batch=batch.pk, choice=chance.choice(Choice.values), by=by, again=chance.random() < 0.5,
                rows=[chance.randint(1, 9)] if one else None, match="" if one else chance.choice(Match.values),
            )  # fmt: skip
        kept, counted = kept_and_counted(hospital, batch)
        assert kept == counted
    assert len(kept) > 2, "else little was chosen"


def test_what_is_compared_again_is_counted_again(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002", P4="虚构二"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "11000.00"})
        assert look_again(batch=batch.pk, by=by).compared == 1
    kept, counted = kept_and_counted(hospital, batch)
    assert kept == counted
    assert any(kind.why == "edited" for kind in kept)


def test_of_rows_that_wait_since_an_upgrade_they_are_counted_when_asked(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page())
    with hospital.acting() as by:
        held = Batch.objects.get(pk=batch.pk)
        kinds.forget(held)
        held.save(update_fields=["summary"])
        services.choose(batch=batch.pk, choice=Choice.SKIP, rows=[1], by=by)
        held = Batch.objects.get(pk=batch.pk)
        assert [(kind.choice, count) for kind, count in kinds.kinds(held).items()] == [("skip", 1)]


def test_nothing_is_kept_of_rows_that_are_gone(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page())
    with hospital.acting():
        assert "kinds" not in Batch.objects.get(pk=batch.pk).summary
        assert not Row.objects.filter(batch=batch).exists()
