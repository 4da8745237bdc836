"""Pages that show children: the list with its search, one child, its history, and a masked value whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
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
from tonghu.network.models import Institution
from tonghu.patients import queries
from tonghu.patients.access import CONSENT, ENTER, GRANT, MERGE, READ
from tonghu.patients.comparison import compared, names_of
from tonghu.patients.forms import DocumentOffForm, GuardianOffForm, ReasonForm
from tonghu.patients.masking import SECRETS, masked
from tonghu.patients.models import Child, Consent, Grant, HospitalView, Split
from tonghu.patients.purposes import name_of
from tonghu.patients.story import told
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import HISTORY, REVEAL
from tonghu.platform.audit.acts import CHILD, log_list, log_read, log_reveal
from tonghu.platform.components.ages import age
from tonghu.platform.components.table import Column, Filter, Table
from tonghu.platform.scope.scope import Scope
from tonghu.platform.web import duties


@requires(READ)
@require_GET
def children(request: Request) -> HttpResponse:
    """The children in the reader's reach; narrowed by what a clerk has at hand."""
    by = request.scope
    elsewhere = request.GET.get("where") == "elsewhere" and by.institution is not None
    rows = queries.let_see_here(by) if elsewhere else queries.listed(by)
    at = _hospital(request) if by.institution is None else None
    if at is not None:
        rows = rows.filter(institution=at)
    # Within one hospital a surname's children are put in the order of their spelling; among many that would walk far.
    by_token = queries.is_name(request.GET.get("q", "")) and by.institution is None and at is None
    today = timezone.localdate()
    also: dict[int, list[str]] = {}  # of the page's rows, known once they are
    table = Table(
        request=request,
        name="children",
        rows=rows,
        order="token" if by_token else "name_sort",
        columns=(
            Column(
                "patient_name", _("Name"), sort=None, fixed=True,
                link=lambda view: reverse("patients:child", args=[view.child_id]),
            ),
            Column("sex", _("Sex"), value=lambda view: view.sex_label(), sort=None),
            Column("age", _("Age"), value=lambda view: _age(view.birth_date, today), sort=None),
            Column("birth_date", _("Date of birth"), kind="date", sort=None),
            Column("record_number", _("Record number"), kind="code", sort=None,
                   value=lambda view: _numbers(view.record_number, also.get(view.pk, []))),
            Column("institution", _("Hospital"), value=lambda view: view.institution.name, sort=None,
                   shown=by.institution is None or elsewhere),
            Column("updated_at", _("Changed"), kind="time", sort=None),
        ),
        filters=[Filter("q", _("Name, pinyin, initials, record number, document or its last four"), queries.matching)],
        caption=_("Children"),
        empty=_("Children whom another hospital lets yours see appear here.") if elsewhere
        else _("Children appear here once they are entered or imported."),
    )  # fmt: skip
    said = {
        "table": table, "elsewhere": elsewhere, "may_enter": _may_enter(request), "at": at,
        "may_look_elsewhere": by.institution is not None,
    }  # fmt: skip
    also.update(queries.other_numbers(table.slice.rows))
    log_list(((view.child_id, view.institution_id) for view in table.slice.rows), "患儿列表", by=by)
    return render(request, "patients/children.html", said)


@requires(READ)
@require_GET
def child(request: Request, pk: int) -> HttpResponse:
    """One child: who it is, then what each hospital that the reader sees knows, and what the family agreed to."""
    found, views = shown(request, pk, "查看资料")
    by = request.scope
    together = queries.together(found)
    reveal = by.may(REVEAL)
    acts = queries.merges_of(together)
    called = names_of(acts) if acts else {}
    own = [view for view in views if view.institution_id == by.institution] if _may_enter(request) else []
    return render(
        request,
        "patients/child.html",
        {
            "child": found,
            "first": views[0],
            "off_the_lists": all(view.taken_back is not None for view in views),
            "age": _age(views[0].birth_date, timezone.localdate()),
            "card": [(line.label, line.cells[0]) for line in compared(views[:1], reveal=reveal, blank=True)],
            "views": views,
            "own": own,
            "own_ids": [view.pk for view in own],
            "lines": compared(views, reveal=reveal) if len(views) > 1 else [],
            "guardians": [_guardian(view, one, reveal=reveal) for view in views for one in view.guardians.all()],
            "documents": [_document(view, one, reveal=reveal) for view in views for one in view.identifiers.all()],
            "sections": _sections(by, together),
            "consents": [(one, name_of(one.purpose)) for one in _of(Consent, together)],
            "grants": _of(Grant, together).select_related("institution", "given_by"),
            "merges": [(act, called[act.kept_id], called[act.merged_id]) for act in acts],
            "may_take_back": queries.may_take_back(acts) if acts and by.may(MERGE) else (),
            "may_split": queries.may_split(views, by),
            "splits": [(act, _may_join(act, together, by)) for act in queries.splits_of(together)],
            "institution": by.institution,
            "may": {
                "merge": by.may(MERGE) and queries.holds(views, by),
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
    said = {"child": found, "name": views[0].patient_name, "events": told(queries.together(found), views)}
    return render(request, "patients/history.html", said)


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
    form, whole, mark = ReasonForm(request.POST or None), "", ""
    if form.is_valid():
        try:
            mark = log_reveal(
                secret.kept, subject=(CHILD, row.child_id), reason=form.cleaned_data["reason"], by=request.scope,
                institution=row.institution_id,
            ).text  # fmt: skip
            whole = str(value)
        except InputRefused as refused:
            form.add_error("reason", in_words(refused))
    of = row if isinstance(row, HospitalView) else row.view
    said = {
        "form": form, "whole": whole, "masked": masked(what, value), "label": secret.label, "child": row.child_id,
        "name": of.patient_name, "mark": mark,
    }  # fmt: skip
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


def _may_join(act: Split, together: list[int], by: Scope) -> bool:
    """Whether those whom an act made two stand apart, and it is the reader's to say that they are one after all."""
    apart = not {act.child_id, act.parted_id} <= set(together)
    return apart and by.may(MERGE) and by.institution in (None, act.institution_id)


def own_side(views: list[HospitalView]) -> Child:
    """Return the child of the first view, the own hospital's if any: what is recorded stays there when merges go."""
    return Child.objects.get(pk=views[0].child_id)


def _may_enter(request: Request) -> bool:
    return request.scope.may(ENTER) and request.scope.institution is not None


def _of(model: Any, together: list[int]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(child__in=together).order_by("-pk")
    return rows


def _guardian(view: HospitalView, one: Any, *, reveal: bool) -> dict[str, Any]:
    return {
        "view": view, "row": one, "phone": _hidden("guardian-phone", one, "phone", reveal=reveal),
        "document": _hidden("guardian-document", one, "document_number", reveal=reveal),
        "address": _hidden("guardian-address", one, "address", reveal=reveal),
        "off": GuardianOffForm(held=one, auto_id=""),
    }  # fmt: skip


def _document(view: HospitalView, one: Any, *, reveal: bool) -> dict[str, Any]:
    return {
        "view": view, "row": one, "number": _hidden("other-document", one, "document_number", reveal=reveal),
        "off": DocumentOffForm(held=one, auto_id=""),
    }  # fmt: skip


def _hidden(name: str, row: Any, field: str, *, reveal: bool) -> dict[str, str]:
    """A value as it is shown masked, and where the whole is."""
    value = getattr(row, field)
    url = reverse("patients:reveal", args=[name, row.pk]) if value and reveal else ""
    return {"said": masked(name, value), "url": url}


def _numbers(number: str, others: Sequence[str]) -> str:
    """A record number, and under which others the hospital knows the same child: its rows are not two children."""
    if not others:
        return number
    return _("%(number)s (same child: %(others)s)") % {"number": number, "others": ", ".join(others)}


def _age(born: date | None, today: date) -> str:
    return age(born, today) if born and born <= today else ""


def _hospital(request: Request) -> Institution | None:
    """The hospital whose children are asked for, by its code; None where all are, or no such is in reach."""
    code = request.GET.get("hospital", "")
    return Institution.objects.filter(code=code).first() if code else None


def _sections(scope: Scope, together: list[int]) -> list[tuple[str, dict[str, Any]]]:
    """What other rooms know of the child, as template and context; see :class:`tonghu.patients.child_page.Section`."""
    offered = (part for module in duties.modules("child_page") for part in getattr(module, "SECTIONS", ()))
    mine = sorted((part for part in offered if scope.may(part.permission)), key=lambda part: part.order)
    asked = ((part.template, part.context(scope, together)) for part in mine)
    return [(template, said) for template, said in asked if said is not None]
