"""Fixtures of the intake tests: a made-up hospital, its clerk, and its discharge files. Nobody here exists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from made_up_files import Hospital, a_hospital

from committed import committed
from tonghu.platform.files import vault
from tonghu.registry import locks

__all__ = ["committed"]


@pytest.fixture
def in_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault of this test's own."""
    folder = tmp_path / "vault"
    monkeypatch.setattr(vault, "folder", lambda: folder)
    return folder


@pytest.fixture
def hospital(db: None, in_vault: Path) -> Hospital:
    """A hospital with a clerk of its own."""
    return a_hospital()


@pytest.fixture
def locked() -> Iterator[set[tuple[int, date]]]:
    """Months that are locked, as whoever keeps the calendar would say."""
    months: set[tuple[int, date]] = set()

    def lock(institution: int, month: date) -> bool:
        return (institution, month) in months

    locks.lock_is_asked_of(lock)
    yield months
    locks._asked.remove(lock)
