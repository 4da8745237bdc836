"""The row beside a card is what files said: not what was taken back, and not what a person typed."""

from __future__ import annotations

import pytest
from made_up_files import MONTH, Hospital

from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.registry.content import Content
from tonghu.registry.models import Card
from tonghu.registry.pages.opening import Opened, opened
from tonghu.registry.services import enter_card, save_card

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


def written(page: dict[str, str]) -> dict[str, str]:
    """What a row of a file says: its cells that are not blank."""
    return {code: text for code, text in page.items() if text}


def came(hospital: Hospital, page: dict[str, str], choice: str) -> Batch:
    """A file of one row comes, and the clerk chooses what becomes of it."""
    batch = hospital.checked(page)
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice=choice, rows=[1], by=by)
    return hospital.confirmed(batch)


def typed(hospital: Hospital, **front: str) -> None:
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=card.version, by=by, front=front, supplement={"laterality": "1"})


@pytest.mark.parametrize("choice", ["replace", "fill"])
def test_the_row_is_what_the_file_said_word_by_word(hospital: Hospital, choice: str) -> None:
    """Also where the card said the same before (a clerk had typed it), and where a fill did not take it."""
    hospital.imported(hospital.page(P12="", P18="虚构父"))
    typed(hospital, P782="12500.00", P801="四川省成都市虚构路2号")
    page = hospital.page(P782="12500.00", P801="四川省成都市虚构路3号", P12="中国", P18="")
    came(hospital, page, choice)
    one = seen(hospital)
    assert dict(one.raw.front) == written(page)
    kept = choice == "fill"
    assert one.saved.front["P801"] == f"四川省成都市虚构路{2 if kept else 3}号"
    assert one.saved.front.get("P18", "") == ("虚构父" if kept else "")
    assert dict(one.raw.supplement) == {}


def test_a_row_that_was_kept_out_is_not_the_cards_row(hospital: Hospital) -> None:
    """A row that the clerk did not take, or that says the same as the card, leaves the row before beside it."""
    first = hospital.page()
    hospital.imported(first)
    typed(hospital, P782="12500.00")
    came(hospital, hospital.page(P782="99999.00"), "keep")
    assert dict(seen(hospital).raw.front) == written(first)
    assert hospital.imported(hospital.page(P782="12500.00")).counts["unchanged"] == 1
    assert dict(seen(hospital).raw.front) == written(first)


def test_an_import_that_is_taken_back_leaves_the_row_before_it(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    second, third = hospital.page(P782="13000.00", P12=""), hospital.page(P782="14000.00")
    came(hospital, second, "replace")
    batch = came(hospital, third, "replace")
    assert dict(seen(hospital).raw.front) == written(third)
    hospital.undone(batch)
    assert dict(seen(hospital).raw.front) == written(second)


def test_a_file_with_fewer_columns_says_nothing_of_the_others(hospital: Hospital) -> None:
    first = hospital.page()
    hospital.imported(first)
    typed(hospital, P801="四川省成都市虚构路2号")
    least = ("P900", "P3", "P4", "P5", "P6", "P7", "P22", "P25", "P321", "P322", "P2", "P782")
    page = {code: text for code, text in hospital.page(P782="13000.00").items() if code in least}
    came(hospital, page, "replace")
    one = seen(hospital)
    assert dict(one.raw.front) == written({**first, "P782": "13000.00"})
    assert one.saved.front["P801"] == "四川省成都市虚构路2号"


def test_a_typed_card_takes_its_row_from_the_file_that_comes_later(hospital: Hospital) -> None:
    """What a person had typed before stands under the card, not under the row."""
    with hospital.acting() as by:
        content = Content("2012", written(hospital.page(P12="", P782="12500.00")), {"laterality": "1"})
        enter_card(institution=hospital.institution, content=content, archive_month=MONTH, by=by)
    page = hospital.page(P782="12500.00")
    came(hospital, page, "replace")
    one = seen(hospital)
    assert dict(one.raw.front) == written(page)
    assert (dict(one.raw.supplement), dict(one.saved.supplement)) == ({}, {"laterality": "1"})
