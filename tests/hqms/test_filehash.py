"""The hash of a file, whoever works it out: its own thread, or the reader in the time in which it would wait."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from tonghu.hqms import filehash
from tonghu.hqms.filehash import FileHash
from tonghu.hqms.reading.ahead import prefetched

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(filehash, "BLOCK", 1000)
    (tmp_path / "file").write_bytes(CONTENT)
    return tmp_path / "file"


def test_the_thread_hashes_all(file: Path) -> None:
    digest = FileHash(file)
    digest.start()
    digest.start()
    assert digest.hexdigest() == digest.hexdigest() == hashlib.sha256(CONTENT).hexdigest()


def test_who_borrows_hashes_some_and_the_thread_the_rest(file: Path) -> None:
    digest = FileHash(file)
    with digest.borrowed() as step:
        digest.start()
        steps = sum(step() for _ in range(10))
    assert steps == 10
    assert digest.hexdigest() == hashlib.sha256(CONTENT).hexdigest()


def test_who_borrows_may_hash_all_and_is_told_the_end(file: Path) -> None:
    digest = FileHash(file)
    with digest.borrowed() as step:
        assert sum(iter(step, False)) == len(CONTENT) // 1000 + 1
        assert not step()
    assert digest.hexdigest() == hashlib.sha256(CONTENT).hexdigest()


def test_what_reading_meets_is_raised_where_the_hash_is_asked_for(tmp_path: Path) -> None:
    digest = FileHash(tmp_path / "gone")
    digest.start()
    with pytest.raises(FileNotFoundError):
        digest.hexdigest()


def test_the_time_of_waiting_is_used() -> None:
    """The thread that is ahead does something else until its item is taken, and goes on when there is nothing to do."""
    ahead = threading.Event()
    left = [True] * 20

    def meanwhile() -> bool:
        ahead.set()
        return bool(left) and left.pop()

    items = prefetched(iter(range(4)), meanwhile)
    assert next(items) == 0
    assert ahead.wait(10)
    assert [*items] == [1, 2, 3]
    assert not left
