"""The site's processes: kept running, ended in order, and not started for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tonghu.config import processes
from tonghu.config.processes import Child, Stopped
from tonghu.errors import InputRefused


def child(folder: Path, name: str, script: str) -> Child:
    return Child(name, [sys.executable, "-c", script], folder / "logs" / f"{name}.log")


SLEEPS = "import time; print('begun', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); " + SLEEPS


def run_until_told(children: list[Child], *impatience: float) -> list[str]:
    """Run them until all have begun and been looked after, then press Ctrl-C, and again after so many seconds.

    Returns what was said every second until then: those that begin at once would else be ended before the first.
    """
    said: list[str] = []

    def press() -> None:
        for delay in impatience:
            threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
        os.kill(os.getpid(), signal.SIGINT)

    def begun() -> bool:
        return bool(said) and all(one.last_words() == "begun" for one in children)

    with processes.told_to_stop(), pytest.raises(Stopped):
        processes.run(children, begun, press, every_second=lambda: said.append("second"))
    return said


def test_ctrl_c_ends_all(tmp_path: Path) -> None:
    one, two = child(tmp_path, "one", SLEEPS), child(tmp_path, "two", SLEEPS)
    before = signal.getsignal(signal.SIGINT)
    assert run_until_told([one, two])
    assert (one.ended(), two.ended()) == (-signal.SIGTERM, -signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_one_that_does_not_hear_is_killed_and_impatience_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "END_SECONDS", 1.0)
    deaf = child(tmp_path, "deaf", DEAF)
    run_until_told([deaf], 0.1, 0.2)
    assert deaf.ended() == -signal.SIGKILL


def test_one_that_dies_is_started_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    dies_once = f"import pathlib; p = pathlib.Path({str(mark)!r}); n = p.exists(); p.touch(); n or exit(3); "
    once = child(tmp_path, "once", dies_once + SLEEPS)
    run_until_told([once])
    assert len(once.deaths) == 1


def test_one_that_keeps_dying_stops_the_rest_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    good, bad = child(tmp_path, "good", SLEEPS), child(tmp_path, "bad", "raise SystemExit(7)")
    with pytest.raises(InputRefused, match=r"The process bad keeps ending \(7\).*bad\.log"):
        processes.run([good, bad], lambda: True, lambda: None)
    assert good.ended() == -signal.SIGTERM
    assert len(bad.deaths) == processes.DEATHS


def test_a_child_that_never_began_is_passed_over(tmp_path: Path) -> None:
    processes.end([child(tmp_path, "never", SLEEPS)])
    assert child(tmp_path, "never", SLEEPS).last_words() == ""


def test_a_large_log_is_put_aside_and_only_some_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    for n in range(processes.LOGS_KEPT + 3):
        with log.open("a") as held:
            held.write(f"{n} and more than ten\n")
        processes.rotate(log)
        assert log.read_text() == ""
    kept = sorted(tmp_path.glob("web.*.log"))
    assert len(kept) == processes.LOGS_KEPT
    assert kept[0].read_text().startswith(f"{processes.LOGS_KEPT + 2} ")
    processes.rotate(log)
    assert len(sorted(tmp_path.glob("web.*.log"))) == processes.LOGS_KEPT
    processes.rotate(tmp_path / "gone.log")


def test_one_that_stands_behind_the_others_does_so_with_all_its_threads(tmp_path: Path) -> None:
    script = (
        "import os, threading, time; time.sleep(1); said = []; "
        "own = lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()); "
        "one = threading.Thread(target=lambda: said.append(own())); "
        "one.start(); one.join(); print(said[0], flush=True); time.sleep(60)"
    )
    behind = child(tmp_path, "behind", script)
    behind.nice = 7
    behind.start()
    try:
        deadline = time.monotonic() + 30
        while behind.last_words() == "" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert behind.last_words() == str(min(19, os.getpriority(os.PRIO_PROCESS, 0) + 7))
    finally:
        assert behind.process is not None
        behind.process.kill()
        behind.process.wait()


def test_neither_a_command_nor_what_it_starts_leaves_its_memory_on_a_disk() -> None:
    """One byte: below every dump, and the kernel's sign not to pipe one to another program either."""
    script = (
        "import subprocess, sys, tonghu.cli as cli; "
        "cli.main = lambda: subprocess.call([sys.executable, '-c', "
        "'import resource; print(resource.getrlimit(resource.RLIMIT_CORE))']); cli.run()"
    )
    gunicorn = "import resource, tonghu.config.web_server; print(resource.getrlimit(resource.RLIMIT_CORE))"
    for one in (script, gunicorn):
        done = subprocess.run([sys.executable, "-c", one], capture_output=True, text=True, check=True)
        assert done.stdout.strip() in ("(1, 1)", "(0, 0)"), one
