"""Pages on which a hospital enters and changes what it knows of a child."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.patients import queries, services, undoing
from tonghu.patients.access import ENTER
from tonghu.patients.entry import OnRecord, enter_child
from tonghu.patients.forms import DocumentForm, DocumentOffForm, GuardianForm, GuardianOffForm, ViewForm
from tonghu.patients.models import Child, Guardian, HospitalView, Identifier
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.acts import log_read
from tonghu.platform.components.as_shown import refuse
from tonghu.platform.components.undo import offer

#: The field with which a clerk says to have checked what the entry met.
TICK: Final = "checked"


@requires(ENTER)
@require_http_methods(["GET", "POST"])
def enter(request: Request) -> HttpResponse:
    """A child that the hospital meets."""
    institution = request.scope.institution
    if institution is None:
        raise PermissionDenied(_("Children are entered by hospitals: choose a post at a hospital."))
    form = ViewForm(request.POST or None)

    def act() -> Child:
        known, _mistakes = form.known()
        checked = request.POST.get(TICK, "")
        return enter_child(institution=institution, by=request.scope, checked=checked, **known).child

    def said(refused: InputRefused) -> str | list[str]:
        if not isinstance(refused, OnRecord):
            return in_words(refused)
        met = refused.met
        log_read(met.child_id, "登记核对", by=request.scope, institution=met.institution_id)
        if refused.doubt:
            form.ask(TICK, refused.doubt)
            to = reverse("patients:child", args=[met.child_id])
        else:
            to = reverse("patients:change", args=[met.pk])
        return format_html('{} → <a href="{}">{} {}</a>', in_words(refused), to, met.record_number, met.patient_name)

    return form_page(request, form, act, title=_("Enter a child"), submit=_("Enter"), draft="child", said=said)


@requires(ENTER)
@require_http_methods(["GET", "POST"])
def change(request: Request, pk: int) -> HttpResponse:
    """What the own hospital knows of a child."""
    view = _own(request, pk)
    form = ViewForm(request.POST or None, held=view)

    def act() -> Child:
        known, mistakes = form.known()
        del known["record_number"]
        return services.change_view(
            view=view, by=request.scope, mistakes=mistakes, shown=form.shown, **known
        ).child  # fmt: skip

    return form_page(request, form, act, title=_("Change %(name)s") % {"name": view.patient_name}, at=view.child)


@requires(ENTER)
@require_http_methods(["GET", "POST"])
def guardian(request: Request, pk: int, guardian: int | None = None) -> HttpResponse:
    """A guardian: a new one, or one to change."""
    view = _own(request, pk)
    held = get_object_or_404(Guardian, pk=guardian, view=view) if guardian is not None else None
    form = GuardianForm(request.POST or None, held=held)

    def act() -> Child:
        services.save_guardian(view=view, by=request.scope, guardian=held, shown=form.shown, **form.cleaned_data)
        return view.child

    title = _("Change the guardian") if held else _("A guardian of %(name)s") % {"name": view.patient_name}
    return form_page(request, form, act, title=title, at=view.child)


@requires(ENTER)
@require_POST
def remove_guardian(request: Request, pk: int, guardian: int) -> HttpResponse:
    """Take a guardian off; the history keeps who it was."""
    view = _own(request, pk)
    gone = get_object_or_404(Guardian, pk=guardian, view=view)
    shown = GuardianOffForm(request.POST, held=gone).shown
    return _take_off(
        request, view, lambda: services.remove_guardian(guardian=gone, shown=shown, by=request.scope),
        done=_("%(name)s is taken off. The history keeps it.") % {"name": gone.name},
        back=reverse("patients:restore_guardian", args=[pk, guardian]),
    )  # fmt: skip


@requires(ENTER)
@require_POST
def restore_guardian(request: Request, pk: int, guardian: int) -> HttpResponse:
    """Put a guardian back who was taken off."""
    return _put_back(request, pk, lambda view: undoing.restore_guardian(view=view, guardian=guardian, by=request.scope))


@requires(ENTER)
@require_http_methods(["GET", "POST"])
def document(request: Request, pk: int) -> HttpResponse:
    """Another document of the child."""
    view = _own(request, pk)
    form = DocumentForm(request.POST or None)

    def act() -> Child:
        services.add_document(view=view, by=request.scope, **form.cleaned_data)
        return view.child

    title = _("Another document of %(name)s") % {"name": view.patient_name}
    return form_page(request, form, act, title=title, at=view.child)


@requires(ENTER)
@require_POST
def remove_document(request: Request, pk: int, document: int) -> HttpResponse:
    """Take back a document that was entered by mistake."""
    view = _own(request, pk)
    gone = get_object_or_404(Identifier, pk=document, view=view)
    shown = DocumentOffForm(request.POST, held=gone).shown
    return _take_off(
        request, view, lambda: services.remove_document(document=gone, shown=shown, by=request.scope),
        done=_("The document is taken off. The history keeps it."),
        back=reverse("patients:restore_document", args=[pk, document]),
    )  # fmt: skip


@requires(ENTER)
@require_POST
def restore_document(request: Request, pk: int, document: int) -> HttpResponse:
    """Put a document back that was taken off."""
    return _put_back(request, pk, lambda view: undoing.restore_document(view=view, document=document, by=request.scope))


def form_page(
    request: Request,
    form: BaseForm,
    act: Callable[[], Child],
    *,
    title: str,
    submit: str = "",
    at: Child | None = None,
    draft: str = "",
    note: str = "",
    said: Callable[[InputRefused], str | list[str]] = in_words,
) -> HttpResponse:
    """Show a form, and once it is right, do the act and lead to the child.

    A refusal stands above the fields; `said` puts it into words.
    """
    if form.is_valid():
        try:
            done = act()
        except InputRefused as refused:
            refuse(form, refused, said)
        else:
            messages.success(request, _("Saved."))
            return redirect("patients:child", pk=done.pk)
    cancel = reverse("patients:child", args=[at.pk]) if at else reverse("patients:children")
    shown: dict[str, Any] = {"form": form, "heading": title, "submit": submit or _("Save"), "cancel": cancel}
    if at:
        shown["name"] = queries.name_of_child(at, by=request.scope)
    return render(request, "patients/act.html", shown | {"at": at, "draft": draft, "note": note})


def _take_off(request: Request, view: HospitalView, act: Callable[[], object], *, done: str, back: str) -> HttpResponse:
    """Take something off and offer it back; where it is not what the reader saw, the child's page shows what it is."""
    try:
        act()
    except InputRefused as refused:
        messages.error(request, str(in_words(refused)))
    else:
        offer(request, done, back)
    return redirect("patients:child", pk=view.child_id)


def _put_back(request: Request, pk: int, act: Callable[[HospitalView], object]) -> HttpResponse:
    view = _own(request, pk)
    try:
        act(view)
    except InputRefused as refused:
        messages.error(request, str(in_words(refused)))
    else:
        messages.success(request, _("It is back."))
    return redirect("patients:child", pk=view.child_id)


def _own(request: Request, pk: int) -> HospitalView:
    """A view of the own hospital; another's is not found, also where it may be read. The look is logged."""
    view = get_object_or_404(HospitalView.objects.select_related("child"), pk=pk, institution=request.scope.institution)
    log_read(view.child_id, "登记修改", by=request.scope, institution=view.institution_id)
    return view
