"""What people do to jobs: cancel, have one that failed or was cancelled go on, drop a dead letter with a reason."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.platform.audit.events import record
from tonghu.platform.jobs import queue
from tonghu.platform.jobs.access import MANAGE, OPERATE
from tonghu.platform.jobs.events import DROPPED, JOB, RESUMED, TRIED_AGAIN
from tonghu.platform.jobs.models import STANDS, Job, Progress
from tonghu.platform.scope.scope import Scope

State = Job.State
#: What may go on from its last step, because somebody wants it to.
GOES_ON: Final = frozenset({State.DEAD, State.CANCELLED})


def may_steer(job: Job, by: Scope) -> bool:
    """Whether a scope may cancel a job and settle its dead letter; seeing it is decided by the database."""
    if job.system:
        return by.may(OPERATE) or by.system == job.system
    asked = job.person_id == by.person if job.person_id is not None else job.client_id == by.client
    return asked or by.may(MANAGE)


@transaction.atomic
def cancel(*, job: int, by: Scope) -> Job:
    """Ask a job to stop. One that waits ends at once, one that runs at its next report or step.

    Asking again, or asking a job that has ended, changes nothing.

    Raises:
        Job.DoesNotExist: it is not in the scope.
        PermissionDenied: it is, but not to be steered by this post.
    """
    held = _held(job, by, lock=False)
    asked = Progress.objects.filter(job=held, job__state__in=[State.WAITING, State.RUNNING], cancel_asked_at=None)
    asked.update(cancel_asked_at=timezone.now(), cancel_asked_by_id=by.person)
    # A job that waits has nobody who would notice, so it ends here; a worker that takes it meanwhile sees the request.
    Job.objects.filter(pk=job, state=State.WAITING).update(state=State.CANCELLED, finished_at=timezone.now())
    held.refresh_from_db()
    return held


@transaction.atomic
def try_again(*, job: int, by: Scope) -> Job:
    """Put a dead letter, or a job that was cancelled, back into the queue; its committed steps are not done again.

    A second time changes nothing.

    Raises:
        Job.DoesNotExist, PermissionDenied: as for :func:`cancel`.
        InputRefused: the job was dropped or ended otherwise, or the same was asked for anew meanwhile.
    """
    held = _held(job, by)
    if held.state in (State.WAITING, State.RUNNING):
        return held
    kind = RESUMED if held.state == State.CANCELLED else TRIED_AGAIN
    _require(held, GOES_ON)
    held.state, held.finished_at, held.run_after = State.WAITING, None, None
    held.attempts = held.losses = 0
    held.decided_by_id, held.reason = by.person, ""
    try:
        with transaction.atomic():
            held.save(update_fields=STANDS)
    except IntegrityError as fault:
        if "job_asked_once" not in str(fault):
            raise
        raise InputRefused(
            f"任务 {job} 取消后已重新提交了同样的任务，请查看新的任务",
            f"The same was asked for anew after job {job} was cancelled: see the newer job",
        ) from fault
    Progress.objects.filter(job=held).update(cancel_asked_at=None, cancel_asked_by=None)
    queue.put(held)
    record(kind, subject=(JOB, held.pk), by=by, data={"kind": held.kind}, institution=held.institution_id)
    return held


@transaction.atomic
def drop(*, job: int, reason: str, by: Scope) -> Job:
    """Give a dead letter up, with the reason that its page then shows.

    Raises:
        Job.DoesNotExist, PermissionDenied: as for :func:`cancel`.
        InputRefused: no reason, or the job is no dead letter.
    """
    held = _held(job, by)
    if held.state == State.DROPPED:
        return held
    _require(held, {State.DEAD})
    if not reason.strip():
        raise InputRefused("请填写放弃的原因", "Give the reason for dropping it")
    held.state, held.finished_at = State.DROPPED, timezone.now()
    held.decided_by_id, held.reason = by.person, reason.strip()[:300]
    held.save(update_fields=STANDS)
    record(DROPPED, subject=(JOB, held.pk), by=by, data={"kind": held.kind}, institution=held.institution_id)
    return held


def _held(number: int, by: Scope, *, lock: bool = True) -> Job:
    """The row, locked where its state is to change; asking to stop must not wait for a step that is running."""
    held = Job.objects.get(pk=number)
    if not may_steer(held, by):
        raise PermissionDenied(_("This job belongs to somebody else; ask them, or whoever settles failed jobs."))
    return Job.objects.select_for_update().get(pk=number) if lock else held


def _require(job: Job, states: Set[State]) -> None:
    if job.state not in states:
        raise InputRefused(
            f"任务 {job.pk} 不在失败任务中，现为“{job.get_state_display()}”",
            f"Job {job.pk} is no dead letter: it is {job.state}",
        )
