"""Pages of the shell as people use them: a real site with its real processes, asked over HTTP by people signed in.

Server time is what the site says of each answer (``Server-Timing``); the limit, 50 ms at the 95th percentile, holds for
one person alone and for fifty at once, each of whom opens a page every two seconds, on the machine that serves them.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import statistics
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.forms import with_file
from bench.measure import WORK, Line, tonghu

HOME = WORK / "shell"
PORT = 18730
PEOPLE = 50
SECONDS = 30.0
THINK = 2.0
LIMIT = 0.050
#: What posts open: the shell around a list, a search, one's own account, what was changed, people, every component.
PAGES = (
    "/account", "/jobs", "/notices", "/files", "/institutions", "/search?q=jin",
    "/history", "/log", "/people", "/style",
)  # fmt: skip
#: Posts that need no one-time code.
ROLES = ("responsible_deputy", "point_lead", "entry_clerk", "auditor", "records_department")
_TIMING = re.compile(r"app;dur=([\d.]+), cpu;dur=([\d.]+)")


class Served(NamedTuple):
    """One page: how long the site was at it, how much processor it took, how long the browser waited (seconds)."""

    page: str
    server: float
    processor: float
    wall: float


@dataclass
class Visitor:
    """One browser: its connection, its cookies, and the pages that it was served."""

    username: str
    password: str
    port: int = PORT
    connection: http.client.HTTPConnection = field(init=False)
    cookies: dict[str, str] = field(default_factory=dict)
    served: list[Served] = field(default_factory=list)
    pages: tuple[str, ...] = PAGES

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(
        self, path: str, form: dict[str, str] | None = None, file: Path | None = None
    ) -> tuple[int, str, tuple[float, float]]:
        """Ask for a page; returns the status, the text and the server's seconds (by the clock, of processor).

        Args:
            form: sent by POST.
            file: sent along in the field ``file``; then the answer is JSON.
        """
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body: str | bytes | None = None
        if form is not None:
            said = {**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
            body, kind = urllib.parse.urlencode(said), "application/x-www-form-urlencoded"
            if file is not None:
                body, kind = with_file(said, "file", file)
                headers["Accept"] = "application/json"
            headers |= {"Content-Type": kind, "Referer": f"http://127.0.0.1:{self.port}/"}
        method = "POST" if form is not None else "GET"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):  # it was idle for so long that the site closed it
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, rest = value.partition("=")
                self.cookies[cookie] = rest.partition(";")[0]
        timing = _TIMING.search(answer.getheader("Server-Timing", ""))
        assert timing is not None
        return answer.status, text, (float(timing[1]) / 1000, float(timing[2]) / 1000)

    def log_in(self) -> None:
        self.ask("/login")
        status, text, _ = self.ask("/login", {"username": self.username, "password": self.password})
        if status != 302 or "tonghu_session" not in self.cookies:
            raise SystemExit(f"{self.username} was not let in: {status} {text[:200]}")

    def learn(self) -> None:
        """Keep to the pages that the post may open; the log of acts, say, is for those whose work it is."""
        self.pages = tuple(page for page in PAGES if self.ask(page)[0] == 200)

    def open(self, page: str) -> None:
        begun = time.perf_counter()
        status, _, server = self.ask(page)
        if status != 200:
            raise SystemExit(f"{page} answered {status} to {self.username}")
        self.served.append(Served(page, *server, time.perf_counter() - begun))


@contextmanager
def site() -> Iterator[str]:
    """The demo's site on a folder of its own; yields everybody's password."""
    environment = {**os.environ, "TONGHU_HOME": str(HOME), "TONGHU_SERVER_TIMING": "1"}
    log = WORK / "shell.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*tonghu("demo", "--rows", "200", "--port", str(PORT), "--out", WORK / "month")],
            stdout=out, stderr=out, env=environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 180
        while f"Open: http://127.0.0.1:{PORT}/" not in (said := log.read_text(encoding="utf-8")):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the site did not come up:\n{said[-2000:]}")
            time.sleep(0.2)
        found = re.search(r"Everybody's password: (\S+)", said)
        assert found is not None
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def suite(runs: int) -> list[Line]:
    """One person alone, then fifty at once."""
    with site() as password:
        names = [f"h{n % 2 + 1}.{ROLES[n // 2 % len(ROLES)]}" for n in range(PEOPLE)]
        visitors = [Visitor(name, password) for name in names]
        for visitor in visitors:
            visitor.log_in()
            visitor.learn()
        print(f"  opened: {' '.join(sorted({page for one in visitors for page in one.pages}))}", flush=True)
        alone = visitors[2]
        for page in alone.pages * 2:
            alone.open(page)  # templates are compiled by now
        alone.served.clear()
        for page in alone.pages * max(runs, 5) * 4:
            alone.open(page)
        first = _line("Pages of the shell, one person", alone.served)
        alone.served.clear()
        begun = time.monotonic()
        threads = [threading.Thread(target=_browse, args=(visitor, n)) for n, visitor in enumerate(visitors)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        served = [one for visitor in visitors for one in visitor.served]
        rate = len(served) / (time.monotonic() - begun)
        print(f"  {rate:.0f} pages a second", flush=True)
        return [first, _line(f"Pages of the shell, {PEOPLE} people at once", served)]


def _browse(visitor: Visitor, seed: int) -> None:
    """Open a page every two seconds, more or less, as people do."""
    chance = random.Random(seed)
    time.sleep(chance.random() * THINK)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        visitor.open(chance.choice(visitor.pages))
        time.sleep(chance.uniform(0.5, 1.5) * THINK)


def _line(what: str, served: list[Served]) -> Line:
    _pages, server, processor, wall = zip(*served, strict=True)
    p95, p95_wall = (statistics.quantiles(one, n=20)[-1] for one in (server, wall))
    medians = [round(statistics.median(one) * 1000) for one in (server, processor)]
    print(f"  {what}: {len(served)} pages, p95 {p95 * 1000:.0f} ms", flush=True)
    return Line(
        what=f"{what}: server time, 95th percentile", peer="the limit, 50 ms",
        ours_seconds=p95, peer_seconds=LIMIT, limit=1.0, ours_peak_mb=0,
        note=f"median {medians[0]} ms, processor {medians[1]} ms; seen by the browser {p95_wall * 1000:.0f} ms",
    )  # fmt: skip
