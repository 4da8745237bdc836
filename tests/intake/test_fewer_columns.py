"""A file with fewer columns: of what it has no column for it says nothing; an empty cell says that a field is blank."""

from __future__ import annotations

import pytest
from made_up_files import Hospital

import made_up
from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.registry.models import Card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
LEAST = ("P900", "P3", "P4", "P5", "P6", "P7", "P22", "P25", "P321", "P322", "P2")


def few(hospital: Hospital, **changes: str) -> dict[str, str]:
    """A front page with the least of columns, and those named."""
    return {code: text for code, text in hospital.page(**changes).items() if code in {*LEAST, *changes}}


def front(hospital: Hospital) -> dict[str, str]:
    with hospital.acting():
        return dict(current(Card.objects.get()).front)


def changed(hospital: Hospital, batch: Batch) -> tuple[str, list[str]]:
    with hospital.acting():
        row = batch.rows.get()
        return row.match, row.changed


def test_a_column_that_is_not_there_empties_nothing(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    before = front(hospital)
    batch = hospital.checked(few(hospital, P782="13000.00", P12=""))
    assert changed(hospital, batch) == ("changed", ["P12", "P782"]), "an empty cell is a blank, as ever"
    page = made_up.browser(hospital.clerk)
    assert "缺少标准中的列" in page.get(f"/imports/{batch.pk}").content.decode()
    row = page.get(f"/imports/{batch.pk}/rows/1").content.decode()
    assert "2 项不一致" in row
    assert hospital.confirmed(batch).counts["updated"] == 1
    after = front(hospital)
    assert after == {code: text for code, text in {**before, "P782": "13000.00"}.items() if code != "P12"}


def test_fewer_columns_that_say_the_same_are_unchanged(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(few(hospital))
    with hospital.acting():
        assert batch.rows.get().match == "unchanged"
    assert hospital.confirmed(batch).counts["unchanged"] == 1


def test_filling_takes_what_the_file_has(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P12=""))
    before = front(hospital)
    batch = hospital.checked(few(hospital, P12="中国"))
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="fill", rows=[1], by=by) == 1
    hospital.confirmed(batch)
    assert front(hospital) == {**before, "P12": "中国"}


def test_a_card_that_comes_back_loses_nothing(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page())
    before = front(hospital)
    hospital.undone(batch)
    assert hospital.imported(few(hospital, P782="14000.00")).counts["created"] == 1
    assert front(hospital) == {**before, "P782": "14000.00"}
