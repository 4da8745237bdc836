"""Findings as they are stored: put in line with what the rules find now, overrides kept where nothing changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Count

from tonghu.registry.checks import Found
from tonghu.registry.models import Card, Finding, Level


def count_open(findings: Iterable[Found | Finding]) -> dict[str, int]:
    """Return how many findings are open, as the columns of a card."""
    levels = Counter(
        one.level for one in findings if not (isinstance(one, Finding) and one.overridden_at is not None)
    )  # fmt: skip
    return {"errors": levels[Level.ERROR], "warnings": levels[Level.WARNING], "confirms": levels[Level.CONFIRM]}


def rows(card: Card, found: Iterable[Found]) -> list[Finding]:
    """Return the rows of findings of a card, not saved."""
    return [
        Finding(
            card=card,
            institution_id=card.institution_id,
            rule=one.rule,
            rule_version=one.rule_version,
            level=one.level,
            column=one.column,
        )
        for one in found
    ]


#: A card, what the rules find on it now, and which fields changed since they were asked last.
Renewal = tuple[Card, Collection[Found], Collection[str]]


def renew(cards: Sequence[Renewal]) -> dict[int, list[Finding]]:
    """Put the stored findings of cards in line with what is found now; returns those that stand, by card.

    An override survives where the rule is the same version and nothing that it reads has changed. The cards' counts are
    not written: see :func:`count_open`.
    """
    held: dict[int, dict[tuple[str, str], Finding]] = defaultdict(dict)
    for one in Finding.objects.filter(card__in=[card.pk for card, _found, _changed in cards]):
        held[one.card_id][one.rule, one.column] = one
    stands: dict[int, list[Finding]] = {}
    fresh: list[Finding] = []
    outdated: list[int] = []
    for card, found, changed in cards:
        kept, wanted = _compared(held[card.pk], found, frozenset(changed))
        stay = {one.pk for one in kept}
        outdated += [one.pk for one in held[card.pk].values() if one.pk not in stay]
        made = rows(card, wanted)
        fresh += made
        stands[card.pk] = kept + made
    if outdated:
        Finding.objects.filter(pk__in=outdated).delete()
    Finding.objects.bulk_create(fresh)
    return stands


def _compared(
    held: Mapping[tuple[str, str], Finding], found: Iterable[Found], changed: frozenset[str]
) -> tuple[list[Finding], list[Found]]:
    """The stored findings that stand, and those to be stored."""
    kept: list[Finding] = []
    wanted: list[Found] = []
    for one in found:
        before = held.get(one.at)
        same = before is not None and (before.rule_version, before.level) == (one.rule_version, one.level)
        if before is None or not same or (before.overridden_at and changed & (one.reads | {one.column})):
            wanted.append(one)
        else:
            kept.append(before)
    return kept, wanted


def recount(cards: Collection[int]) -> None:
    """Count the open findings of cards anew, as the database holds them."""
    counts: dict[int, dict[str, int]] = {card: count_open(()) for card in cards}
    names = {Level.ERROR: "errors", Level.WARNING: "warnings", Level.CONFIRM: "confirms"}
    rows = Finding.objects.filter(card__in=cards, overridden_at=None).values("card", "level").annotate(many=Count("pk"))
    for row in rows:
        counts[row["card"]][names[Level(row["level"])]] = row["many"]
    held = list(Card.objects.filter(pk__in=cards).order_by("pk"))
    changed = [card for card in held if any(getattr(card, name) != many for name, many in counts[card.pk].items())]
    for card in changed:
        for name, many in counts[card.pk].items():
            setattr(card, name, many)
    if changed:
        Card.objects.bulk_update(changed, sorted(names.values()))
