"""Pages on docking clients: which there are, and every act on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.api import keeping, queries, services
from tonghu.platform.api.access import ISSUE
from tonghu.platform.api.forms import IssueForm, ReasonForm
from tonghu.platform.api.models import DockingClient
from tonghu.platform.components.table import Column, Filter, Mark, Table
from tonghu.platform.scope.permissions import permission

_STATES = {
    "left": Mark(gettext_lazy("to be taken over"), "block"),
    "current": Mark(gettext_lazy("in use"), "done"),
    "future": Mark(gettext_lazy("to come"), "ask"),
    "past": Mark(gettext_lazy("over")),
}


@requires(ISSUE)
@require_GET
def clients(request: Request) -> HttpResponse:
    """The docking clients of the institutions in scope."""
    left = keeping.keeper_left(queries.clients().filter(valid__contains=timezone.now()))
    table = Table(
        request=request,
        name="docking",
        rows=queries.clients(),
        order="name",
        columns=(
            Column("name", _("System"), link=lambda one: reverse("docking:client", args=[one.pk]), fixed=True),
            Column("institution", _("Institution"), sort=None),
            Column("client_id", _("Client id"), kind="code", sort=None),
            Column("environment", _("Environment"), value=lambda one: one.get_environment_display(), sort=None),
            Column("state", _("State"), value=lambda one: _state(one, left), kind="mark", sort=None),
        ),
        filters=(Filter("q", _("System or client id"), _by_text),),
        empty=_("Information systems to which you issue credentials appear here."),
    )
    return render(request, "docking/clients.html", {"table": table})


@requires(ISSUE)
@require_GET
def client(request: Request, pk: int) -> HttpResponse:
    """One client: what it may, from where, until when."""
    found = get_object_or_404(queries.clients(), pk=pk)
    left = keeping.keeper_left([found])
    return render(
        request,
        "docking/client.html",
        {
            "client": found,
            "state": (state := _state(found, left)),
            "left": state is _STATES["left"],
            "rights": [permission(code) for code in found.permissions],
            "lasts": (lasts := queries.state_of(found) != "past"),
            "may_renew": lasts and not queries.lacks(found.permissions, request.scope),
        },
    )


@requires(ISSUE)
@require_http_methods(["GET", "POST"])
def issue(request: Request) -> HttpResponse:
    """Credentials for another system; the page after it shows the secret, once."""
    form = IssueForm(request.POST or None, by=request.scope)

    def act(said: dict[str, Any]) -> HttpResponse:
        return _show_secret(request, services.issue(by=request.scope, **said))

    return _form_page(request, form, act, title=_("Issue credentials"), submit=_("Issue"))


@requires(ISSUE)
@require_http_methods(["GET", "POST"])
def renew(request: Request, pk: int) -> HttpResponse:
    """Another secret for a client."""
    found = get_object_or_404(queries.clients(), pk=pk)
    form = ReasonForm(request.POST or None)

    def act(said: dict[str, Any]) -> HttpResponse:
        return _show_secret(request, services.renew(client=found, by=request.scope, **said))

    title = _("Renew the secret of %(name)s") % {"name": found.name}
    warning = _("The secret it has now, and every token, end at once: calls fail until the system has the new one.")
    return _form_page(request, form, act, title=title, submit=_("Renew"), at=found, warning=warning)


@requires(ISSUE)
@require_http_methods(["GET", "POST"])
def end(request: Request, pk: int) -> HttpResponse:
    """The end of a client."""
    found = get_object_or_404(queries.clients(), pk=pk)
    form = ReasonForm(request.POST or None)

    def act(said: dict[str, Any]) -> HttpResponse:
        services.end(client=found, by=request.scope, **said)
        messages.success(request, _("%(name)s has ended; its calls are refused from now on.") % {"name": found.name})
        return redirect("docking:client", pk=found.pk)

    title = _("End %(name)s") % {"name": found.name}
    warning = _("Every call of this system is refused from now on. It cannot be taken back; issue a new one then.")
    return _form_page(request, form, act, title=title, submit=_("End"), at=found, warning=warning)


def _form_page(
    request: Request,
    form: Form,
    act: Callable[[dict[str, Any]], HttpResponse],
    *,
    title: str,
    submit: str,
    at: DockingClient | None = None,
    warning: str = "",
) -> HttpResponse:
    if form.is_valid():
        try:
            return act(dict(form.cleaned_data))
        except InputRefused as refused:
            form.add_error(None, in_words(refused))
    cancel = reverse("docking:client", args=[at.pk]) if at else reverse("docking:clients")
    said = {"form": form, "heading": title, "submit": submit, "cancel": cancel, "client": at, "warning": warning}
    return render(request, "docking/act.html", said)


def _show_secret(request: Request, issued: services.Issued) -> HttpResponse:
    return render(request, "docking/secret.html", {"client": issued.client, "secret": issued.secret})


def _state(client: DockingClient, left: set[int]) -> Mark:
    state = queries.state_of(client)
    return _STATES["left" if state == "current" and client.pk in left else state]


def _by_text(rows: QuerySet[DockingClient], chosen: str) -> QuerySet[DockingClient]:
    return rows.filter(Q(name__icontains=chosen) | Q(client_id__iexact=chosen))
