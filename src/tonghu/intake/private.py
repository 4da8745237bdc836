"""A folder in memory for programs that need one: nobody else may look into it, and it goes with its process.

The engine writes its results into a folder, the workbook writer has parts of its own: rows with names and numbers,
which never touch a disk. So the folder lies in memory-backed space. Leaving the block removes it; after a kill the
next one that makes a folder here does, since the lock that the dead process held on it is free.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tonghu.errors import InputRefused

#: Where Linux keeps memory that looks like a file system.
SPACE: Final = Path("/dev/shm")  # noqa: S108 -- memory, and the folder is the process's own
PREFIX: Final = "tonghu-intake-"
_LOCK: Final = ".lock"
_MAKING: Final = ".making"
#: What the kernel calls such space.
_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give an empty folder in memory for the block.

    Raises:
        InputRefused: this machine has no such space; plaintext is not put anywhere else.
    """
    _require_memory()
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-", dir=SPACE))  # mode 0700
    try:
        with (folder / _MAKING).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / _MAKING).rename(folder / _LOCK)  # under that name it was never free
            inside = folder / "work"
            inside.mkdir()
            yield inside
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> int:
    """Remove the folders of processes that were killed; returns how many."""
    gone = 0
    for folder in SPACE.glob(f"{PREFIX}{os.getuid()}-*"):
        with suppress(OSError):
            # Without a lock file somebody is making it just now, or it is all but gone.
            if _is_left(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _is_left(lock: Path) -> bool:
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _require_memory() -> None:
    kinds = {}
    for line in Path("/proc/mounts").read_text().splitlines():
        _device, place, kind, *_rest = line.split()
        kinds[place] = kind
    if kinds.get(str(SPACE)) not in _MEMORY:
        raise InputRefused(
            f"服务器没有内存盘 {SPACE}，为保护患儿信息不使用磁盘存放明文：请系统管理员挂载后重新上传",
            f"The server has no memory-backed space {SPACE}, and nothing of patients is put on a disk: have the "
            "administrator mount it, then upload again",
        )
