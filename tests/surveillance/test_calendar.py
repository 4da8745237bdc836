"""The calendar: which month is due when, by the dated rule."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tonghu.policy.library import clause_ids
from tonghu.surveillance import calendar
from tonghu.surveillance.calendar import Month

pytestmark = pytest.mark.requirement("REG-08")

MONTHS = st.dates(date(2020, 1, 1), date(2050, 12, 31)).map(Month.of)


@given(MONTHS)
def test_a_month_is_due_on_the_fifteenth_of_the_next_inclusive(month: Month) -> None:
    assert month.due == month.plus(1).first.replace(day=15)
    assert month.last < month.due


@given(MONTHS, st.integers(-600, 600))
def test_months_are_counted_there_and_back(month: Month, count: int) -> None:
    there = month.plus(count)
    assert there.plus(-count) == month
    assert (there.first.year - month.first.year) * 12 + there.first.month - month.first.month == count


def test_the_date_rests_on_clauses_that_exist_and_are_cited() -> None:
    assert {"NHC20.3.2", "NCPCS.2.3.1"} <= clause_ids()
    assert Month(date(2026, 10, 1)).clauses[0].startswith("国卫办医函〔2020〕22号")


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("2026-10", date(2026, 10, 1)),
        ("2020-01", date(2020, 1, 1)),
        ("2019-12", date(2019, 12, 1)),
        ("2017-01", date(2017, 1, 1)),
        ("2016-12", None),
        ("2026-13", None),
        ("", None),
        ("2026-1", None),
        ("October", None),
        ("2026-00", None),
        ("0000-00", None),
        ("-1", None),
        ("9999-12", None),
    ],
)
def test_what_an_address_says_is_read_or_is_no_month(said: str, means: date | None) -> None:
    found = Month.read(said)
    assert (found.first if found else None) == means


def test_months_up_to_the_end_of_the_next_year_can_be_asked_for() -> None:
    next_year = timezone.localdate().year + 1
    assert Month.read(f"{next_year}-12") == Month(date(next_year, 12, 1))
    assert Month.read(f"{next_year + 1}-01") is None


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 11, 1), date(2026, 10, 1)),
        (date(2026, 11, 15), date(2026, 10, 1)),  # the due date itself is on time
        (date(2026, 11, 16), date(2026, 11, 1)),
        (date(2026, 1, 15), date(2025, 12, 1)),
    ],
)
def test_the_month_in_question_is_the_one_before_until_it_is_due(today: date, month: date) -> None:
    assert calendar.asked_about(today) == Month(month)


def test_a_board_shows_twelve_months_and_none_before_the_reporting_began() -> None:
    months = calendar.shown(date(2026, 11, 22))
    assert (str(months[0]), str(months[-1]), len(months)) == ("2025-12", "2026-11", 12)
    assert [str(month) for month in calendar.shown(date(2017, 3, 9))] == ["2017-01", "2017-02", "2017-03"]
    assert calendar.shown(date(2026, 11, 22), until=Month(date(2027, 5, 1)))[-1] == Month(date(2026, 11, 1))
    assert calendar.shown(date(2026, 11, 22), until=Month(date(2025, 5, 1)))[-1] == Month(date(2025, 5, 1))


@pytest.mark.requirement("REG-09")
def test_the_back_file_is_due_on_one_day_and_ends_where_the_monthly_reporting_begins() -> None:
    months = calendar.shown(date(2026, 11, 22), until=Month(date(2020, 2, 1)))
    assert [str(month) for month in months if month.back_file] == [f"2019-{n:02d}" for n in range(3, 13)]
    assert {month.due for month in months if month.back_file} == {date(2020, 5, 31)}
    assert Month(date(2017, 1, 1)).due == date(2020, 5, 31)
    assert [month.due for month in months if not month.back_file] == [date(2020, 2, 15), date(2020, 3, 15)]
    assert "NCPCS.2.3.2" in clause_ids()
    assert Month(date(2018, 7, 1)).clauses
    with pytest.raises(KeyError):
        _ = Month(date(2016, 12, 1)).due


def test_reminders_come_before_and_after() -> None:
    said = calendar.reminders(date(2026, 11, 22))
    assert 0 in said["before"]
    assert min(said["after"]) >= 1
    assert said["region_after"] in said["after"]
