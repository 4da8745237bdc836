"""The one place where dates are read and durations are counted.

Accepted forms (a test walks :data:`ACCEPTED_FORMS`; the SQL twins of the readings are held to the same table):

======================================= ============================ ==============================================
form                                    example                      reading
======================================= ============================ ==============================================
``yyyy-M-d``, ``yyyy/M/d``              2026-01-02, 2026/1/2         silent
``yyyyMMdd``                            20260102                     silent
any of these with a time                2026-01-02 8:05, …T08:05:09  silent; ``H:mm[:ss[.f]]`` after spaces or ``T``
``yyyyMMddHHmm[ss]``                    20260102080500               silent
any of these in full-width characters   ２０２６－０１－０２         note ``fullwidth``, the value is known
whole number of days from 1899-12-30    46024, 46024.5               note ``excel_serial``, the value is known
anything else                           20211345, 26-01-02, 2026     note ``unreadable``, no value
======================================= ============================ ==============================================

Both separators of a date are the same. The year lies in 1900–2099. A day number has five digits (10000–73050, that
is 1927-05-18 to 2099-12-31): a bare ``2016`` is a year that somebody typed and not a day of the year 1905, and
reading it as one would turn a child into an adult.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from tonghu.codes.reading import EXCEL_SERIAL, FULLWIDTH, UNREADABLE, Reading
from tonghu.codes.text import clean, halfwidth, has_fullwidth

CHINA = timezone(timedelta(hours=8), "UTC+08:00")

FIRST_YEAR, LAST_YEAR = 1900, 2099
FIRST_SERIAL, LAST_SERIAL = 10_000, 73_050
_SERIAL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 -- dates of a front page are local, without a zone

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
_SEPARATED = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:(?: +|T)" + _TIME + r")?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(?: +|T)" + _TIME + r")?", re.ASCII)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(\.\d{1,15})?", re.ASCII)

#: (text, its date and time in ISO form, note): what the readers accept, walked by the tests of every twin.
ACCEPTED_FORMS: tuple[tuple[str, str, str | None], ...] = (
    ("2026-01-02", "2026-01-02T00:00:00", None),
    ("2026-1-2", "2026-01-02T00:00:00", None),
    ("2026/1/2", "2026-01-02T00:00:00", None),
    ("2026/01/02", "2026-01-02T00:00:00", None),
    ("20260102", "2026-01-02T00:00:00", None),
    ("2026-01-02 8:05", "2026-01-02T08:05:00", None),
    ("2026-01-02 08:05:09", "2026-01-02T08:05:09", None),
    ("2026-01-02 08:05:09.0", "2026-01-02T08:05:09", None),
    ("2026-01-02  08:05:09", "2026-01-02T08:05:09", None),
    ("2026-01-02T08:05", "2026-01-02T08:05:00", None),
    ("2026-01-02T08:05:09.123456", "2026-01-02T08:05:09", None),
    ("2026/1/2 23:59", "2026-01-02T23:59:00", None),
    ("20260102 08:05:09", "2026-01-02T08:05:09", None),
    ("20260102T0:00", "2026-01-02T00:00:00", None),
    ("202601020805", "2026-01-02T08:05:00", None),
    ("20260102080509", "2026-01-02T08:05:09", None),
    ("2024-02-29", "2024-02-29T00:00:00", None),
    ("1900-01-01", "1900-01-01T00:00:00", None),
    ("2099-12-31 23:59:59", "2099-12-31T23:59:59", None),
    ("２０２６－０１－０２", "2026-01-02T00:00:00", FULLWIDTH),
    ("２０２６／１／２　０８：０５", "2026-01-02T08:05:00", FULLWIDTH),
    ("２０２６0102", "2026-01-02T00:00:00", FULLWIDTH),
    ("46024", "2026-01-02T00:00:00", EXCEL_SERIAL),
    ("46024.5", "2026-01-02T12:00:00", EXCEL_SERIAL),
    ("46024.0", "2026-01-02T00:00:00", EXCEL_SERIAL),
    ("10000", "1927-05-18T00:00:00", EXCEL_SERIAL),
    ("73050", "2099-12-31T00:00:00", EXCEL_SERIAL),
)

#: Texts that no reader may turn into a date.
REFUSED_FORMS: tuple[str, ...] = (
    "20211345", "2023-02-30", "2023-02-29", "2023-00-10", "2023-1-32", "26-01-02", "260102", "2026-01", "2026",
    "1899-12-31", "2100-01-01", "2026-01/02", "2026.01.02", "2026年1月2日", "昨天", "-", "0000-00-00", "9999",
    "2026-01-02 24:00", "2026-01-02 8:60", "2026-01-02 8", "2026-01-02 08:05:60", "2026-01-02 08:05 PM",
    "2026-01-02Z", "2026-01-02 08:05:09+08:00", "2026010208", "202601020805091", "73051", "99999", "46024.",
    "-46024", "4.6024E4", "01/02/2026", "2-1-2026", "２０２６年", "2026-01-02T", "2026-01-02 ,",
)  # fmt: skip


_BLANK: Reading[datetime] = Reading(None)
_BAD: Reading[datetime] = Reading(None, UNREADABLE)


def read_datetime(text: str | None) -> Reading[datetime]:
    """The date and time that `text` says, to the second and without a zone; midnight where no time is given."""
    cleaned = clean(text)
    if cleaned is None:
        return _BLANK
    if not has_fullwidth(cleaned):
        return _read_plain(cleaned)
    plain = _read_plain(halfwidth(cleaned))
    return plain if plain.value is None else Reading(plain.value, FULLWIDTH)


def read_date(text: str | None) -> Reading[date]:
    """The date that `text` says; a time after it must be a right one, and is cut."""
    reading = read_datetime(text)
    return Reading(reading.value.date() if reading.value else None, reading.note)


def _read_plain(text: str) -> Reading[datetime]:
    """Read a half-width text without blanks at its edges."""
    if found := _SEPARATED.fullmatch(text):
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := _COMPACT.fullmatch(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif found := _DIGITS.fullmatch(text):
        year, month, day, hour, minute = map(int, found.groups()[:5])
        return _moment(year, month, day, hour, minute, int(found[6] or 0))
    elif found := _SERIAL.fullmatch(text):
        return _serial(int(found[1]), float(found[2] or 0))
    else:
        return _BAD
    if found["hour"] is None:
        return _moment(year, month, day, 0, 0, 0)
    return _moment(year, month, day, int(found["hour"]), int(found["minute"]), int(found["second"] or 0))


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> Reading[datetime]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _BAD
    try:
        return Reading(datetime(year, month, day, hour, minute, second))  # noqa: DTZ001 -- local, without a zone
    except ValueError:
        return _BAD


def _serial(days: int, fraction: float) -> Reading[datetime]:
    if not FIRST_SERIAL <= days <= LAST_SERIAL:
        return _BAD
    # Half a second up, as Excel itself shows it; the last half second of the last day would leave the range.
    seconds = min(int(fraction * 86_400 + 0.5), 86_399 if days == LAST_SERIAL else 86_400)
    return Reading(_SERIAL_DAY_ZERO + timedelta(days=days, seconds=seconds), EXCEL_SERIAL)


def completed_years(birth: date, on: date) -> int:
    """Birthdays completed by `on`; who is born on 29 February has the birthday on 1 March in common years.

    Negative when `on` lies before `birth`: the caller knows better what that means.
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def completed_months(birth: date, on: date) -> int:
    """Months completed by `on`; who is born on the 31st completes a month on the 1st where it has no 31st.

    Twelve of them are a year of :func:`completed_years`, always. Negative when `on` lies before `birth`.
    """
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def age_days(birth: date, on: date) -> int:
    """Days lived by `on`: 0 on the day of birth."""
    return _day(on).toordinal() - _day(birth).toordinal()


def stay_days(admission: date, discharge: date) -> int:
    """Length of stay in calendar days: the days of admission and discharge count once together, at least 1.

    Source: front-page standard of 2019, rule 49. Times are ignored. Negative durations (discharge before admission)
    are not hidden: they come out below 1.
    """
    days = age_days(admission, discharge)
    return 1 if days == 0 else days


def today_in_china() -> date:
    """The date in China now: what "today" means when nobody says another date."""
    return datetime.now(CHINA).date()


def due_date(archive_month: date, day: int) -> date:
    """The last day, inclusive, on which the cases archived in a month are on time: a day of the next month.

    `archive_month` is any day of that month. Which `day` it is is policy: ``surveillance/calendar.yaml``.

    Raises:
        ValueError: the next month has no such day.
    """
    year, month = archive_month.year, archive_month.month
    return date(year + month // 12, month % 12 + 1, day)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
