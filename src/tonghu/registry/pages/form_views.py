"""What the form asks while somebody types: findings, drafts, further rows and fields, code lists, a masked value."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tonghu.codes import hqms_fields
from tonghu.codes.bad_code import BadCode
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.audit.acts import CHILD, log_reveal
from tonghu.registry.access import ENTER, READ
from tonghu.registry.drafts import discard, keep_draft
from tonghu.registry.forms import cells, lists
from tonghu.registry.forms.findings import counted
from tonghu.registry.forms.sections import masked_kind
from tonghu.registry.pages.new_card import NewCard, begun
from tonghu.registry.pages.opening import Opened, at_home, in_hand
from tonghu.registry.pages.posting import number, posted, posted_changes, typed

#: What the log of reveals says the value was needed for; kept as it is, so not translated.
REASON = "更正报告卡"
Form = Opened | NewCard


def form_of(request: Request, pk: int | None) -> Form:
    """The card of a form that stands open, or the one that is being entered; a colleague may have moved it on."""
    if pk is not None:
        return at_home(pk, request.scope)
    return NewCard(request.scope, request.POST.get("_layout") or request.GET.get("layout", ""))


@requires(ENTER)
@require_POST
def check(request: Request, pk: int | None = None) -> HttpResponse:
    """The findings on a card as it stands on the screen; nothing is kept."""
    form = form_of(request, pk)
    content = form.saved.with_changes(*posted_changes(form.saved, posted(request), form.sight))
    found = form.shown(content)
    said = {
        "findings": found, "counts": counted(found), "editable": True, "begun": True,
        "told_names": cells.told(form.saved, content), "waiting": form.waiting(content),
        "lacks": form.lacking(content), "submits": pk is not None,
        "card": form.card if isinstance(form, Opened) else None,
    }  # fmt: skip
    return render(request, "registry/parts/findings.html", said)


@requires(ENTER)
@require_POST
def draft(request: Request, pk: int | None = None) -> HttpResponse:
    """Keep what was typed so far; answers with what another tab typed into the same fields, which stays."""
    form = form_of(request, pk)
    based_on = number(request, form.number)
    base = form.version(based_on)
    theirs = keep_draft(
        card=pk, institution=form.institution_id, versions=form.version, by=request.scope,
        typed=typed(request, base, based_on, form.sight), begun=None if pk else begun(request),
    )  # fmt: skip
    if isinstance(form, Opened) and not form.card.editable:
        gone = _("The card is “%(state)s” by now. What you typed is kept; reload the page to read how to go on.")
        return JsonResponse({"theirs": theirs, "gone": gone % {"state": form.card.get_state_display()}})
    return JsonResponse({"theirs": theirs}) if theirs else HttpResponse(status=204)


@requires(ENTER)
@require_POST
def throw_away(request: Request, pk: int | None = None) -> HttpResponse:
    """Throw away what was typed and not saved."""
    form_of(request, pk)
    discard(card=pk, by=request.scope, begun=None if pk else begun(request))
    return redirect(reverse("registry:new") if pk is None else reverse("registry:card", args=[pk]))


@requires(ENTER)
@require_GET
def row(request: Request, pk: int | None = None) -> HttpResponse:
    """One more row of a table."""
    form = form_of(request, pk)
    found = cells.row(cells.View(form.saved, form.saved, form.sight), request.GET.get("stem", ""))
    if found is None:
        raise Http404
    return render(request, "registry/parts/line.html", {"line": found[0], "more": found[1], "row_url": request.path})


@requires(ENTER)
@require_GET
def rest(request: Request, pk: int | None = None) -> HttpResponse:
    """The blank fields of a section that the form left out."""
    form = form_of(request, pk)
    found = cells.folded(cells.View(form.saved, form.saved, form.sight), request.GET.get("section", ""))
    return render(request, "registry/parts/cells.html", {"cells": found})


@requires(READ)
@require_GET
def codes(request: Request, kind: str) -> HttpResponse:
    """The entries of a code list that fit what was typed; what the reader's own hospital writes stands first."""
    prefix = request.GET.get("id", "")
    try:
        own = lists.own_pairs(request.scope) if kind in lists.OWN else {}
        found = lists.find(kind, request.GET.get("q", "")[:100], own)
    except BadCode:
        raise Http404 from None
    safe = prefix if prefix.replace("-", "").replace("_", "").isalnum() else "choice"
    return render(request, "registry/parts/choices.html", {"found": found, "prefix": safe})


@requires(REVEAL)
@never_cache
@require_POST
def whole(request: Request, pk: int) -> HttpResponse:
    """A masked field whole, to be corrected; the log keeps who saw it."""
    one = in_hand(pk, request.scope)
    field = hqms_fields.layout(one.saved.layout).by_code.get(request.POST.get("_field", ""))
    if field is None or not masked_kind(field.name) or not one.saved.front.get(field.code):
        raise Http404
    mark = log_reveal(
        field.name_zh, subject=(CHILD, one.card.child_id), reason=REASON, by=request.scope,
        institution=one.card.institution_id,
    )  # fmt: skip
    sight = cells.Sight(one.sight.masked, frozenset({field.code}))
    shown = {"c": cells.cell(field, cells.View(one.saved, one.saved, sight)), "mark": mark.text}
    return render(request, "registry/parts/whole.html", shown)
