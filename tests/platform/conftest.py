"""Fixtures of the platform's tests."""

from committed import committed

__all__ = ["committed"]
