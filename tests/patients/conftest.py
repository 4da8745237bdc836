"""Fixtures of the patients' tests."""

from made_up_hospitals import hospitals

from committed import committed

__all__ = ["committed", "hospitals"]
