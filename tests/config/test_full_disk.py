"""A system that takes no more: one line that says where, at the start, in use and for a backup; nothing is lost.

The kernel's limit on the size of files (``RLIMIT_FSIZE``) refuses real writes of real processes, PostgreSQL's among
them, for any user and without mounting anything. Disks of their own: test_faults_in_use.py.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from running_site import RunningSite, prepared, until
from test_faults_in_use import fill_database, write, written

#: Large enough for every file of a fresh site (a piece of PostgreSQL's log has 16 MB), too small for what is filled in.
LIMIT = 20_000_000


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from _folder()


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    """A site whose processes may write no file beyond the limit."""
    for place in _folder():
        running = RunningSite(prepared(place / "site"))
        running.start(file_limit=LIMIT)
        try:
            until(running.ready, "every part is ready")
            yield running
        finally:
            if running.process and running.process.poll() is None:
                running.end()


def _folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="tonghu-full-"))
    place.chmod(0o711)  # the database's own user passes through
    yield place
    shutil.rmtree(place)


def one_line(said: str) -> str:
    assert said.count("\n") == 1, said
    zh, _slash, en = said.strip().partition(" / ")
    assert any(ord(sign) > 0x2E7F for sign in zh)
    assert en.isascii()
    return said


@pytest.mark.parametrize("limit", [0, 10, 100_000])
def test_a_start_that_cannot_write_is_one_line_and_holds_nothing(folder: Path, limit: int) -> None:
    site = RunningSite(folder / "site")
    done = site.command("site", "up", "--port", str(site.port), file_limit=limit)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "The disk is full" in one_line(done.stderr)
    assert site.postgres() is None
    assert not (site.home / "up.json").exists()
    down = site.command("site", "down")
    assert "was not up" in down.stdout


def test_a_backup_that_finds_no_place_is_one_line_that_names_it(site: RunningSite) -> None:
    target = site.home.parent / "backups"

    def backup(place: Path, **more: int) -> str:
        done = site.command("site", "backup", str(place), **more)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        return one_line(done.stderr)

    assert f"No such folder: {target}" in backup(target / "one.backup")
    assert not (site.home / "keys" / "backup.key").exists(), "nothing is made for a backup that cannot be"
    (site.home.parent / "file").touch()
    assert "No such folder" in backup(site.home.parent / "file" / "one.backup")
    target.mkdir()
    assert "is not replaced" in backup(target)
    if os.geteuid() != 0:  # root may write everywhere
        target.chmod(0o500)
        assert f"No permission to write: {target}" in backup(target / "one.backup")
        target.chmod(0o700)
    assert f"The disk is full: {target / 'one.backup'}" in backup(target / "one.backup", file_limit=60_000)
    assert list(target.iterdir()) == [], "no half of a backup stays"
    assert site.command("site", "backup", str(target / "one.backup")).returncode == 0


def test_while_nothing_more_is_taken_work_is_refused_and_later_goes_on(site: RunningSite) -> None:
    write(site, 1)
    with pytest.raises(psycopg.Error):
        fill_database(site)
    until(lambda: site.ask("/healthz").status == 200, "it is alive")
    until(lambda: site.ask("/login").status == 200, "it is served")
    assert written(site) == ["1"]
    write(site, 2)
    assert written(site) == ["1", "2"]
    assert site.end() == 0
    assert "Traceback" not in site.words()
    assert site.command("site", "migrate").returncode == 0, "with room again it is the same site"
