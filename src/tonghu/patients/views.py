"""Pages that show children: the list with its search, one child, its history, and a masked value whole."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.patients import queries
from tonghu.patients.access import CONSENT, ENTER, GRANT, MERGE, READ
from tonghu.patients.comparison import compared
from tonghu.patients.forms import ReasonForm
from tonghu.patients.masking import SECRETS, masked
from tonghu.patients.models import Child, Consent, Grant, HospitalView
from tonghu.patients.purposes import name_of
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import HISTORY, REVEAL
from tonghu.platform.audit.acts import CHILD, log_read, log_reveal
from tonghu.platform.audit.changes import of_record
from tonghu.platform.components.parts import Change, Event
from tonghu.platform.components.table import Column, Filter, Table


@requires(READ)
@require_GET
def children(request: Request) -> HttpResponse:
    """The children in the reader's reach; narrowed by what a clerk has at hand."""
    by = request.scope
    elsewhere = request.GET.get("where") == "elsewhere" and by.institution is not None
    by_name = queries.is_name(request.GET.get("q", ""))
    table = Table(
        request=request,
        name="children",
        rows=queries.let_see_here(by) if elsewhere else queries.listed(by),
        order="token" if by_name else "name_sort",
        columns=(
            Column(
                "patient_name", _("Name"), sort=None, fixed=True,
                link=lambda view: reverse("patients:child", args=[view.child.group]),
            ),
            Column("number", _("Child"), value=lambda view: f"#{view.child.group}", kind="code", sort=None),
            Column("record_number", _("Record number"), kind="code", sort=None),
            Column("sex", _("Sex"), value=lambda view: view.sex_label(), sort=None),
            Column("birth_date", _("Date of birth"), kind="date", sort=None),
            Column("institution", _("Hospital"), value=lambda view: view.institution.name, sort=None,
                   shown=by.institution is None or elsewhere),
            Column("updated_at", _("Changed"), kind="time", sort=None),
        ),
        filters=[Filter("q", _("Name, pinyin, initials, record number, document or its last four"), queries.matching)],
        caption=_("Children"),
        empty=_("Children appear here once they are entered or imported."),
    )  # fmt: skip
    said = {
        "table": table, "elsewhere": elsewhere, "may_enter": _may_enter(request),
        "may_look_elsewhere": by.institution is not None,
    }  # fmt: skip
    return render(request, "patients/children.html", said)


@requires(READ)
@require_GET
def child(request: Request, pk: int) -> HttpResponse:
    """One child: what each hospital that the reader sees knows, side by side, and what the family agreed to."""
    found, views = shown(request, pk, "查看资料")
    by = request.scope
    together = queries.together(found)
    return render(
        request,
        "patients/child.html",
        {
            "child": found,
            "views": views,
            "name": views[0].patient_name,
            "born": views[0].birth_date,
            "today": timezone.localdate(),
            "own": [view.pk for view in views if view.institution_id == by.institution],
            "lines": compared(views, reveal=by.may(REVEAL)),
            "more": [_more(view, reveal=by.may(REVEAL)) for view in views],
            "consents": [(one, name_of(one.purpose)) for one in _of(Consent, together)],
            "grants": _of(Grant, together).select_related("institution", "given_by"),
            "merges": queries.merges_of(together),
            "institution": by.institution,
            "may": {
                "enter": _may_enter(request),
                "merge": by.may(MERGE),
                "grant": by.may(GRANT) and by.institution is not None,
                "consent": by.may(CONSENT) and by.institution is not None,
                "history": by.may(HISTORY),
            },
        },
    )


@requires(HISTORY)
@require_GET
def history(request: Request, pk: int) -> HttpResponse:
    """What was changed about a child, by whom and why: of everyone merged with it, as far as the reader sees."""
    found, views = shown(request, pk, "查看修改记录")
    changes = [change for one in queries.together(found) for change in of_record("patients.child", one)]
    events = [
        Event(
            at=change.at, who=change.who or "—", what=change.sentence(), why=change.reason,
            changes=[Change(label=f.label, before=f.before, after=f.after, secret=f.secret) for f in change.fields],
        )
        for change in sorted(changes, key=lambda change: (change.at, change.number), reverse=True)
    ]  # fmt: skip
    return render(request, "patients/history.html", {"child": found, "name": views[0].patient_name, "events": events})


@requires(REVEAL)
@never_cache
@require_http_methods(["GET", "POST"])
def reveal(request: Request, what: str, pk: int) -> HttpResponse:
    """A masked value whole, once, for a reason that the log keeps."""
    secret = SECRETS.get(what)
    if secret is None:
        raise Http404
    row: Any = get_object_or_404(secret.model, pk=pk)
    value = getattr(row, secret.field)
    if not value:
        raise Http404
    form, whole = ReasonForm(request.POST or None), ""
    if form.is_valid():
        try:
            log_reveal(
                str(secret.label), subject=(CHILD, row.child_id), reason=form.cleaned_data["reason"], by=request.scope,
                institution=row.institution_id,
            )  # fmt: skip
            whole = str(value)
        except InputRefused as refused:
            form.add_error("reason", in_words(refused))
    said = {"form": form, "whole": whole, "masked": masked(what, value), "label": secret.label, "child": row.child_id}
    return render(request, "patients/reveal.html", said)


def shown(request: Request, pk: int, purpose: str) -> tuple[Child, list[HospitalView]]:
    """Return a child and the views of it that the reader sees, after logging the look at each hospital's.

    Raises:
        Http404: the reader sees no view of it.
    """
    found = queries.find_child(pk)
    if found is None:
        raise Http404
    views = list(queries.of_group(found).prefetch_related("former_names", "identifiers", "guardians"))
    if not views:
        raise Http404
    own = request.scope.institution
    # What is entered later does not rename the child: the heading is the first view's, of the own hospital if any.
    views.sort(key=lambda view: (view.institution_id != own, view.pk))
    for child, institution in sorted({(view.child_id, view.institution_id) for view in views}):
        log_read(child, purpose, by=request.scope, institution=institution)
    return found, views


def own_side(views: list[HospitalView]) -> Child:
    """Return the child of the first view, the own hospital's if any: what is recorded stays there when merges go."""
    return Child.objects.get(pk=views[0].child_id)


def _may_enter(request: Request) -> bool:
    return request.scope.may(ENTER) and request.scope.institution is not None


def _of(model: Any, together: list[int]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(child__in=together).order_by("-pk")
    return rows


def _more(view: HospitalView, *, reveal: bool) -> dict[str, Any]:
    """The further documents and the guardians of a view, masked."""

    def hidden(name: str, row: Any, field: str) -> dict[str, str]:
        value = getattr(row, field)
        url = reverse("patients:reveal", args=[name, row.pk]) if value and reveal else ""
        return {"said": masked(name, value), "url": url}

    return {
        "view": view,
        "documents": [(one, hidden("other-document", one, "document_number")) for one in view.identifiers.all()],
        "guardians": [
            {
                "row": one, "phone": hidden("guardian-phone", one, "phone"),
                "document": hidden("guardian-document", one, "document_number"),
                "address": hidden("guardian-address", one, "address"),
            }
            for one in view.guardians.all()
        ],
    }  # fmt: skip
