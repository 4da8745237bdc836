"""The queue: procrastinate on the same database. Its rows name a job by number; everything else is in ours."""

from __future__ import annotations

from datetime import datetime

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job as Entry

from tonghu.platform.jobs.models import Job

#: After how many seconds an entry comes back whose job's row could not be written.
UNWRITTEN_SECONDS = 5


class TryAgain(Exception):  # noqa: N818 -- a message to the queue, not a fault
    """Tells the queue to bring the same entry back at a time."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class AtOurTime(BaseRetryStrategy):
    """The queue brings an entry back when the job's own row says so.

    Any other exception means that the row could not be written (the database went away): the entry comes back, too,
    and the row then says what is to be done. An entry ends only when its job's row was written.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Entry) -> RetryDecision | None:  # noqa: ARG002 -- its signature
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_at=exception.at)
        return RetryDecision(retry_in={"seconds": UNWRITTEN_SECONDS})


@app.task(name="tonghu.job", retry=AtOurTime())
def run_entry(job: int) -> None:
    """Run the job of an entry of the queue; called by the worker."""
    from tonghu.platform.jobs.pulse import of_this_thread
    from tonghu.platform.jobs.runner import run_job

    run_job(job, of_this_thread())


@app.task(name="tonghu.periodic")
def begin_periodic(timestamp: int, kind: str) -> None:
    """Ask for a periodic job; its time is its key, so that two workers ask once."""
    from tonghu.platform.jobs.upkeep import begin

    begin(kind, timestamp)


def put(job: Job) -> None:
    """Put a job at the end of its queue, in the open transaction. One entry of a job runs at a time."""
    run_entry.configure(queue=job.queue, lock=f"job:{job.pk}").defer(job=job.pk)
