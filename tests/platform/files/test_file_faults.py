"""Workers killed while they store and destroy files: every row has its bytes, no bytes outlive their row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import made_up
import sample_file_jobs
from faults import Workers, until
from run_jobs import seen
from tonghu.platform.accounts.models import Post
from tonghu.platform.files import vault
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import open_plain
from tonghu.platform.files.tasks import end_lives, sweep
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.usefixtures("committed")
State = Job.State


@pytest.fixture
def workers(committed: None, in_vault: Path) -> Iterator[Workers]:
    with Workers("sample_file_jobs", in_vault=str(in_vault)) as started:
        yield started


def finish(workers: Workers, job: int, fatal: str, hit: int) -> None:
    """Let a worker die over a job, and another one end it."""
    workers.start(fatal, hit).died()
    after = workers.start()
    until(lambda: seen(job).state == State.DONE)
    after.stop()


def ask_system(job: object) -> int:
    with open_scope(system_scope("upkeep")) as scope:
        return enqueue(job, by=scope).pk  # type: ignore[arg-type]


def swept(workers: Workers, in_vault: Path) -> set[Path]:
    """What is left in the vault an hour later."""
    for path in in_vault.rglob("*"):
        os.utime(path, (0, 0))
    job = ask_system(sweep)
    worker = workers.start()
    until(lambda: seen(job).state == State.DONE)
    worker.stop()
    return {path for path in in_vault.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("fatal", "hit"), [("files.stored", 1), ("files.stored", 2), ("job.before_commit", 2), ("job.after_commit", 2)]
)
def test_killed_while_storing(workers: Workers, in_vault: Path, fatal: str, hit: int) -> None:
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as scope:
        job = enqueue(sample_file_jobs.store_files, by=scope, files=3).pk
    finish(workers, job, fatal, hit)
    with made_up.acting(clerk) as scope:
        files = list(StoredFile.objects.order_by("pk"))
        assert [file.name for file in files] == ["0.csv", "1.csv", "2.csv"]
        for n, file in enumerate(files):
            with open_plain(file, by=scope) as path:
                assert path.read_bytes() == b"a,b\n%d\n" % n
    assert swept(workers, in_vault) == {vault.path_of(file.place) for file in files}


@pytest.mark.parametrize(("fatal", "hit"), [("files.destroyed", 1), ("files.removing", 1), ("job.after_commit", 1)])
def test_killed_while_destroying(workers: Workers, in_vault: Path, fatal: str, hit: int) -> None:
    clerk: Post = made_up.post("entry_clerk")
    with made_up.acting(clerk) as scope:
        files = [sample_file_jobs.store([b"a,b\n"], name=f"{n}.csv", purpose_name="export", by=scope) for n in range(3)]
        StoredFile.objects.exclude(pk=files[0].pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    finish(workers, ask_system(end_lives), fatal, hit)
    with made_up.acting(clerk):
        ended = list(StoredFile.objects.exclude(pk=files[0].pk))
        assert [(file.key, file.destroyed_why) for file in ended] == [(None, "life_ended")] * 2
        assert StoredFile.objects.get(pk=files[0].pk).destroyed_at is None
    assert swept(workers, in_vault) == {vault.path_of(files[0].place)}
