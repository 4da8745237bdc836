"""Workers killed over every step of an import, two imports at once, the same file from two browsers: nothing doubled,
nothing lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_files import Hospital, a_file, a_hospital

from committed import in_threads
from faults import Workers, until
from run_jobs import seen
from tonghu.intake import private, services
from tonghu.intake.models import Batch, Row, State
from tonghu.platform.jobs.models import Job
from tonghu.registry.models import Card, CardVersion, Finding

pytestmark = pytest.mark.usefixtures("committed")
ROWS = 8
FIVE = ("created", "updated", "unchanged", "skipped", "failed")


@pytest.fixture
def workers(committed: None, in_vault: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    prefix = f"tonghu-test-{in_vault.parent.name[-20:]}-{os.getpid()}-"
    monkeypatch.setattr(private, "PREFIX", prefix)
    with Workers("sample_import_jobs", in_vault=str(in_vault), prefix=prefix) as started:
        yield started


@pytest.fixture
def hospital(committed: None, in_vault: Path) -> Hospital:
    return a_hospital()


def pages(hospital: Hospital, **changes: str) -> list[dict[str, str]]:
    return [hospital.page(P3=f"ZY{n:04d}", **changes) for n in range(ROWS)]


def finish(workers: Workers, hospital: Hospital, batch: Batch, fatal: str = "", hit: int = 1) -> Batch:
    """Have a worker die over the job of a batch where that is wanted, and another one end it."""
    if fatal:
        workers.start(fatal, hit).died()
    after = workers.start()
    job = hospital.seen(batch).job or 0
    until(lambda: seen(job).state == Job.State.DONE)
    after.stop()
    return hospital.seen(batch)


def check(hospital: Hospital, cards: int, versions: int | None = None) -> None:
    """What must hold whatever died: each stay once, each card with all of its versions and its findings."""
    with hospital.acting():
        stays = list(Card.objects.values_list("record_number", "discharge_at"))
        assert len(stays) == len(set(stays)) == cards
        assert CardVersion.objects.count() == (cards if versions is None else versions)
        for card in Card.objects.all():
            assert Finding.objects.filter(card=card).count() == card.errors + card.warnings + card.confirms
        assert not Row.objects.filter(batch__state=State.CONFIRMED).exists()


@pytest.mark.parametrize(
    ("fatal", "hit"),
    [
        ("job.taken", 1), ("intake.checked", 1), ("intake.staged", 1), ("job.before_commit", 1),
        ("job.after_commit", 1), ("job.before_commit", 2),
    ],
)  # fmt: skip
def test_killed_while_checking(workers: Workers, hospital: Hospital, fatal: str, hit: int) -> None:
    batch = finish(workers, hospital, hospital.upload(a_file(pages(hospital))), fatal, hit)
    assert batch.state == State.READY
    with hospital.acting():
        assert batch.rows.count() == ROWS
        assert Card.objects.count() == 0
    private.sweep()
    assert not list(private.SPACE.glob(f"{private.PREFIX}*")), "plaintext outlives the worker that was killed"


@pytest.mark.parametrize(
    ("fatal", "hit"),
    [
        ("intake.in_chunk", 1), ("intake.in_chunk", 2), ("job.before_commit", 2), ("job.after_commit", 1),
        ("job.after_commit", 3), ("job.before_end", 1), ("job.ended", 1),
    ],
)  # fmt: skip
def test_killed_while_importing(workers: Workers, hospital: Hospital, fatal: str, hit: int) -> None:
    batch = finish(workers, hospital, hospital.upload(a_file(pages(hospital))))
    with hospital.acting() as by:
        services.confirm(batch=batch.pk, by=by)
    batch = finish(workers, hospital, batch, fatal, hit)
    assert batch.state == State.CONFIRMED
    assert {name: batch.counts[name] for name in FIVE} == {
        "created": ROWS, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0,
    }  # fmt: skip
    check(hospital, ROWS)


@pytest.mark.parametrize(("fatal", "hit"), [("intake.in_undo", 1), ("job.after_commit", 2), ("job.before_end", 1)])
def test_killed_while_undoing(workers: Workers, hospital: Hospital, fatal: str, hit: int) -> None:
    batch = finish(workers, hospital, hospital.upload(a_file(pages(hospital))))
    with hospital.acting() as by:
        services.confirm(batch=batch.pk, by=by)
    finish(workers, hospital, batch)
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)
    batch = finish(workers, hospital, batch, fatal, hit)
    assert batch.state == State.UNDONE
    assert (batch.counts["voided"], batch.counts["kept"]) == (ROWS, 0)
    check(hospital, ROWS)
    with hospital.acting():
        assert set(Card.objects.values_list("state", flat=True)) == {"voided"}


def test_two_imports_of_the_same_stays_at_once(workers: Workers, hospital: Hospital) -> None:
    first = hospital.upload(a_file(pages(hospital)), name="甲.csv")
    second = hospital.upload(a_file([*pages(hospital), hospital.page(P3="ZY9999")]), name="乙.csv")
    for batch in (first, second):
        finish(workers, hospital, batch)
    with hospital.acting() as by:
        for batch in (first, second):
            services.confirm(batch=batch.pk, by=by)
    both = [workers.start(), workers.start()]
    jobs = [hospital.seen(batch).job or 0 for batch in (first, second)]
    until(lambda: all(seen(job).state == Job.State.DONE for job in jobs))
    for worker in both:
        worker.stop()
    counts = [hospital.seen(batch).counts for batch in (first, second)]
    assert sum(one["created"] for one in counts) == ROWS + 1
    assert sum(one["unchanged"] for one in counts) == ROWS
    check(hospital, ROWS + 1)


def test_the_same_file_from_two_browsers_at_once(hospital: Hospital) -> None:
    content = a_file(pages(hospital))

    def bring(_number: int) -> int:
        try:
            return hospital.upload(content).pk
        except services.AlreadyHere as here:
            return here.batch

    assert len(set(in_threads(bring, 4))) == 1
    with hospital.acting():
        assert Batch.objects.count() == 1
    batch = hospital.run(Batch(pk=in_threads(bring, 1)[0]))

    def confirm(_number: int) -> str:
        with hospital.acting() as by:
            return services.confirm(batch=batch.pk, by=by).label

    assert set(in_threads(confirm, 4)) == {"2026-0001"}
    hospital.run(batch)
    check(hospital, ROWS)


def test_what_was_cancelled_goes_on_where_it_was(workers: Workers, hospital: Hospital) -> None:
    from tonghu.platform.jobs.services import cancel

    batch = finish(workers, hospital, hospital.upload(a_file(pages(hospital))))
    with hospital.acting() as by:
        services.confirm(batch=batch.pk, by=by)
    workers.start("job.after_commit", 1).died()  # one chunk is done
    with hospital.acting() as by:
        cancel(job=hospital.seen(batch).job or 0, by=by)
    after = workers.start()
    until(lambda: seen(hospital.seen(batch).job or 0).state == Job.State.CANCELLED)
    after.stop()
    assert hospital.seen(batch).state == State.CONFIRMING
    with hospital.acting() as by:
        services.go_on(batch=batch.pk, by=by)
    batch = finish(workers, hospital, batch)
    assert (batch.state, batch.counts["created"], batch.counts["unchanged"]) == (State.CONFIRMED, ROWS, 0)
    check(hospital, ROWS)
