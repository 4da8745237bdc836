"""`tonghu site up`: one site served on this machine until Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tonghu.config import processes
from tonghu.config.processes import Child
from tonghu.config.site import Site, said_in_words
from tonghu.errors import InputRefused
from tonghu.platform.database import roles
from tonghu.platform.operations.logs import log

PORT = 8000
READY_SECONDS = 60.0
#: The module that runs jobs; the site has a worker as soon as it is there.
WORKER = "tonghu.platform.jobs.worker"
#: Pages come first: a file's check would take every core from whoever waits for one.
WORKER_NICE = 10


class AlreadyUp(Exception):  # noqa: N818 -- the wish is fulfilled already
    """The site is up already, at `address`."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@contextmanager
def only_one(home: Path, address: str) -> Iterator[None]:
    """Hold the site for this program.

    Raises:
        AlreadyUp: another one holds it. InputRefused: nothing can be written there.
    """
    fresh, lock, state = not home.exists(), home / "up.lock", home / "up.json"
    with said_in_words(home):
        try:
            home.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:  # below a folder that takes none, such as one of /proc
            raise InputRefused(f"此处不能建立文件夹：{home}", f"No folder can be made here: {home}") from None
        held = lock.open("a+")
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(running(home)["address"]) from None
        if not _is(held, lock):  # a start that was refused cleared it away at this very moment
            raise AlreadyUp(running(home)["address"])
        try:
            with said_in_words(state):
                state.write_text(json.dumps({"pid": os.getpid(), "address": address}), encoding="utf-8")
            yield
        finally:
            state.unlink(missing_ok=True)
            # Refused before anything was made: nothing stays.
            if home.is_dir() and [one.name for one in home.iterdir()] == [lock.name]:
                lock.unlink()
                if fresh:
                    home.rmdir()


def _is(held: IO[str], place: Path) -> bool:
    """Whether an open file is the one that lies there."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(held.fileno()), place.stat())
    return False


@contextmanager
def held(site: Site, address: str) -> Iterator[None]:
    """Hold the site for this program, and end in order when somebody asks for it, whatever is going on by then.

    Raises:
        AlreadyUp: another one holds it.
    """
    with only_one(site.home, address), processes.told_to_stop():
        try:
            yield
        except processes.Stopped:
            pass
        finally:
            site.close()
    print("已停止 / Stopped")


def running(home: Path) -> dict[str, Any]:
    """Return ``pid`` and ``address`` of the program that holds the site; empty texts while it is only beginning."""
    with contextlib.suppress(OSError, ValueError):
        said: dict[str, Any] = json.loads((home / "up.json").read_text(encoding="utf-8"))
        return said
    return {"pid": 0, "address": "…"}


def check_port(port: int) -> None:
    """See that nobody listens there.

    Raises:
        InputRefused: somebody does, or the number is none.
    """
    if not 1 <= port <= 65535:
        raise InputRefused(f"端口应在 1–65535 之间，现为 {port}", f"A port is between 1 and 65535, not {port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise InputRefused(
                f"无权使用端口 {port}：请用 --port 选 1024 以上的端口",
                f"Port {port} may not be used: choose one above 1023 by --port",
            ) from None
        except OSError:
            raise InputRefused(
                f"端口 {port} 已被占用：请用 --port 另选一个",
                f"Port {port} is in use: choose another by --port",
            ) from None


def serve(site: Site, port: int, announce: Callable[[], None], every_second: Callable[[], None] = lambda: None) -> None:
    """Serve a site that is open and migrated, until somebody asks for the end.

    Raises:
        InputRefused: a process cannot be kept running.
    """
    figures = site.home / "run" / "figures"
    with said_in_words(figures):
        shutil.rmtree(figures, ignore_errors=True)
        figures.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    children = [_web(site, port), *_worker(site)]
    begun = time.monotonic()

    def ready() -> bool:
        keep(site)
        if answers(port):
            return True
        if time.monotonic() - begun > READY_SECONDS:
            raise InputRefused(
                f"网站未能启动；详见 {children[0].log}", f"The site did not come up; see {children[0].log}"
            )
        return False

    def watch() -> None:
        keep(site)
        every_second()

    processes.run(children, ready, announce, watch)


def answers(port: int) -> bool:
    """Whether the site on this port is alive."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def keep(site: Site) -> None:
    """Start our own database server again when it is gone; programs reach it where it was."""
    if site.server and site.server.pid() is None:
        log.warning("process.ended", process="postgres")
        try:
            site.server.start()
            roles.prepare(site.admin_url(), site.home, site.database())
        except (InputRefused, OSError):
            # A full disk, for one: the pages say that the database is away until there is room again.
            log.error("process.start", process="postgres", exc_info=True)


def stop(home: Path) -> bool:
    """Ask the program that holds the site to end, and wait; returns whether there was one."""
    pid = running(home)["pid"]
    if not pid or not is_up(home):
        return False
    os.kill(pid, signal.SIGTERM)
    while is_up(home):
        time.sleep(0.1)
    return True


def is_up(home: Path) -> bool:
    """Whether a program holds the site."""
    try:
        with (home / "up.lock").open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except BlockingIOError:
        return True
    return False


def _web(site: Site, port: int) -> Child:
    command = [sys.executable, "-m", "gunicorn", "-c", "python:tonghu.config.web_server"]
    return Child("web", [*command, "--bind", f"127.0.0.1:{port}"], site.home / "logs" / "web.log")


def _worker(site: Site) -> list[Child]:
    if importlib.util.find_spec("tonghu.platform.jobs") is None or importlib.util.find_spec(WORKER) is None:
        return []
    command = [sys.executable, "-m", "tonghu", "site", "worker"]
    return [Child("worker", command, site.home / "logs" / "worker.log", nice=WORKER_NICE)]
