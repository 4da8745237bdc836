"""Signed zero reports: asked of whoever keeps the calendar, which stands above this room.

A card of a month for which its hospital signed "no case" contradicts the signature: whoever is about to make one is
told first, and goes on by a choice of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from tonghu.platform.scope.wording import label_in_words

#: So many months that were signed as without a case are named before anything is chosen, the latest first.
ZEROS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Signed:
    """A zero report that stands: of which archive month, when it was signed and by whom, and its number."""

    number: int
    month: date
    at: datetime
    label: str

    @property
    def who(self) -> str:
        """Who signed, with the role in the reader's language."""
        return label_in_words(self.label)


ZeroReports = Callable[[int, "Iterable[date] | None"], Sequence[Signed]]
"""Asked with an institution's id and the first days of archive months (None: of all), in the open scope."""

_asked: Final[list[ZeroReports]] = []


def zero_is_asked_of(reports: ZeroReports) -> None:
    """Have `reports` asked from now on; called once, when the site starts."""
    _asked.append(reports)


def signed_zero(institution: int, months: Iterable[date] | None = None) -> dict[date, Signed]:
    """Return the zero reports of an institution that stand, by archive month, the latest month first."""
    wanted = None if months is None else list(months)
    found = [one for reports in _asked for one in reports(institution, wanted)]
    return {one.month: one for one in sorted(found, key=lambda one: one.month, reverse=True)}
