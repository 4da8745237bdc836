"""Findings as they are stored: put in line with what the rules find now, overrides kept where nothing changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

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


def renew(card: Card, found: Collection[Found], changed: Collection[str]) -> list[Finding]:
    """Put the stored findings of a card in line with what was found, and return those that stand now.

    An override survives where the rule is the same version and nothing that it reads is among `changed`. The card's
    counts are not written: :func:`count_open` of the answer.
    """
    held = {(one.rule, one.column): one for one in Finding.objects.filter(card=card)}
    wanted = {one.at: one for one in found}
    stands: list[Finding] = []
    fresh: list[Found] = []
    outdated: list[int] = [one.pk for at, one in held.items() if at not in wanted]
    touched = frozenset(changed)
    for at, one in wanted.items():
        before = held.get(at)
        if before is None or (before.rule_version, before.level) != (one.rule_version, one.level):
            fresh.append(one)
            outdated += [before.pk] if before else []
        elif before.overridden_at is not None and touched & (one.reads | {one.column}):
            fresh.append(one)
            outdated.append(before.pk)
        else:
            stands.append(before)
    if outdated:
        Finding.objects.filter(pk__in=outdated).delete()
    return stands + Finding.objects.bulk_create(rows(card, fresh))
