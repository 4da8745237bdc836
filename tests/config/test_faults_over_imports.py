"""A real site whose database restarts, or whose disk is full, in the middle of a check, an import, an undo.

It is said in Chinese, it goes on by itself, nothing is lost or doubled.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from kill_rehearsal import MONTH, PASSWORD, Rehearsal
from running_site import until
from site_visitor import Visitor, batch_of

pytestmark = pytest.mark.requirement("REG-06")
ROWS = 250
PATIENCE = 200.0
#: No file beyond this may be written while the disk is "full": less than any file of an upload or a check.
FULL = 4096


class Bringing:
    """A clerk who brings files to a running site, and what the database says of them."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.site = rehearsal.site
        self.told = rehearsal.begin()[0].told
        self.files = [Path(one["file"]) for one in self.told["files"]]
        self.visitor = Visitor(self.site.port)
        self.visitor.log_in(self.told["entry_clerk"], PASSWORD)
        self.connect = rehearsal.database

    def asked(self, sql: str, *values: object) -> Any:
        with self.connect() as database:
            row = database.execute(sql, values).fetchone()
        return row[0] if row else None

    def state(self, batch: int) -> str:
        return str(self.asked("SELECT state FROM intake_batch WHERE id = %s", batch))

    def job(self, batch: int, column: str = "state") -> str:
        said = self.asked(
            f"SELECT j.{column} FROM intake_batch AS b JOIN jobs_job AS j ON j.id = b.job WHERE b.id = %s", batch
        )
        return str(said)

    def cards(self) -> int:
        return int(self.asked("SELECT count(*) FROM registry_card WHERE state <> 'voided'"))

    def brought(self) -> int:
        return batch_of(self.visitor.upload(self.files.pop(), MONTH))

    def at_work(self, batch: int, act: str) -> None:
        """Have a job at work: checking, importing or undoing the batch."""
        if act != "check":
            until(lambda: self.state(batch) == "ready", "it is checked", PATIENCE)
            self.press(batch, "confirm")
        if act == "undo":
            until(lambda: self.state(batch) == "confirmed", "it is imported", PATIENCE)
            self.press(batch, "undo")
        until(lambda: self.job(batch) == "running", "the worker is at it", PATIENCE)

    def press(self, batch: int, act: str) -> None:
        assert self.visitor.post(f"/imports/{batch}/{act}").status == 302

    def settled(self, batch: int, act: str) -> None:
        """It comes to its end by itself, and then to the end of its life by the same buttons."""
        ends = {"check": "ready", "confirm": "confirmed", "undo": "undone"}
        until(lambda: self.state(batch) == ends[act], f"{act} is done", PATIENCE)
        if act == "check":
            self.press(batch, "confirm")
            until(lambda: self.state(batch) == "confirmed", "it is imported", PATIENCE)

    def proved(self, batch: int, before: int) -> None:
        counts = self.asked("SELECT counts FROM intake_batch WHERE id = %s", batch)
        assert (counts["created"], counts["failed"]) == (ROWS, 0)
        assert self.cards() == before + (0 if self.state(batch) == "undone" else ROWS)
        said = self.site.command("site", "check-cards")
        assert (said.returncode, "全部一致" in said.stdout) == (0, True), said.stdout

    @contextmanager
    def full_disk(self, *words: str) -> Iterator[None]:
        """Have the kernel refuse larger files to processes of this site, and to those that they begin meanwhile."""
        for pid in self._processes(words):
            limit(pid, str(FULL))
        try:
            yield
        finally:
            for pid in self._processes(words):
                limit(pid, "unlimited")

    def _processes(self, words: tuple[str, ...]) -> list[int]:
        found = [pid for word in words for pid in self.site.processes(word)]
        if "postgres" in words and (server := self.site.postgres()):  # its processes call themselves otherwise
            found += [server, *children(server)]
        return found


def limit(pid: int, size: str) -> None:
    """Set how large files a process may write, as the user to whom it belongs: the database has one of its own."""
    with suppress(FileNotFoundError):  # it has ended meanwhile
        owner = Path(f"/proc/{pid}").stat()
        mine = {"user": owner.st_uid, "group": owner.st_gid} if owner.st_uid != os.geteuid() else {}
        subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size}:"], check=False, cwd="/", **mine)


def children(parent: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"\nPPid:\t{parent}\n" in place.read_text():
                found.append(int(place.parent.name))
    return found


@pytest.fixture(scope="module")
def clerk() -> Iterator[Bringing]:
    folder = Path(tempfile.mkdtemp(prefix="tonghu-faults-"))
    folder.chmod(0o711)  # the database's own user passes through
    rehearsal = Rehearsal(folder, seed=1, hospitals=1, files=8, rows=ROWS)
    try:
        yield Bringing(rehearsal)
    finally:
        if rehearsal.site.process and rehearsal.site.process.poll() is None:
            rehearsal.site.end()
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("act", "how"), [("check", signal.SIGKILL), ("confirm", signal.SIGINT), ("undo", signal.SIGQUIT)]
)
def test_the_database_restarts_in_the_middle(clerk: Bringing, act: str, how: int) -> None:
    before = clerk.cards()
    batch = clerk.brought()
    clerk.at_work(batch, act)
    database = clerk.site.postgres()
    assert database
    os.kill(clerk.site.processes("site up")[0], signal.SIGSTOP)  # whoever would start it again is slow
    try:
        os.kill(database, how)
        until(lambda: clerk.site.postgres() is None, "the database is gone", PATIENCE)
        answer = clerk.visitor.get(f"/imports/{batch}")
        assert answer.status == 503
        assert "暂时连不上数据库" in answer.text
        brought = clerk.visitor.upload(clerk.files[0], MONTH)
        assert brought.status == 503
        assert "暂时连不上数据库" in brought.text
    finally:
        os.kill(clerk.site.processes("site up")[0], signal.SIGCONT)
    until(clerk.site.ready, "every part is ready again", PATIENCE)
    assert clerk.visitor.get(f"/imports/{batch}").status == 200, "the session is still there"
    clerk.settled(batch, act)
    clerk.proved(batch, before)


def test_a_disk_that_is_full_when_a_file_comes_is_said_beside_the_file(clerk: Bringing) -> None:
    with clerk.full_disk("gunicorn"):
        answer = clerk.visitor.upload(clerk.files[-1], MONTH)
    assert answer.status == 200
    assert "磁盘空间已满，文件没有保存" in json.loads(answer.text)["refused"]
    left = [one for one in (clerk.site.home / "files").rglob("*") if one.is_file()]
    known = clerk.asked("SELECT count(*) FROM files_storedfile WHERE destroyed_at IS NULL")
    assert len(left) == known, "no half of a file stays"
    batch = clerk.brought()
    until(lambda: clerk.state(batch) == "ready", "with room the same file is taken", PATIENCE)
    clerk.visitor.post(f"/imports/{batch}/discard")


def test_a_disk_that_is_full_while_a_file_is_checked_is_said_and_the_check_is_made_later(clerk: Bringing) -> None:
    before = clerk.cards()
    with clerk.full_disk("site worker"):
        batch = clerk.brought()
        until(lambda: clerk.job(batch, "attempts") == "1", "the check has met the full disk", PATIENCE)
        assert clerk.state(batch) == "checking", "it is no fault of the file"
        page = clerk.visitor.get(f"/imports/{batch}").text
        assert "磁盘空间已满：请腾出空间，之后会自动重试" in page
    clerk.settled(batch, "check")
    clerk.proved(batch, before)


@pytest.mark.parametrize("act", ["confirm", "undo"])
def test_a_database_whose_disk_is_full_in_the_middle_loses_nothing(clerk: Bringing, act: str) -> None:
    """It can write nothing, not even its log: it goes down over that, and comes back when there is room."""
    before = clerk.cards()
    batch = clerk.brought()
    clerk.at_work(batch, act)
    with clerk.full_disk("postgres", "site up"):
        until(lambda: clerk.visitor.get("/imports").status == 503, "it is said", PATIENCE)
        assert clerk.site.ask("/healthz").status == 200
    until(clerk.site.ready, "every part is ready again", PATIENCE)
    clerk.settled(batch, act)
    clerk.proved(batch, before)
