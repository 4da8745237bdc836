"""Whether a month is locked: asked of whoever keeps the calendar, which stands above this room.

What many cards get at once is not taken back at once on cards of a locked month; single cards can still be corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from django.utils.translation import ngettext

Lock = Callable[[int, date], bool]
"""Asked with an institution's id and the first day of an archive month, in the open scope."""

_asked: Final[list[Lock]] = []


def lock_is_asked_of(lock: Lock) -> None:
    """Have `lock` asked from now on; called once, when the site starts."""
    _asked.append(lock)


def is_locked(institution: int, archive_month: date) -> bool:
    """Whether an archive month of an institution is locked: nothing of it is undone in bulk any more."""
    return any(lock(institution, archive_month) for lock in _asked)


def locked_among(institution: int, months: Iterable[date]) -> frozenset[date]:
    """Return which of the archive months are locked; each is asked about once, however many cards it has."""
    return frozenset(month for month in set(months) if is_locked(institution, month))


def kept_in_words(count: int) -> str:
    """Say how many cards an undo left because their month is locked; '' for none."""
    if not count:
        return ""
    said = ngettext(
        "%(n)d card is of a locked archive month and stays as it is; it can be corrected on its own.",
        "%(n)d cards are of a locked archive month and stay as they are; they can be corrected one by one.",
        count,
    )
    return said % {"n": count}
