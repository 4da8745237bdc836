"""Which cards a reader sees, and as what: the own hospital's as they are, those of others as they were reported.

Those of others are read from above, or by a hospital that is let see the child for a time (``patients.agreements``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

from django.db.models import QuerySet

from tonghu.network.queries import few_reached
from tonghu.platform.audit.acts import log_list
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import Content, open_
from tonghu.registry.models import Card, CardVersion, SeenCard
from tonghu.registry.summary import Identity, named

#: So many cards of a hospital tell which codes it writes.
NEWEST: Final = 400


def cards_seen(by: Scope) -> QuerySet[Card]:
    """The cards in the reader's reach, with the columns that they may see; to be read, not to be written."""
    if by.institution is not None:
        return Card.objects.filter(institution=by.institution)
    # Row security says it as well; said here, the indexes of reported cards fit (``OF_REPORTED``).
    seen = SeenCard.objects.filter(first_reported_at__isnull=False)
    few = few_reached(by)
    return cast("QuerySet[Card]", seen if few is None else seen.filter(institution__in=few))  # the same columns


def cards_of_child(children: Iterable[int]) -> QuerySet[Card]:
    """The cards of a child and of those that are one with it: also those at hospitals that let the reader's see it."""
    return cast("QuerySet[Card]", SeenCard.objects.filter(child__in=list(children)))


def card_seen(pk: int) -> tuple[Card, bool] | None:
    """One card in the reader's reach with what belongs to it, and whether it is in correction: then it is as it was
    reported, since the newer version is not the reader's.
    """
    of_it = ("institution", "view", "child")
    own = Card.objects.select_related(*of_it).filter(pk=pk).first()
    if own is not None:
        return own, False
    reported = SeenCard.objects.select_related(*of_it).filter(pk=pk).first()
    return (reported.as_card(), True) if reported else None


def in_correction(card: Card | SeenCard) -> bool:
    """Whether a card of a list says what was reported, while its hospital has a newer version in hand."""
    return bool(getattr(card, "in_correction", False))


def whom(cards: Iterable[Card | SeenCard]) -> dict[int, Identity]:
    """Who the children of cards are, by the cards' numbers: name, sex and birth date, as the version that the reader
    sees says them. The hospital's view of a child knows the newest of all its stays, which may be another name.
    """
    wanted = {card.pk: card.reported_version if in_correction(card) else card.version for card in cards}
    if not wanted:
        return {}
    said = CardVersion.objects.filter(card__in=wanted, number__in=set(wanted.values()))
    return {
        one.card_id: named(open_(one.content))
        for one in said.only("card_id", "number", "content")
        if one.number == wanted[one.card_id]
    }


def show_names(cards: Iterable[Card | SeenCard], purpose: str, *, by: Scope) -> dict[int, str]:
    """What children are called on cards, by the cards' numbers (:func:`whom`), to be shown to the reader.

    A list that names children is a look at each of them: it is logged here, so that no list of names comes without.
    Ask once a page, for all its lists: each time is a row in the log.

    Args:
        cards: the cards that the page shows, no others.
        purpose: which list, a word of ``audit.acts``.
        by: the open scope.
    """
    held = list(cards)
    log_list(((card.child_id, card.institution_id) for card in held), purpose, by=by)
    return {pk: one.patient_name for pk, one in whom(held).items()}


def newest_change(*, by: Scope) -> datetime | None:
    """When a card of the reader's own hospital was changed last; None where it has none."""
    newest = Card.objects.filter(institution=by.institution).order_by("-changed_at", "pk")
    return newest.values_list("changed_at", flat=True).first()


def newest_contents(*, by: Scope, limit: int = NEWEST) -> list[Content]:
    """What the newest cards of the reader's own hospital say."""
    newest = Card.objects.filter(institution=by.institution).order_by("-changed_at", "pk")
    numbers = dict(newest.values_list("pk", "version")[:limit])
    versions = CardVersion.objects.filter(card__in=list(numbers)).only("card_id", "number", "content")
    return [open_(one.content) for one in versions if numbers[one.card_id] == one.number]
