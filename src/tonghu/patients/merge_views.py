"""Pages on whether two children are one: the questions that wait, two side by side, and taking a merge back."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.errors import InputRefused
from tonghu.patients import merges, queries
from tonghu.patients.access import MERGE
from tonghu.patients.comparison import called, compared, names_of
from tonghu.patients.edit_views import form_page
from tonghu.patients.forms import ReasonForm
from tonghu.patients.models import Child, HospitalView, Merge, MergeProposal, Split
from tonghu.patients.views import shown
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.audit.acts import log_list
from tonghu.platform.components.table import Column, Table
from tonghu.platform.components.undo import offer
from tonghu.platform.scope.scope import Scope


@requires(MERGE)
@require_GET
def questions(request: Request) -> HttpResponse:
    """Whether these are one child: questions of the resolver that wait for an answer."""
    table = Table(
        request=request,
        name="child-questions",
        rows=queries.open_proposals().select_related("institution").annotate(
            one_called=_called("first"), other_called=_called("second")
        ),
        order="made_at",
        columns=(
            Column("one_called", _("One child"), sort=None, fixed=True,
                   link=lambda one: _merge_url(one.first_id, one.second_id)),
            Column("other_called", _("The other"), sort=None),
            Column("ground", _("Why it is asked"), value=lambda one: one.get_ground_display(), sort=None),
            Column("institution", _("Arose at"), value=lambda one: _arose(one, request.scope), sort=None),
            Column("made_at", _("Asked at"), kind="time"),
        ),
        caption=_("Are these one child?"),
        empty=_("When a record number or a document points to two children, the question waits here for your answer."),
    )  # fmt: skip
    asked = {child for one in table.slice.rows for child in (one.first_id, one.second_id)}
    log_list(((child, None) for child in asked), "核对是否同一患儿", by=request.scope)
    return render(request, "patients/questions.html", {"table": table})


def _arose(question: MergeProposal, by: Scope) -> str:
    """Where evidence came together; a hospital does not read which other one met its children."""
    here = by.institution in (None, question.institution_id)
    return question.institution.name if here else _("another hospital")


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def merge(request: Request, pk: int) -> HttpResponse:
    """Two children side by side, and the decision whether they are one."""
    kept, views = shown(request, pk, "核对是否同一患儿")
    if not queries.holds(views, request.scope):  # seen by a grant alone: whose it is, its own hospital says
        raise Http404
    asked = request.GET.get("other", "")
    other = queries.find_child(int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    if other is None:
        return _choose(request, kept, views, missed=bool(asked))
    other, others = shown(request, other.pk, "核对是否同一患儿")
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
            return redirect("patients:child", pk=kept.pk)
    one = kept.group == other.group
    both = views if one else [*views, *others]
    sides = [] if one else [(views[0], len(views)), (others[0], len(others))]
    lines = compared(both, reveal=request.scope.may(REVEAL))
    return render(
        request,
        "patients/merge.html",
        {
            "kept": kept, "other": other, "views": both, "sides": sides,
            "one": one, "question": question, "form": form,
            "names": (called(views[0]), called(others[0])),
            "lines": lines, "differing": sum(line.differs for line in lines),
        },
    )  # fmt: skip


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def undo_merge(request: Request, pk: int) -> HttpResponse:
    """Take a merge back; offered right after it too, then with a reason of its own."""
    held = get_object_or_404(Merge, pk=pk, undoes=None)
    if not queries.may_take_back([held]):
        raise Http404
    at_once = request.method == "POST" and "reason" not in request.POST  # the button beside the message
    form = ReasonForm({"reason": _("taken back right after the merge")} if at_once else request.POST or None)

    def seen() -> Child:
        """The side that the reader holds, who need not see the other."""
        sides = (queries.find_child(one) for one in (held.kept_id, held.merged_id))
        return next(one for one in sides if one is not None)

    def act() -> Child:
        merges.undo_merge(act=held.pk, by=request.scope, reason=form.cleaned_data["reason"])
        return seen()

    shown(request, seen().pk, "撤销合并")
    names = names_of([held])
    two = {"one": names[held.kept_id], "other": names[held.merged_id]}
    title = _("Take back the merge of %(one)s and %(other)s") % two
    note = _("Both sides become as if never merged. What was entered since stays with the side it was entered on.")
    return form_page(request, form, act, title=title, submit=_("Take back"), at=seen(), note=note)


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def split(request: Request, pk: int) -> HttpResponse:
    """A view beside those it stands for one child with, and the decision that it is of another."""
    view = get_object_or_404(HospitalView.objects.select_related("child"), pk=pk)
    _child, views = shown(request, view.child_id, "核对是否两名患儿")
    if pk not in queries.may_split(views, request.scope):
        raise Http404
    mine = next(one for one in views if one.pk == pk)
    rest = [one for one in views if one.child_id == view.child_id and one.pk != pk]
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            act = merges.split(view=view, by=request.scope, reason=form.cleaned_data["reason"])
        except InputRefused as refused:
            form.add_error(None, in_words(refused))
        else:
            offer(request, _("Parted: they are two children now."), reverse("patients:undo_split", args=[act.pk]))
            return redirect("patients:child", pk=act.parted_id)
    both = [mine, *rest]
    lines = compared(both, reveal=request.scope.may(REVEAL))
    said = {
        "view": mine, "views": both, "lines": lines, "form": form, "sides": [(mine, 1), (rest[0], len(rest))],
        "differing": sum(line.differs for line in lines),
    }  # fmt: skip
    return render(request, "patients/split.html", said)


@requires(MERGE)
@require_http_methods(["GET", "POST"])
def undo_split(request: Request, pk: int) -> HttpResponse:
    """Take a split back, by a merge of the two; offered right after it too, then with a reason of its own."""
    held = get_object_or_404(Split, pk=pk)
    shown(request, held.parted_id, "撤销拆分")
    at_once = request.method == "POST" and "reason" not in request.POST
    form = ReasonForm({"reason": _("taken back right after the split")} if at_once else request.POST or None)

    def act() -> Child:
        old = Child(pk=held.child_id)  # which the reader need not see any more
        merges.merge(kept=old, merged=held.parted, by=request.scope, reason=form.cleaned_data["reason"])
        return held.parted

    title = _("Take back the split of record number %(record)s") % {"record": held.record_number}
    note = _("They are shown as one child again; whatever was entered since stays.")
    return form_page(request, form, act, title=title, submit=_("Take back"), at=held.parted, note=note)


def _choose(request: Request, kept: Child, views: list[HospitalView], *, missed: bool) -> HttpResponse:
    """Look for the other child; before anything is typed stand those of the same name."""
    typed = request.GET.get("q", "").strip()
    own, first = set(queries.together(kept)), views[0]
    found = [
        (hit, hit.patient_name == first.patient_name, bool(hit.birth_date) and hit.birth_date == first.birth_date)
        for each in queries.search(typed or first.patient_name, by=request.scope)
        for hit in each.views[:1]
        if not own & {view.child for view in each.views} and queries.holds(each.views, request.scope)
    ]
    log_list(((hit.child, hit.institution) for hit, _name, _day in found), "核对是否同一患儿", by=request.scope)
    said = {"child": kept, "first": first, "found": found, "typed": typed, "missed": missed}
    return render(request, "patients/choose.html", said)


def _merge_url(kept: int, other: int) -> str:
    return f"{reverse('patients:merge', args=[kept])}?other={other}"


def _called(which: str) -> Subquery:
    """What a child of a question is called: by its first view that the reader sees."""
    views = HospitalView.objects.filter(child=OuterRef(which)).order_by("pk")
    called = Concat("patient_name", Value(" · "), "record_number", output_field=CharField())
    return Subquery(views.annotate(called=called).values("called")[:1])
