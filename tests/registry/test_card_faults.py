"""Whoever saves or moves cards is killed at every point and at any moment: no card is lost, doubled or half changed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import connection

import sample_card_jobs
from faults import Workers, fork, until
from made_up_cards import Point, code
from run_jobs import seen
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import system_scope
from tonghu.registry import checker
from tonghu.registry.models import Card, CardAct, CardVersion
from tonghu.registry.services import Conflict, move, save_card

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-05")]

POINTS = (
    "registry.version_written", "registry.card_written", "registry.moved", "registry.acts_written",
    "job.before_commit", "job.after_commit",
)  # fmt: skip


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.fixture
def workers(committed: None) -> Iterator[Workers]:
    with Workers("sample_card_jobs") as started:
        yield started


def inconsistencies() -> list[str]:
    return [one.zh for _many, said in checker.problems(system_scope("checking")) for one in said]


def test_killed_at_every_point_each_card_is_saved_and_submitted_once(point: Point, workers: Workers) -> None:
    cards = [point.card(sex="女") for _ in range(8)]
    with point.acting("entry_clerk") as by:
        asked = enqueue(sample_card_jobs.cards, by=by, first=cards[0].pk, last=cards[-1].pk).pk
    for number, where in enumerate(POINTS):
        workers.start(where, 1 + number % 2).died()
        assert inconsistencies() == [], where
    workers.start()
    until(lambda: seen(asked).state == Job.State.DONE)
    assert inconsistencies() == []
    with point.acting("auditor"):
        assert [(card.version, card.state) for card in Card.objects.order_by("pk")] == [(2, "submitted")] * 8
        assert (CardVersion.objects.count(), CardAct.objects.count()) == (16, 8)


def test_killed_at_any_moment_of_saving_and_moving_nothing_is_left_half_done(point: Point) -> None:
    """A process that does nothing else, killed 60 times at random; what it had committed stands, the rest never was."""
    chance = random.Random(20261122)
    cards = [point.card().pk for _ in range(3)]
    for _ in range(60):
        reader, writer = os.pipe()
        pid = fork(partial(work, point, cards, writer))  # the process that dies
        os.close(writer)
        for _act in range(chance.randint(1, 6)):  # however slow the machine is, it came to work
            assert os.read(reader, 1), "it ended by itself"
        time.sleep(chance.uniform(0, 0.06))
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL, "it was at work when it was killed"
        os.close(reader)
    assert inconsistencies() == []
    with point.acting("auditor"):
        versions = CardVersion.objects.count()
        assert versions > 60, "it came to save something"
        assert sum(Card.objects.values_list("version", flat=True)) == versions


def test_a_forked_process_talks_by_connections_of_its_own(committed: None) -> None:
    """Also where a browser's event loop runs in the thread, and Django made a connection before it did."""
    before, loop = asyncio.events._get_running_loop(), asyncio.new_event_loop()  # browser tests may have left one
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            ours = cursor.fetchone()[0]
            asyncio.events._set_running_loop(loop)
            reader, writer = os.pipe()
            pid = fork(partial(say_backend, writer))
    finally:
        asyncio.events._set_running_loop(before)
        loop.close()
    os.close(writer)
    os.waitpid(pid, 0)
    assert 0 < int(os.read(reader, 20)) != ours
    os.close(reader)
    with connection.cursor() as cursor:  # and ours goes on
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] == ours


def say_backend(told: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        os.write(told, str(cursor.fetchone()[0]).encode())


def work(point: Point, cards: list[int], told: int) -> None:
    """Save, submit, withdraw, and again, for as long as it lives; says each time that it begins."""
    for turn in range(10**6):
        for card in cards:
            os.write(told, b".")
            with point.acting("entry_clerk") as by:
                held = Card.objects.get(pk=card)
                if held.state == "submitted":
                    move(cards=[card], act="withdraw", by=by)
            with point.acting("entry_clerk") as by:
                held = Card.objects.get(pk=card)
                text = "1" if (turn + held.version) % 2 else "2"
                with contextlib.suppress(Conflict):  # what the one before had sent to the database is done meanwhile
                    save_card(card=card, based_on=held.version, front={code("abo_group"): text}, by=by)
            with point.acting("entry_clerk") as by:
                move(cards=[card], act="submit", by=by)
