"""What the jobs room does for itself, and the dated settings that it reads."""

from __future__ import annotations

import errno
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg.errors import DiskFull

import made_up
import sample_jobs
from run_jobs import entries, run_one, seen
from tonghu.errors import InputRefused
from tonghu.platform.crypto.keys import KeysMissing
from tonghu.platform.dated import setting, settings
from tonghu.platform.jobs import queue, upkeep
from tonghu.platform.jobs.errors import PostEnded, place, words
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.points import let_in, point
from tonghu.platform.jobs.queries import queue_health, standing, title_of
from tonghu.platform.jobs.retries import Retries, retries
from tonghu.platform.jobs.states import LIVE, TRANSITIONS
from tonghu.platform.jobs.tasks import enqueue, kinds
from tonghu.platform.scope.scope import open_scope, system_scope

State = Job.State


@pytest.mark.django_db
@pytest.mark.usefixtures("effects")
class TestRecords:
    def test_old_records_go_by_the_dated_setting_and_dead_letters_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upkeep, "BATCH", 2)
        clerk = made_up.post("entry_clerk")
        now = timezone.now()

        def made(days: int, state: Job.State, *, system: bool = False) -> int:
            if system:
                with open_scope(system_scope("upkeep")) as scope:
                    job = enqueue(sample_jobs.periodic, by=scope)
            else:
                with made_up.acting(clerk) as scope:
                    job = enqueue(sample_jobs.parts, by=scope, number=1, parts=1)
            with open_scope(system_scope("worker")):
                Job.objects.filter(pk=job.pk).update(state=state, finished_at=now - timedelta(days=days))
            return job.pk

        gone = [made(181, State.DONE), made(181, State.CANCELLED), made(400, State.DROPPED)]
        gone += [made(4, State.DONE, system=True)]
        kept = [made(179, State.DONE), made(1000, State.DEAD), made(2, State.DONE, system=True)]
        with open_scope(system_scope("upkeep")) as scope:
            asked = enqueue("jobs.tidy", by=scope)
        assert run_one(asked.pk).result == {"removed": 4}
        with open_scope(system_scope("worker")):
            left = set(Job.objects.values_list("pk", flat=True))
        assert left == {*kept, asked.pk}
        assert not left & set(gone)

    def test_a_periodic_job_begins_once_for_each_moment_and_not_beside_itself(self) -> None:
        upkeep.begin("sample.periodic", 1_700_000_000)
        upkeep.begin("sample.periodic", 1_700_000_001)
        with open_scope(system_scope("worker")):
            (job,) = Job.objects.all()
        assert (job.system, job.key) == ("upkeep", "at-1700000000")
        assert run_one(job.pk).state == State.DONE
        upkeep.begin("sample.periodic", 1_700_000_000)
        upkeep.begin("sample.parts", 1_700_000_000)
        upkeep.begin("sample.gone", 1_700_000_000)
        with open_scope(system_scope("worker")):
            assert Job.objects.count() == 1

    def test_a_periodic_job_with_nothing_to_do_leaves_no_record(self) -> None:
        for kind in ("files.end_lives", "notices.send"):
            upkeep.begin(kind, 1_700_000_000)
        with open_scope(system_scope("worker")):
            assert not Job.objects.exists()

    def test_a_periodic_job_that_succeeds_settles_the_dead_letters_of_those_before_it(self) -> None:
        upkeep.begin("sample.periodic", 1_700_000_000)
        with open_scope(system_scope("worker")):
            Job.objects.update(state=State.DEAD, finished_at=timezone.now())
        with open_scope(system_scope("upkeep")) as scope:
            other = enqueue("jobs.tidy", by=scope)
        assert run_one(other.pk).state == State.DONE
        with open_scope(system_scope("worker")):
            assert Job.objects.filter(state=State.DEAD).count() == 1
        upkeep.begin("sample.periodic", 1_700_000_001)
        with open_scope(system_scope("worker")):
            dead, later = Job.objects.filter(kind="sample.periodic").order_by("pk")
        run_one(later.pk)
        assert (seen(dead.pk).state, seen(dead.pk).reason) == (State.DROPPED, upkeep.LATER_SUCCEEDED)

    def test_a_job_that_the_queue_lost_is_put_back(self) -> None:
        clerk = made_up.post("entry_clerk")
        with made_up.acting(clerk) as scope:
            lost, queued, over = (enqueue(sample_jobs.parts, by=scope, number=n, parts=1).pk for n in range(3))
        run_one(over)
        upkeep.begin("jobs.mend", 1_700_000_000)
        assert entries() == [lost, queued, over], "nothing is lost, so there is nothing to mend"
        ProcrastinateJob.objects.filter(args__job__in=[lost, over]).delete()
        upkeep.begin("jobs.mend", 1_700_000_001)
        mending = entries()[-1]
        assert run_one(mending).result == {"put_back": 1}
        assert entries() == [queued, mending, lost]
        assert run_one(lost).state == State.DONE

    def test_an_entry_ends_only_when_its_jobs_row_was_written(self) -> None:
        at = timezone.now()
        asked = queue.AtOurTime().get_retry_decision(exception=queue.TryAgain(at), job=None)  # type: ignore[arg-type]
        assert asked is not None
        assert asked.retry_at == at
        unwritten = queue.AtOurTime().get_retry_decision(exception=OperationalError(), job=None)  # type: ignore[arg-type]
        assert unwritten is not None
        assert unwritten.retry_at is not None

    def test_keys_that_are_missing_are_waited_for(self) -> None:
        clerk = made_up.post("entry_clerk")
        sample_jobs.FAILURES[:] = [KeysMissing("密钥文件不在", "The key file is away")]
        with made_up.acting(clerk) as scope:
            job = enqueue(sample_jobs.failing, by=scope, number=5)
        waits = run_one(job.pk)
        assert (waits.state, waits.attempts, waits.error_zh) == (State.WAITING, 1, "密钥文件不在")

    def test_operators_see_how_the_queue_stands(self) -> None:
        clerk = made_up.post("entry_clerk")
        with made_up.acting(clerk) as scope:
            first = enqueue(sample_jobs.parts, by=scope, number=1, parts=1)
            later = enqueue(sample_jobs.parts, by=scope, number=2, parts=1)
        with open_scope(system_scope("worker")):
            now = timezone.now()
            Job.objects.filter(pk=first.pk).update(created_at=now - timedelta(seconds=90))
            Job.objects.filter(pk=later.pk).update(
                created_at=now - timedelta(seconds=900), run_after=now + timedelta(hours=1)
            )
            said = queue_health()
            assert said["oldest"] is not None
            assert 90 <= said.pop("oldest") < 100  # type: ignore[operator]
            assert said == {"waiting": 2, "running": 0, "dead": 0, "heartbeat": None}
            Job.objects.all().update(state=State.DEAD, finished_at=now)
            assert queue_health() == {"waiting": 0, "running": 0, "dead": 2, "oldest": 0, "heartbeat": None}

    def test_what_was_never_told_has_no_standing(self) -> None:
        clerk = made_up.post("entry_clerk")
        with made_up.acting(clerk) as scope:
            job = enqueue(sample_jobs.parts, by=scope, number=1, parts=1)
        assert standing(seen(job.pk)) is None

    def test_a_unit_without_a_word_fails_the_job(self) -> None:
        clerk = made_up.post("entry_clerk")

        def bad(run: Any, **_: Any) -> None:
            run.report(1, 2, "furlongs")

        with made_up.acting(clerk) as scope:
            job = enqueue(sample_jobs.parts, by=scope, number=1, parts=1)
        kind = kinds()["sample.parts"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(__import__("tonghu.platform.jobs.tasks", fromlist=["_kinds"])._kinds, "sample.parts",
                          type(kind)(kind.name, kind.zh, kind.en, bad))  # fmt: skip
            assert run_one(job.pk).error_place.startswith("KeyError")


def because(fault: Exception, cause: Exception) -> Exception:
    """An error of Django's as it comes of one of the database's."""
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (InputRefused("中文", "English"), "中文"),
        (PostEnded("岗位", "post"), "岗位"),
        (OperationalError("detail: Key (id)=(110101199003074477)"), "数据库暂时不可用"),
        (InterfaceError("x"), "数据库暂时不可用"),
        (OSError(errno.ENOSPC, "x"), "磁盘空间已满"),
        (OSError(errno.EFBIG, "x"), "磁盘空间已满"),
        (because(OperationalError("could not extend file"), DiskFull("could not extend file")), "磁盘空间已满"),
        (OSError(errno.EACCES, "x"), "程序出错（PermissionError）"),
        (MemoryError(), "内存不足"),
        (ConnectionRefusedError(), "外部服务没有应答"),
        (TimeoutError(), "外部服务没有应答"),
        (ValueError("张三"), "程序出错（ValueError）"),
    ],
)
def test_a_failure_is_said_in_words_that_hold_no_value(fault: Exception, said: str) -> None:
    zh, en = words(fault)
    assert said in zh
    assert en
    assert "张三" not in zh + en
    assert "1101" not in zh + en


def test_a_failure_that_was_never_raised_has_a_class_and_no_line() -> None:
    assert place(ValueError("x")) == "ValueError"


def test_waits_grow_up_to_the_longest_and_then_end() -> None:
    said = Retries(attempts=6, wait=10, factor=10, longest=3600, losses=3)
    waits = [said.after(n) for n in range(1, 8)]
    assert [wait.total_seconds() if wait else None for wait in waits] == [10, 100, 1000, 3600, 3600, None, None]
    assert retries("any.kind", timezone.localdate()).attempts == 5


def test_points_do_nothing_until_something_is_let_in() -> None:
    came: list[str] = []
    point("a")
    let_in(came.append)
    try:
        point("b")
    finally:
        let_in(None)
    point("c")
    assert came == ["b"]


def test_no_state_that_has_ended_leads_on_but_a_dead_letter_and_what_was_cancelled() -> None:
    for before, _after in TRANSITIONS:
        assert before in LIVE or before in (State.DEAD, State.CANCELLED)
    reached = {after for _before, after in TRANSITIONS}
    assert reached == set(State)


def test_a_kind_that_is_not_known_is_called_by_its_name() -> None:
    assert title_of(Job(kind="sample.gone")) == "sample.gone"


YAML = """
- {name: limit, valid_from: 2026-01-01, source: a, verified: own, rows: 10}
- {name: limit, valid_from: 2026-07-01, source: b, verified: official, rows: 20}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / f"{abs(hash(text))}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_setting_holds_from_its_day(tmp_path: Path) -> None:
    file = written(tmp_path, YAML)
    assert setting(file, "limit", date(2026, 6, 30))["rows"] == 10
    assert setting(file, "limit", date(2026, 7, 1))["rows"] == 20
    assert setting(file, "limit", date(2026, 7, 1)).source == "b"
    with pytest.raises(KeyError, match="limit"):
        setting(file, "limit", date(2025, 12, 31))
    with pytest.raises(KeyError, match="other"):
        setting(file, "other", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (("source: b, ", ""), "lacks 'source'"),
        (("verified: own", "verified: hearsay"), "mark"),
        (("2026-07-01", "soon"), "day"),
        (("2026-07-01", "2026-01-01"), "same day"),
    ],
)
def test_a_setting_without_source_mark_or_day_is_refused(tmp_path: Path, harm: tuple[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        settings(written(tmp_path, YAML.replace(*harm)))
