"""Running jobs inside a test, without a worker: for every room's tests."""

from __future__ import annotations

import contextlib

from procrastinate.contrib.django.models import ProcrastinateJob

from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.pulse import SameConnection
from tonghu.platform.jobs.queue import TryAgain
from tonghu.platform.jobs.runner import run_job
from tonghu.platform.scope.scope import open_scope, system_scope


def run_one(number: int) -> Job:
    """Run one job inside the open transaction as the worker would, and return its row."""
    with contextlib.suppress(TryAgain):
        run_job(number, SameConnection())
    return seen(number)


def seen(number: int) -> Job:
    """The row of a job, read in the worker's scope."""
    with open_scope(system_scope("worker")):
        return Job.objects.select_related("progress").get(pk=number)


def entries() -> list[int]:
    """Numbers of the jobs in the queue, in order."""
    return [entry.args["job"] for entry in ProcrastinateJob.objects.filter(task_name="tonghu.job").order_by("id")]
