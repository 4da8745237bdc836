"""Asking for the voiding of a reported card, and the auditor's no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT, ENTER
from tonghu.registry.forms.reasons import reasons
from tonghu.registry.models import CardAct
from tonghu.registry.pages import working
from tonghu.registry.pages.opening import Opened, at_home
from tonghu.registry.pages.posting import number
from tonghu.registry.pages.telling import refusal_in_words
from tonghu.registry.pages.trail import trail
from tonghu.registry.services import ask_void, decline_void
from tonghu.registry.services.voiding import may_be_asked
from tonghu.registry.void_requests import VOIDS, newest_request, requests_at

#: So many requests are listed on the desk; the rest is counted.
MOST_LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to void a card as its page tells of it; ``no`` is the auditor's answer where they declined it."""

    pk: int
    person: int | None
    who: str
    at: datetime
    reason: str
    no: CardAct | None
    no_who: str
    may_decide: bool


def request_of(one: Opened) -> Asked | None:
    """The request that is open on a card, or that was declined last; None for readers elsewhere."""
    if not one.own:
        return None
    asked, settled = newest_request(one.done, one.card.version)
    if asked is None or (settled is None and one.card.state not in VOIDS.sources):
        return None
    if settled is not None and settled.act in {VOIDS.code, "approve"}:  # the card's state says the rest
        return None
    may_decide = settled is None and one.by.may(AUDIT) and asked.person_id != one.by.person
    no_who = one.called(settled.who) if settled else ""
    return Asked(asked.pk, asked.person_id, one.called(asked.who), asked.at, asked.reason, settled, no_who, may_decide)


def may_ask(one: Opened, asked: Asked | None) -> bool:
    """Whether the reader may ask for the voiding of a card now: whoever enters at its hospital, once a version."""
    free = one.own and one.by.may(ENTER) and (asked is None or asked.no is not None)
    return free and not may_be_asked(one.card, one.by)


def prefilled(code: str, asked: Asked | None) -> dict[str, str]:
    """What stands in the dialog of an act before anybody types: of a voiding that was asked for, the reason given."""
    if code != VOIDS.code or asked is None or asked.no is not None:
        return {}
    return {"picked" if asked.reason in reasons(code) else "typed": asked.reason}


def waiting(by: Scope) -> tuple[list[CardAct], int]:
    """The requests of the own hospital that wait, the oldest first, each with its card; how many there are."""
    found = requests_at(by)
    first = list(found.select_related("card")[:MOST_LISTED])
    count = len(first) if len(first) < MOST_LISTED else working.counted(found)
    return first, count


@requires(ENTER, AUDIT)
@require_POST
def request(request: Request, pk: int) -> HttpResponse:
    """Ask for the voiding, or decline it."""
    one = at_home(pk, request.scope)
    here = reverse("registry:card", args=[pk])
    picked, typed = request.POST.get("reason", "").strip(), request.POST.get("typed", "").strip()
    try:
        if request.POST.get("_act") == "decline":
            wanted = number(request, 0, "_request")
            decline_void(card=pk, request=wanted, reason=typed or picked, by=request.scope)
            messages.success(request, _("Declined; whoever asked is told why."))
            return redirect(trail(request).card_url(pk))
        why = "；".join(each for each in (picked, typed) if each)
        ask_void(card=pk, version=number(request, one.number), reason=why, by=request.scope)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
        return redirect(here + (working.place(request).query if request.scope.may(ENTER) else ""))
    messages.success(request, _("The auditors are asked to void the card; you are told what they decide."))
    return redirect(here + working.place(request).query)
