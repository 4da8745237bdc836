"""The auditor's and the centre's lists: what waits for them, what they have looked at, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Case, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tonghu.platform.accounts.access import Request
from tonghu.platform.components.table import Filter
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT
from tonghu.registry.auditing import sample
from tonghu.registry.models import Card, CardAct, CardVersion, Finding
from tonghu.registry.states import RETURNED, State
from tonghu.registry.supplement import items
from tonghu.registry.void_requests import open_requests

#: The versions of cards that the reader has opened lately, in their session.
LOOKED: Final = "registry.looked_versions"
MOST_REMEMBERED: Final = 300
#: Longer than any card waits.
LONG: Final = timedelta(days=36_500)
#: So many cards are moved by one press of a button.
MOST_AT_ONCE: Final = 500


def to_audit(by: Scope) -> QuerySet[Card]:
    """The own hospital's submitted cards, whoever wrote them."""
    return Card.objects.filter(institution=by.institution, state=State.SUBMITTED)


def auditable(by: Scope) -> QuerySet[Card]:
    """Those that the reader may audit: nobody audits what they wrote, nobody approves their own request."""
    return to_audit(by).exclude(authors__contains=[by.person]).exclude(requested_by__contains=[by.person])


def by_need(cards: QuerySet[Card]) -> QuerySet[Any]:
    """Cards with their place on the desk (``need``): what came back or was changed by hand first, each oldest first.

    One value, so that lists page by it: the time since when a card waits, that of the first ones a long time earlier.
    """
    first = Exists(_returned()) | Exists(_touched())
    earlier = ExpressionWrapper(F("state_since") - LONG, output_field=DateTimeField())
    return cards.annotate(need=Case(When(first, then=earlier), default=F("state_since")))


def _returned() -> QuerySet[CardAct]:
    """The acts by which the card of an outer query came back."""
    return CardAct.objects.filter(card=OuterRef("pk"), to_state__in=RETURNED)


def _touched() -> QuerySet[CardVersion]:
    """Later versions, of the card of an outer query, that changed the front page."""
    later = CardVersion.objects.filter(card=OuterRef("pk"), number__gt=1)
    return later.exclude(changed__contained_by=[item.name for item in items()])


def clean(by: Scope) -> QuerySet[Card]:
    """Those with nothing to look at: nothing found or explained away, the front page as it came, never returned, and
    nobody asks to void them."""
    found = Finding.objects.filter(card=OuterRef("pk"))
    asked = open_requests().filter(card=OuterRef("pk"))
    untouched = auditable(by).filter(~Exists(found), ~Exists(_touched()), ~Exists(_returned()), ~Exists(asked))
    return untouched.order_by("state_since", "pk")


def of_clean(by: Scope) -> Filter:
    """The filter of the auditor's desk that leaves them."""

    def narrow(rows: Any, _chosen: str, /) -> Any:
        return rows.filter(pk__in=clean(by).order_by().values("pk"))

    return Filter("clean", _("Clean cards"), narrow, [("yes", _("only these"))])


def clean_versions(by: Scope) -> dict[int, int]:
    """Those that are approved by one press of a button, each with its version."""
    return dict(clean(by).values_list("pk", "version")[:MOST_AT_ONCE])


def clean_numbers(by: Scope) -> list[int]:
    """Their numbers."""
    return list(clean_versions(by))


def drawn(by: Scope) -> list[int]:
    """Those of them that are looked at one by one before, drawn by chance."""
    return sample(clean_numbers(by), timezone.localdate(), by.person or 0)


def sampled(card: Card, by: Scope) -> str:
    """What is said of a card that its auditor looks at for others; '' where it was not drawn."""
    if not by.may(AUDIT) or by.institution != card.institution_id or card.state != State.SUBMITTED:
        return ""
    return place_in_sample(card, drawn(by))


def place_in_sample(card: Card, chosen: list[int]) -> str:
    """Which one a card is of those drawn, in words; '' for none of them."""
    if card.pk not in chosen:
        return ""
    return _("sample %(n)d of %(size)d") % {"n": chosen.index(card.pk) + 1, "size": len(chosen)}


def approved(by: Scope) -> QuerySet[Card]:
    """Those that may be reported."""
    return Card.objects.filter(institution=by.institution, state=State.APPROVED)


def approved_versions(by: Scope) -> dict[int, int]:
    """Those of them that are reported by one press of a button, each with its version."""
    return dict(approved(by).order_by("pk").values_list("pk", "version")[:MOST_AT_ONCE])


def received() -> QuerySet[Card]:
    """Reported cards that wait for the centre."""
    return Card.objects.filter(state=State.REPORTED)


def remember(request: Request, card: Card) -> None:
    """Remember that the reader has looked at a card as it is now, in this session."""
    seen: list[list[int]] = request.session.get(LOOKED, [])
    if (now := [card.pk, card.version]) not in seen:
        request.session[LOOKED] = [*seen, now][-MOST_REMEMBERED:]


def looked_at(request: Request) -> frozenset[tuple[int, int]]:
    """The cards that the reader has looked at in this session, each with the version that they saw."""
    return frozenset((pk, version) for pk, version in request.session.get(LOOKED, []))


def strip(by: Scope) -> str:
    """How much waits for the reader, in words."""
    cards = auditable(by) if by.may(AUDIT) and by.institution is not None else received()
    waiting = cards.order_by()[: MOST_AT_ONCE + 1].count()
    if waiting > MOST_AT_ONCE:
        return _("More than %(n)d cards wait") % {"n": MOST_AT_ONCE}
    return ngettext("%(n)d card waits", "%(n)d cards wait", waiting) % {"n": waiting}


def changed_fields(cards: list[int]) -> dict[int, int]:
    """In how many fields each card differs from its first version, as far as its versions say."""
    if not cards:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT card_id, count(DISTINCT field) FROM registry_cardversion, unnest(changed) AS field "
            "WHERE card_id = ANY (%s) AND number > 1 GROUP BY card_id",
            [cards],
        )
        return dict(cursor.fetchall())


def came_back(cards: list[int]) -> dict[int, str]:
    """Those of the cards that came back, each with the state in which it was last for that."""
    acts = CardAct.objects.filter(card__in=cards, to_state__in=RETURNED).exclude(from_state=F("to_state"))
    return dict(acts.order_by("card_id", "-pk").distinct("card_id").values_list("card_id", "to_state"))


@dataclass(frozen=True, slots=True)
class Sample:
    """What is looked at before clean cards are approved together."""

    cards: tuple[Card, ...]
    seen: frozenset[tuple[int, int]]
    of: int

    @property
    def all_seen(self) -> bool:
        """Whether the reader has looked at every one as it is now."""
        return all(seen for _card, seen in self.lines)

    @property
    def lines(self) -> list[tuple[Card, bool]]:
        """Each with whether it was looked at as it is now."""
        return [(card, (card.pk, card.version) in self.seen) for card in self.cards]
