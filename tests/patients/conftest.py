"""Fixtures of the patients' tests."""

from made_up_hospitals import hospitals

__all__ = ["hospitals"]
