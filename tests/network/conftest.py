"""Fixtures of the network's tests."""

from committed import committed

__all__ = ["committed"]
