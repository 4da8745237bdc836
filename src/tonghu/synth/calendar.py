"""Days as ordinals and as cached text. The age arithmetic here is synth's own: a birth day is chosen for an age."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date
from functools import cache

from tonghu.errors import InputRefused


def years_before(day: int, years: int) -> int:
    """The latest birth day (ordinal) with which `years` years are completed on `day`.

    Somebody born on 29 February completes a year on 1 March of a common year; so on 29 February itself the latest
    such birth day of a common year is 28 February.
    """
    on = date.fromordinal(day)
    year = on.year - years
    if on.month == 2 and on.day == 29 and not isleap(year):
        return date(year, 2, 28).toordinal()
    return date(year, on.month, on.day).toordinal()


def birth_days(day: int, age: int) -> tuple[int, int]:
    """First and last birth day (ordinals) of those who have completed exactly `age` years on `day`."""
    return years_before(day, age + 1) + 1, years_before(day, age)


def age_on(born: int, day: int) -> int:
    """Completed years on `day` of somebody born on `born` (both ordinals)."""
    birth, on = date.fromordinal(born), date.fromordinal(day)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def month_days(month: str) -> tuple[int, int]:
    """First and last day (ordinals) of `YYYY-MM`. Raises InputRefused for anything else."""
    year_text, _, month_text = month.partition("-")
    if len(year_text) == 4 and year_text.isdecimal() and month_text.isdecimal() and len(month_text) == 2:
        year, number = int(year_text), int(month_text)
        if 1950 <= year <= 2099 and 1 <= number <= 12:
            return date(year, number, 1).toordinal(), date(year, number, monthrange(year, number)[1]).toordinal()
    raise InputRefused(
        f"月份“{month}”不是 YYYY-MM（如 2025-09），无法生成数据",
        f"month {month!r} is not YYYY-MM (such as 2025-09), so nothing was made",
    )


def months_from(month: str, count: int) -> list[str]:
    """`count` months in a row, the first being `month` (YYYY-MM)."""
    year, number = int(month[:4]), int(month[5:])
    return [f"{year + (number - 1 + i) // 12}-{(number - 1 + i) % 12 + 1:02d}" for i in range(count)]


def month_number(month: str) -> int:
    """How many months after January 1950 a month (YYYY-MM) is."""
    return (int(month[:4]) - 1950) * 12 + int(month[5:]) - 1


@cache
def iso(day: int) -> str:
    """2025-09-03."""
    return date.fromordinal(day).isoformat()


@cache
def compact(day: int) -> str:
    """20250903."""
    return iso(day).replace("-", "")


@cache
def slashed(day: int) -> str:
    """2025/9/3."""
    on = date.fromordinal(day)
    return f"{on.year}/{on.month}/{on.day}"
