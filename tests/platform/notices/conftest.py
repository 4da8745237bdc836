"""Fixtures of the notices room's tests."""

from __future__ import annotations

from sample_jobs import effects

__all__ = ["effects"]
