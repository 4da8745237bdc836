"""Fixtures of the jobs room's tests."""

from __future__ import annotations

from committed import committed
from sample_jobs import effects

__all__ = ["committed", "effects"]
