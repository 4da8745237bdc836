"""What ends a run of a job early, and what a failure is called in words that a user can do something with."""

from __future__ import annotations

import traceback
from pathlib import Path

from django.db import InterfaceError, OperationalError

from tonghu.errors import InputRefused
from tonghu.platform.operations.faults import DISK_FULL, fault_of

#: Where code of libraries lies; the line that a developer looks for is above theirs.
_LIBRARIES = ("site-packages", "/lib/python", "<frozen")


class CancelledByAsker(BaseException):
    """The asker wants the job to stop. Not an ``Exception``, so that no ``except Exception`` of a job swallows it."""


class WorkerStops(BaseException):
    """The worker has been told to stop; the job goes on in the next one from its last step."""


class Superseded(BaseException):
    """Another worker has taken the job over: this run was thought dead and must change nothing more."""


class PostEnded(Exception):  # noqa: N818 -- it names what happened, not a fault of ours
    """Whoever asked may no longer: their post has ended, or they may not log in any more.

    `zh` and `en` say which, in one sentence.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en


def words(fault: BaseException) -> tuple[str, str]:
    """Say what happened in Chinese and in English, without any value of a row.

    The message of an exception is never shown: a database's quotes the row that it refused.
    """
    if isinstance(fault, InputRefused | PostEnded):
        return fault.zh, fault.en
    if fault_of(fault) is DISK_FULL:  # the worker's own, or the database's
        return (
            "磁盘空间已满：请腾出空间，之后会自动重试",
            "The disk is full: make room, then it is tried again by itself",
        )
    if isinstance(fault, OperationalError | InterfaceError):
        return "数据库暂时不可用，将自动重试", "The database was not available; it is tried again by itself"
    if isinstance(fault, MemoryError):
        return (
            "内存不足：请稍后重试，或减少同时进行的任务",
            "Memory ran out: try again later, or run fewer jobs at once",
        )
    if isinstance(fault, ConnectionError | TimeoutError):
        return (
            "外部服务没有应答，将自动重试",
            "A service outside did not answer; it is tried again by itself",
        )
    name = type(fault).__name__
    return (
        f"程序出错（{name}）：请把任务编号告诉系统管理员",
        f"The program failed ({name}): tell the system administrator the number of this job",
    )


def place(fault: BaseException) -> str:
    """Name the class of an error and the innermost line of ours above it: ``KeyError reader:41``."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [one for one in frames if not any(theirs in one.filename for theirs in _LIBRARIES)] or list(frames)
    where = f" {Path(ours[-1].filename).stem}:{ours[-1].lineno}" if ours else ""
    return f"{type(fault).__name__}{where}"[:200]
