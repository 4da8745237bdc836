"""Fault injection: real workers that are killed at named points or at any moment, and the proof that it did not matter.

For every room's jobs. A test commits what it needs (fixture ``committed``), asks for jobs, and has workers die::

    with Workers("sample_jobs") as workers:
        workers.start("job.after_commit", 2).died()      # SIGKILL at the second time it comes there
        workers.start()
        until(lambda: seen(asked.pk).state == State.DONE)
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType

from django.db import connection, connections

#: The points of the jobs room, in the order in which a job comes to them.
POINTS = (
    "job.taken", "job.before_step", "job.before_commit", "job.after_commit", "job.reported", "job.before_end",
    "job.ended",
)  # fmt: skip
HERE = Path(__file__).resolve().parent
PATIENCE = 60.0


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not so after {seconds} s"
        time.sleep(0.05)


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a process forked from the test, which ends when it returns; returns its pid.

    It talks to the database by connections of its own. Closing ours before the fork is not enough: in a thread where a
    browser's event loop runs, Django keeps connections apart from those that it made before, and the child, in which
    no loop runs, finds the earlier ones again. Two processes on one socket then read each other's answers.
    """
    pid = os.fork()
    if pid:
        return pid
    try:
        for alias in connections:
            connections[alias] = connections.create_connection(alias)  # what was there is not closed: it is not ours
        work()
    except BaseException:
        traceback.print_exc()
    os._exit(1)


class Worker:
    """One worker process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self.ended = threading.Event()

    def kill(self) -> None:
        """Kill it with SIGKILL, wherever it is, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self.died()

    def died(self) -> None:
        """Wait until it has been killed."""
        assert self.ended.wait(PATIENCE), "the worker lives: it never came to the point"
        assert self.status == -signal.SIGKILL, f"the worker ended with {self.status}"

    def stop(self) -> None:
        """Tell it to stop, and wait until it has, without an error."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.ended.wait(PATIENCE), "the worker does not stop"
        assert self.status == 0, f"the worker ended with {self.status}"


class Loaded:
    """A process that has loaded Django and the modules of a test's jobs once, and forks a worker whenever asked."""

    def __init__(self, database: str, begun: str, modules: tuple[str, ...]) -> None:
        self.workers: dict[int, Worker] = {}
        self._started: list[int] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "faulty_worker.py"), database, begun, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE)])},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, asked: Mapping[str, object]) -> Worker:
        """Have a worker forked, and wait until it is there."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        with self._news:
            assert self._news.wait_for(lambda: self._started, PATIENCE), "the worker does not start"
            return self.workers[self._started.pop()]

    def end(self) -> None:
        """End it; no worker of it is left."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._listener.join(PATIENCE)
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            word, *more = line.split()
            with self._news:
                if word == "ended":
                    pid, status = map(int, more)
                    self.workers[pid].status = status
                    self.workers[pid].ended.set()
                else:
                    self.workers[int(word)] = Worker(int(word))
                    self._started.append(int(word))
                self._news.notify_all()


@cache
def _loaded(database: str, begun: str, modules: tuple[str, ...]) -> Loaded:
    """Loading takes seconds of the processor: it is done once a session, and each test has workers of its own."""
    loaded = Loaded(database, begun, modules)
    atexit.register(loaded.end)
    return loaded


class Workers:
    """Starts workers beside the test, which have loaded the modules that declare the jobs; none outlives the block.

    Without `periodic` nothing begins by itself, so that a point is come to by the test's own jobs alone. What `told`
    says of the test's own is given to each module's ``prepare``, in the worker alone.
    """

    def __init__(self, *modules: str, periodic: bool = False, **told: str) -> None:
        self._modules = modules
        self._begun = "periodic" if periodic else "asked"
        self._told = told

    def __enter__(self) -> Workers:
        self._loaded = _loaded(str(connection.settings_dict["NAME"]), self._begun, self._modules)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        for worker in self._loaded.workers.values():
            if not worker.ended.is_set():
                os.kill(worker.pid, signal.SIGKILL)
                worker.ended.wait(PATIENCE)
        self._loaded.workers.clear()

    def start(self, fatal: str = "", hit: int = 1) -> Worker:
        """Start a worker; with a point's name it dies there when it comes to it for the `hit`-th time."""
        return self._loaded.start({"fatal": fatal, "hit": hit, "told": self._told})
