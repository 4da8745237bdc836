"""Plaintext for programs that need a path: in anonymous memory, never on a disk, gone with its process.

A ``memfd`` has no name in any file system: when the process ends, however it ends, the kernel takes the memory back, so
that a kill leaves nothing for anybody to find or to clean up. It is opened through ``/proc/<pid>/fd``, which only the
same user and the process's own children can do. Polars, calamine and our own readers open that path; DuckDB looks for
the name behind it and finds none, which is as well: give it a frame, and no plaintext can reach its spill.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils import timezone

from tonghu.platform.files.purposes import plain_space


class NoRoom(MemoryError):  # noqa: N818 -- it names what happened
    """The process holds as much plaintext as it may; a job that meets this is tried again later."""


_lock = threading.Lock()
_held = 0


def held() -> int:
    """Bytes of plaintext that this process holds."""
    return _held


@contextmanager
def in_memory(pieces: Iterable[bytes], size: int) -> Iterator[Path]:
    """Hold plaintext of `size` bytes in memory for the block, and give its path.

    Raises:
        NoRoom: with what is held already it would be more than the setting ``plain_space`` allows.
        ValueError: the pieces are not `size` bytes.
    """
    _reserve(size)
    try:
        handle = os.memfd_create("tonghu", os.MFD_CLOEXEC)
        try:
            os.fchmod(handle, 0o600)
            with os.fdopen(os.dup(handle), "wb") as out:
                written = sum(out.write(piece) for piece in pieces)
            if written != size:
                raise ValueError(f"{written} bytes came where {size} were stored")
            yield Path(f"/proc/{os.getpid()}/fd/{handle}")
        finally:
            os.close(handle)
    finally:
        _reserve(-size)


def _reserve(size: int) -> None:
    global _held
    with _lock:
        if size > 0 and _held + size > plain_space(timezone.localdate()):
            raise NoRoom
        _held += size
