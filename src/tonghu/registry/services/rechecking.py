"""Asking the rules again: findings follow the rules of the day, and the other stays, while a card is in hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.checks import check, rules_key, to_supplement
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services.comparing import among, comparing, found_without_opening, uncompared
from tonghu.registry.services.findings import count_open, renew
from tonghu.registry.states import EDITABLE
from tonghu.registry.summary import facts

#: Columns that a check writes.
COUNTS = ("errors", "warnings", "confirms", "rules_key", "compared_at", "to_supplement")


def to_ask_again(cards: Iterable[Card]) -> list[Card]:
    """Those of locked cards in hand on which the rules may find something else now: other rules, or other stays."""
    held = list(cards)
    by_hospital: dict[int, list[int]] = {}
    for card in held:
        by_hospital.setdefault(card.institution_id, []).append(card.pk)
    others_changed = {
        pk
        for hospital, numbers in by_hospital.items()
        for pk in uncompared(hospital).filter(pk__in=numbers).values_list("pk", flat=True)
    }
    return [card for card in held if card.pk in others_changed or outdated(card)]


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


@transaction.atomic
def compare(*, cards: Iterable[int], by: Scope) -> int:
    """Ask the rules that compare stays about cards in hand; returns how many cards' findings are others now.

    Set-wise; of a card that shares its record with others name and birth date are read, and the whole of those on which
    another answer than the stored one comes out.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    today, now = timezone.localdate(), timezone.now()
    wanted = Card.objects.select_for_update(of=("self",), no_key=True).select_related("institution")
    held = list(wanted.filter(pk__in=list(cards), state__in=EDITABLE).order_by("pk"))
    stored: dict[int, set[tuple[str, str]]] = {card.pk: set() for card in held}
    for number, rule, column in Finding.objects.filter(card__in=stored).values_list("card", "rule", "column"):
        stored[number].add((rule, column))
    differing = []
    for card, others in zip(held, among([(card.institution_id, card.pk, card) for card in held]), strict=True):
        region = card.institution.region_code
        rules = {rule.reports for rule in comparing(card.layout, today, region).rules}
        before = {at for at in stored[card.pk] if at[0] in rules}
        if found_without_opening(card, others, today, region) != before:
            differing.append(card)
    changed = ask_again(differing)
    as_before = {card.pk for card in held} - {card.pk for card in differing}
    Card.objects.filter(pk__in=as_before).update(compared_at=now)
    return changed


def ask_again(cards: Collection[Card] | Iterable[Card]) -> int:
    """:func:`recheck` for cards that the caller holds locked, in hand; their counts are right afterwards."""
    held = list(cards)
    today, now = timezone.localdate(), timezone.now()
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
    for card, now_said in zip(held, said, strict=True):
        card.to_supplement = len(to_supplement(contents[card.pk], now_said.scope_group, today))
        card.rules_key = rules_key(card.layout, today, card.institution.region_code)
        card.compared_at = now
        for name, many in count_open(stands[card.pk]).items():
            setattr(card, name, many)
    if held:
        Card.objects.bulk_update(held, COUNTS)
    return sum((card.errors, card.warnings, card.confirms) != before[card.pk] for card in held)
