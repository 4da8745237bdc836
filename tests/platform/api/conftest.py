"""Fixtures of the API's tests."""

from committed import committed

__all__ = ["committed"]
