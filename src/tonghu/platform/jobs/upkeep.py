"""What the jobs room does for itself: periodic jobs begin, jobs of dead workers come back, old records go."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.query import RawQuerySet
from django.utils import timezone
from procrastinate import App

from tonghu.platform.dated import setting
from tonghu.platform.jobs import queue
from tonghu.platform.jobs.models import Job, Progress, Step
from tonghu.platform.jobs.retries import FILE
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import enqueue, job, kinds
from tonghu.platform.operations.logs import log
from tonghu.platform.scope.scope import open_scope, system_scope

BATCH = 1000
LATER_SUCCEEDED = "后来的一次已成功 / a later one succeeded"


def begin(kind: str, timestamp: int) -> None:
    """Ask for a periodic job in its own system scope; nothing while one still waits or runs, or nothing is due.

    Args:
        kind: name of a kind with a cron.
        timestamp: seconds of the moment it was due; two workers that see the same moment ask for one job.
    """
    known = kinds().get(kind)
    if known is None or not known.cron:
        log.warning("job.periodic_unknown", kind=kind)
        return
    scope = system_scope(known.system)
    with transaction.atomic(), open_scope(scope):
        if Job.objects.filter(kind=kind, state__in=[Job.State.WAITING, Job.State.RUNNING]).exists():
            return
        if known.due is not None and not known.due():
            return
        enqueue(kind, by=scope, key=f"at-{timestamp}")


async def recover(app: App, silent_for: float) -> int:
    """Bring back the entries of workers that have not been heard of for `silent_for` seconds; return how many."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for))
    for entry in stalled:
        log.warning("job.worker_gone", job=entry.task_kwargs.get("job"))
        await app.job_manager.retry_job(entry, retry_at=timezone.now())
    return len(stalled)


def settle_by_success(*, job: Job, **_: object) -> None:
    """Drop the dead letters of a periodic job once a later one has succeeded: there is nothing left to decide."""
    if job.system and job.state == Job.State.DONE:
        before = Job.objects.filter(kind=job.kind, system=job.system, state=Job.State.DEAD, pk__lt=job.pk)
        before.update(state=Job.State.DROPPED, finished_at=job.finished_at, reason=LATER_SUCCEEDED)


def _without_entry() -> RawQuerySet[Job]:
    """Jobs that should run and that the queue does not know: it was emptied, or restored without them."""
    return Job.objects.raw(
        "SELECT * FROM jobs_job WHERE state IN ('waiting', 'running') AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs "
        "WHERE task_name = 'tonghu.job' AND (args ->> 'job')::bigint = jobs_job.id) ORDER BY id"
    )


@job(
    "jobs.mend", zh="找回队列中缺失的任务", en="Put jobs back that the queue has lost",
    cron="*/5 * * * *", system="upkeep", due=lambda: bool(list(_without_entry()[:1])),
)  # fmt: skip
def mend(run: Run) -> dict[str, int]:
    """Put every job that should run back into the queue, where it is not there."""

    def put_back() -> int:
        lost = list(_without_entry())
        for one in lost:
            queue.put(one)
        return len(lost)

    return {"put_back": run.once("put-back", put_back)}


@job("jobs.tidy", zh="清理过期的任务记录", en="Remove old records of jobs", cron="17 3 * * *", system="upkeep")
def tidy(run: Run) -> dict[str, int]:
    """Remove the records of jobs that ended long ago, as the dated setting says; dead letters stay."""
    said = setting(FILE, "keep", timezone.localdate())
    now = timezone.now()
    old = Q(person__isnull=False, finished_at__lt=now - timedelta(days=said["of_people"])) | Q(
        person__isnull=True, finished_at__lt=now - timedelta(days=said["of_system"])
    )
    removed = 0
    while True:
        gone: int = run.once(f"from-{removed}", lambda: _remove(old))
        removed += gone
        run.report(removed)
        if gone < BATCH:
            return {"removed": removed}


def _remove(old: Q) -> int:
    numbers = list(
        Job.objects.filter(old).exclude(state=Job.State.DEAD).order_by("pk").values_list("pk", flat=True)[:BATCH]
    )
    Step.objects.filter(job__in=numbers).delete()
    Progress.objects.filter(job__in=numbers).delete()
    Job.objects.filter(pk__in=numbers).delete()
    return len(numbers)
