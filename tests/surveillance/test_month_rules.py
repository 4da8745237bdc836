"""HQ096 and HQ100 are asked of a month of a point, by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from points_and_cards import cards, point

import made_up
from tonghu.surveillance import month_rules
from tonghu.surveillance.board import Cell
from tonghu.surveillance.calendar import Month

pytestmark = pytest.mark.requirement("REG-11")

MONTH = Month(date(2026, 9, 1))
TODAY = date(2026, 11, 22)


def cell(month: Month, reported: int, *, cards: int | None = None, days: int = 0, zero: bool = False) -> Cell:
    return Cell(
        institution=1, month=month, cards=reported if cards is None else cards, reported=reported, on_time=reported,
        assumed=0, state="on_time", days=days, zero_on=month.due if zero else None,
    )  # fmt: skip


def months(this: Cell, each: int) -> dict[Month, Cell]:
    return {this.month: this, **{m: cell(m, each) for m in (this.month.plus(-back) for back in range(1, 13))}}


@pytest.mark.parametrize(
    ("this", "each", "rules"),
    [
        (cell(MONTH, 10), 10, set()),
        (cell(MONTH, 5), 10, set()),
        (cell(MONTH, 4), 10, {"HQ100"}),
        (cell(MONTH, 0), 10, {"HQ100"}),
        (cell(MONTH, 0, zero=True), 10, set()),
        (cell(MONTH, 10, days=1), 10, {"HQ096"}),
        (cell(MONTH, 10, cards=12, days=30), 10, set()),
        (cell(MONTH, 2, days=3), 10, {"HQ096", "HQ100"}),
        (cell(MONTH, 0, cards=12, days=30), 10, set()),
        (cell(MONTH, 2, cards=3, days=30), 10, set()),
    ],
    ids=[
        "as-ever",
        "half",
        "under-half",
        "nothing",
        "zero-report",
        "a-day-late",
        "not-all-there",
        "late-and-few",
        "none-reported-yet",
        "few-reported-yet",
    ],
)
def test_what_the_rules_find_on_a_month(this: Cell, each: int, rules: set[str]) -> None:
    assert {one.rule for one in month_rules.found(MONTH, months(this, each), TODAY)} == rules


def test_a_month_that_is_not_due_and_one_that_is_not_owed_are_not_judged() -> None:
    assert month_rules.found(MONTH, months(cell(MONTH, 0), 10), MONTH.due) == []
    assert month_rules.found(MONTH, {}, TODAY) == []


def test_the_words_are_those_of_the_rulebook_with_the_figures() -> None:
    (one,) = month_rules.found(MONTH, months(cell(MONTH, 4), 10), TODAY)
    assert "4 例" in one.zh
    assert "120 例" in one.zh
    assert "核对是否漏报" in one.zh
    assert "120" in one.en
    assert "签署零报告" in one.zh


def test_a_late_month_with_everything_reported_is_not_told_first_to_report() -> None:
    (one,) = month_rules.found(MONTH, months(cell(MONTH, 10, days=1), 10), TODAY)
    assert "；注明迟报原因" in one.zh


@pytest.mark.django_db
def test_the_page_of_the_month_says_it() -> None:
    hospital = made_up.hospital("RULES1", "510104")
    point(hospital)
    last = Month.of(timezone.localdate()).plus(-2)
    for back in range(1, 5):
        cards(hospital, last.plus(-back), 12, reported=last.plus(-back).due)
    cards(hospital, last, 1, reported=last.due + timedelta(days=2))
    browser = made_up.browser(made_up.post("point_lead", hospital))
    page = browser.get(f"/reporting/months/{last}").content.decode()
    assert "HQ096" in page
    assert "HQ100" in page
    assert "48 例" in page
    assert "HQ100" not in browser.get(f"/reporting/months/{last.plus(-1)}").content.decode()
