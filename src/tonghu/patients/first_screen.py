"""What the first screen shows of children: entering one, whom the reader had open, and a region's hospitals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Count

from tonghu.network.models import Institution
from tonghu.network.queries import FEW
from tonghu.patients.access import ENTER, READ
from tonghu.patients.models import HospitalView
from tonghu.patients.queries import listed
from tonghu.platform.audit.acts import CHILD_READ, log_list
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart

#: So many children are shown, out of so many looks at the latest.
SHOWN: Final = 8
LOOKS: Final = 60


def of_hospital(scope: Scope) -> dict[str, Any] | None:
    """The way to enter a child, and the children that this reader had open last, else those changed last."""
    if scope.institution is None:
        return None
    opened = _opened(scope)
    views = opened or list(listed(scope).order_by("-pk")[:SHOWN])
    log_list(((view.child_id, view.institution_id) for view in views), "今日待办", by=scope)
    return {"views": views, "opened": bool(opened), "may_enter": scope.may(ENTER)}


def of_region(scope: Scope) -> dict[str, Any] | None:
    """How many children each hospital of a region has entered; nothing where there are too many to say them all."""
    if scope.institution is not None or scope.region_from is None:
        return None
    hospitals = Institution.objects.filter(
        kind="hospital", region_code__gte=scope.region_from, region_code__lt=scope.region_to
    )
    few = list(hospitals.order_by("region_code", "code")[: FEW + 1])
    if not few or len(few) > FEW:
        return None
    counted = dict(
        HospitalView.objects.filter(institution__in=few, taken_back=None)
        .values_list("institution")
        .annotate(n=Count("child", distinct=True))
    )
    return {"hospitals": [(one, counted.get(one.pk, 0)) for one in few]}


def _opened(scope: Scope) -> list[HospitalView]:
    """The own hospital's views of the children at which this person looked last, the latest look first."""
    looks = (
        Event.objects.filter(by_person=scope.person, kind=CHILD_READ.code, institution_id=scope.institution)
        .order_by("-pk")
        .values_list("subject_id", flat=True)[:LOOKS]
    )
    order = {child: n for n, child in reversed(list(enumerate(_numbers(looks))))}
    views: dict[int, HospitalView] = {}
    for view in listed(scope).filter(child__in=order).order_by("pk"):
        views.setdefault(view.child_id, view)
    return sorted(views.values(), key=lambda view: order[view.child_id])[:SHOWN]


def _numbers(subjects: Iterable[str]) -> list[int]:
    """The numbers of children; a site's log may be older than the database's own check of what stands in it."""
    return [int(one) for one in subjects if one.isascii() and one.isdigit() and len(one) < 19]


PARTS = (
    FirstPart("patients/today_hospital.html", of_hospital, permission=READ, order=40),
    FirstPart("patients/today_region.html", of_region, permission=READ, order=40),
)
