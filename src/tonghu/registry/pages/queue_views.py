"""The correction queue: by rule or by card, bulk mends with preview and undo, and submitting what is ready."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Value
from django.db.models.functions import Least
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components.figures import figure
from tonghu.platform.components.parts import Level
from tonghu.platform.components.table import Column, Mark, Table
from tonghu.registry.access import ENTER
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import Card
from tonghu.registry.pages import card_lists, working
from tonghu.registry.pages.shown import as_text, shown
from tonghu.registry.pages.telling import tell
from tonghu.registry.seen import show_names
from tonghu.registry.services import move
from tonghu.registry.services.proposing import certain
from tonghu.registry.states import State

#: So many are submitted by one press of a button.
MOST_AT_ONCE = 500
#: Months that the queue shows the progress of.
MONTHS_SHOWN = timedelta(days=100)
#: So many lines of a preview are shown; the rest is counted.
SHOWN = 50


@requires(ENTER)
@require_GET
def queue(request: Request) -> HttpResponse:
    """What is left, by rule or by card; what waits for others; what came back; what is ready to be submitted."""
    by = request.scope
    if by.institution is None:
        raise Http404
    place = working.place(request)
    by_card = place.kind in working.BY_CARD or request.GET.get("by") == "card"
    counts = {kind: working.counted(place.queue(kind)) for kind in working.KINDS if kind != "ready"}
    ready = _ready(place)
    counts["ready"] = ready["ready"]
    said = {
        "place": place, "by_card": by_card, "may_by_rule": place.kind not in working.BY_CARD, "counts": counts,
        **ready, "typed": counts["typed"],
        "months": [_month(each) for each in working.months(by, timezone.localdate() - MONTHS_SHOWN)[:3]],
        "first": place.url(None), "tabs": _tabs(place, counts, by_card),
        "kept": f"&kind={place.kind}" if place.kind else "",
    }  # fmt: skip
    if place.rule and not place.left:
        rest = working.Place(by, "", place.kind)
        done = title_of(place.rule) if place.rule != working.NOTHING else ""
        said |= {"rule_title": done, "rest": rest.left, "first": rest.url(None)}
    if by_card:
        said["table"] = _table(request, place)
    else:
        rows = working.by_rule(by, kind=place.kind)
        mendable = certain(rules=[row.rule for row in rows], by=by)
        most = max((row.cards for row in rows), default=1)
        said["unfound"] = working.counted(working.unfound(place.cards))
        said["rules"] = [
            {
                "row": row, "level": Level(row.level), "title": title_of(row.rule), "share": row.cards * 100 // most,
                "mendable": row.rule in mendable,
                "left": place.pace.left(row.cards),
            }
            for row in rows
        ]  # fmt: skip
    return render(request, "registry/queue.html", said)


def _ready(place: working.Place) -> dict[str, Any]:
    """What may be submitted together, in all; and what one press submits, cards whose supplement is whole first."""
    cards = working.ready(place.by, place.told)
    in_all = cards.aggregate(ready=Count("pk"), unwhole=Count("pk", filter=Q(to_supplement__gt=0)))
    whole_first = cards.order_by(Least("to_supplement", Value(1)), "pk")
    first = whole_first.values_list("pk", "version", "to_supplement")[:MOST_AT_ONCE]
    at_once = {pk: version for pk, version, _lacking in first}
    whole = {pk: at_once[pk] for pk, _version, lacking in first if not lacking}
    return {
        **in_all, "most_at_once": MOST_AT_ONCE, "at_once": len(at_once), "at_once_shown": as_text(at_once),
        "whole": len(whole), "whole_shown": as_text(whole), "more": in_all["ready"] - len(at_once),
    }  # fmt: skip


def _month(month: working.Month) -> dict[str, object]:
    """How far a month has come; every number opens the cards that make it."""
    return {
        "month": month.month, "beyond": month.beyond,
        "cards": figure(month.cards, working.behind("month", month)),
        "in_hand": figure(month.in_hand, working.behind("in_hand", month)),
        "problems": month.problems and figure(month.problems, working.behind("problem", month)),
        "submitted": figure(month.submitted, working.behind("stuck", month, State.SUBMITTED)),
        "approved": figure(month.approved, working.behind("stuck", month, State.APPROVED)),
        "reported": figure(month.reported, working.behind("sent", month)),
    }  # fmt: skip


def _tabs(place: working.Place, counts: dict[str, int], by_card: bool) -> list[dict[str, object]]:
    labels = {
        "": _("Mine"), "returned": _("Came back"), "supplement": _("To supplement"), "waits": _("Waits for others"),
        "typed": _("Not saved"), "ready": _("Ready to submit"),
    }  # fmt: skip
    view = "&by=card" if by_card else ""
    return [
        {"label": labels[kind], "count": counts[kind], "here": kind == place.kind, "url": f"?kind={kind}{view}"}
        for kind in working.KINDS
        if kind not in ("typed", "ready") or kind == place.kind
    ]


def _typing(place: working.Place, card: Card) -> object:
    """That a colleague is typing on a card, and who."""
    told = place.taken.get(card.pk)
    who = told.who.split(" · ")[0] if told else ""
    return Mark(_("%(who)s is typing") % {"who": who}, "ask") if told else ""


def _table(request: Request, place: working.Place) -> Table:
    called: dict[int, str] = {}
    table = Table(
        request=request, name="queue", rows=place.cards, order="archive_month",
        columns=(
            Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
                   link=lambda card: reverse("registry:card", args=[card.pk]) + place.query),
            Column("name", _("Name"), value=lambda card: called.get(card.pk, ""), sort=None),
            Column("discharge_at", _("Discharge"), kind="date", sort=None),
            Column("state", _("State"), value=card_lists.state_mark, sort=None),
            Column("typing", _("Colleague"), value=lambda card: _typing(place, card), sort=None,
                   shown=bool(place.taken)),
            Column("to_supplement", _("To supplement"), kind="number", sort=None, shown=place.kind == "supplement"),
            Column("errors", _("Errors"), kind="number", sort=None),
            Column("warnings", _("Warnings"), kind="number", sort=None),
            Column("waits_for", _("Waits for"), sort=None, shown=place.kind == "waits"),
            Column("waits_note", _("Question"), sort=None, shown=place.kind == "waits"),
            Column("archive_month", _("Archive month"), sort="archive_month",
                   value=lambda card: f"{card.archive_month:%Y-%m}"),
        ),
        filters=card_lists.filters("supplement") if place.kind == "ready" else (),
        caption=_("Cards with something to do"), total=working.in_all(place.left), count_to=working.MOST_COUNTED,
        empty=_("Nothing is left here."),
    )  # fmt: skip
    called.update(show_names(table.slice.rows, card_lists.LISTED, by=request.scope))
    return table


@requires(ENTER)
@require_GET
def start(request: Request) -> HttpResponse:
    """Lead to the first card of the queue."""
    place = working.place(request)
    return redirect(place.url(None) or reverse("registry:queue") + place.query)


@requires(ENTER)
@require_POST
def submit_ready(request: Request) -> HttpResponse:
    """Submit the cards on which the page said that nothing is found, together."""
    seen = shown(request, MOST_AT_ONCE)
    ready = set(working.ready(request.scope).filter(pk__in=list(seen)).values_list("pk", flat=True))
    tell(request, move(cards={pk: seen[pk] for pk in seen if pk in ready}, act="submit", by=request.scope), "submit")
    return redirect("registry:queue")
