"""When a failed job is tried again: a dated setting (``settings.yaml``), not code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from tonghu.platform.dated import setting

FILE: Final = Path(__file__).with_name("settings.yaml")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and how long to wait.

    Attributes:
        attempts: runs that may end in an error before the job is a dead letter.
        wait: seconds before the second run.
        factor: by which each further wait grows.
        longest: the longest wait, in seconds.
        losses: workers that may die over one step.
    """

    attempts: int
    wait: float
    factor: float
    longest: float
    losses: int

    def after(self, failed: int) -> timedelta | None:
        """Return how long to wait after the `failed`-th error, or None when that was the last attempt."""
        if failed >= self.attempts:
            return None
        return timedelta(seconds=min(self.longest, self.wait * self.factor ** (failed - 1)))


def retries(kind: str, on: date) -> Retries:
    """Return what holds for a kind of job on a day: its own entry, else the default one."""
    try:
        said = setting(FILE, kind, on)
    except KeyError:
        said = setting(FILE, "default", on)
    return Retries(**said.values)
