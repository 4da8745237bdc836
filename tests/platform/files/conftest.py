"""Fixtures of the files room's tests: a vault of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from committed import committed
from tonghu.platform.files import vault

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def in_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty vault."""
    folder = tmp_path / "files"
    monkeypatch.setattr(vault, "folder", lambda: folder)
    return folder
