"""Fixtures of the tests of surveillance."""

from committed import committed

__all__ = ["committed"]
