"""Whether a month is locked: asked of whoever keeps the calendar, which stands above this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

Lock = Callable[[int, date], bool]
"""Asked with an institution's id and the first day of an archive month, in the open scope."""

_asked: Final[list[Lock]] = []


def lock_is_asked_of(lock: Lock) -> None:
    """Have `lock` asked from now on; called once, when the site starts."""
    _asked.append(lock)


def is_locked(institution: int, archive_month: date) -> bool:
    """Whether an archive month of an institution is locked: no import of it is undone any more."""
    return any(lock(institution, archive_month) for lock in _asked)
