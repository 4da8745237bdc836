"""Mends that a rule proposes, on many cards at once: looked at first, done together, taken back together."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components import undo
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.jobs.views import progress_of
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content
from tonghu.registry.forms.cells import AT_THE_HOSPITAL, label, shown_text
from tonghu.registry.forms.titles import title_of
from tonghu.registry.locks import kept_in_words
from tonghu.registry.models import Card
from tonghu.registry.pages import card_lists
from tonghu.registry.pages.one_mend import FROM_HERE
from tonghu.registry.pages.telling import refusal_in_words
from tonghu.registry.seen import show_names
from tonghu.registry.services import Proposal, bulk_mend, preview, undo_mend
from tonghu.registry.services.mending import (
    in_locked_months,
    mended_cards,
    next_batch,
    takes_long,
    undo_takes_long,
)
from tonghu.registry.services.proposing import MENDABLE, cards_of_rule, count_of_rule, locked_of_rule

#: So many cards are previewed line by line: as many as somebody looks through. All of a rule are mended by a job.
MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the preview."""

    card: int
    record_number: str
    name: str
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
    cards = list(dict.fromkeys(one.card for one in proposed))
    called = show_names(Card.objects.filter(pk__in=cards), card_lists.LISTED, by=request.scope)
    shown, of_rule = len(cards), count_of_rule(rule=rule, by=request.scope)
    said = {
        "rule": rule, "rule_title": title_of(rule), "total": shown,
        "lines": [_line(one, called.get(one.card, "")) for one in proposed],
        # Those of the first that are not shown have no mend that is certain: then the same holds of all.
        "of_rule": of_rule if of_rule > MOST else 0,
        "locked": len(in_locked_months(cards=cards, by=request.scope)),
        "locked_of_rule": locked_of_rule(rule=rule, by=request.scope) if of_rule > MOST else 0,
    }  # fmt: skip
    return render(request, "registry/bulk.html", said)


def _in_background(request: Request, rule: str, cards: list[int]) -> HttpResponse:
    """Have cards mended by a job, under one number."""
    batch = next_batch()
    enqueue("registry.mend", by=request.scope, key=f"mend-{batch}", rule=rule, batch=batch, cards=cards)
    return redirect("registry:mending", batch)


def _mend(request: Request, rule: str) -> HttpResponse:
    by = request.scope
    if request.POST.get("all"):
        if every := cards_of_rule(rule=rule, by=by):
            return _in_background(request, rule, every)
        messages.info(request, _("There was nothing to do: somebody may have done it just now."))
        return redirect("registry:queue")
    chosen = [int(pk) for pk in request.POST.getlist("card") if pk.isascii() and pk.isdigit() and len(pk) < 10]
    chosen = sorted(set(chosen))[:MOST]
    if takes_long(rule=rule, cards=chosen, by=by):
        return _in_background(request, rule, chosen)
    try:
        done = bulk_mend(rule=rule, by=by, cards=chosen)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        return redirect("registry:queue")
    count = len(done.cards)
    said = format_html(
        '{} <a href="{}">{}</a>',
        ngettext("%(n)d card mended.", "%(n)d cards mended.", count) % {"n": count},
        reverse("registry:mend", args=[done.batch]),
        _("See what was changed"),
    )
    if len(done.locked) < count:
        undo.offer(request, said, reverse("registry:undo_bulk", args=[done.batch]))
    else:
        messages.success(request, said)
    if done.locked:
        messages.info(request, _after_the_lock(len(done.locked)))
    if done.left:
        left = ngettext("%(n)d card was left as it is.", "%(n)d cards were left as they are.", len(done.left))
        messages.info(request, left % {"n": len(done.left)})
    return redirect("registry:queue")


@requires(ENTER)
@require_GET
def mending(request: Request, batch: int) -> HttpResponse:
    """How far a large mend is, or its undoing; what came of it, and the way back."""
    mend, undone = f"mend-{batch}", f"undo-mend-{batch}-"
    held = Job.objects.select_related("progress").filter(institution=request.scope.institution)
    asked = held.filter(kind="registry.mend", key=mend) | held.filter(kind="registry.undo_mend", key__startswith=undone)
    job = asked.order_by("-pk").first()
    if job is None:
        raise Http404
    done = job.result or {} if job.state == Job.State.DONE else {}
    said = {
        "batch": batch, "progress": progress_of(job, request), "done": done, "ended": job.state == Job.State.DONE,
        "undoing": job.kind == "registry.undo_mend", "rule_title": title_of(str(job.arguments.get("rule", ""))),
        "has_page": bool(done.get("mended")) or job.kind == "registry.undo_mend",
        "count": done.get("mended", done.get("as_before", 0)), "left": done.get("left", 0),
        "locked": kept_in_words(done.get("locked", 0)), "withdrawn": _withdrawn(done.get("withdrawn", 0)),
    }  # fmt: skip
    if done.get("mended"):
        locked = in_locked_months(cards=mended_cards(batch=batch, by=request.scope), by=request.scope)
        said |= {"undone_together": done["mended"] - len(locked), "locked": _after_the_lock(len(locked))}
    return render(request, "registry/mending.html", said)


@requires(ENTER)
@require_POST
def undo_bulk(request: Request, batch: int) -> HttpResponse:
    """Take a bulk mend back, as far as nobody changed the same fields since."""
    by = request.scope
    there = redirect("registry:mend", batch) if request.POST.get(FROM_HERE) else redirect("registry:queue")
    if undo_takes_long(batch=batch, by=by):
        # Asked for anew each time: cards that somebody had changed may be taken back later.
        again = Job.objects.filter(kind="registry.undo_mend", key__startswith=f"undo-mend-{batch}-").count()
        enqueue("registry.undo_mend", by=by, key=f"undo-mend-{batch}-{again}", batch=batch)
        return redirect("registry:mending", batch)
    try:
        done = undo_mend(batch=batch, by=by)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
    else:
        count = len(done.cards)
        messages.success(
            request, ngettext("%(n)d card is as before.", "%(n)d cards are as before.", count) % {"n": count}
        )
        if done.withdrawn:
            messages.info(request, _withdrawn(done.withdrawn))
        if done.locked:
            messages.info(request, kept_in_words(len(done.locked)))
    return there


def _after_the_lock(count: int) -> str:
    """Say that mended cards are of locked months; '' for none."""
    if not count:
        return ""
    said = ngettext(
        "%(n)d of them is of a locked archive month: it counts as changed after the lock and is not undone in bulk.",
        "%(n)d of them are of a locked archive month: they count as changed after the lock and are not undone in bulk.",
        count,
    )
    return said % {"n": count}


def _withdrawn(count: int) -> str:
    """Say that an undo withdrew cards; '' for none."""
    if not count:
        return ""
    said = ngettext(
        "%(n)d of them had been submitted and was withdrawn: look at it and submit it again.",
        "%(n)d of them had been submitted and were withdrawn: look at them and submit them again.",
        count,
    )
    return said % {"n": count}


def _line(one: Proposal, name: str) -> Line:
    content = Content(one.layout)
    return Line(
        one.card, one.record_number, name, label(one.column, one.layout),
        shown_text(one.column, one.before, content, AT_THE_HOSPITAL),
        shown_text(one.column, one.after, content, AT_THE_HOSPITAL),
    )  # fmt: skip
