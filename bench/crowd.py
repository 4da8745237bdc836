"""Twenty clerks at work on a site of a million cards while five hospitals upload, check and import a file each.

The real site (gunicorn, a worker, PostgreSQL) and the browsers share the machine. A clerk opens a page or has a card
checked while typing, every three seconds; server time is what the site says of each answer. The limit is twice that of
one person alone. The five imports stay on the site: it grows by their cards.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.forms import as_of, fields
from bench.measure import WORK, Line, timed, tonghu
from bench.registry import fill
from bench.shell import Served, Visitor

HOME: Final = WORK / "registry"
PORT: Final = 18731
CLERKS, UPLOADS = 20, 5
#: Rows of each file that is uploaded, and how many of them are in scope.
ROWS, IN_SCOPE = 60_000, 0.05
#: What the clerks say of rows that wait: an earlier crowd may have left the same children.
DECIDED: Final = {"undetermined": "skip", "probable": "new", "changed": "keep"}
THINK: Final = 3.0
#: Without uploads the clerks work for so long with five runs; with them until the last file is imported.
SECONDS: Final = 60.0
LIMIT: Final = 0.300
#: An upload is given up after so long.
PATIENCE: Final = 400.0
PAGES: Final = (
    "/", "/cards", "/cards?state=draft", "/cards?group=malignant&problem=errors", "/cards/queue",
    "/cards/queue?by=card", "/reporting", "/children", "/imports",
)  # fmt: skip
_CARD: Final = re.compile(r'href="(/cards/\d+)[?"]')


@dataclass
class Clerk:
    """One clerk: pages, cards, and a card that is checked as they type."""

    visitor: Visitor
    seed: int
    checks: list[float] = field(default_factory=list)
    fault: str = ""

    def work(self, end: threading.Event) -> None:
        """Go on until it is over."""
        chance = random.Random(self.seed)
        time.sleep(chance.random() * THINK)
        try:
            while not end.is_set():
                if chance.random() < 0.5:
                    self.visitor.open(chance.choice(PAGES))
                else:
                    self._card(chance)
                time.sleep(chance.uniform(0.5, 1.5) * THINK)
        except (SystemExit, OSError, AssertionError) as fault:  # one who gives up spoils the whole: see _crowd
            self.fault = f"{self.visitor.username}: {fault!r}"

    def _card(self, chance: random.Random) -> None:
        """Open one of the drafts, and type two digits into it."""
        _status, text, _server = self.visitor.ask("/cards?state=draft")
        found = _CARD.findall(text)
        if not found:
            raise SystemExit(f"{self.visitor.username} has no draft")
        card = chance.choice(found)
        begun = time.perf_counter()
        status, page, server = self.visitor.ask(card)
        if status != 200:
            raise SystemExit(f"{card} answered {status}")
        self.visitor.served.append(Served("/cards/…", *server, time.perf_counter() - begun))
        said = fields(page, "card")
        if not said:  # it was submitted meanwhile
            return
        for _key in range(2):
            time.sleep(0.4)
            status, _text, server = self.visitor.ask(f"{card}/check", said)
            if status != 200:
                raise SystemExit(f"{card}/check answered {status}")
            self.checks.append(server[0])


def _upload(visitor: Visitor, file: Path, month: str, taken: list[float]) -> None:
    """Upload a file, look until it is checked, leave out what nobody can decide, confirm, look until it is imported."""
    begun = time.monotonic()
    visitor.ask("/imports")
    _status, text, _server = visitor.ask("/imports/upload", {"archive_month": month}, file)
    said = json.loads(text)
    if "to" not in said:
        raise SystemExit(f"{visitor.username}: {said}")
    place, confirmed = said["to"], False
    while True:
        time.sleep(1)
        _status, text, _server = visitor.ask(place)
        if f'{place}/undo"' in text:
            break
        if f'{place}/confirm"' in text:
            visitor.ask(f"{place}/confirm", {})
            confirmed = True
        elif not confirmed and "match=" in text:
            for match, choice in DECIDED.items():
                if f"match={match}" in text:
                    visitor.ask(f"{place}/choose", {"match": match, "choice": choice})
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit(f"{visitor.username}: {place} is not done after {PATIENCE:.0f} s")
    taken.append(time.monotonic() - begun)


@contextmanager
def site() -> Iterator[str]:
    """The filled site with its processes; yields everybody's password.

    A crowd leaves thousands of drafts at five hospitals: the next one begins on a site that was filled anew.
    """
    trace = HOME / "crowd-was-here"
    if trace.exists():
        shutil.rmtree(HOME)
    fill.site(HOME, fill.POINTS, fill.CARDS).close()
    environment = {**os.environ, "TONGHU_HOME": str(HOME), "TONGHU_SERVER_TIMING": "1"}
    trace.touch()
    log = WORK / "crowd.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            tonghu("site", "up", "--port", str(PORT)), stdout=out, stderr=out, env=environment, stdin=subprocess.DEVNULL
        )
    try:
        deadline = time.monotonic() + 180
        while f":{PORT}/" not in (said := log.read_text(encoding="utf-8")):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the site did not come up:\n{said[-2000:]}")
            time.sleep(0.2)
        time.sleep(5)  # the rules are compiled
        yield (HOME / "keys" / "demo-password").read_text(encoding="utf-8").strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _files(count: int) -> list[tuple[str, Path]]:
    """A file of last month for each of so many hospitals of the demo: whose it is, and where it lies."""
    from tonghu.config.made_up_points import points

    made = []
    seed = int(time.time())
    for number, point in enumerate(points(7)[2 : 2 + count]):
        path = WORK / f"crowd-{number}.csv"
        timed(tonghu("synth", "--out", path, "--rows", str(ROWS), "--in-scope", str(IN_SCOPE), "--children", "0.5",
                     "--seed", str(seed + number), "--month", "2026-10"))  # fmt: skip
        as_of(path, point.hospital.code)
        made.append((point.short, path))
    return made


def suite(runs: int) -> list[Line]:
    """The clerks alone first, then with the uploads, for as long as these take."""
    with site() as password:
        short = [f"h{n % 12 + 1}" for n in range(CLERKS)]
        clerks = [Clerk(Visitor(f"{one}.entry_clerk", password, PORT), n) for n, one in enumerate(short)]
        for clerk in clerks:
            clerk.visitor.log_in()
            for page in PAGES:  # each process has seen each page by now
                clerk.visitor.open(page)
        files = _files(UPLOADS)
        seconds = SECONDS * runs / 5
        lines = [_crowd(clerks, [], seconds, f"Pages of {CLERKS} clerks at once, 1,000,000 cards")]
        uploaders = [(Visitor(f"{one}.entry_clerk", password, PORT), path) for one, path in files]
        for visitor, _path in uploaders:
            visitor.log_in()
        lines.append(_crowd(clerks, uploaders, 0.0, f"Pages of {CLERKS} clerks at once, with {UPLOADS} uploads"))
        return lines


def _crowd(clerks: list[Clerk], uploaders: list[tuple[Visitor, Path]], seconds: float, what: str) -> Line:
    for clerk in clerks:
        clerk.visitor.served.clear()
        clerk.checks.clear()
    end, taken = threading.Event(), list[float]()
    begun = time.monotonic()
    at_work = [threading.Thread(target=clerk.work, args=(end,), daemon=True) for clerk in clerks]
    uploads = [
        threading.Thread(target=_upload, args=(visitor, path, "2026-10", taken), daemon=True)
        for visitor, path in uploaders
    ]
    for thread in (*at_work, *uploads):
        thread.start()
    for thread in uploads:
        thread.join()
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    end.set()
    for thread in at_work:
        thread.join()
    faults = [clerk.fault for clerk in clerks if clerk.fault]
    if faults or len(taken) < len(uploaders):
        raise SystemExit(f"{len(uploaders) - len(taken)} uploads were given up, and clerks: {faults}")
    served = [one for clerk in clerks for one in clerk.visitor.served]
    checks = [one for clerk in clerks for one in clerk.checks]
    _pages, server, _processor, wall = zip(*served, strict=True)
    for page in sorted({one.page for one in served}):
        times = sorted(one.server * 1000 for one in served if one.page == page)
        cost = statistics.median(one.processor * 1000 for one in served if one.page == page)
        print(f"    {page}: {len(times)} times, median {statistics.median(times):.0f} ms (processor {cost:.0f}), "
              f"slowest {times[-1]:.0f} ms", flush=True)  # fmt: skip
    p95, p95_wall, p95_checks = (statistics.quantiles(one, n=20)[-1] for one in (server, wall, checks))
    note = (
        f"{len(served)} pages, median {statistics.median(server) * 1000:.0f} ms, "
        f"seen by the browser {p95_wall * 1000:.0f} ms; checks while typing {p95_checks * 1000:.0f} ms"
    )
    if taken:
        note += f"; {len(taken)} files of {ROWS:,} rows imported in {max(taken):.0f} s"
    print(f"  {what}: p95 {p95 * 1000:.0f} ms; {note}", flush=True)
    return Line(
        what=f"{what}: server time, 95th percentile", peer="the limit, 300 ms", ours_seconds=p95, peer_seconds=LIMIT,
        limit=1.0, ours_peak_mb=0, note=note,
    )  # fmt: skip
