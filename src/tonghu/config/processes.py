"""The site's processes: started, watched, started again when they die, ended in order on Ctrl-C.

Only this program hears the terminal. Its children stand in sessions of their own, so that a Ctrl-C reaches them as an
orderly end (SIGTERM), not in the middle of a transaction; should this program be killed, Linux ends them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tonghu.errors import InputRefused
from tonghu.platform.operations.logs import log

#: How long a child may take to end in order; longer than a request or a step of a job.
END_SECONDS: Final = 25.0
#: A child that died so many times within so many seconds will not come back by being started again.
DEATHS: Final = 4
WITHIN_SECONDS: Final = 60.0
ENDING: Final = "\n正在结束：先完成进行中的请求和任务步骤…… / Ending: what is under way comes to its end first …\n"
LOG_BYTES: Final = 20_000_000
LOGS_KEPT: Final = 5


@dataclass
class Child:
    """One process of the site.

    Attributes:
        name: what it is called in logs and messages.
        command: what is run.
        log: the file that takes what it writes.
        nice: how far it stands behind the others where processors are short (0–19).
    """

    name: str
    command: list[str]
    log: Path
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it; its output is added to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 -- our own commands
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )  # fmt: skip
        if self.nice:
            with contextlib.suppress(ProcessLookupError):  # it has ended already, and will be started again
                whose = (os.PRIO_PROCESS, self.process.pid)
                os.setpriority(*whose, os.getpriority(*whose) + self.nice)

    def ended(self) -> int | None:
        """Return its exit code once it has ended."""
        return self.process.poll() if self.process else None

    def last_words(self) -> str:
        """Return the last line that it wrote."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace")[-4000:].splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Stopped(Exception):  # noqa: N818 -- not an error: somebody asked for the end
    """Somebody asked the site to end."""


def run(
    children: list[Child],
    ready: Callable[[], bool],
    announce: Callable[[], None],
    every_second: Callable[[], None] = lambda: None,
) -> None:
    """Start all, call `announce` once `ready` says yes, and keep them running until somebody asks for the end.

    Args:
        children: in the order in which they start; they end in the opposite one.
        ready: asked until it is true.
        announce: prints where the site is.
        every_second: what else has to be kept running.

    Raises:
        InputRefused: one of them cannot be kept running; everything has ended by then.
        Stopped: within :func:`told_to_stop`; everything has ended by then too.
    """
    try:
        for child in children:
            child.start()
        _watch(children, ready, announce, every_second)
    finally:
        end(children)


def end(children: list[Child]) -> None:
    """End all of them in order, the last started first; one that does not hear is killed."""
    for child in reversed(children):
        if child.process and child.ended() is None:
            child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    for child in reversed(children):
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


def _watch(
    children: list[Child], ready: Callable[[], bool], announce: Callable[[], None], every_second: Callable[[], None]
) -> None:
    announced = False
    turn = 0
    while True:
        for child in children:
            code = child.ended()
            if code is not None:
                _again(child, code)
        if not announced and ready():
            announce()
            announced = True
        if turn % 10 == 0:
            every_second()
        if turn % 600 == 0:
            for child in children:
                rotate(child.log)
        turn += 1
        time.sleep(0.1)


def _again(child: Child, code: int) -> None:
    now = time.monotonic()
    child.deaths = [*(at for at in child.deaths if now - at < WITHIN_SECONDS), now]
    if len(child.deaths) >= DEATHS:
        raise InputRefused(
            f"进程 {child.name} 反复退出（{code}），系统已停止；详见 {child.log}",
            f"The process {child.name} keeps ending ({code}), so the site has stopped; see {child.log}",
        )
    log.warning("process.ended", process=child.name, code=code)
    time.sleep(0.3 * 2 ** len(child.deaths))
    child.start()


def rotate(log_file: Path) -> None:
    """Put a large log aside. It is copied and emptied, since a running process holds it open for adding."""
    try:
        if log_file.stat().st_size < LOG_BYTES:
            return
        for n in range(LOGS_KEPT - 1, 0, -1):
            older = log_file.with_suffix(f".{n}.log")
            if older.exists():
                older.replace(log_file.with_suffix(f".{n + 1}.log"))
        shutil.copyfile(log_file, log_file.with_suffix(".1.log"))
        os.truncate(log_file, 0)
    except OSError:
        log.warning("log.rotate", process=log_file.stem)


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Within, Ctrl-C, SIGTERM and a closed terminal raise :class:`Stopped`, once; later ones are patience's."""
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            with contextlib.suppress(OSError):  # a closed terminal; and no print: it may have been interrupted in one
                os.write(1, ENDING.encode())
            raise Stopped

    before: dict[int, Any] = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    """In the child: ask the kernel for SIGTERM when the parent is gone (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
