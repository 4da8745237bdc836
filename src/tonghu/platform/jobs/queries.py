"""What pages and operators ask about jobs; every question is answered within the scope that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.rates import seconds_left
from tonghu.platform.jobs.states import LIVE, UNITS
from tonghu.platform.jobs.tasks import kinds
from tonghu.platform.scope.scope import Scope

State = Job.State


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a job is, as a page says it.

    Attributes:
        done, total, unit: what it counts; total None where nobody knows.
        percent: 0 to 100, None without a total.
        rate: units a second, None before it is known.
        left: seconds that it will still take, None where unknown.
        quiet: seconds since the last report; a job that runs and is quiet for long may be stuck.
    """

    done: int
    total: int | None
    unit: Any
    percent: int | None
    rate: float | None
    left: float | None
    quiet: float | None


def standing(job: Job, now: datetime | None = None) -> Standing | None:
    """Return how far a job is, None where it has not said anything yet."""
    told = job.progress
    if told.reported_at is None:
        return None
    runs = job.state == State.RUNNING
    quiet = ((now or timezone.now()) - told.reported_at).total_seconds()
    percent = min(100, 100 * told.done // told.total) if told.total else None
    return Standing(
        done=told.done,
        total=told.total,
        unit=UNITS.get(told.unit, told.unit),
        percent=percent,
        rate=told.rate if runs else None,
        left=seconds_left(told.done, told.total, told.rate, quiet) if runs else None,
        quiet=quiet if runs else None,
    )


def shown_jobs() -> QuerySet[Job]:
    """Return the jobs that the open scope sees, with all that a page shows of them."""
    return Job.objects.select_related("progress", "person", "institution", "decided_by")


def count_dead(scope: Scope) -> int:
    """Count the dead letters that `scope`, which is open, sees; for the menu."""
    return 0 if scope.person is None else Job.objects.filter(state=State.DEAD).count()


def count_live(scope: Scope) -> int:
    """Count a person's jobs that wait or run; for the menu."""
    return Job.objects.filter(person=scope.person, state__in=LIVE).count() if scope.person else 0


def queue_health() -> dict[str, int | None]:
    """Return what operators watch; the scope must see every job (``worker``).

    ``waiting`` and ``running`` jobs, ``dead`` letters, ``oldest`` seconds that a job which may run has waited, and
    ``heartbeat`` seconds since a worker was last seen (None: none is registered).
    """
    now = timezone.now()
    due = Q(state=State.WAITING) & (Q(run_after__isnull=True) | Q(run_after__lte=now))
    counted = Job.objects.filter(state__in=[State.WAITING, State.RUNNING, State.DEAD]).aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
        dead=Count("pk", filter=Q(state=State.DEAD)),
        since=Min("created_at", filter=due),
    )
    since = counted.pop("since")
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat))::int FROM procrastinate_workers")
        seen = cursor.fetchone()
    oldest = int((now - since).total_seconds()) if since else 0
    return {**counted, "oldest": oldest, "heartbeat": seen[0] if seen else None}


def title_of(job: Job) -> str:
    """What a job does, in the language of the reader; its name where this version knows it no more."""
    kind = kinds().get(job.kind)
    return kind.title if kind else job.kind
