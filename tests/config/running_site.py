"""A real site for the tests: `tonghu site up` in a process of its own, asked over HTTP, and its processes found."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import site_database

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # two cores may be busy with much else


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    text: str
    headers: dict[str, str]


class RunningSite:
    """`tonghu site up` on a free port in `home`."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port()
        self.environment = {**os.environ, "TONGHU_HOME": str(home), **environment}
        self.said = home.parent / f"{home.name}.said"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True, file_limit: int | None = None) -> None:
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tonghu", "site", "up", "--port", str(self.port)],
                stdout=out, stderr=out, env=self.environment, start_new_session=True,
                preexec_fn=_files_of_at_most(file_limit),
            )  # fmt: skip
        if wait:
            until(lambda: f":{self.port}/" in self.words() or self.process.poll() is not None, "the site comes up")
            assert self.process.poll() is None, self.words()

    def end(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def words(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def command(self, *arguments: str, file_limit: int | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tonghu", *arguments],
            capture_output=True, text=True, env=self.environment, check=False, timeout=PATIENCE,
            preexec_fn=_files_of_at_most(file_limit),
        )  # fmt: skip

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            asked.request(method, path, body or None, headers)
            answered = asked.getresponse()
            text = answered.read().decode("utf-8", "replace")
            return Answer(answered.status, text, {name.lower(): value for name, value in answered.getheaders()})
        finally:
            asked.close()

    def checks(self) -> dict[str, Any]:
        """What /readyz says of every part."""
        said: dict[str, Any] = json.loads(self.ask("/readyz").text)["checks"]
        return said

    def ready(self) -> bool:
        try:
            return self.ask("/readyz").status == 200
        except OSError:
            return False

    def processes(self, word: str) -> list[int]:
        """Ids of this site's processes whose command line holds a word; PostgreSQL's by its data directory."""
        found = []
        for place in Path("/proc").iterdir():
            if place.name.isdigit():
                try:
                    line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                    environment = (place / "environ").read_bytes().decode("utf-8", "replace")
                except OSError:
                    continue
                if word in line and (f"TONGHU_HOME={self.home}\0" in environment or str(self.home) in line):
                    found.append(int(place.name))
        return sorted(found)

    def postgres(self) -> int | None:
        """The database server's id, as its data directory says."""
        try:
            pid = int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def log(self, name: str) -> list[dict[str, Any]]:
        text = (self.home / "logs" / f"{name}.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def prepared(home: Path) -> Path:
    """Lay a site of this version into `home`, a copy of one that is made once for all tests; returns `home`."""
    made = site_database.ROOT / "var" / f"test-site-{site_database.migrations_hash()}"
    made.parent.mkdir(exist_ok=True)
    with (made.parent / "test-site.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not made.exists():
            for old in made.parent.glob("test-site-*"):
                shutil.rmtree(old)
            making = made.with_name("test-site-making")
            making.mkdir(mode=0o711)  # the database's own user passes through
            done = RunningSite(making / "site").command("site", "migrate")
            assert done.returncode == 0, done.stderr
            making.rename(made)
    subprocess.run(["cp", "-a", str(made / "site"), str(home)], check=True)  # the data are the database's own user's
    for port in home.glob("postgres/**/port"):
        port.unlink()  # a server comes back where it was: two copies would want the same place
    return home


def until(holds: Callable[[], object], what: str, seconds: float | None = None) -> None:
    """Wait until something holds."""
    patience = PATIENCE if seconds is None else seconds
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"after {patience:.0f} s it is still not so that {what}"
        time.sleep(0.1)


def _files_of_at_most(limit: int | None) -> Callable[[], None] | None:
    """Have the kernel refuse to write files beyond `limit` bytes, as a full disk does, where nothing is mounted."""
    if limit is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
