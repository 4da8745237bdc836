"""The quick reading of plain dates never says more than the careful one, and the same age."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes.dates import ACCEPTED_FORMS, REFUSED_FORMS, completed_years
from tonghu.hqms import ages, casting, plain_dates

SIGNS = casting.day_shapes()
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Dates as written, one place of some of them spoilt."""
    day = draw(st.dates(date(1890, 1, 1), date(2110, 12, 31)))
    time = draw(st.sampled_from(["", " 08:05", " 23:59:59", " 24:00", " 08:60", " 08:05:60", "T08:05", " 8:05"]))
    text = day.strftime(draw(st.sampled_from(SIGNS)).join(("%Y", "%m", "%d"))) + time
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.sampled_from("0123456789-/: x年\0")) + text[place + 1 :]
    return text


def numbers(dates: pl.Series) -> list[int]:
    """yyyymmdd of each date, 0 for none."""
    return [0 if one is None else one.year * 10_000 + one.month * 100 + one.day for one in dates]


@pytest.mark.parametrize("sign", SIGNS)
@given(cells=st.lists(st.none() | texts() | st.sampled_from([form for form, _, _ in ACCEPTED_FORMS]) | st.text()))
def test_the_same_dates_as_the_patterns(sign: str, cells: list[str | None]) -> None:
    column = pl.Series("d", cells, dtype=pl.String)
    patterns = column.to_frame().select(casting.day(pl.col("d"), sign))["d"]
    assert plain_dates.days(column, sign).tolist() == numbers(patterns)


def test_every_month_ends_where_the_calendar_says() -> None:
    cells = [
        f"{year}-{month:02}-{day:02}" for year in (1900, 1999, 2000, 2024) for month in range(14) for day in range(33)
    ]
    read = plain_dates.days(pl.Series(cells), "-")
    assert read.tolist() == numbers(pl.Series(cells).str.to_date("%Y-%m-%d", strict=False))


def test_nothing_that_no_reader_may_read() -> None:
    for sign in SIGNS:
        assert not plain_dates.days(pl.Series(REFUSED_FORMS), sign).any()


@given(birth=DAYS, on=DAYS)
def test_completed_years(birth: date, on: date) -> None:
    days = [np.array(numbers([day])) for day in (birth, on)]
    expected = completed_years(birth, on) if birth <= on else -1
    assert plain_dates.completed_years(*days).tolist() == [expected]


def test_born_on_29_february_is_a_year_older_on_1_march() -> None:
    born, unknown = 20200229, 0
    births = np.array([born, born, born, born, unknown, born])
    days = np.array([20210228, 20210301, 20240228, 20240229, 20210301, unknown])
    assert plain_dates.completed_years(births, days).tolist() == [0, 1, 3, 4, -1, -1]


@given(
    birth=st.none() | DAYS,
    stay=st.none() | st.integers(-400, 40_000),
    stated=st.none() | st.integers(-2, 120),
)
def test_one_row_has_the_age_of_a_table(birth: date | None, stay: int | None, stated: int | None) -> None:
    admission = None if stay is None else (birth or date(2000, 2, 29)) + timedelta(days=stay)
    table = pl.DataFrame(
        {"birth_date": [birth], "admission_datetime": [admission], "age_years": [stated]},
        schema={"birth_date": pl.Date, "admission_datetime": pl.Date, "age_years": pl.Int64},
    )
    assert ages.of_one(birth, admission, stated) == ages.of(table)["age_years"][0]
