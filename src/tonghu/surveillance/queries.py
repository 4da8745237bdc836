"""Reads of points, their people, zero reports, locks, and what changed of late; all under the reader's scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from tonghu.network.models import Institution
from tonghu.network.region_range import covered
from tonghu.platform.accounts.models import Post
from tonghu.platform.components.figures import OrMore
from tonghu.registry.models import Card, Tally
from tonghu.registry.states import State
from tonghu.registry.zero import Signed
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Arrival, MonthLock, Point, ZeroReport

#: Who answers for a point, in the order in which they are named (REG-02).
RESPONSIBLE: tuple[str, ...] = (
    "point_lead", "responsible_deputy", "entry_clerk", "auditor", "records_department", "it_partner",
)  # fmt: skip
#: Without one of each, a point cannot report (NCPCS.1).
NEEDED: tuple[str, ...] = ("point_lead", "entry_clerk", "auditor")
#: Of these a point has one (NCPCS.1: one overall leader), deputies while that one is away aside.
ONLY_ONE: tuple[str, ...] = ("point_lead",)


def points(region: str = "000000") -> QuerySet[Point]:
    """Return the points of a region that the open scope sees."""
    low, high = covered(region)
    return Point.objects.select_related("institution").filter(
        institution__region_code__gte=low, institution__region_code__lt=high
    )


def standing(point: Point, today: date | None = None) -> str:
    """Return ``current``, ``future`` or ``past``."""
    day = today or timezone.localdate()
    if point.valid.lower is not None and point.valid.lower > day:
        return "future"
    return "past" if point.valid.upper is not None and point.valid.upper <= day else "current"


def point_of(institution: int, on: date) -> Point | None:
    """Return the point that an institution is on a day."""
    return Point.objects.filter(institution=institution, valid__contains=on).first()


@dataclass(frozen=True, slots=True)
class Duty:
    """A role of a point and who holds it; nobody where it is empty."""

    role: str
    holders: tuple[Post, ...]

    @property
    def lacking(self) -> bool:
        """Whether the point needs somebody here and has nobody."""
        return self.role in NEEDED and not self.holders

    @property
    def crowded(self) -> bool:
        """Whether several hold what one person answers for."""
        return self.role in ONLY_ONE and sum(post.deputy_for_id is None for post in self.holders) > 1


def responsible(institution: int) -> tuple[Duty, ...]:
    """Return who answers for a point today, role by role; needs the right to see people."""
    held: dict[str, list[Post]] = {}
    posts = Post.objects.filter(institution=institution, role__in=RESPONSIBLE, valid__contains=timezone.localdate())
    for post in posts.select_related("person").order_by("pk"):
        held.setdefault(post.role, []).append(post)
    return tuple(Duty(role, tuple(held.get(role, ()))) for role in RESPONSIBLE)


def zero_reports(institution: int, months: Iterable[Month] | None = None) -> QuerySet[ZeroReport]:
    """Return a point's zero reports, the latest first, withdrawn ones too."""
    found = ZeroReport.objects.filter(institution=institution).order_by("-archive_month", "-pk")
    return found if months is None else found.filter(archive_month__in=[month.first for month in months])


def locks(months: Iterable[Month]) -> dict[Month, MonthLock]:
    """Return which of the months are locked now."""
    held = MonthLock.objects.filter(archive_month__in=[month.first for month in months], lifted_at=None)
    return {Month(lock.archive_month): lock for lock in held}


def is_locked(_institution: int, month: date) -> bool:
    """Whether an archive month is locked now, which it is for all: no bulk undo, single corrections go on."""
    return MonthLock.objects.filter(archive_month=month.replace(day=1), lifted_at=None).exists()


def locked_since(_institution: int, month: date) -> datetime | None:
    """Since when an archive month is locked; None where it is not."""
    held = MonthLock.objects.filter(archive_month=month.replace(day=1), lifted_at=None)
    return held.values_list("locked_at", flat=True).first()


def cards_of(institution: int, month: Month) -> int:
    """Return how many cards of a month an institution has, drafts included; voided ones do not count."""
    held = Arrival.objects.filter(institution=institution, archive_month=month.first)
    return held.aggregate(n=Sum("cards"))["n"] or 0


def standing_zeros(institution: int, months: Iterable[date] | None = None) -> list[Signed]:
    """Return the zero reports of an institution that stand, of the months asked for (None: of all)."""
    found = ZeroReport.objects.filter(institution=institution, withdrawn_at=None)
    found = found if months is None else found.filter(archive_month__in=[month.replace(day=1) for month in months])
    return [Signed(one.pk, one.archive_month, one.signed_at, one.signed_as) for one in found.order_by("-archive_month")]


def by_state(
    months: Sequence[Month], *, institution: int | None = None, region: str | None = None
) -> dict[Month, dict[str, int]]:
    """Return how many cards stand in each state, month by month; from the tally, so that nobody's card is read."""
    held = Tally.objects.filter(archive_month__in=[month.first for month in months])
    if institution is not None:
        held = held.filter(institution=institution)
    if region is not None:
        low, high = covered(region)
        held = held.filter(institution__region_code__gte=low, institution__region_code__lt=high)
    found: dict[Month, dict[str, int]] = {month: {} for month in months}
    rows = held.values("archive_month", "state").annotate(n=Sum("cards")).filter(~Q(n=0))
    for row in rows.values_list("archive_month", "state", "n"):
        found[Month(row[0])][row[1]] = row[2]
    return found


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened: what, at which institution, of which month, how many cards."""

    kind: str
    institution: Institution
    month: Month
    count: int
    on: date


def news(since: date, limit: int = 12) -> list[News]:
    """Return what changed since a day, inclusive: cards that arrived, zero reports signed and withdrawn."""
    arrived = (
        Arrival.objects.filter(reported_on__gte=since)
        .values("institution", "archive_month", "reported_on")
        .annotate(n=Sum("cards"))
        .filter(n__gt=0)
        .order_by("-reported_on", "-n")[:limit]
    )
    signed = ZeroReport.objects.filter(Q(signed_at__date__gte=since) | Q(withdrawn_at__date__gte=since))
    rows: list[dict[str, Any]] = [
        {
            "kind": "arrived",
            "at": row["institution"],
            "month": row["archive_month"],
            "n": row["n"],
            "on": row["reported_on"],
        }
        for row in arrived
    ]
    for one in signed.order_by("-pk")[:limit]:
        kind, when = ("withdrawn", one.withdrawn_at) if one.withdrawn_at else ("zero", one.signed_at)
        rows.append(
            {"kind": kind, "at": one.institution_id, "month": one.archive_month, "n": 0,
             "on": timezone.localtime(when).date()}
        )  # fmt: skip
    places = Institution.objects.in_bulk({row["at"] for row in rows})
    found = [News(row["kind"], places[row["at"]], Month(row["month"]), row["n"], row["on"]) for row in rows]
    return sorted(found, key=lambda one: one.on, reverse=True)[:limit]


def yesterday(today: date | None = None) -> date:
    """Return the day before today, in China."""
    return (today or timezone.localdate()) - timedelta(days=1)


#: In which states a card still waits for somebody at the point, and for whom.
WITH_WHOM: dict[str, str] = {
    State.DRAFT: "entry_clerk",
    State.RETURNED: "entry_clerk",
    State.RETURNED_BY_CENTRE: "entry_clerk",
    State.SUBMITTED: "auditor",
    State.APPROVED: "auditor",
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """Cards that wait at one place: the state, how many, since when, and for which department where one was asked."""

    state: str
    department: str
    count: int
    since: date | None


def stuck(institution: int, months: Sequence[Month]) -> list[Stuck]:
    """Return where a point's unreported cards of some months wait, the fullest place first; needs to see the cards."""

    held = (
        Card.objects.filter(
            institution=institution, archive_month__in=[month.first for month in months], state__in=list(WITH_WHOM)
        )
        .values("state", "waits_for")
        .annotate(n=Count("pk"), since=Min("state_since"))
        .order_by("-n")
    )
    return [
        Stuck(
            row["state"], row["waits_for"], row["n"], timezone.localtime(row["since"]).date() if row["since"] else None
        )
        for row in held
    ]


def returned_by_centre(institution: int) -> int:
    """Return how many of a point's cards the centre returned that are still with it; needs to see the cards."""
    return Card.objects.filter(institution=institution, state=State.RETURNED_BY_CENTRE).count()


def reported_by_day(institution: int, month: Month) -> list[tuple[date, int]]:
    """Return how many cards of a month a point first reported on each day, oldest first."""
    held = Arrival.objects.filter(institution=institution, archive_month=month.first, reported_on__isnull=False)
    rows = held.values_list("reported_on").annotate(n=Sum("cards")).filter(n__gt=0).order_by("reported_on")
    return [(day, count) for day, count in rows if day is not None]


#: More cards than this that wait for the centre are counted as so many.
MOST_COUNTED = 999


def to_verify() -> int:
    """Return how many reported cards wait for the centre; of more than :data:`MOST_COUNTED` that there are more."""
    waiting = Card.objects.filter(state=State.REPORTED).order_by("state_since", "pk").values_list("pk")
    found = len(waiting[: MOST_COUNTED + 1])  # in the order of their index
    return OrMore(MOST_COUNTED) if found > MOST_COUNTED else found
