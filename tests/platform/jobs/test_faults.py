"""Workers that die at every point, at any moment, with their database: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

import made_up
import sample_jobs
from committed import in_threads
from faults import POINTS, Workers, until
from run_jobs import entries, seen
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs import points, services, tasks
from tonghu.platform.jobs import worker as worker_process
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.pulse import OwnConnection
from tonghu.platform.jobs.queries import queue_health, standing
from tonghu.platform.jobs.queue import TryAgain
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.runner import run_job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.usefixtures("effects", "committed")
State = Job.State


@pytest.fixture
def workers(effects: None, committed: None) -> Iterator[Workers]:
    with Workers("sample_jobs") as started:
        yield started


@pytest.fixture
def clerk(effects: None, committed: None) -> Post:
    return made_up.post("entry_clerk")


def ask(held: Post, number: int, parts: int, pause: float = 0.0) -> int:
    with made_up.acting(held) as scope:
        return enqueue(sample_jobs.parts, by=scope, number=number, parts=parts, pause=pause).pk


def run_here(job: int) -> None:
    """Run a job in this process, as a worker's thread does."""
    pulse = OwnConnection()
    try:
        run_job(job, pulse)
    finally:
        pulse.close()


def done(job: int) -> bool:
    return seen(job).state == State.DONE


def require_whole(job: int, number: int, parts: int) -> None:
    """Nothing lost, nothing doubled: every part once, in order, the sum right, no entry left in the queue."""
    ended = seen(job)
    assert sample_jobs.effects_of(number) == list(range(parts))
    assert (ended.state, ended.result) == (State.DONE, {"sum": 10 * sum(range(parts))})
    assert (ended.progress.done, ended.progress.total) == (parts, parts)
    until(lambda: job not in entries())


def test_killed_at_every_point_of_a_job_nothing_is_lost_and_nothing_doubled(workers: Workers, clerk: Post) -> None:
    fatal = [(name, hit) for name in (*POINTS, "sample.in_effect", "sample.between") for hit in (1, 3)]
    # the end of a job comes once, its second report is too soon to be written
    once = {"job.taken", "job.before_end", "job.ended", "job.reported"}
    for number, (name, hit) in enumerate(fatal):
        if name in once and hit > 1:
            continue
        job = ask(clerk, number, 4)
        workers.start(name, hit).died()
        after = workers.start()
        until(lambda job=job: done(job))  # type: ignore[misc]
        require_whole(job, number, 4)
        assert seen(job).run == (1 if name == "job.ended" else 2), name
        after.stop()


def test_killed_again_and_again_at_any_moment(workers: Workers, clerk: Post) -> None:
    chance = random.Random(20261122)
    jobs = {number: ask(clerk, number, 12, pause=0.03) for number in range(100, 104)}
    kills = 0
    deadline = time.monotonic() + 100
    while not all(done(job) for job in jobs.values()):
        assert time.monotonic() < deadline
        if kills < 8:
            worker = workers.start()
            time.sleep(chance.uniform(0.4, 2.4))  # dead workers are noticed after 1.5 s, so later ones see work
            worker.kill()
            kills += 1
        else:
            workers.start()
            until(lambda: all(done(job) for job in jobs.values()))
    workers.start()  # the last one may have been killed over a job that was done, with its entry still in the queue
    for number, job in jobs.items():
        require_whole(job, number, 12)


def test_two_workers_side_by_side_run_every_job_once(workers: Workers, clerk: Post) -> None:
    jobs = {number: ask(clerk, number, 3) for number in range(200, 212)}
    workers.start()
    workers.start()
    until(lambda: all(done(job) for job in jobs.values()))
    for number, job in jobs.items():
        require_whole(job, number, 3)
        assert seen(job).run == 1


def test_told_to_stop_a_worker_ends_at_the_next_step_and_the_next_one_goes_on(workers: Workers, clerk: Post) -> None:
    job = ask(clerk, 300, 40, pause=0.05)
    worker = workers.start()
    until(lambda: seen(job).progress.done > 2)
    worker.stop()
    waits = seen(job)
    assert (waits.state, waits.attempts, waits.losses) == (State.WAITING, 0, 0)
    assert 2 < len(sample_jobs.effects_of(300)) < 40
    workers.start()
    until(lambda: done(job))
    require_whole(job, 300, 40)


def test_told_twice_a_worker_leaves_at_once_and_its_long_step_never_was(workers: Workers, clerk: Post) -> None:
    with made_up.acting(clerk) as scope:
        job = enqueue(sample_jobs.long, by=scope, number=350).pk
    worker = workers.start()
    until(lambda: seen(job).progress.done == 1)
    os.kill(worker.pid, signal.SIGTERM)
    time.sleep(0.5)
    assert worker.status is None, "it waits for the step"
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.ended.wait(20)
    assert worker.status == 1
    assert sample_jobs.effects_of(350) == []


def test_a_running_job_shows_how_far_it_is_and_stops_when_cancelled(workers: Workers, clerk: Post) -> None:
    job = ask(clerk, 400, 400, pause=0.02)
    workers.start()
    until(lambda: seen(job).progress.rate is not None)
    first = seen(job)
    until(lambda: seen(job).progress.done > first.progress.done)
    now = standing(seen(job))
    assert now is not None
    assert now.total == 400
    assert now.rate is not None
    assert 0 < now.rate < 500  # a step waits 0.02 s; a busy machine says so in bursts
    assert now.left is not None
    assert 0 < now.left < 400
    with made_up.acting(clerk) as scope:
        began = time.monotonic()
        services.cancel(job=job, by=scope)
        assert time.monotonic() - began < 5, "asking to stop does not wait for the job"
    until(lambda: seen(job).state == State.CANCELLED)
    effects = len(sample_jobs.effects_of(400))
    assert first.progress.done <= effects < 400
    with open_scope(system_scope("worker")):
        health = queue_health()
    assert health["running"] == 0
    assert health["heartbeat"] is not None
    assert health["heartbeat"] < 60


def break_connections() -> None:
    """End every session of the app but the test's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 2


def test_the_database_breaking_every_connection_is_survived(workers: Workers, clerk: Post) -> None:
    job = ask(clerk, 500, 60, pause=0.05)
    worker = workers.start()
    until(lambda: seen(job).progress.done > 2)
    break_connections()
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=job, state=State.WAITING).update(run_after=None)
    until(lambda: done(job))
    require_whole(job, 500, 60)
    assert worker.status is None, "the worker process itself went on"
    worker.stop()


def test_while_the_database_is_away_a_worker_waits_and_goes_on_afterwards(workers: Workers, clerk: Post) -> None:
    job = ask(clerk, 550, 60, pause=0.05)
    worker = workers.start()
    until(lambda: seen(job).progress.done > 2)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_database())")
        name = cursor.fetchone()[0]
        cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        try:
            break_connections()
            time.sleep(4)
            assert worker.status is None
        finally:
            cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    until(lambda: seen(job).state != State.RUNNING or seen(job).run > 1)
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=job, state=State.WAITING).update(run_after=None)
    until(lambda: done(job))
    require_whole(job, 550, 60)
    worker.stop()


def test_a_database_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool without its first connection says nothing for half a minute."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = {"host": "127.0.0.1", "port": nobody.getsockname()[1], "user": "nobody", "dbname": "none"}
        monkeypatch.setattr(worker_process, "connector_params", lambda: gone)
        begun = time.monotonic()
        # In a thread of its own: browser tests before it leave a loop running in this one.
        with ThreadPoolExecutor(1) as apart, pytest.raises(psycopg.OperationalError):
            apart.submit(_a_session).result()
    assert time.monotonic() - begun < 5


def _a_session() -> None:
    asyncio.run(worker_process._session(None, 1, worker_process.Times(), asyncio.Event()))


def test_a_worker_that_was_thought_dead_changes_nothing_when_it_wakes_up(clerk: Post) -> None:
    """Frozen between two steps while another takes over: it ends at its next step, without an effect."""
    job = ask(clerk, 600, 3)
    frozen, thaw = threading.Event(), threading.Event()

    def freeze(name: str) -> None:
        if name == "sample.between" and not frozen.is_set():
            frozen.set()
            assert thaw.wait(30)

    def work() -> None:
        try:
            run_here(job)
        finally:
            connections.close_all()

    points.let_in(freeze)
    try:
        sleeper = threading.Thread(target=work)
        sleeper.start()
        assert frozen.wait(30)
        run_here(job)  # the one that takes over: goes through to the end
        first = seen(job)
        thaw.set()
        sleeper.join(30)
    finally:
        points.let_in(None)
    assert (first.state, first.run, first.losses) == (State.DONE, 2, 1)
    assert seen(job).finished_at == first.finished_at
    assert sample_jobs.effects_of(600) == [0, 1, 2]


def test_eight_who_ask_for_the_same_at_once_get_one_job(clerk: Post) -> None:
    def ask_once(_number: int) -> int:
        with made_up.acting(clerk) as scope:
            return enqueue(sample_jobs.parts, by=scope, key="upload-7", number=700, parts=2).pk

    (job,) = set(in_threads(ask_once, 8))
    assert entries() == [job]
    run_here(job)
    assert sample_jobs.effects_of(700) == [0, 1]


def test_a_step_inside_another_transaction_is_an_error_since_it_could_be_lost_with_that_one(clerk: Post) -> None:
    def nested(run: Run, **_: Any) -> None:
        with run.open():
            run.once("step", lambda: None)

    job = ask(clerk, 900, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tasks._kinds, "sample.parts", replace(tasks._kinds["sample.parts"], function=nested))
        with pytest.raises(TryAgain):
            run_here(job)
    assert seen(job).error_place.startswith("RuntimeError")


def _gone(_values: Any) -> None:
    raise psycopg.OperationalError


def test_a_report_over_a_broken_connection_arrives_over_a_fresh_one_and_is_lost_without_harm(clerk: Post) -> None:
    job = ask(clerk, 800, 1)
    with open_scope(system_scope("worker")):
        Job.objects.filter(pk=job).update(state=State.RUNNING, run=1)
    pulse = OwnConnection()
    said = {"job": job, "run": 1, "total": 9, "unit": "rows", "rate": None}
    try:
        assert pulse.beat({**said, "done": 1}) is False
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tonghu-progress' AND datname = current_database()"
            )
        assert pulse.beat({**said, "done": 2}) is False
        assert seen(job).progress.done == 2, "over a fresh connection"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pulse, "_beat", _gone)
            assert pulse.beat({**said, "done": 3}) is False
        assert seen(job).progress.done == 2
        assert pulse.beat({**said, "run": 2, "done": 4}) is None, "the run is another's"
        with made_up.acting(clerk) as scope:
            services.cancel(job=job, by=scope)
        assert pulse.beat({**said, "done": 5}) is True
    finally:
        pulse.close()


def test_periodic_jobs_begin_by_themselves_once_for_each_moment(effects: None, committed: None) -> None:
    def begun() -> list[str]:
        with open_scope(system_scope("worker")):
            ended = Job.objects.filter(kind="sample.periodic", state=State.DONE)
            return list(ended.values_list("key", flat=True))

    with Workers("sample_jobs", periodic=True) as workers:
        both = workers.start(), workers.start()
        until(lambda: len(begun()) >= 3)
        for worker in both:
            worker.stop()
    assert len(set(begun())) == len(begun())
