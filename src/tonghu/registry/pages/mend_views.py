"""Mends that a rule proposes, on many cards at once: looked at first, done together, taken back together."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components import undo
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content
from tonghu.registry.forms.cells import AT_THE_HOSPITAL, label, shown_text
from tonghu.registry.forms.titles import title_of
from tonghu.registry.pages.telling import refusal_in_words
from tonghu.registry.services import Proposal, bulk_mend, preview, undo_mend
from tonghu.registry.services.mending import MENDABLE

#: So many cards are previewed and mended at once: as many as somebody looks through.
MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the preview."""

    card: int
    record_number: str
    label: str
    before: str
    after: str


@requires(ENTER)
@require_http_methods(["GET", "POST"])
def bulk(request: Request, rule: str) -> HttpResponse:
    """What a rule would put right; posted, it is done on the cards that were left ticked."""
    if rule not in MENDABLE:
        raise Http404
    if request.method == "POST":
        return _mend(request, rule)
    proposed = preview(rule=rule, by=request.scope, most=MOST)
    said = {
        "rule": rule, "rule_title": title_of(rule), "lines": [_line(one) for one in proposed],
        "total": len({one.card for one in proposed}),
    }  # fmt: skip
    return render(request, "registry/bulk.html", said)


def _mend(request: Request, rule: str) -> HttpResponse:
    chosen = [int(pk) for pk in request.POST.getlist("card") if pk.isascii() and pk.isdigit() and len(pk) < 18]
    try:
        done = bulk_mend(rule=rule, by=request.scope, cards=chosen[:MOST])
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        return redirect("registry:queue")
    count = len(done.cards)
    said = ngettext("%(n)d card mended.", "%(n)d cards mended.", count) % {"n": count}
    undo.offer(request, said, reverse("registry:undo_bulk", args=[done.batch]))
    if done.left:
        left = ngettext("%(n)d card was left as it is.", "%(n)d cards were left as they are.", len(done.left))
        messages.info(request, left % {"n": len(done.left)})
    return redirect("registry:queue")


@requires(ENTER)
@require_POST
def undo_bulk(request: Request, batch: int) -> HttpResponse:
    """Take a bulk mend back, as far as nobody changed the same fields since."""
    try:
        done = undo_mend(batch=batch, by=request.scope)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
    else:
        count = len(done.cards)
        messages.success(
            request, ngettext("%(n)d card is as before.", "%(n)d cards are as before.", count) % {"n": count}
        )
    return redirect("registry:queue")


def _line(one: Proposal) -> Line:
    content = Content(one.layout)
    return Line(
        one.card, one.record_number, label(one.column, one.layout),
        shown_text(one.column, one.before, content, AT_THE_HOSPITAL),
        shown_text(one.column, one.after, content, AT_THE_HOSPITAL),
    )  # fmt: skip
