"""The reporting calendar: which month is due when, by the dated rule of ``calendar.yaml``. China's days throughout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.utils import timezone

from tonghu.codes.dates import due_date
from tonghu.platform.dated import Setting, setting, settings
from tonghu.policy.library import clause

RULES: Final = Path(__file__).with_name("calendar.yaml")
#: How many months a board shows: the running one and those before it.
SHOWN: Final = 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """An archive month. ``first`` is its first day, under which it stands in every table."""

    first: date

    @classmethod
    def of(cls, day: date) -> Month:
        """The month in which a day lies."""
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, text: str) -> Month | None:
        """The month that an address says as ``2026-10``; None where it says none that is reported.

        Months beyond the next year are none: nobody asks for them but by mistake, and the last years of the calendar
        have no month after them that could be counted.
        """
        try:
            found = cls.of(date.fromisoformat(f"{text}-01"))
        except ValueError:
            return None
        return found if found.first >= begun() and found.first.year <= timezone.localdate().year + 1 else None

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    def plus(self, months: int) -> Month:
        """The month so many later, or earlier."""
        count = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(count // 12, count % 12 + 1, 1))

    @property
    def last(self) -> date:
        """Its last day: a point that stands then owes the month."""
        return self.plus(1).first - timedelta(days=1)

    @property
    def due(self) -> date:
        """The last day, inclusive, on which its cases are on time.

        Raises:
            KeyError: the month lies before the back-file.
        """
        rule = _rule(self)
        due: date = rule["due"] if self.back_file else due_date(self.first, rule["day"])
        return due

    @property
    def back_file(self) -> bool:
        """Whether it was reported with the back-file, before the monthly reporting began."""
        return self.first < _first("monthly")

    @property
    def clauses(self) -> tuple[str, ...]:
        """Where the due date is written, as a Chinese reader cites it."""
        return tuple(clause(path).citation for path in _rule(self)["clauses"])


def begun() -> date:
    """The first day of the first month that is reported at all: that of the back-file."""
    return _first("back_file")


def _first(name: str) -> date:
    return min(entry.valid_from for entry in settings(RULES) if entry.name == name)


def shown(today: date, count: int = SHOWN, until: Month | None = None) -> tuple[Month, ...]:
    """The months of a board, oldest first, ending with `until` (default: the running month)."""
    last = min(until or Month.of(today), Month.of(today))
    months = [last.plus(-back) for back in range(count - 1, -1, -1)]
    return tuple(month for month in months if month.first >= begun())


def asked_about(today: date) -> Month:
    """The month that is in question today: the one before, until its due date; then the running one."""
    before = Month.of(today).plus(-1)
    return before if today <= before.due else Month.of(today)


def reminders(on: date) -> Setting:
    """Who is reminded when."""
    return setting(RULES, "reminders", on)


def _rule(month: Month) -> Setting:
    return setting(RULES, "back_file" if month.back_file else "monthly", month.first)
