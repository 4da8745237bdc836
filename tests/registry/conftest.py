"""Fixtures of the registry's tests."""

from __future__ import annotations

import pytest

from committed import committed
from made_up_cards import Point

__all__ = ["committed"]


@pytest.fixture
def point(db: None) -> Point:
    return Point()
