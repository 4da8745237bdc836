"""Running one job: taking it, running its function in the asker's scope, and writing down how it ended.

Every change of state is one short transaction that holds only while the run still owns the job.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.crypto.keys import KeysMissing
from tonghu.platform.jobs import queue
from tonghu.platform.jobs.asker import scope_of
from tonghu.platform.jobs.errors import CancelledByAsker, PostEnded, Superseded, WorkerStops, place, words
from tonghu.platform.jobs.models import STANDS, Job, Progress
from tonghu.platform.jobs.plain import require_plain
from tonghu.platform.jobs.points import point
from tonghu.platform.jobs.pulse import WORKER, Pulse
from tonghu.platform.jobs.retries import retries
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.signals import ended
from tonghu.platform.jobs.tasks import kind_of
from tonghu.platform.operations.logs import log
from tonghu.platform.scope.scope import open_scope

State = Job.State

#: Set when the worker is told to stop: jobs end at their next step and go on in the next worker.
stopping: Final = threading.Event()
LOST_TOO_OFTEN: Final = (
    "处理同一步骤时工作进程多次中断，已停止自动重试",
    "The worker died several times over the same step; it is not tried again by itself",
)


def run_job(number: int, pulse: Pulse) -> None:
    """Run the job of this number as far as it goes, telling `pulse` how far; called by the queue, and by tests.

    Raises:
        TryAgain: the queue is to bring the job back at a time.
    """
    held = _take(number)
    if held is not None:
        point("job.taken")
        _run(held, pulse)


def _take(number: int) -> Job | None:
    """Make the job this run's own, or say why there is nothing to run."""
    with transaction.atomic(), open_scope(WORKER):
        held = Job.objects.select_for_update().filter(pk=number).first()
        if held is None or held.state not in (State.WAITING, State.RUNNING):
            return None  # an entry of the queue that outlived its job: killed between the job's end and the entry's
        now = _clock()
        if held.state == State.WAITING and held.run_after and held.run_after > now + timedelta(seconds=1):
            raise queue.TryAgain(held.run_after)
        if held.progress.cancel_asked_at is not None:
            _end(held, State.CANCELLED)
            return None
        if held.state == State.RUNNING and _lost(held):
            _end(held, State.DEAD, LOST_TOO_OFTEN)
            return None
        held.state, held.run_after = State.RUNNING, None
        held.run += 1
        held.started_at = held.started_at or now
        held.save(update_fields=STANDS)
        return held


def _lost(held: Job) -> bool:
    """Count a worker that died over the job; True when too many have, without a step between them."""
    steps = held.steps.count()
    held.losses = 1 if steps > held.steps_seen else held.losses + 1
    held.steps_seen = steps
    return held.losses > retries(held.kind, timezone.localdate()).losses


def _run(held: Job, pulse: Pulse) -> None:
    run: Run | None = None
    try:
        kind = kind_of(held.kind)
        scope = scope_of(held)
        run = Run(job=held.pk, number=held.run, scope=scope, pulse=pulse, stopping=stopping)
        result = kind.function(run, **held.arguments) or {}
        require_plain(result, "result")
        run.flush()
        point("job.before_end")
        _finish(held, State.DONE, result=result)
    except Superseded:
        log.warning("job.superseded", job=held.pk, kind=held.kind, attempt=held.run)
    except WorkerStops:
        _back(held, timedelta(0))
    except CancelledByAsker:
        _finish(held, State.CANCELLED)
    except PostEnded as why:
        _finish(held, State.STOPPED, said=words(why))
    except KeysMissing as fault:  # nobody gave anything wrong: it works again when the keys are back
        _failed(held, fault)
    except InputRefused as why:
        _finish(held, State.REFUSED, said=words(why))
    except Exception as fault:
        log.error("job.failed", job=held.pk, kind=held.kind, attempt=held.attempts + 1, code=type(fault).__name__)
        _failed(held, fault)
    point("job.ended")


def _failed(held: Job, fault: Exception) -> None:
    attempts = held.attempts + 1
    wait = retries(held.kind, timezone.localdate()).after(attempts)
    if wait is None:
        _finish(held, State.DEAD, said=words(fault), attempts=attempts, error_place=place(fault))
    else:
        _back(held, wait, said=words(fault), attempts=attempts, error_place=place(fault))


def _back(held: Job, wait: timedelta, *, said: tuple[str, str] = ("", ""), **values: Any) -> None:
    """Let the job wait again, and tell the queue when to bring it."""
    with open_scope(WORKER):
        at = _clock() + wait
        mine = _mine(held).update(
            state=State.WAITING, run_after=at, error_zh=said[0], error_en=said[1], **values
        )  # fmt: skip
    if mine:
        point("job.waits_again")
        raise queue.TryAgain(at)


def _finish(held: Job, state: State, said: tuple[str, str] = ("", ""), **values: Any) -> None:
    with open_scope(WORKER):
        mine = _mine(held).select_for_update().first()
        if mine is None:
            log.warning("job.superseded", job=held.pk, kind=held.kind, attempt=held.run)
            return
        _end(mine, state, said, **values)


def _end(held: Job, state: State, said: tuple[str, str] = ("", ""), **values: Any) -> None:
    """Write the end of a job whose row is locked, and tell who listens, in the same transaction."""
    held.state, held.finished_at = state, _clock()
    held.error_zh, held.error_en = said
    for name, value in values.items():
        setattr(held, name, value)
    held.save(update_fields=STANDS)
    if state == State.DONE:
        Progress.objects.filter(job=held, total__isnull=False).update(done=F("total"))
    ended.send(sender=Job, job=held)


def _clock() -> datetime:
    """The database's time: a worker whose own clock is wrong neither hurries nor forgets a job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _mine(held: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=held.pk, run=held.run, state=State.RUNNING)
