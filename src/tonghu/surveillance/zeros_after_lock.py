"""Zero reports of a month that were signed, withdrawn or contradicted by cards after it was locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import called
from tonghu.surveillance.after_lock import Event
from tonghu.surveillance.models import MonthLock, ZeroReport

#: The name of their list in the address, beside ``after_lock.WHICH``.
ZEROS = "zero"


def changed(lock: MonthLock) -> QuerySet[ZeroReport]:
    """The zero reports in the reader's reach to which something happened since the lock; ``last_at``: the last."""
    since = lock.locked_at
    happened = Q(signed_at__gt=since) | Q(withdrawn_at__gt=since) | Q(contradicted_at__gt=since)
    held = ZeroReport.objects.filter(happened, archive_month=lock.archive_month)
    return held.annotate(last_at=Greatest("signed_at", "withdrawn_at", "contradicted_at"))  # NULL counts for nothing


@dataclass(frozen=True, slots=True)
class Changed:
    """A zero report with what happened to it since the lock, the newest first."""

    report: ZeroReport
    events: Sequence[Event]


def told(lock: MonthLock, reports: Sequence[ZeroReport], by: Scope) -> list[Changed]:
    """These reports, each with what happened to it since the lock."""
    return [
        Changed(
            one,
            sorted(
                (event for event in _events(one, by) if event.at > lock.locked_at),
                key=lambda event: event.at,
                reverse=True,
            ),
        )
        for one in reports
    ]


def _events(one: ZeroReport, by: Scope) -> list[Event]:
    events = [Event(one.signed_at, _("Signed that there was no case"), called(one.signed_as, by), why=one.despite)]
    if one.withdrawn_at is not None:
        who = called(one.withdrawn_as, by)
        events.append(Event(one.withdrawn_at, _("Withdrawn"), who, why=one.withdrawn_because))
    if one.contradicted_at is not None:
        events.append(Event(one.contradicted_at, _("Cards of the month are there against it")))
    return events
