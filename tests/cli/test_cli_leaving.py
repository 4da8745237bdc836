"""A process that holds much ends at once, with what was registered for its end done and its code kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize(
    "words", ["policy list", "policy show NHC20.3.2", "rules show HQ053", "codes --help", "site --help", "--version"]
)
def test_whoever_reads_no_further_is_no_error(words: str) -> None:
    """`tonghu … | head`: long answers and short ones, of commands that end in each of the three ways."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tonghu", *words.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    running.stdout.close()
    _out, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (0, "")
