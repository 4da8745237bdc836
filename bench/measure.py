"""Whole processes, in turn: wall seconds, processor seconds and the peak memory of the largest process.

Ours and the peer run alternately (A B A B …) after one warm-up each, so that a machine whose speed drifts, or whose
page cache is cold, treats both alike; the median is quoted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "var" / "bench"
#: As a user starts a program: its modules are compiled once, not at every start.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Timing:
    """One run of one process: seconds by the clock, seconds of processor, peak resident bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, ours and the peer's medians, and the limit on their ratio."""

    what: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    limit: float | None
    ours_peak_mb: float
    peak_limit_mb: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours_seconds / self.peer_seconds

    @property
    def holds(self) -> bool:
        return (self.limit is None or self.ratio <= self.limit) and (
            self.peak_limit_mb is None or self.ours_peak_mb <= self.peak_limit_mb
        )


def timed(command: Sequence[str | Path]) -> Timing:
    """Run one command to its end. `ru_maxrss` of wait4 is the largest process among it and its children, in KiB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=_ENVIRONMENT
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\nexited with {process.returncode}: {said.decode()[-2000:]}")
    return Timing(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def in_turn(commands: Mapping[str, Sequence[str | Path]], runs: int = 5, warm: bool = True) -> dict[str, Timing]:
    """Each command `runs` times in turn after one warm-up; returns medians of seconds and the largest peak."""
    seen: dict[str, list[Timing]] = {name: [] for name in commands}
    for turn in range(runs + warm):
        for name, command in commands.items():
            timing = timed(command)
            if turn or not warm:
                seen[name].append(timing)
    medians = {
        name: Timing(
            statistics.median(t.wall for t in timings),
            statistics.median(t.cpu for t in timings),
            max(t.peak for t in timings),
        )
        for name, timings in seen.items()
    }
    for name, timing in medians.items():
        peak = f"{timing.peak / 1e6:,.0f} MB"
        print(f"  {name}: {timing.wall:.2f} s, processor {timing.cpu:.2f} s, peak {peak}", flush=True)
    return medians


def tonghu(*arguments: str | Path) -> list[str | Path]:
    """The command line as a user starts it."""
    return [sys.executable, "-m", "tonghu", *arguments]


def peer(name: str, *arguments: str | Path) -> list[str | Path]:
    """A peer's script in bench/peers."""
    return [sys.executable, ROOT / "bench" / "peers" / f"{name}.py", *arguments]


def made(name: str, *arguments: str | Path) -> Path:
    """An input file of the made-up country, made once and kept under var/bench."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / name
    if not path.exists():
        print(f"  making {name} …", flush=True)
        partial = path.with_name("partial-" + name)
        timed(tonghu("synth", "--out", partial, *arguments))
        partial.rename(path)
    return path
