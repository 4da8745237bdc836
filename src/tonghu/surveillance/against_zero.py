"""What speaks against a zero report: files that wait when it is signed, and cards that come after it.

Cards count, whatever was signed (``cells.sql``). A report that has cards against it says since when, and so does its
history; when they are voided it stands again as it was signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.intake.models import LIVE, Batch, State
from tonghu.platform.accounts.sign_in import posts_in_effect
from tonghu.platform.audit.events import record
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import Words
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.events import CONTRADICTED as CONTRADICTED_EVENT
from tonghu.surveillance.events import POINT
from tonghu.surveillance.models import Arrival, Point, ZeroReport
from tonghu.surveillance.notices import CONTRADICTED

#: Who is told of cards against a zero report: who signed for the point, and the deputy head who answers for it.
TOLD: Final = ("point_lead", "responsible_deputy")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file of a month that is not imported yet.

    Attributes:
        rows: how many rows could become cards; None while they are counted.
    """

    batch: int
    label: str
    who: str
    at: datetime
    state: str
    rows: int | None

    @property
    def state_in_words(self) -> Words:
        """Where it stands."""
        return State(self.state).label


class FilesWait(InputRefused):
    """A file of the month came in since whoever signs looked at the page."""

    def __init__(self, month: Month, count: int) -> None:
        super().__init__(
            f"您打开页面之后，{month} 有新上传的文件（{count} 份），尚未签署：请看过下面的文件再决定",
            f"Files of {month} came in since you opened the page ({count}). Nothing was signed: look at them below",
        )


def waiting(institution: int, month: Month) -> list[Waiting]:
    """Return the files of a month that may still become cards, the oldest first; those without a case are none."""
    found = Batch.objects.filter(institution=institution, archive_month=month.first, state__in=LIVE).order_by("pk")
    listed = [
        Waiting(one.pk, one.label, one.uploaded_by, one.created_at, one.state, _rows(one))
        for one in found.defer("refusal", "samples")
    ]
    return [one for one in listed if one.rows != 0]


def require_settled(institution: int, month: Month, *, known: Iterable[int], despite: str) -> str:
    """Refuse a signature beside files of the month, unless whoever signs knows of them all and says why.

    Args:
        known: the numbers of the files that they were shown and said not to be cases of the month.
        despite: why.

    Returns:
        The reason that belongs to the signature; '' where nothing waits.

    Raises:
        InputRefused: one is being imported, was not known, or no reason is given.
    """
    found = waiting(institution, month)
    if any(one.state == State.CONFIRMING for one in found):
        raise InputRefused(
            f"{month} 的文件正在导入，请等导入完成再看有没有病例",
            f"A file of {month} is being imported: wait until it is done, then see whether there are cases",
        )
    if fresh := {one.batch for one in found} - set(known):
        raise FilesWait(month, len(fresh))
    if not found:
        return ""
    if not despite.strip():
        raise InputRefused(
            f"{month} 有文件等待确认：请写明其中的住院为什么不是该月的病例",
            f"Files of {month} wait for confirmation: say why what they hold is no case of the month",
        )
    return despite.strip()[:400]


def look(by: Scope) -> int:
    """Note since when zero reports have cards against them, or have none any more; return how many notices are new.

    In a scope of the system over the nation. Each report is told of once.
    """
    now, told = timezone.now(), 0
    months = Arrival.objects.filter(institution=OuterRef("institution_id"), archive_month=OuterRef("archive_month"))
    counted = months.order_by().values("institution").annotate(n=Sum("cards")).values("n")
    standing = ZeroReport.objects.filter(withdrawn_at=None).annotate(cards=Coalesce(Subquery(counted), 0))
    begun = standing.filter(contradicted_at=None, cards__gt=0).order_by("pk").values_list("pk", "cards")
    for number, cards in list(begun):
        told += _contradicted(number, cards, now, by)
    ended = standing.filter(contradicted_at__isnull=False, cards__lte=0).values_list("pk", flat=True)
    ZeroReport.objects.filter(pk__in=list(ended), withdrawn_at=None).update(contradicted_at=None)
    return told


@transaction.atomic
def _contradicted(number: int, cards: int, now: datetime, by: Scope) -> int:
    """Note one report and tell of it; nothing where it was withdrawn or noted meanwhile."""
    fresh = ZeroReport.objects.select_for_update(of=("self",)).filter(
        pk=number, withdrawn_at=None, contradicted_at=None
    )
    report = fresh.first()
    if report is None:
        return 0
    report.contradicted_at = now
    report.save(update_fields=["contradicted_at"])
    month, place = Month(report.archive_month), report.institution_id
    point = Point.objects.filter(institution=place, valid__contains=month.last).first()
    said = {"month": str(month), "cards": cards}
    record(CONTRADICTED_EVENT, subject=(POINT, point.pk if point else place), by=by, institution=place, data=said)
    people = posts_in_effect(timezone.localdate()).filter(institution=place, role__in=TOLD)
    to = sorted(set(people.values_list("person_id", flat=True)))
    return len(notify(CONTRADICTED, to=to, data=said, url=reverse("surveillance:month", args=[month]), key=f"{number}"))


def _rows(batch: Batch) -> int | None:
    if "in_scope" not in batch.summary:
        return None
    return int(batch.summary["in_scope"]) + int(batch.summary.get("undetermined", 0))
