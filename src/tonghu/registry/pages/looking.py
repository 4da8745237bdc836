"""The auditor's and the centre's lists: what waits for them, what they have looked at, what comes next."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tonghu.platform.accounts.access import Request
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT, VERIFY
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.states import State
from tonghu.registry.supplement import items

#: The cards that the reader has opened lately, in their session.
LOOKED: Final = "registry.looked"
MOST_REMEMBERED: Final = 300
#: Of clean cards that are approved together, one in so many is looked at, and never fewer than these where there are.
ONE_IN: Final = 20
AT_LEAST: Final = 3
#: A card that was changed in so many fields or more is marked.
MANY_CHANGES: Final = 3
#: So many cards are moved by one press of a button.
MOST_AT_ONCE: Final = 500


def to_audit(by: Scope) -> QuerySet[Card]:
    """The own hospital's submitted cards, whoever wrote them."""
    return Card.objects.filter(institution=by.institution, state=State.SUBMITTED)


def auditable(by: Scope) -> QuerySet[Card]:
    """Those that the reader may audit: nobody audits what they wrote."""
    return to_audit(by).exclude(authors__contains=[by.person])


def clean(by: Scope) -> QuerySet[Card]:
    """Those with nothing to look at: nothing found, nothing explained away, the front page as it came."""
    found = Finding.objects.filter(card=OuterRef("pk"))
    later = CardVersion.objects.filter(card=OuterRef("pk"), number__gt=1)
    touched = later.exclude(changed__contained_by=[item.name for item in items()])
    return auditable(by).filter(~Exists(found), ~Exists(touched)).order_by("state_since", "pk")


def approved(by: Scope) -> QuerySet[Card]:
    """Those that may be reported."""
    return Card.objects.filter(institution=by.institution, state=State.APPROVED)


def received() -> QuerySet[Card]:
    """Reported cards that wait for the centre."""
    return Card.objects.filter(state=State.REPORTED)


def remember(request: Request, pk: int) -> None:
    """Remember that the reader has looked at a card, in this session."""
    seen: list[int] = request.session.get(LOOKED, [])
    if pk not in seen:
        request.session[LOOKED] = [*seen, pk][-MOST_REMEMBERED:]


def looked_at(request: Request) -> frozenset[int]:
    """The cards that the reader has looked at in this session."""
    return frozenset(request.session.get(LOOKED, []))


def next_url(request: Request, card: Card) -> str:
    """Where an auditor or the centre goes on after a card: the one that has waited longest of those behind it."""
    by = request.scope
    if by.may(AUDIT) and by.institution is not None:
        cards, otherwise = auditable(by), reverse("registry:audit")
    elif by.may(VERIFY):
        cards, otherwise = received(), reverse("registry:received")
    else:
        return reverse("registry:card", args=[card.pk])
    behind = Q(state_since__gt=card.state_since) | Q(state_since=card.state_since, pk__gt=card.pk)
    waiting = cards.order_by("state_since", "pk").exclude(pk=card.pk).values_list("pk", flat=True)
    found = waiting.filter(behind).first() or waiting.first()
    return reverse("registry:card", args=[found]) if found else otherwise


def back(by: Scope) -> tuple[str, str]:
    """Where the reader of a card came from: their list, and what it is called."""
    if by.may(AUDIT) and by.institution is not None:
        return reverse("registry:audit"), _("Card audit")
    if by.may(VERIFY):
        return reverse("registry:received"), _("Cards received")
    return reverse("registry:cards"), _("Report cards")


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


@dataclass(frozen=True, slots=True)
class Sample:
    """What is looked at before clean cards are approved together."""

    cards: tuple[Card, ...]
    seen: frozenset[int]
    of: int

    @property
    def all_seen(self) -> bool:
        """Whether the reader has looked at every one."""
        return all(card.pk in self.seen for card in self.cards)

    @property
    def lines(self) -> list[tuple[Card, bool]]:
        """Each with whether it was looked at."""
        return [(card, card.pk in self.seen) for card in self.cards]


def sample(cards: list[int], day: date, person: int) -> list[int]:
    """Which of the cards are looked at: by chance, and the same all day for one person."""
    size = min(len(cards), max(AT_LEAST, -(-len(cards) // ONE_IN)))

    def drawn(pk: int) -> float:
        return random.Random(f"{day}:{person}:{pk}").random()  # noqa: S311 -- a sample, no secret

    return sorted(sorted(cards, key=drawn)[:size])
