"""Fixtures of the intake tests: a made-up hospital, its clerk, and its discharge files. Nobody here exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_files import Hospital, a_hospital

from committed import committed
from tonghu.platform.files import vault

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
