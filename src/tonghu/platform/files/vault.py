"""Where sealed files lie: ``files/`` in the site's folder, under random names that say nothing."""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings

from tonghu.errors import NO_ROOM, InputRefused

#: A file that no row knows is left alone for so many seconds: the transaction that will name it may still be open.
UNCLAIMED_SECONDS: Final = 3600.0
_PLACE: Final = re.compile(r"[0-9a-f]{32}")


def folder() -> Path:
    """The folder of all sealed files."""
    return Path(settings.SITE) / "files"


def new_place() -> str:
    """Return a fresh random name."""
    return uuid.uuid4().hex


def path_of(place: str) -> Path:
    """Return where a file lies.

    Raises:
        ValueError: `place` is not one of our names; nothing that a user gives ever becomes a path.
    """
    if not _PLACE.fullmatch(place):
        raise ValueError(f"not a place of a file: {place!r}")
    return folder() / place[:2] / place


def incoming(place: str) -> Path:
    """Return where a file lies while it comes in; its folder exists afterwards."""
    path = path_of(place)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path.with_suffix(".part")


def settle(place: str) -> None:
    """Move a file that has come in to its place; it is there after a crash, too."""
    path = path_of(place)
    path.with_suffix(".part").replace(path)
    folder_handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder_handle)
    finally:
        os.close(folder_handle)


def remove(place: str) -> None:
    """Remove a file, come in or coming in; one that is not there is well, too."""
    for path in (path_of(place), path_of(place).with_suffix(".part")):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def old_places(now: float | None = None) -> Iterator[tuple[str, bool]]:
    """Yield ``(place, complete)`` of every file older than :data:`UNCLAIMED_SECONDS`."""
    before = (time.time() if now is None else now) - UNCLAIMED_SECONDS
    for path in folder().glob("??/*"):
        with contextlib.suppress(FileNotFoundError):
            if _PLACE.fullmatch(path.stem) and path.stat().st_mtime < before:
                yield path.stem, not path.suffix


@contextmanager
def disk_in_words() -> Iterator[None]:
    """Say in one sentence when the disk is full.

    Raises:
        InputRefused: it is.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno not in NO_ROOM:
            raise
        raise InputRefused(
            "服务器磁盘空间已满，文件没有保存；请联系系统管理员后重新上传",
            "The server's disk is full and the file was not kept; tell the system administrator, then upload it again",
        ) from fault
