"""Pages on whether two children are one: the questions that wait, two side by side, and taking a merge back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.patients import merges, queries
from tonghu.patients.access import MERGE
from tonghu.patients.comparison import compared
from tonghu.patients.edit_views import form_page
from tonghu.patients.forms import OtherForm, ReasonForm
from tonghu.patients.models import Child, HospitalView, Merge
from tonghu.patients.views import shown
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.components.table import Column, Table
from tonghu.platform.components.undo import offer


@requires(MERGE)
@require_GET
def questions(request: Request) -> HttpResponse:
    """Whether these are one child: questions of the resolver that wait for an answer."""
    table = Table(
        request=request,
        name="child-questions",
        rows=queries.open_proposals().select_related("institution"),
        order="made_at",
        columns=(
            Column("ground", _("Question"), value=lambda one: one.get_ground_display(), sort=None, fixed=True,
                   link=lambda one: _merge_url(one.first_id, one.second_id)),
            Column("first", _("One child"), value=lambda one: f"#{one.first_id}", kind="code", sort=None),
            Column("second", _("The other"), value=lambda one: f"#{one.second_id}", kind="code", sort=None),
            Column("institution", _("Arose at"), value=lambda one: one.institution.name, sort=None),
            Column("made_at", _("Since"), kind="time"),
        ),
        caption=_("Are these one child?"),
        empty=_("When a record number or a document points to two children, the question waits here for your answer."),
    )  # fmt: skip
    return render(request, "patients/questions.html", {"table": table})


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def merge(request: Request, pk: int) -> HttpResponse:
    """Two children side by side, and the decision whether they are one."""
    kept, views = shown(request, pk, "核对是否同一患儿")
    chosen = OtherForm(request.GET) if "other" in request.GET else OtherForm()
    if "other" not in request.GET or not chosen.is_valid():
        return render(request, "patients/choose.html", {"child": kept, "name": views[0].patient_name, "form": chosen})
    other, others = shown(request, chosen.cleaned_data["other"].pk, "核对是否同一患儿")
    question = queries.question_between(queries.together(kept), queries.together(other))
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            if "apart" in request.POST and question is not None:
                merges.dismiss(proposal=question, reason=reason, by=request.scope)
                messages.success(request, _("Kept apart. The question is answered."))
                return redirect("patients:questions")
            act = merges.merge(kept=kept, merged=other, reason=reason, by=request.scope)
        except InputRefused as refused:
            form.add_error(None, in_words(refused))
        else:
            offer(request, _("Merged: both are one child now."), reverse("patients:undo_merge", args=[act]))
            return redirect("patients:child", pk=min(kept.group, other.group))
    both = [*views, *others]
    return render(
        request,
        "patients/merge.html",
        {
            "kept": kept, "other": other, "views": both, "left": len(views), "right": len(others),
            "one": kept.group == other.group, "question": question, "form": form,
            "names": (views[0].patient_name, others[0].patient_name),
            "lines": compared(both, reveal=request.scope.may(REVEAL)), "differing": _differing(views, others),
        },
    )  # fmt: skip


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def undo_merge(request: Request, pk: int) -> HttpResponse:
    """Take a merge back; offered right after it too, then with a reason of its own."""
    held = get_object_or_404(Merge.objects.select_related("kept"), pk=pk, undoes=None)
    at_once = request.method == "POST" and "reason" not in request.POST  # the button beside the message
    form = ReasonForm({"reason": _("taken back right after the merge")} if at_once else request.POST or None)

    def act() -> Child:
        merges.undo_merge(act=held.pk, by=request.scope, reason=form.cleaned_data["reason"])
        return Child.objects.get(pk=held.kept_id)

    title = _("Take back the merge of #%(one)s and #%(other)s") % {"one": held.kept_id, "other": held.merged_id}
    note = _("Both sides become as if never merged. What was entered since stays with the side it was entered on.")
    return form_page(request, form, act, title=title, submit=_("Take back"), at=held.kept, note=note)


def _merge_url(kept: int, other: int) -> str:
    return f"{reverse('patients:merge', args=[kept])}?other={other}"


def _differing(views: list[HospitalView], others: list[HospitalView]) -> int:
    return sum(line.differs for line in compared([*views, *others], reveal=False))
