"""What rules are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from django.utils.translation import get_language

from tonghu.rulebook import packaged

#: Folders of the rule book whose rules find something on cards.
FOLDERS: Final = ("registry", "tumours")


def title_of(rule: str) -> str:
    """The title of a rule in the reader's language; its id where the rule book has none of that id any more."""
    known = _titles().get(rule)
    if known is None:
        return rule
    return known[1 if (get_language() or "").startswith("en") else 0]


@cache
def _titles() -> Mapping[str, tuple[str, str]]:
    """The titles by reported id: that of the rule which has the id itself, else of the first that reports under it."""
    found: dict[str, tuple[str, str]] = {}
    for folder in FOLDERS:
        for rule in packaged(folder).rules:
            if rule.id == rule.reports or rule.reports not in found:
                found[rule.reports] = (rule.title.zh, rule.title.en)
    return found
