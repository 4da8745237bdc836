"""A few of the kills of ``kill_rehearsal.py`` on a real site: nothing lost, nothing doubled, everything explained."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kill_rehearsal import Clerk, Rehearsal

KILLS = 4
#: More than people get through until the last kill, whatever the machine: a file takes them some seconds, a kill
#: that finds nobody waiting up to twenty.
FILES = 30


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    folder = Path(tempfile.mkdtemp(prefix="tonghu-kills-"))
    folder.chmod(0o711)  # the database's own user passes through
    held = Rehearsal(folder, seed=20261122, hospitals=3, files=FILES, rows=30)
    try:
        yield held
    finally:
        if held.site.process and held.site.process.poll() is None:
            held.site.end()
        shutil.rmtree(folder)


@pytest.mark.requirement("REG-06")
def test_workers_and_web_killed_over_people_at_work_lose_and_double_nothing(rehearsal: Rehearsal) -> None:
    clerks = rehearsal.begin()
    rehearsal.run(clerks, KILLS)
    assert "全部一致" in rehearsal.prove(clerks)
    assert rehearsal.story.kills == {"web": KILLS // 2, "worker": KILLS // 2}
    assert sum(rehearsal.story.hits.values()) >= KILLS
    # The proof can fail: somebody who knows of another state or another version would be heard.
    with rehearsal.database() as asked:
        told: Clerk = clerks[0]
        record = next(iter(told.versions))
        told.versions[record] += 1
        with pytest.raises(AssertionError, match=record):
            told.prove(asked)
