"""How a process that holds much ends: at once, when its work is done."""

from __future__ import annotations

import atexit
import os
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
