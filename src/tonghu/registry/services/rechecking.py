"""Asking the rules again: findings follow the rules of the day while a card is in hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.checks import check, rules_key
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services.comparing import among
from tonghu.registry.services.findings import count_open, renew
from tonghu.registry.states import EDITABLE
from tonghu.registry.summary import facts

#: Columns that a check writes.
COUNTS = ("errors", "warnings", "confirms", "rules_key")


def outdated(card: Card) -> bool:
    """Whether other rules hold today than those that its findings are of; its institution is asked for its region."""
    return card.rules_key != rules_key(card.layout, timezone.localdate(), card.institution.region_code)


@transaction.atomic
def recheck(*, cards: Iterable[int], by: Scope) -> int:
    """Ask the rules of today about cards in hand; returns how many cards' findings are others now.

    What was explained stays so, where the rule is the same. The contents are not touched.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    held = Card.objects.select_for_update(of=("self",), no_key=True).select_related("institution")
    return ask_again(held.filter(pk__in=list(cards), state__in=EDITABLE).order_by("pk"))


def ask_again(cards: Collection[Card] | Iterable[Card]) -> int:
    """:func:`recheck` for cards that the caller holds locked, in hand; their counts are right afterwards."""
    held = list(cards)
    today = timezone.localdate()
    wanted = {card.pk: card.version for card in held}
    versions = CardVersion.objects.filter(card__in=wanted).only("card_id", "number", "content")
    contents = {one.card_id: open_(one.content) for one in versions if one.number == wanted[one.card_id]}
    before = {card.pk: (card.errors, card.warnings, card.confirms) for card in held}
    said = [facts(contents[card.pk], today, card.institution.region_code) for card in held]
    compared = among([(card.institution_id, card.pk, one) for card, one in zip(held, said, strict=True)])
    found = {
        card.pk: check(contents[card.pk], today, card.institution.region_code, others)
        for card, others in zip(held, compared, strict=True)
    }
    stands = renew([(card, found[card.pk], ()) for card in held])
    for card in held:
        card.rules_key = rules_key(card.layout, today, card.institution.region_code)
        for name, many in count_open(stands[card.pk]).items():
            setattr(card, name, many)
    if held:
        Card.objects.bulk_update(held, COUNTS)
    return sum((card.errors, card.warnings, card.confirms) != before[card.pk] for card in held)
