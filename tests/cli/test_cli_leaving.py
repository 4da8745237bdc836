"""A process that holds much ends at once, with what was registered for its end done and its code kept."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import atexit, sys
from tonghu.leaving import leave

class Heap:
    def __del__(self):
        print("taken apart")

held = Heap()
atexit.register(print, "registered")
print("said", end=" ")
print("why", file=sys.stderr, end="")
leave(3)
"""


def test_what_was_registered_is_done_and_nothing_is_taken_apart() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "said registered\n", "why")
