"""Pages on regions and institutions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.network import following, naming, queries, services
from tonghu.network.access import MANAGE
from tonghu.network.catalogues import departments, institution_types, level_in_words
from tonghu.network.forms import CloseForm, CodeForm, InstitutionForm, RegisterForm
from tonghu.network.models import Institution
from tonghu.network.region_range import NATION
from tonghu.platform.accounts.access import Request, requires, signed_in
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.components.as_shown import refuse
from tonghu.platform.components.days import DayInput
from tonghu.platform.components.table import Column, Filter, Mark, Table


@signed_in
@require_GET
def institutions(request: Request) -> HttpResponse:
    """Every institution, narrowed by name, region and kind."""
    table = Table(
        request=request,
        name="institutions",
        rows=Institution.objects.all(),
        order="region_code",
        columns=(
            Column(
                "name",
                pgettext("institution", "Name"),
                fixed=True,
                link=lambda one: reverse("network:institution", args=[one.pk]),
            ),
            Column("code", _("Code"), kind="code"),
            Column("region_code", _("Region"), kind="code"),
            Column("kind", _("Kind"), value=lambda one: one.get_kind_display(), sort=None),
            Column("type", _("Type"), value=_type, sort=None),
            Column("level", _("Level and grade"), value=_level, sort=None),
            Column("state", _("State"), value=_state, kind="mark", sort=None),
        ),
        filters=(
            Filter("q", _("Name, pinyin or code"), queries.called),
            Filter("region", _("Region code"), _in_region),
            Filter("kind", _("Kind"), lambda rows, kind: rows.filter(kind=kind), choices=Institution.Kind.choices),
        ),
        empty=_("Institutions that are registered appear here."),
    )
    said = {
        "table": table,
        "may_manage": request.scope.may(MANAGE),
        "left_behind": len(following.to_follow(request.scope)),
    }
    return render(request, "network/institutions.html", said)


@signed_in
@require_GET
def institution(request: Request, pk: int) -> HttpResponse:
    """One institution: what it is, its codes, and for an authority its duties."""
    found = get_object_or_404(Institution, pk=pk)
    return render(
        request,
        "network/institution.html",
        {
            "institution": found,
            "place": naming.full_name(found.region_code),
            "became": following.became_of(found),
            "type": _type(found),
            "level": _level(found),
            "state": _state(found),
            "department": departments().get(found.department),
            "codes": found.codes.order_by("system"),
            "may_manage": services.may_manage(found, request.scope),
        },
    )


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def register(request: Request) -> HttpResponse:
    """A new institution."""
    form = RegisterForm(request.POST or None)

    def act(said: dict[str, Any]) -> Institution:
        return services.register_institution(by=request.scope, **said)

    return _form_page(request, form, act, title=_("Register an institution"), submit=_("Register"))


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def change(request: Request, pk: int) -> HttpResponse:
    """What is known of an institution."""
    found = _to_manage(request, pk)
    shown = {name: getattr(found, name) for name in InstitutionForm.base_fields}
    form = InstitutionForm(request.POST or None, initial=shown, held=found)

    def act(said: dict[str, Any]) -> Institution:
        return services.change_institution(institution=found, by=request.scope, shown=form.shown, **said)

    return _form_page(request, form, act, title=_("Change %(name)s") % {"name": found.name}, submit=_("Save"), at=found)


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def code(request: Request, pk: int) -> HttpResponse:
    """Another code of an institution."""
    found = _to_manage(request, pk)
    form = CodeForm(request.POST or None, held=services.codes_of(found), about=pk)

    def act(said: dict[str, Any]) -> Institution:
        return services.set_code(institution=found, by=request.scope, shown=form.shown, **said).institution

    title = _("A code of %(name)s") % {"name": found.name}
    return _form_page(request, form, act, title=title, submit=_("Save"), at=found)


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def close(request: Request, pk: int) -> HttpResponse:
    """The end of an institution."""
    found = _to_manage(request, pk)
    form = CloseForm(request.POST or None, held={"last_day": found.last_day}, about=pk)

    def act(said: dict[str, Any]) -> Institution:
        return services.close_institution(institution=found, by=request.scope, shown=form.shown, **said)

    return _form_page(request, form, act, title=_("Close %(name)s") % {"name": found.name}, submit=_("Close"), at=found)


@signed_in
@require_GET
def region(request: Request, code: str = NATION) -> HttpResponse:
    """One region as of a day: where it lies, what lies in it, what its code has named, and what became of it."""
    day = _day(request.GET.get("on", ""))
    life = list(queries.region_life(code))
    if not life and code != NATION:
        raise Http404
    return render(
        request,
        "network/region.html",
        {
            "code": code,
            "day": day,
            "day_input": DayInput({"id": "on", "class": "form-control"}).render("on", day),
            "region": queries.region(code, day),
            "above": queries.ancestors(code, day),
            "below": queries.children(code, day),
            "life": life,
            "now": [one for one in queries.became(code) if one != code],
            "last": life[-1].region if life else None,
        },
    )


def _to_manage(request: Request, pk: int) -> Institution:
    found = get_object_or_404(Institution, pk=pk)
    if not services.may_manage(found, request.scope):
        raise PermissionDenied(_("%(name)s is not in your region.") % {"name": found.name})
    return found


def _form_page(
    request: Request,
    form: Form,
    act: Callable[[dict[str, Any]], Institution],
    *,
    title: str,
    submit: str,
    at: Institution | None = None,
) -> HttpResponse:
    if form.is_valid():
        try:
            done = act(dict(form.cleaned_data))
        except InputRefused as refused:
            refuse(form, refused, in_words)
        else:
            messages.success(request, _("Saved."))
            return redirect("network:institution", pk=done.pk)
    cancel = reverse("network:institution", args=[at.pk]) if at else reverse("network:institutions")
    said = {"form": form, "heading": title, "submit": submit, "cancel": cancel, "institution": at}
    return render(request, "network/act.html", said)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return timezone.localdate()


def _type(one: Institution) -> str:
    if one.department:
        return str(departments().get(one.department, one.department))
    return str(institution_types().get(one.type, one.type))


def _level(one: Institution) -> str:
    return level_in_words(one.level, one.grade)


def _state(one: Institution) -> Mark:
    return Mark(_("open"), "done") if timezone.localdate() in one.valid else Mark(_("closed"))


def _in_region(rows: QuerySet[Institution], chosen: str) -> QuerySet[Institution]:
    try:
        return queries.lying_in(rows, chosen)
    except ValueError:  # not a region code
        return rows.none()
