"""The folder in memory: its own for as long as it lasts, whoever tidies meanwhile; gone afterwards, or after a kill."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from tonghu.errors import InputRefused
from tonghu.intake import private

OWN = "tonghu-test-own-"


def test_plaintext_is_put_nowhere_but_into_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(private, "SPACE", tmp_path)
    with pytest.raises(InputRefused, match="内存盘"), private.private_folder():
        pass
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    monkeypatch.setattr(private, "PREFIX", OWN)
    with private.private_folder() as folder:
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0 or folder.parent.stat().st_mode & 0o077 == 0
        assert private.sweep() == 0, "somebody works in it"
    assert not folder.exists()
    left = private.SPACE / f"{OWN}{os.getuid()}-left"
    left.mkdir()
    (left / ".lock").touch()
    assert private.sweep() == 1
    assert not left.exists()


def test_whoever_tidies_while_it_is_being_made_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may tidy at any moment of making one: right before the lock is taken is the narrowest."""
    lock = fcntl.flock
    tidied: list[int] = []

    def tidy_first(held: Any, how: int) -> None:
        if how == fcntl.LOCK_EX and not tidied:
            tidied.append(-1)
            tidied[0] = private.sweep()
        lock(held, how)

    monkeypatch.setattr(private, "PREFIX", OWN)
    monkeypatch.setattr(fcntl, "flock", tidy_first)
    with private.private_folder() as folder:
        assert folder.is_dir()
    assert tidied == [0]
