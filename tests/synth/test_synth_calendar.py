"""Birth days are chosen for an age: the ends of the range must be right to the day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.errors import InputRefused
from tonghu.synth.calendar import age_on, birth_days, compact, iso, month_days, months_from, slashed


def birthdays_passed(born: date, on: date) -> int:
    """Completed years by counting birthdays, one after the other (29 February comes on 1 March where there is none)."""
    passed = 0
    for year in range(born.year + 1, on.year + 1):
        try:
            birthday = born.replace(year=year)
        except ValueError:
            birthday = date(year, 3, 1)
        passed += birthday <= on
    return passed


days = st.dates(date(1970, 1, 1), date(2080, 12, 31))


@given(days, st.integers(0, 95))
def test_first_and_last_birth_day_of_an_age(on: date, age: int) -> None:
    first, last = birth_days(on.toordinal(), age)
    assert first <= last
    assert birthdays_passed(date.fromordinal(first), on) == age
    assert birthdays_passed(date.fromordinal(last), on) == age
    assert birthdays_passed(date.fromordinal(first) - timedelta(1), on) == age + 1
    if age:
        assert birthdays_passed(date.fromordinal(last) + timedelta(1), on) == age - 1


@pytest.mark.parametrize("on", [date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1), date(2024, 12, 31)])
@pytest.mark.parametrize("age", [0, 1, 4, 19, 20])
def test_around_the_29th_of_february(on: date, age: int) -> None:
    first, last = birth_days(on.toordinal(), age)
    assert {birthdays_passed(date.fromordinal(day), on) for day in range(first, last + 1)} == {age}


@given(days, st.integers(0, 36_000))
def test_age_on_a_day(born: date, later: int) -> None:
    on = born + timedelta(later)
    assert age_on(born.toordinal(), on.toordinal()) == birthdays_passed(born, on)


def test_months() -> None:
    first, last = month_days("2024-02")
    assert (iso(first), iso(last)) == ("2024-02-01", "2024-02-29")
    assert (compact(first), slashed(first)) == ("20240201", "2024/2/1")
    assert months_from("2025-11", 3) == ["2025-11", "2025-12", "2026-01"]


@pytest.mark.parametrize("text", ["2025", "2025-13", "2025-1", "1949-10", "abcd-ef", "2025-00", "", "25-01"])
def test_what_is_no_month_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(InputRefused, match=r"YYYY-MM.* / .*YYYY-MM"):
        month_days(text)
