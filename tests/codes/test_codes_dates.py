"""Dates: every accepted and refused form, and durations against the calendar arithmetic of ``datetime``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import dates
from tonghu.codes.reading import EXCEL_SERIAL, FULLWIDTH, UNREADABLE, Reading

ANY_DAY = st.dates(date(1900, 1, 1), date(2099, 12, 31))
ANY_MOMENT = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31, 23, 59, 59)).map(
    lambda moment: moment.replace(microsecond=0)
)
TO_FULL = {ord(c): ord(c) + 0xFEE0 for c in "0123456789-/:"} | {0x20: 0x3000}


@pytest.mark.parametrize(("text", "iso", "note"), dates.ACCEPTED_FORMS)
def test_an_accepted_form_is_read(text: str, iso: str, note: str | None) -> None:
    moment = datetime.fromisoformat(iso)
    assert dates.read_datetime(text) == Reading(moment, note)
    assert dates.read_date(text) == Reading(moment.date(), note)


@pytest.mark.parametrize("text", dates.REFUSED_FORMS)
def test_a_refused_form_has_no_value_and_says_so(text: str) -> None:
    assert dates.read_datetime(text) == Reading(None, UNREADABLE)
    assert dates.read_date(text) == Reading(None, UNREADABLE)


@pytest.mark.parametrize("text", [None, "", "  ", "\u3000\xa0", "\ufeff"])
def test_a_blank_cell_is_neither_a_date_nor_a_mistake(text: str | None) -> None:
    assert dates.read_datetime(text) == Reading(None)
    assert dates.read_date(text) == Reading(None)


def test_blanks_around_a_date_do_not_matter() -> None:
    assert dates.read_date("\ufeff 2026-01-02\u3000\xa0") == Reading(date(2026, 1, 2))


@given(ANY_MOMENT, st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S"]))
def test_what_is_written_is_read_back(moment: datetime, form: str) -> None:
    # strftime does not pad years everywhere; all years here have four digits.
    assert dates.read_datetime(moment.strftime(form)) == Reading(moment)


@given(ANY_MOMENT)
def test_full_width_writing_is_read_and_flagged(moment: datetime) -> None:
    text = moment.strftime("%Y-%m-%d %H:%M:%S").translate(TO_FULL)
    assert dates.read_datetime(text) == Reading(moment, FULLWIDTH)


@given(st.dates(date(1927, 5, 18), date(2099, 12, 31)))
def test_a_day_number_of_a_spreadsheet_is_read_and_flagged(day: date) -> None:
    number = (day - date(1899, 12, 30)).days
    assert dates.read_date(str(number)) == Reading(day, EXCEL_SERIAL)


@given(st.integers(10_000, 73_050), st.integers(0, 86_399))
def test_the_fraction_of_a_day_number_is_its_time(number: int, second: int) -> None:
    expected = datetime(1899, 12, 30) + timedelta(days=number, seconds=second)
    assert dates.read_datetime(f"{number + second / 86_400:.9f}").value == expected


def test_the_last_half_second_of_a_day_number_is_the_next_day_but_stays_in_range() -> None:
    assert dates.read_datetime("46024.999999").value == datetime(2026, 1, 3)
    assert dates.read_datetime("73050.999999").value == datetime(2099, 12, 31, 23, 59, 59)


@given(st.integers(0, 99_999_999))
def test_eight_digits_are_a_date_exactly_when_the_calendar_has_it(number: int) -> None:
    text = f"{number:08d}"
    try:
        expected = datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        expected = None
    if expected and not 1900 <= expected.year <= 2099:
        expected = None
    assert dates.read_date(text).value == expected


@given(st.text(max_size=24))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    reading = dates.read_datetime(text)
    assert reading.value is None or 1900 <= reading.value.year <= 2099


@given(ANY_DAY, ANY_DAY)
def test_completed_years_are_birthdays_passed(birth: date, on: date) -> None:
    birth, on = min(birth, on), max(birth, on)

    def birthday(year: int) -> date:
        try:
            return birth.replace(year=year)
        except ValueError:  # 29 February in a common year
            return date(year, 3, 1)

    passed = sum(birthday(year) <= on for year in range(birth.year + 1, on.year + 1))
    assert dates.completed_years(birth, on) == passed


@pytest.mark.requirement("REG-03")
def test_who_is_born_on_a_leap_day_grows_older_on_the_first_of_march() -> None:
    birth = date(2008, 2, 29)
    assert dates.completed_years(birth, date(2026, 2, 28)) == 17
    assert dates.completed_years(birth, date(2026, 3, 1)) == 18
    assert dates.completed_years(birth, date(2028, 2, 28)) == 19
    assert dates.completed_years(birth, date(2028, 2, 29)) == 20


def test_an_age_before_birth_is_negative() -> None:
    assert dates.completed_years(date(2026, 5, 2), date(2026, 5, 1)) == -1
    assert dates.age_days(date(2026, 5, 2), date(2026, 5, 1)) == -1


@given(ANY_DAY, st.integers(0, 20_000), st.times(), st.times())
def test_days_count_midnights_whatever_the_time(day: date, days: int, t1: object, t2: object) -> None:
    later = min(day + timedelta(days=days), date(2199, 1, 1))
    start = datetime.combine(day, t1)  # type: ignore[arg-type]
    end = datetime.combine(later, t2)  # type: ignore[arg-type]
    assert dates.age_days(start, end) == (later - day).days
    assert dates.age_days(day, end) == (later - day).days


@pytest.mark.parametrize(
    ("admission", "discharge", "days"),
    [
        (datetime(2026, 1, 2, 23, 59), datetime(2026, 1, 3, 0, 1), 1),
        (datetime(2026, 1, 2, 8), datetime(2026, 1, 2, 20), 1),
        (date(2026, 2, 27), date(2026, 3, 1), 2),
        (date(2026, 1, 3), date(2026, 1, 2), -1),
    ],
)
def test_a_stay_is_counted_in_calendar_days(admission: date, discharge: date, days: int) -> None:
    assert dates.stay_days(admission, discharge) == days


@given(ANY_DAY)
def test_archived_cases_are_due_on_a_day_of_the_next_month(day: date) -> None:
    due = dates.due_date(day, 15)
    assert due.day == 15
    assert (due.replace(day=1) - timedelta(days=1)).replace(day=1) == day.replace(day=1)


def test_today_is_the_day_in_china(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2026, 1, 1, 16, 30, tzinfo=UTC).astimezone(tz)  # type: ignore[arg-type]

    monkeypatch.setattr(dates, "datetime", Clock)
    assert dates.today_in_china() == date(2026, 1, 2)
