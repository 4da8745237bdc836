"""Whether a month is locked: asked of whoever keeps the calendar, which stands above this room.

What many cards get at once is not taken back at once on cards of a locked month; single cards can still be corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

from django.db import connection
from django.utils.translation import ngettext

Lock = Callable[[int, date], bool]
"""Asked with an institution's id and the first day of an archive month, in the open scope."""
Since = Callable[[int, date], datetime | None]
"""Asked likewise: since when the month is locked."""

_asked: Final[list[Lock]] = []
_since: Final[list[Since]] = []
#: First key of the advisory locks of months: whoever takes back in bulk shares it, whoever locks a month has it alone.
_KEY: Final = 4_511


def lock_is_asked_of(lock: Lock, since: Since | None = None) -> None:
    """Have `lock` asked from now on, and `since` for the moment; called once, when the site starts."""
    _asked.append(lock)
    if since is not None:
        _since.append(since)


def is_locked(institution: int, archive_month: date) -> bool:
    """Whether an archive month of an institution is locked: nothing of it is undone in bulk any more."""
    return any(lock(institution, archive_month) for lock in _asked)


def locked_since(institution: int, archive_month: date) -> datetime | None:
    """Since when an archive month of an institution is locked; None where it is not, or nobody says since when."""
    return next((at for since in _since if (at := since(institution, archive_month))), None)


def hold_open(months: Iterable[date]) -> None:
    """Have nobody lock these months until the transaction ends; ask afterwards which of them are locked."""
    _take("pg_advisory_xact_lock_shared", months)


def close(month: date) -> None:
    """Wait for whoever takes back in bulk what belongs to a month; until the transaction ends nobody begins to."""
    _take("pg_advisory_xact_lock", [month])


def _take(lock: str, months: Iterable[date]) -> None:
    keys = {month.year * 100 + month.month for month in months}
    with connection.cursor() as cursor:
        for key in sorted(keys):  # in one order, lest two wait crosswise
            cursor.execute(f"SELECT {lock}(%s, %s)", [_KEY, key])


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
