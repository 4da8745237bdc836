"""Requests that a reported card be voided: whoever enters asks, an auditor voids or declines.

A request is an act on the card and nothing else, so it stands in the card's history. It is open for the version that it
was made on while the card is in a state in which it could be voided: a new version, an approval or the voiding settle
it, as an auditor's no does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import Card, CardAct
from tonghu.registry.states import ACTS, Act

#: Acts that leave the state as it is.
ASK_VOID: Final = "ask_void"
DECLINE_VOID: Final = "decline_void"
#: What is asked for: its line of the table of states says of which cards and in which states.
VOIDS: Final[Act] = ACTS["void_reported"]


def settles(act: CardAct) -> bool:
    """Whether an act ends the request that was made before it."""
    return act.act == DECLINE_VOID or act.to_state not in VOIDS.sources


def newest_request(done: Iterable[CardAct], version: int) -> tuple[CardAct | None, CardAct | None]:
    """The newest request of a version among its card's acts, and the act that settled it; None where there is none.

    Args:
        done: the acts, the newest first.
    """
    settled = None
    for each in done:
        if each.act == ASK_VOID:
            return (each, settled) if each.version == version else (None, None)
        if settles(each):
            settled = each
    return None, None


def open_requests() -> QuerySet[CardAct]:
    """The requests that wait for an auditor, in the reader's reach."""
    later = CardAct.objects.filter(card=OuterRef("card"), pk__gt=OuterRef("pk"))
    settled = later.filter(Q(act=DECLINE_VOID) | ~Q(to_state__in=VOIDS.sources))
    asked = CardAct.objects.filter(act=ASK_VOID, version=F("card__version"), card__state__in=VOIDS.sources)
    return asked.filter(card__first_reported_at__isnull=False).exclude(Exists(settled))


def requests_at(by: Scope) -> QuerySet[CardAct]:
    """Those of the reader's own hospital, the oldest first."""
    return open_requests().filter(institution=by.institution, card__institution=by.institution).order_by("pk")


def asked_on(cards: Iterable[Card]) -> dict[int, int | None]:
    """Who asked, by the card: of those of the cards on which a request is open."""
    wanted = [card.pk for card in cards if card.first_reported_at is not None and card.state in VOIDS.sources]
    return dict(open_requests().filter(card__in=wanted).values_list("card", "person_id")) if wanted else {}
