"""The surveillance scope as it is published to the points: which diagnoses are reported, since when, on what ground."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from tonghu import policy
from tonghu.hqms.screen import SET
from tonghu.platform.accounts.access import Request, requires
from tonghu.registry.access import READ
from tonghu.rulebook import Rule, packaged

_CODES: Final = re.compile(r"in_list\(code, '([^']+)'\)")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the scope, of one dated rule.

    Attributes:
        codes: ICD-10 categories and ranges, as the rule has them.
        ended: the day from which it holds no more; None while none is known.
        grounds: the numbers of the clauses that it rests on, as printed.
        said: where its codes come from, in the rule's own words (English).
        verified: whether somebody read the codes in an official list.
    """

    id: str
    name: str
    codes: tuple[str, ...]
    begun: date
    ended: date | None
    age_below: object
    grounds: tuple[str, ...]
    said: str
    verified: bool


@requires(READ)
@require_GET
def scope(request: Request) -> HttpResponse:
    """The groups that hold at the reader's place on a day, those that sites may add, and what changes later."""
    region = request.post.institution.region_code if request.post else None
    day = _day(request.GET.get("on", "")) or timezone.localdate()
    book = packaged("registry")
    chosen = book.on(day, region, [SET]).rules
    rules = [rule for rule in book.rules if rule.set == SET and rule.is_at(region, None)]
    said = {
        "day": day,
        "groups": [_group(rule) for rule in chosen],
        "optional": [_group(rule) for rule in rules if rule.optional and rule.is_valid(day)],
        "later": [_group(rule) for rule in rules if rule.valid_from > day],
        "clauses": _clauses(chosen),
        "read": all(rule.verified for rule in chosen),
    }
    return render(request, "registry/scope.html", said)


def _group(rule: Rule) -> Group:
    found = _CODES.search(rule.flag or "")
    return Group(
        id=rule.id, name=rule.title.en if _english() else rule.title.zh,
        codes=tuple(found[1].split(", ")) if found else (rule.flag or "",),
        begun=rule.valid_from, ended=rule.valid_to, age_below=rule.params.get("age_below"),
        grounds=tuple(policy.clause(path).printed for path in rule.clauses), said=rule.source, verified=rule.verified,
    )  # fmt: skip


def _clauses(rules: tuple[Rule, ...]) -> list[tuple[str, str]]:
    """The clauses that rules rest on, each once: how it is cited, and what it asks."""
    paths = dict.fromkeys(path for rule in rules for path in rule.clauses)
    found = [policy.clause(path) for path in paths]
    return [(one.citation, one.en if _english() else one.zh) for one in found]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _english() -> bool:
    return (get_language() or "").startswith("en")
