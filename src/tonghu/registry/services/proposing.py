"""What a rule would put right on cards in hand, and on how many: looked at before a mend; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet
from django.utils import timezone

from tonghu.hqms.mends import RULES
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.checks import Found, check, proposed
from tonghu.registry.content import Content, open_
from tonghu.registry.locks import locked_among
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.states import EDITABLE

#: Rules that may know what is right; whether they do on a certain card, :func:`preview` says.
MENDABLE: Final = frozenset(RULES)
#: So many cards are mended at once; the next ones by asking again.
MOST: Final = 500
#: So many cards of a rule one job takes: more than any hospital has in hand.
MOST_OF_A_RULE: Final = 100_000
#: Whether a rule knows what is right is asked of so many of its cards, the oldest first.
LOOKED_AT: Final = 20
#: Fetches cards by their numbers: as they are, or locked for whoever writes them.
Fetch = Callable[[Sequence[int]], dict[int, Card]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One text that a rule would put right.

    Attributes:
        card: the card's number; `record_number` what the hospital calls the record.
        column: the field's code or the supplement item.
        before, after: the text as it is and as it would be.
    """

    card: int
    record_number: str
    layout: str
    column: str
    before: str
    after: str


def certain(*, rules: Iterable[str], by: Scope) -> frozenset[str]:
    """Return those of the rules that know what is right on one of the first cards in hand; writes nothing."""
    today = timezone.localdate()
    asked: list[tuple[str, int, int, str]] = []
    for rule in MENDABLE.intersection(rules):
        found = open_of(rule, by).order_by("card__archive_month", "card")
        asked += found.values_list("rule", "card", "card__version", "column")[:LOOKED_AT]
    held = _contents({card: version for _rule, card, version, _column in asked})
    known: set[str] = set()
    for rule, card, _version, column in asked:
        if rule not in known and card in held and proposed(rule, held[card], column, today):
            known.add(rule)
    return frozenset(known)


def preview(*, rule: str, by: Scope, cards: Iterable[int] | None = None, most: int = MOST) -> list[Proposal]:
    """Return what a bulk mend of a rule would change, by card and field; writes nothing.

    Args:
        cards: only these (default: all of the own hospital that are in hand, oldest month first).

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    return [
        one for _card, _content, proposals in proposals_of(rule, by, cards, most, _as_they_are) for one in proposals
    ]


def cards_of_rule(*, rule: str, by: Scope) -> list[int]:
    """The own hospital's cards in hand on which a rule finds something open, the oldest month first.

    Whether it knows what is right on each of them is looked at when they are mended.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    if rule not in MENDABLE or by.institution is None:
        return []
    found = open_of(rule, by).order_by("card__archive_month", "card").values_list("card", flat=True)
    return list(dict.fromkeys(found[:MOST_OF_A_RULE]))


def count_of_rule(*, rule: str, by: Scope) -> int:
    """How many cards :func:`cards_of_rule` answers."""
    if rule not in MENDABLE or by.institution is None:
        return 0
    return open_of(rule, by).values("card").distinct().count()


def locked_of_rule(*, rule: str, by: Scope) -> int:
    """How many of the cards that :func:`cards_of_rule` answers are of a locked archive month."""
    if rule not in MENDABLE or by.institution is None:
        return 0
    each = open_of(rule, by).order_by().values("card__archive_month").annotate(n=Count("card", distinct=True))
    months = dict(each.values_list("card__archive_month", "n"))
    return sum(months[month] for month in locked_among(by.institution, months))


def proposals_of(
    rule: str, by: Scope, cards: Iterable[int] | None, most: int, fetch: Fetch
) -> list[tuple[Card, Content, list[Proposal]]]:
    """The cards in hand on which a rule finds something, each with what it says and what the rule proposes."""
    if rule not in MENDABLE or by.institution is None:
        return []
    found = open_of(rule, by)
    if cards is not None:
        found = found.filter(card__in=list(cards))
    order = found.order_by("card__archive_month", "card").values_list("card", flat=True)
    numbers = list(dict.fromkeys(order[: most * 4]))[:most]
    held = fetch(numbers)
    today, contents = timezone.localdate(), current_of(held.values())
    answers = []
    for number in numbers:
        if (card := held.get(number)) is None:
            continue
        here = check(contents[number], today, card.institution.region_code)
        proposals = [_proposal(card, one) for one in here if one.rule == rule and one.mend is not None]
        if proposals:
            answers.append((card, contents[number], proposals))
    return answers


def open_of(rule: str, by: Scope) -> QuerySet[Finding]:
    """What a rule finds open on the own hospital's cards in hand."""
    return Finding.objects.filter(
        institution=by.institution, rule=rule, overridden_at=None, card__state__in=EDITABLE
    )  # fmt: skip


def current_of(cards: Iterable[Card]) -> dict[int, Content]:
    """What cards say now, by number."""
    return _contents({card.pk: card.version for card in cards})


def _as_they_are(numbers: Sequence[int]) -> dict[int, Card]:
    return {card.pk: card for card in Card.objects.select_related("institution").filter(pk__in=numbers)}


def _proposal(card: Card, found: Found) -> Proposal:
    return Proposal(card.pk, card.record_number, card.layout, found.column, found.value or "", found.mend or "")


def _contents(wanted: Mapping[int, int]) -> dict[int, Content]:
    versions = CardVersion.objects.filter(card__in=wanted).only("card_id", "number", "content")
    return {one.card_id: open_(one.content) for one in versions if one.number == wanted[one.card_id]}
