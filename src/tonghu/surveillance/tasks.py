"""Jobs of this room: how every point stands is summed up, counts are folded, and people are reminded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone

from tonghu.network.region_range import NATION, covered
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.scope.scope import Scope, open_scope
from tonghu.surveillance import against_zero, board, figures, reminding


@job(
    "surveillance.sum_up", zh="汇总各监测点的上报进度", en="Sum up how every point stands",
    cron="*/5 * * * *", system="summary",
)  # fmt: skip
def sum_up(run: Run) -> dict[str, Any]:
    """Work out how every point stands, for the boards of the nation."""
    with open_scope(nation(run.scope)):
        return {"cells": board.sum_up(timezone.localdate())}


@job(
    "surveillance.figures", zh="统计辖区和全国的病例", en="Count the cases of regions and the nation",
    cron="23 * * * *", system="summary",
)  # fmt: skip
def count(run: Run) -> dict[str, Any]:
    """Count what was reported, by region, topic and key, for the pages of figures."""
    with open_scope(nation(run.scope)):
        return figures.count(timezone.localdate())


@job(
    "surveillance.fold", zh="归并上报计数", en="Add up the counts of arrivals", cron="41 18 * * *", system="summary"
)  # fmt: skip
def fold(run: Run) -> dict[str, Any]:
    """Make one row a point, month and day out of the changes of the day."""
    with open_scope(run.scope), connection.cursor() as cursor:
        cursor.execute("SELECT surveillance.fold_arrivals()")
        return {"removed": cursor.fetchone()[0]}


@job(
    "surveillance.remind", zh="提醒即将截止和逾期的月份", en="Remind of months that are due or overdue",
    cron="10 0 * * *", system="calendar",
)  # fmt: skip
def remind(run: Run) -> dict[str, Any]:
    """Tell those who answer for a point, on the days that the calendar says; at 08:10 in China."""
    with open_scope(nation(run.scope)):
        return {"notices": reminding.remind(timezone.localdate())}


@job(
    "surveillance.against_zero", zh="核对零报告与报告卡", en="Look for cards against zero reports",
    cron="*/5 * * * *", system="calendar",
)  # fmt: skip
def look_at_zero_reports(run: Run) -> dict[str, Any]:
    """Note which zero reports have cards against them now, and tell those who answer for the point."""
    with open_scope(nation(run.scope)) as by:
        return {"notices": against_zero.look(by)}


def nation(scope: Scope) -> Scope:
    """The scope of a piece of the system over the whole nation."""
    low, high = covered(NATION)
    return replace(scope, region_from=low, region_to=high)
