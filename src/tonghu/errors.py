"""The one kind of error that a user sees: what they gave cannot be used, and why, in both languages."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

#: What the system says when a disk takes no more: full, a quota used up, a file larger than the system allows.
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_RIGHT: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
#: Where a folder should be is a file, or it is to be made where one is.
_NO_FOLDER: Final = frozenset({errno.ENOTDIR, errno.EEXIST})


class InputRefused(Exception):  # noqa: N818 -- it names what happened, not a fault of ours
    """What the user gave cannot be used as it is.

    `zh` and `en` each say what is wrong, where, and how to mend it, in one line without a trailing full stop's
    worth of technical detail. The command line prints ``str(error)`` and exits with 2; pages show one language.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


def of_the_system(fault: OSError, where: Path | str) -> InputRefused | None:
    """Return what the operating system refused, in words; None where that is no user's or operator's to mend.

    Args:
        where: what was written to, for a fault that does not say it itself.
    """
    place = fault.filename or where
    if fault.errno in NO_ROOM:
        return InputRefused(f"磁盘已满：{place}", f"The disk is full: {place}")
    if fault.errno in _NO_RIGHT:
        return InputRefused(f"没有写权限：{place}", f"No permission to write: {place}")
    if fault.errno in _NO_FOLDER:
        return InputRefused(f"应为文件夹之处是文件：{place}", f"There is a file where a folder should be: {place}")
    return None
