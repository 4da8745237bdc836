"""How a process that holds much ends: at once, when its work is done; and leaving nothing of it on a disk."""

from __future__ import annotations

import atexit
import os
import resource
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Do what was registered for the end, then end without unwinding.

    The kernel takes a heap of some hundred megabytes back at once, where the interpreter takes it apart piece by piece:
    seconds, on a machine that has other work, in which whoever pressed Ctrl-C sees nothing happen.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def without_core_dumps() -> None:
    """Keep this process, and all that it starts, from ever writing its memory to a disk when it dies.

    A limit of one byte: less than any dump, so no file is written; and the kernel's sign that a program to which it
    would pipe dumps (systemd-coredump, apport) is not asked, which a limit of nought is not.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    least = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))
