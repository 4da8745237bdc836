"""The job that sums up: the nation's figures are those of its points, as of a time."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction
from points_and_cards import cards, point

import made_up
from run_jobs import run_one
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance import board, calendar, tasks
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Point, Standing

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

TODAY = date.today()
BEFORE = Month.of(TODAY).plus(-2)
MONTHS = calendar.shown(TODAY)


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("SUM1", "510104")
    point(made)
    return made


@pytest.fixture
def centre(db: None) -> Post:
    return made_up.post("centre_officer", made_up.authority("centre", "000000"))


def run(job: str) -> Job:
    by = system_scope("summary")
    with open_scope(by):
        asked = enqueue(job, by=by)
    return run_one(asked.pk)


def test_the_nation_reads_what_the_job_saw_and_says_when(hospital: Institution, centre: Post) -> None:
    with made_up.acting(centre):
        live = board.sums(MONTHS, TODAY, digits=2)
        assert board.as_of("000000") is None
        assert live["510000"][BEFORE].missing == 1
    done = run("surveillance.sum_up")
    assert (done.state, done.result["cells"]) == (Job.State.DONE, board.KEPT)
    cards(hospital, BEFORE, 2, reported=BEFORE.due)
    with made_up.acting(centre):
        assert board.sums(MONTHS, TODAY, digits=2) == live, "as of then"
        assert board.as_of("000000") is not None
        assert board.as_of("510000") is None
        assert board.sums(MONTHS, TODAY, region="510000", digits=4)["510100"][BEFORE].done == 1, "worked out now"
        assert [line.institution for line in board.wall(MONTHS, TODAY, show="owing")[0]] == [hospital.pk]
    run("surveillance.sum_up")
    with made_up.acting(centre):
        assert board.sums(MONTHS, TODAY, digits=2)["510000"][BEFORE].done == 1
        assert board.sums(MONTHS, TODAY, digits=2) == board.sums(MONTHS, TODAY, region="510000", digits=2)


def test_a_point_that_is_none_any_more_leaves_the_sums(hospital: Institution, centre: Post) -> None:
    run("surveillance.sum_up")
    with open_scope(system_scope("migration")):
        Point.objects.update(valid=(None, date(2020, 1, 1)))
    run("surveillance.sum_up")
    with made_up.acting(centre):
        assert not Standing.objects.exists()


def test_folding_is_a_job(hospital: Institution) -> None:
    cards(hospital, BEFORE, 3)
    assert run("surveillance.fold").result == {"removed": 2}


def test_nobody_else_writes_how_points_stand(hospital: Institution, centre: Post) -> None:
    with made_up.acting(centre), pytest.raises(Exception, match="row-level security"), transaction.atomic():
        board.sum_up(TODAY)


def test_the_jobs_have_a_time_of_their_own() -> None:
    from tonghu.platform.jobs.tasks import kinds

    for name in ("surveillance.sum_up", "surveillance.fold", "surveillance.remind"):
        assert kinds()[name].cron
    assert tasks.nation(system_scope("summary")).region_to == "999999"
