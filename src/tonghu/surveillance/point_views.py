"""Pages on monitoring points: the list, one point with who answers for it, making one, ending one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.network import naming
from tonghu.network.queries import called
from tonghu.network.region_range import NATION
from tonghu.platform.accounts.access import VIEW as PEOPLE
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.components.figures import figure
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import READ as READ_CARDS
from tonghu.surveillance import board, calendar, queries, services
from tonghu.surveillance.access import MANAGE, VIEW
from tonghu.surveillance.acting import form_page
from tonghu.surveillance.forms import AdmitForm, EndForm
from tonghu.surveillance.links import behind_url
from tonghu.surveillance.models import Point


@requires(VIEW)
@require_GET
def points(request: Request) -> HttpResponse:
    """Every point in scope, those that stand first of all by region."""
    table = Table(
        request=request,
        name="points",
        rows=queries.points(),
        order="institution__region_code",
        columns=(
            Column(
                "institution", _("Institution"), fixed=True, sort=None,
                value=lambda one: one.institution.name, link=lambda one: reverse("surveillance:point", args=[one.pk]),
            ),
            Column(
                "institution__region_code", _("Region"), kind="code", value=lambda one: one.institution.region_code
            ),
            Column("ground", _("Ground"), value=lambda one: one.get_ground_display()),
            Column("valid", _("Since"), kind="date", value=lambda one: one.valid.lower),
            Column("last", _("Last day"), kind="date", value=lambda one: one.last_day, sort=None),
            Column("state", _("State"), kind="mark", value=_state, sort=None),
        ),
        filters=(
            Filter("q", _("Name, pinyin or code"), _called),
            Filter("region", _("Region code"), _in_region),
            Filter("ground", _("Ground"), lambda rows, one: rows.filter(ground=one), choices=Point.Ground.choices),
            Filter("state", _("State"), _standing, choices=[(key, str(one.text)) for key, one in _states().items()]),
        ),
        empty=_("Hospitals that become monitoring points appear here."),
    )  # fmt: skip
    return render(request, "surveillance/points.html", {"table": table, "may_manage": request.scope.may(MANAGE)})


@requires(VIEW)
@require_GET
def point(request: Request, pk: int) -> HttpResponse:
    """One point: who answers for it, and how its last months stand."""
    found = get_object_or_404(queries.points(), pk=pk)
    today = timezone.localdate()
    months = calendar.shown(today)
    cells = board.cells_of(found.institution_id, months, today)
    duties = queries.responsible(found.institution_id) if request.scope.may(PEOPLE) else ()
    return render(
        request,
        "surveillance/point.html",
        {
            "point": found,
            "state": _state(found),
            "place": naming.full_name(found.institution.region_code),
            "duties": [(ROLES[duty.role].name, duty) for duty in duties],
            "cells": [_opened(cells[month], request.scope) for month in reversed(months) if month in cells],
            "zeros": queries.zero_reports(found.institution_id)[:12],
            "may_manage": _may_manage(request, found),
        },
    )


def _opened(cell: board.Cell, by: Scope) -> dict[str, Any]:
    """A month of a point with its counts; those that the reader sees cards behind open them."""
    own = by.institution == cell.institution
    where: dict[str, Any] = {} if own else {"region": by.region_from or NATION, "institution": cell.institution}
    counts = {"month": cell.cards, "reported": cell.reported, "on_time": cell.on_time}
    opens = by.may(READ_CARDS) and (own or by.institution is None)
    urls = {topic: behind_url(topic, str(cell.month), **where) for topic in counts if opens}
    if not own:
        urls.pop("month", None)  # of what is not reported yet nobody above a hospital sees the cards
    return {"cell": cell, **{topic: figure(count, urls.get(topic, "")) for topic, count in counts.items()}}


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def admit(request: Request) -> HttpResponse:
    """A new point."""
    if request.scope.region_from is None:
        raise PermissionDenied(_("This is done by an authority: choose a post there."))
    form = AdmitForm(request.POST or None, by=request.scope, initial={"start": timezone.localdate().replace(day=1)})

    def act(said: dict[str, Any]) -> Point:
        return services.admit_point(by=request.scope, **said)

    return form_page(
        request, form, act, title=_("Make an institution a monitoring point"), submit=_("Make it a point"),
        back=reverse("surveillance:points"), done=_("It is a monitoring point now."), crumbs=_crumbs(),
    )  # fmt: skip


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def end(request: Request, pk: int) -> HttpResponse:
    """The end of a point."""
    found = get_object_or_404(queries.points(), pk=pk)
    if not _may_manage(request, found):
        raise PermissionDenied(_("%(name)s is not in your region.") % {"name": found.institution.name})
    form = EndForm(request.POST or None, held={"last_day": found.last_day}, about=pk)

    def act(said: dict[str, Any]) -> Point:
        return services.end_point(point=found, by=request.scope, shown=form.shown, **said)

    here = reverse("surveillance:point", args=[pk])
    return form_page(
        request, form, act, title=_("End that %(name)s is a monitoring point") % {"name": found.institution.name},
        submit=_("End it"), back=here, done=_("The last day is set."),
        crumbs=(*_crumbs(), (here, found.institution.name)),
        note=_("Its cards stay, and what it owes until then is still expected."),
    )  # fmt: skip


def _crumbs() -> tuple[tuple[str, str], ...]:
    return ((reverse("surveillance:points"), _("Monitoring points")),)


def _may_manage(request: Request, point: Point) -> bool:
    scope, code = request.scope, point.institution.region_code
    inside = scope.region_from is not None and scope.region_from <= code < (scope.region_to or "")
    return scope.may(MANAGE) and inside and queries.standing(point) != "past"


def _states() -> dict[str, Mark]:
    return {
        "current": Mark(_("is a point"), "done"),
        "future": Mark(_("to come"), "ask"),
        "past": Mark(_("ended")),
    }


def _state(one: Point) -> Mark:
    return _states()[queries.standing(one)]


def _standing(rows: QuerySet[Point], chosen: str) -> QuerySet[Point]:
    today: date = timezone.localdate()
    if chosen == "current":
        return rows.filter(valid__contains=today)
    return rows.filter(valid__startswith__gt=today) if chosen == "future" else rows.filter(valid__endswith__lte=today)


def _called(rows: QuerySet[Point], text: str) -> QuerySet[Point]:
    from tonghu.network.models import Institution

    return rows.filter(institution__in=called(Institution.objects.all(), text))


def _in_region(rows: QuerySet[Point], chosen: str) -> QuerySet[Point]:
    from tonghu.network.region_range import covered

    try:
        low, high = covered(chosen)
    except ValueError:  # not a region code
        return rows.none()
    return rows.filter(institution__region_code__gte=low, institution__region_code__lt=high)
