"""One job from the wish to its end: as the asker's post, once, with every way to end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone
from psycopg.types.range import Range

import made_up
import sample_jobs
from run_jobs import entries, run_one, seen
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.jobs import services, tasks
from tonghu.platform.jobs.models import Job, Progress, Step
from tonghu.platform.jobs.run import Reached, Run
from tonghu.platform.jobs.tasks import enqueue, job
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("effects")]
State = Job.State


def ask(held: Post, function: Any = sample_jobs.parts, **arguments: Any) -> Job:
    with made_up.acting(held) as scope:
        return enqueue(function, by=scope, **arguments)


@pytest.fixture
def clerk(db: None) -> Post:
    return made_up.post("entry_clerk")


def test_a_job_runs_as_its_asker_and_returns_what_it_did(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=3)
    done = run_one(asked.pk)
    assert (done.state, done.result, done.run, done.attempts) == (State.DONE, {"sum": 30}, 1, 0)
    assert (done.progress.done, done.progress.total, done.progress.unit) == (3, 3, "files")
    assert sample_jobs.effects_of(1) == [0, 1, 2]
    with made_up.acting(clerk), transaction.atomic():
        assert Step.objects.count() == 3
    with open_scope(system_scope("worker")):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT asked_by FROM sample.effect")
            assert cursor.fetchall() == [(clerk.person_id,)]


def test_a_job_and_its_place_in_the_queue_come_together_or_not_at_all(clerk: Post) -> None:
    with transaction.atomic():
        ask(clerk, number=1, parts=1)
        transaction.set_rollback(True)
    assert entries() == []
    asked = ask(clerk, number=1, parts=1)
    assert entries() == [asked.pk]


def test_the_same_key_asks_once_until_the_first_has_failed_for_good(clerk: Post) -> None:
    first = ask(clerk, number=1, parts=1, key="upload-7")
    assert ask(clerk, number=1, parts=1, key="upload-7").pk == first.pk
    run_one(first.pk)
    assert ask(clerk, number=1, parts=1, key="upload-7").pk == first.pk
    assert len(entries()) == 1
    other = made_up.post("entry_clerk", clerk.institution)
    assert ask(other, number=1, parts=1, key="upload-7").pk != first.pk


def test_a_second_run_of_a_finished_job_does_nothing(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=2)
    assert run_one(asked.pk).finished_at == run_one(asked.pk).finished_at
    assert sample_jobs.effects_of(1) == [0, 1]


def test_a_failed_job_waits_longer_each_time_goes_on_from_its_step_and_ends_as_a_dead_letter(clerk: Post) -> None:
    asked = ask(clerk, sample_jobs.failing, number=2)
    sample_jobs.FAILURES[:] = [KeyError("secret 110101199003074477") for _ in range(5)]
    waits = []
    for attempt in range(1, 6):
        began = timezone.now()
        now = run_one(asked.pk)
        assert now.attempts == attempt
        if now.state == State.WAITING:
            waits.append(round((now.run_after - began).total_seconds()))  # type: ignore[operator]
            with open_scope(system_scope("worker")):
                Job.objects.update(run_after=None)
    assert waits == [10, 40, 160, 640]
    assert now.state == State.DEAD
    assert sample_jobs.effects_of(2) == [0], "the step before the failure happened once in five runs"
    assert "1101" not in now.error_zh + now.error_en + now.error_place
    assert now.error_place.startswith("KeyError sample_jobs:")
    with made_up.acting(clerk) as scope:
        again = services.try_again(job=asked.pk, by=scope)
    assert (again.state, again.attempts) == (State.WAITING, 0)
    assert run_one(asked.pk).state == State.DONE
    assert sample_jobs.effects_of(2) == [0, 1]


def test_a_job_that_waits_is_not_run_before_its_time(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=1)
    with open_scope(system_scope("worker")):
        Job.objects.update(run_after=timezone.now() + timedelta(minutes=5))
    assert run_one(asked.pk).state == State.WAITING
    assert sample_jobs.effects_of(1) == []


@pytest.mark.parametrize("wrong", [timedelta(hours=-3), timedelta(hours=3), timedelta(days=400)])
def test_a_worker_with_a_wrong_clock_neither_hurries_nor_forgets_a_job(clerk: Post, wrong: timedelta) -> None:
    asked = ask(clerk, sample_jobs.failing, number=2)
    now = timezone.now()
    sample_jobs.FAILURES[:] = [ConnectionError()]
    with time_machine.travel(now + wrong):
        waits = run_one(asked.pk)
    assert waits.run_after is not None
    assert timedelta(seconds=5) < waits.run_after - now < timedelta(seconds=60)
    with time_machine.travel(now + wrong):
        assert run_one(asked.pk).run == 1, "it is not its time"
        with open_scope(system_scope("worker")):
            Job.objects.update(run_after=now)
        ended = run_one(asked.pk)
    assert ended.state == State.DONE
    assert ended.finished_at is not None
    assert abs(ended.finished_at - now) < timedelta(seconds=60)


def test_what_the_asker_gave_is_refused_in_words_and_not_tried_again(clerk: Post) -> None:
    ended = run_one(ask(clerk, sample_jobs.refusing).pk)
    assert (ended.state, ended.attempts) == (State.REFUSED, 0)
    assert (ended.error_zh, ended.error_en) == (
        "文件没有表头：请补上第一行", "The file has no header: add the first row",
    )  # fmt: skip


def test_a_post_that_has_ended_stops_the_job_and_says_so(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=1)
    today = timezone.localdate()
    with open_scope(system_scope("migration")):
        Post.objects.filter(pk=clerk.pk).update(valid=Range(None, today))
    ended = run_one(asked.pk)
    assert ended.state == State.STOPPED
    assert "岗位已终止" in ended.error_zh
    assert "ended" in ended.error_en
    assert sample_jobs.effects_of(1) == []


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=1)
    with made_up.acting(clerk) as scope:
        assert services.cancel(job=asked.pk, by=scope).state == State.CANCELLED
        first = Progress.objects.get(job=asked.pk).cancel_asked_at
        assert services.cancel(job=asked.pk, by=scope).progress.cancel_asked_at == first
    assert run_one(asked.pk).state == State.CANCELLED
    assert sample_jobs.effects_of(1) == []


def test_a_cancelled_job_goes_on_from_its_last_step(clerk: Post) -> None:
    asked = ask(clerk, number=4, parts=3)
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=asked.pk).update(state=State.CANCELLED, finished_at=timezone.now(), run=1)
        Progress.objects.filter(pk=asked.pk).update(cancel_asked_at=timezone.now())
        Step.objects.create(job=asked, name="part-0", result=0, run=1)
    with made_up.acting(clerk) as scope:
        assert services.try_again(job=asked.pk, by=scope).state == State.WAITING
        assert services.try_again(job=asked.pk, by=scope).state == State.WAITING, "twice is once"
        assert [act.subject_id for act in Event.objects.filter(kind="jobs.resumed")] == [str(asked.pk)]
    assert run_one(asked.pk).state == State.DONE
    assert sample_jobs.effects_of(4) == [1, 2], "the step of the first run is not done again"


def test_a_cancelled_job_does_not_go_on_beside_one_that_was_asked_for_anew(clerk: Post) -> None:
    from tonghu.errors import InputRefused

    with made_up.acting(clerk) as scope:
        first = enqueue(sample_jobs.parts, by=scope, key="once", number=5, parts=1)
        services.cancel(job=first.pk, by=scope)
        second = enqueue(sample_jobs.parts, by=scope, key="once", number=5, parts=1)
        assert second.pk != first.pk
        with pytest.raises(InputRefused, match="重新提交"):
            services.try_again(job=first.pk, by=scope)
        assert Job.objects.get(pk=first.pk).state == State.CANCELLED


def test_a_step_ahead_of_a_cancelled_job_is_not_begun(clerk: Post) -> None:
    asked = ask(clerk, number=3, parts=5)
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=asked.pk).update(state=State.RUNNING, run=1)  # as after a worker died in it
        Progress.objects.filter(pk=asked.pk).update(cancel_asked_at=timezone.now())
    assert run_one(asked.pk).state == State.CANCELLED
    assert sample_jobs.effects_of(3) == []


def test_a_job_over_which_workers_keep_dying_becomes_a_dead_letter_in_words(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=2)
    for lost in range(1, 7):
        with open_scope(system_scope("worker")):
            Job.objects.filter(pk=asked.pk).update(state=State.RUNNING, losses=lost - 1, finished_at=None)
        if lost < 6:
            continue
        ended = run_one(asked.pk)
    assert ended.state == State.DEAD
    assert "工作进程" in ended.error_zh


def test_dropping_needs_a_reason_and_only_dead_letters_are_settled(clerk: Post) -> None:
    from tonghu.errors import InputRefused

    asked = ask(clerk, sample_jobs.failing, number=2)
    with made_up.acting(clerk) as scope, pytest.raises(InputRefused, match="不在失败任务中"):
        services.drop(job=asked.pk, reason="x", by=scope)
    with open_scope(system_scope("worker")):
        Job.objects.update(state=State.DEAD, finished_at=timezone.now())
    with made_up.acting(clerk) as scope:
        with pytest.raises(InputRefused, match="原因"):
            services.drop(job=asked.pk, reason="  ", by=scope)
        dropped = services.drop(job=asked.pk, reason="文件重新上传了", by=scope)
        assert (dropped.state, dropped.reason, dropped.decided_by_id) == (
            State.DROPPED, "文件重新上传了", clerk.person_id,
        )  # fmt: skip
        assert services.drop(job=asked.pk, reason="again", by=scope).reason == "文件重新上传了"
        assert [act.subject_id for act in Event.objects.filter(kind="jobs.dropped")] == [str(asked.pk)]


def test_who_may_see_a_job_may_not_yet_steer_it(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=1)
    beside = made_up.post("auditor", clerk.institution)
    for act in (services.cancel, services.try_again):
        with made_up.acting(beside, "jobs.view") as scope, pytest.raises(PermissionDenied, match="属于他人"):
            act(job=asked.pk, by=scope)
    with made_up.acting(beside, "jobs.manage") as scope:
        assert services.try_again(job=asked.pk, by=scope).state == State.WAITING, "what waits, waits"
        assert services.cancel(job=asked.pk, by=scope).state == State.CANCELLED
    with open_scope(system_scope("upkeep")) as upkeep:
        periodic = enqueue(sample_jobs.periodic, by=upkeep)
    with made_up.acting(beside, "jobs.manage") as scope, pytest.raises(Job.DoesNotExist):
        services.cancel(job=periodic.pk, by=scope)
    with made_up.acting(beside, "jobs.operate") as scope:
        assert services.cancel(job=periodic.pk, by=scope).state == State.CANCELLED


def test_results_that_could_name_somebody_are_refused(clerk: Post) -> None:
    def named(run: Run, **_: Any) -> None:
        run.once("x", lambda: "张三")

    def leaking(run: Run, **_: Any) -> dict[str, str]:
        return {"who": "张三"}

    for function in (named, leaking):
        asked = ask(clerk, number=1, parts=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(tasks._kinds, "sample.parts", replace(tasks._kinds["sample.parts"], function=function))
            ended = run_one(asked.pk)
        assert ended.error_place.startswith("ValueError"), function
        assert ended.result is None


def test_a_job_knows_where_it_goes_on_from(clerk: Post) -> None:
    came: list[Any] = []

    def far(run: Run, **_: Any) -> None:
        came.append(run.reached)
        run.once("first", lambda: {"row": 500})
        if len(came) == 1:
            raise ConnectionError

    asked = ask(clerk, number=1, parts=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tasks._kinds, "sample.parts", replace(tasks._kinds["sample.parts"], function=far))
        run_one(asked.pk)
        with open_scope(system_scope("worker")):
            Job.objects.update(run_after=None)
        run_one(asked.pk)
    assert came == [None, Reached("first", {"row": 500})]


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "张三"},
        {"id": "11010119900307447X"},
        {"phones": ["13800138000"]},
        {"phone": 13800138000},
        {"nested": {"free": "two words"}},
        {"strange": object()},
    ],
)
def test_arguments_that_could_name_somebody_are_refused(clerk: Post, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"sample\.parts"):
        ask(clerk, **arguments)


def test_nobody_in_particular_cannot_ask(clerk: Post) -> None:
    with pytest.raises(ValueError, match="somebody who asks"), open_scope(Scope(purpose="public")) as scope:
        enqueue(sample_jobs.parts, by=scope, number=1, parts=1)


def test_nobody_asks_in_the_name_of_another(clerk: Post) -> None:
    other = made_up.post("entry_clerk", clerk.institution)
    with pytest.raises(DatabaseError, match="row-level security"), made_up.acting(other):
        Job.objects.create(kind="sample.parts", person_id=clerk.person_id, post=clerk, institution=clerk.institution)


def test_who_sees_whose_jobs(clerk: Post) -> None:
    asked = ask(clerk, number=1, parts=1)
    beside, elsewhere = made_up.post("auditor", clerk.institution), made_up.post("auditor")

    def sees(held: Post, *may: str) -> bool:
        with made_up.acting(held, *may):
            counts = {Job.objects.count(), Progress.objects.count()}
        assert len(counts) == 1
        return counts == {1}

    assert sees(clerk)
    assert not sees(beside)
    assert sees(beside, "jobs.view")
    assert not sees(elsewhere, "jobs.view", "jobs.manage", "jobs.operate")
    assert asked.institution_id == clerk.institution_id


def test_a_job_of_the_system_is_seen_by_operators_and_by_who_asked(clerk: Post) -> None:
    with open_scope(system_scope("upkeep")) as scope:
        enqueue(sample_jobs.periodic, by=scope)
    with made_up.acting(clerk, "jobs.view", "jobs.manage"):
        assert not Job.objects.exists()
    with made_up.acting(clerk, "jobs.operate"):
        assert Job.objects.count() == 1
    with open_scope(system_scope("notices")):
        assert not Job.objects.exists()


def test_declaring_a_job_badly_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="twice"):
        job("sample.parts", zh="又", en="again")(lambda run: None)
    with pytest.raises(ValueError, match="title"):
        job("sample.untitled", zh="", en="x")(lambda run: None)
    with pytest.raises(ValueError, match="cron"):
        job("sample.cron", zh="x", en="x", cron="* * * * *")(lambda run: None)
    with pytest.raises(KeyError):
        enqueue("sample.unknown", by=system_scope("upkeep"))


def test_a_job_may_ask_for_another_and_the_two_commit_together(clerk: Post) -> None:
    asked = ask(clerk, sample_jobs.chain, number=9)
    run_one(asked.pk)
    run_one(asked.pk)
    first, second = entries()
    assert first == asked.pk
    assert seen(second).kind == "sample.parts"
    assert seen(second).person_id == clerk.person_id
