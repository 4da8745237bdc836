"""kill -9 of worker and web of a real site, over and over, at any moment of what people do with cards; then the proof.

``PYTHONPATH=tests python tests/config/kill_rehearsal.py --kills 200 --seed 1`` brings a site up (``tonghu site up``)
with made-up hospitals, whose clerks and auditors work without a pause: upload, confirm, undo, upload again, change,
submit, return, withdraw, approve, report. Meanwhile the worker, or the processes that serve pages, are killed at random
moments. Whoever meets a fault does what people do: tries again. At the end every stay must be one card in the state and
version that its people know of, every import must have its counts, and ``tonghu site check-cards`` must find nothing.

A kill counts only where it hit something at work: a worker that ran a job, a page that was never answered. A process is
stopped (SIGSTOP) before it is killed, so that it can be said what it was doing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import running_site
from running_site import RunningSite, prepared, until
from site_visitor import Visitor, batch_of

HERE = Path(__file__).resolve().parent
MONTH = "2026-09"
PASSWORD = "Hard-to-guess 7"
#: `tonghu site up` ends where a process dies four times in a minute, so a worker is killed three times at most.
WORKER_PAUSE = 20.5
#: A job may take so long while its worker is killed over it again and again, each time with 20 seconds of silence.
PATIENCE = 900.0
#: What is looked for before a worker is killed, in turn.
KINDS = ("intake.check", "intake.import", "intake.undo")
#: What is looked for before the processes that serve pages are killed, in turn.
REQUESTS = ("upload", "confirm", "undo", "save", "submit all", "withdraw", "submit", "return", "approve", "report")


class Ended(Exception):  # noqa: N818 -- not an error: the killing is over
    """Whoever works here may go home."""


@dataclass
class Story:
    """What happened: what was killed over what, and how it stood afterwards."""

    hits: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """As it is printed."""
        said = [f"kills that hit something: {sum(self.kills.values())}: {_listed(self.kills)}", "what they hit:"]
        said += [f"  {count:>4}  {what}" for what, count in sorted(self.hits.items())]
        return [*said, f"what was done meanwhile: {_listed(self.acts)}"]


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))


class Rehearsal:
    """A site, those who work there, and whoever kills its processes."""

    def __init__(self, folder: Path, seed: int, hospitals: int, files: int, rows: int) -> None:
        self.site = RunningSite(prepared(folder / "site"))
        self.chance = random.Random(seed)
        self.story = Story()
        self.stop = threading.Event()
        self.waiting: dict[int, str] = {}  # thread → the request that it waits for
        self.usual: dict[str, float] = {}  # request → how long its last answer took, in seconds
        self.lock = threading.Lock()
        self._folder, self._hospitals, self._files, self._rows = folder, hospitals, files, rows
        self._dead: set[tuple[int, int]] = set()  # runs of jobs whose worker was killed

    def begin(self) -> list[Clerk]:
        """Bring the site up and let people in."""
        self.site.start()
        until(self.site.ready, "every part is ready", PATIENCE)
        (self._folder / "files").mkdir()
        numbers = [str(self._hospitals), str(self._files), str(self._rows)]
        made = subprocess.run(
            [sys.executable, str(HERE / "site_people.py"), str(self._folder / "files"), *numbers],
            env={**os.environ, "TONGHU_HOME": str(self.site.home)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        chances = [random.Random(self.chance.random()) for _ in range(self._hospitals)]
        return [Clerk(self, told, one) for told, one in zip(json.loads(made.stdout), chances, strict=True)]

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The site's database past all walls: the superuser of its own server."""
        from tonghu.platform.database.server import Server

        url = Server(self.site.home / "postgres").admin_url()
        return psycopg.connect(url, dbname="tonghu", autocommit=True)

    def run(self, clerks: list[Clerk], kills: int, say: Callable[[str], None] = lambda _said: None) -> None:
        """Let everybody work until so many kills have hit something, and then to a good end."""
        threads = [threading.Thread(target=clerk.work, daemon=True) for clerk in clerks]
        for thread in threads:
            thread.start()
        web = worker = 0
        pause = 0.0
        while web + worker < kills and not self.story.faults:
            if worker < kills // 2 and time.monotonic() >= pause:
                if self._kill_worker(KINDS[worker % len(KINDS)]):
                    worker, pause = worker + 1, time.monotonic() + WORKER_PAUSE
                    say(f"{web + worker}/{kills}")
            elif web < kills - kills // 2 and self._kill_web(REQUESTS[web % len(REQUESTS)]):
                web += 1
                say(f"{web + worker}/{kills}")
            time.sleep(self.chance.uniform(0.5, 2.0))  # people get on with their work
        self.stop.set()
        for thread in threads:
            thread.join(2 * PATIENCE)
            assert not thread.is_alive(), "somebody never comes to an end"
        assert not self.story.faults, "\n".join(self.story.faults)

    def _kill_worker(self, kind: str) -> bool:
        """Kill the worker at some moment of a job of a kind, or of whatever it does by then."""
        with self.database() as asked:
            deadline = time.monotonic() + 15
            while kind not in (running := self._running(asked)).values():
                if time.monotonic() > deadline and running:
                    break  # another kind will do
                if time.monotonic() > deadline + 30 or self.story.faults:
                    return False
                time.sleep(0.01)
            usual = asked.execute(
                "SELECT coalesce(extract(epoch FROM avg(finished_at - started_at)), 1)::float FROM jobs_job "
                "WHERE kind = %s AND state = 'done' AND run = 1", [kind],
            ).fetchone()  # fmt: skip
            time.sleep(self.chance.uniform(0, usual[0] if usual else 1))
            found = self.site.processes("site worker")
            if not found:
                return False
            os.kill(found[0], signal.SIGSTOP)
            time.sleep(0.03)
            running = self._running(asked)
            if not running:  # it has just ended
                os.kill(found[0], signal.SIGCONT)
                return False
            at = _doing(asked, found[0])
            os.kill(found[0], signal.SIGKILL)
        self._dead |= running.keys()
        self.story.kills["worker"] += 1
        for what in running.values():
            self.story.hits[f"worker · {what} · {at}"] += 1
        return True

    def _running(self, asked: psycopg.Connection[tuple[Any, ...]]) -> dict[tuple[int, int], str]:
        """(job, run) → its kind, of jobs that a living worker runs."""
        rows = asked.execute("SELECT id, run, kind FROM jobs_job WHERE state = 'running'").fetchall()
        return {(job, run): kind for job, run, kind in rows if (job, run) not in self._dead}

    def _kill_web(self, name: str) -> bool:
        """Kill every process that serves pages while somebody waits for an answer; the master brings new ones."""
        deadline = time.monotonic() + 20
        while name not in self.waiting.values():
            if time.monotonic() > deadline:
                if not self.waiting:
                    return False
                break  # another request will do
            time.sleep(0.002)
        time.sleep(self.chance.uniform(0, self.usual.get(name, 0.1)))
        found = self.site.processes("gunicorn")[1:]  # the first is the master
        before = sum(self.story.hits.values())
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        with self.lock:
            hit = sum(self.story.hits.values()) > before
        self.story.kills["web"] += hit
        return hit

    def prove(self, clerks: list[Clerk]) -> str:
        """Compare with what people know, and ask the checker; returns its line."""
        with self.database() as asked:
            for clerk in clerks:
                clerk.prove(asked)
            deadline = time.monotonic() + PATIENCE
            # What nobody waits for, such as a marked workbook, may still be made when people have gone.
            while left := asked.execute(
                "SELECT id, kind, state, run FROM jobs_job WHERE state IN ('running', 'waiting') AND kind LIKE %s",
                ["intake.%"],
            ).fetchall():
                assert time.monotonic() < deadline, f"these jobs never come to an end: {left}"
                time.sleep(0.2)
        said = self.site.command("site", "check-cards")
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout.strip().splitlines()[-1]


def _doing(asked: psycopg.Connection[tuple[Any, ...]], pid: int) -> str:
    """Whether the database holds something of a stopped process open."""
    ports = []
    inodes = {str(held.readlink()) for held in Path(f"/proc/{pid}/fd").iterdir()}
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        cells = line.split()
        if f"socket:[{cells[9]}]" in inodes:
            ports.append(int(cells[1].split(":")[1], 16))
    # Of the site's role the server tells no state: whether it waits for its client and whether a transaction is open.
    held = asked.execute(
        "SELECT wait_event = 'ClientRead' FROM pg_stat_activity AS a WHERE client_port = ANY (%s) AND EXISTS "
        "(SELECT 1 FROM pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'virtualxid')", [ports],
    ).fetchall()  # fmt: skip
    if not held:
        return "outside of a transaction"
    return "between statements of a transaction" if all(waits for (waits,) in held) else "in a statement"


class Clerk:
    """The people of one hospital, at work; what they know of their cards."""

    def __init__(self, rehearsal: Rehearsal, told: dict[str, Any], chance: random.Random) -> None:
        self.rehearsal, self.told, self.chance = rehearsal, told, chance
        self.clerk, self.auditor = (Visitor(rehearsal.site.port) for _ in range(2))
        self.states: dict[str, str] = {}  # record number → state
        self.versions: dict[str, int] = {}
        self.batches: Counter[str] = Counter()

    def work(self) -> None:
        """Work file by file until the killing is over."""
        try:
            with self.rehearsal.database() as self.asked:
                self._insist("log in", lambda: self.clerk.log_in(self.told["entry_clerk"], PASSWORD))
                self._insist("log in", lambda: self.auditor.log_in(self.told["auditor"], PASSWORD))
                for brought in self.told["files"]:
                    if self.rehearsal.stop.is_set():
                        return
                    self._file(Path(brought["file"]), brought["records"])
            raise AssertionError("more files are needed: the kills are slower than the people")
        except BaseException:
            self.rehearsal.story.faults.append(f"{self.told['code']}: {traceback.format_exc()}")

    def _file(self, file: Path, records: list[str]) -> None:
        """One file's life: imported, sometimes taken back and imported again, worked on, reported."""
        self._import(file)
        self.batches["confirmed"] += 1
        while self.chance.random() < 0.6:
            self._do("undo", "undone")
            self.batches["confirmed"] -= 1
            self.batches["undone"] += 1
            self._import(file)
            self.batches["confirmed"] += 1
        self.states |= dict.fromkeys(records, "draft")
        self.versions |= dict.fromkeys(records, 1)
        cards = dict(
            self.asked.execute(
                "SELECT record_number, id FROM registry_card WHERE institution_id = %s AND record_number = ANY (%s)",
                [self.told["hospital"], records],
            ).fetchall()
        )
        for record in self.chance.sample(records, 4):
            self._change(record, cards[record])
        self._until_all(
            records,
            "submit all",
            "submitted",
            lambda: self.clerk.post("/cards/queue/submit", card=self._shown(records)),
        )
        withdrawn, returned, *approved = self.chance.sample(records, 6)
        self._move(withdrawn, cards, "withdraw", "draft", self.clerk)
        self._move(withdrawn, cards, "submit", "submitted", self.clerk)
        self._move(returned, cards, "return", "returned", self.auditor, reason="请核对")
        for record in approved:
            self._move(record, cards, "approve", "approved", self.auditor)
        self._until_all(
            approved, "report", "reported", lambda: self.auditor.post("/cards/audit/report", card=self._shown(approved))
        )

    def _import(self, file: Path) -> None:
        answer = self._insist("upload", lambda: self.clerk.upload(file, MONTH))
        while answer.status == 503:  # the machine is so busy that a part of the site is away
            time.sleep(1)
            answer = self._insist("upload", lambda: self.clerk.upload(file, MONTH))
        self.batch = batch_of(answer)
        self._settled("checking")
        self._do("confirm", "confirmed")

    def _do(self, act: str, to: str) -> None:
        """Confirm or undo: the button is pressed until the page says that it is under way, and then waited for."""
        before = self._state()
        self._insist(act, lambda: self.clerk.post(f"/imports/{self.batch}/{act}"), lambda: self._state() != before)
        self._settled("confirming" if to == "confirmed" else "undoing")
        assert self._state() == to, (act, self._state())
        self.rehearsal.story.acts[act] += 1

    def _state(self) -> str:
        row = self.asked.execute("SELECT state FROM intake_batch WHERE id = %s", [self.batch]).fetchone()
        assert row is not None
        return str(row[0])

    def _settled(self, working: str) -> None:
        """Wait until the worker is done; where the job has given up, its words are read and it is taken up again."""
        deadline = time.monotonic() + PATIENCE
        while self._state() == working:
            assert time.monotonic() < deadline, f"import {self.batch} stays {working}"
            job = self.asked.execute(
                "SELECT j.state, j.error_zh FROM intake_batch AS b JOIN jobs_job AS j ON j.id = b.job WHERE b.id = %s",
                [self.batch],
            ).fetchone()
            if job and job[0] == "dead":
                assert job[1], "a job that is given up says why"
                self.rehearsal.story.acts["taken up again"] += 1
                self._insist("go on", lambda: self.clerk.post(f"/imports/{self.batch}/go-on"))
            time.sleep(0.05)

    def _change(self, record: str, card: int) -> None:
        """Type another name of the contact and save."""
        base = self.versions[record]
        text = f"虚构家长{self.chance.randrange(10**6)}"
        self._insist(
            "save",
            lambda: self.clerk.post(f"/cards/{card}/save", _version=base, _act="save", P18=text),
            lambda: self._card(card)[1] > base,
        )
        self.versions[record] += 1
        self.rehearsal.story.acts["save"] += 1

    def _move(self, record: str, cards: dict[str, int], act: str, to: str, who: Visitor, reason: str = "") -> None:
        card = cards[record]
        self._insist(
            act,
            lambda: who.post(f"/cards/{card}/act", _act=act, _version=self._card(card)[1], reason=reason),
            lambda: self._card(card)[0] == to,
        )
        self.states[record] = to
        self.rehearsal.story.acts[act] += 1

    def _shown(self, records: list[str]) -> str:
        """The cards of records with their versions, as a page shows them."""
        rows = self.asked.execute(
            "SELECT id, version FROM registry_card WHERE institution_id = %s AND record_number = ANY (%s)",
            [self.told["hospital"], records],
        ).fetchall()
        return " ".join(f"{card}:{version}" for card, version in rows)

    def _until_all(self, records: list[str], name: str, to: str, press: Callable[[], Any]) -> None:
        def there() -> bool:
            row = self.asked.execute(
                "SELECT count(*) FROM registry_card WHERE institution_id = %s AND record_number = ANY (%s) "
                "AND state = %s", [self.told["hospital"], records, to],
            ).fetchone()  # fmt: skip
            return row == (len(records),)

        self._insist(name, press, there)
        self.states |= dict.fromkeys(records, to)
        self.rehearsal.story.acts[name] += 1

    def _card(self, card: int) -> tuple[str, int]:
        row = self.asked.execute("SELECT state, version FROM registry_card WHERE id = %s", [card]).fetchone()
        assert row is not None
        return str(row[0]), int(row[1])

    def _insist(self, name: str, send: Callable[[], Any], stands: Callable[[], bool] | None = None) -> Any:
        """Send until it is answered and, where that can be seen, stands."""
        deadline = time.monotonic() + PATIENCE
        answer = None
        while True:
            self.rehearsal.waiting[threading.get_ident()] = name
            hit, begun = False, time.monotonic()
            try:
                answer = send()
                self.rehearsal.usual[name] = time.monotonic() - begun
            except (OSError, http.client.HTTPException):
                hit = True
            finally:
                self.rehearsal.waiting.pop(threading.get_ident(), None)
            if not hit and (stands is None or stands()):
                return answer
            if hit:
                time.sleep(0.3)  # what the database had got by then is done by it
                how = "" if stands is None else ", it stood" if stands() else ", nothing of it stood"
                with self.rehearsal.lock:
                    self.rehearsal.story.hits[f"web · {name}{how}"] += 1
                if stands is not None and stands():
                    return answer
            said = getattr(answer, "status", ""), getattr(answer, "text", "")[:1500]
            assert time.monotonic() < deadline, f"{name} does not come to stand: {said}"
            time.sleep(0.1)

    def prove(self, asked: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Every stay is one card, as these people know it; every import has ended as they know."""
        rows = asked.execute(
            "SELECT record_number, state, version FROM registry_card WHERE institution_id = %s", [self.told["hospital"]]
        ).fetchall()
        cards = {record: (state, version) for record, state, version in rows}
        assert len(rows) == len(cards), "a stay has two cards"
        known = {record: (self.states[record], self.versions[record]) for record in self.states}
        wrong = {record: (cards.get(record), known.get(record)) for record in cards.keys() | known.keys()
                 if cards.get(record) != known.get(record)}  # fmt: skip
        assert wrong == {}, f"{self.told['code']}: (there, known) {dict(list(wrong.items())[:5])}"
        ended = asked.execute(
            "SELECT state, count(*) FROM intake_batch WHERE institution_id = %s GROUP BY 1", [self.told["hospital"]]
        ).fetchall()
        assert dict(ended) == {state: count for state, count in self.batches.items() if count}, (ended, self.batches)


def main() -> int:
    """Rehearse, and print what was hit and what the checker says."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--hospitals", type=int, default=4)
    words.add_argument("--rows", type=int, default=120, help="stays in each file")
    told = words.parse_args()
    running_site.PATIENCE = PATIENCE
    folder = Path(tempfile.mkdtemp(prefix="tonghu-kills-"))
    folder.chmod(0o711)  # the database's own user passes through
    rehearsal = Rehearsal(folder, told.seed, told.hospitals, files=1 + told.kills, rows=told.rows)
    begun = time.monotonic()
    try:
        clerks = rehearsal.begin()
        rehearsal.run(clerks, told.kills, lambda said: print(said, file=sys.stderr, flush=True))
        line = rehearsal.prove(clerks)
        cards = sum(len(clerk.states) for clerk in clerks)
        print("\n".join(rehearsal.story.lines()))
        print(f"{cards} cards of {len(clerks)} hospitals as their people know them; none lost, none doubled")
        print(f"tonghu site check-cards: {line}")
        print(f"seed {told.seed}, {time.monotonic() - begun:.0f} s")
    except BaseException:
        print("\n".join(rehearsal.story.lines()))
        print(f"kept: {folder}")
        raise
    finally:
        if rehearsal.site.process and rehearsal.site.process.poll() is None:
            rehearsal.site.end()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
