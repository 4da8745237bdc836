"""How much of what is audited is looked at one by one: the dated rules of ``auditing.yaml``."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from tonghu.platform.dated import setting

RULES: Final = Path(__file__).with_name("auditing.yaml")


def sample(cards: Sequence[int], day: date, person: int) -> list[int]:
    """Which cards are looked at before all are approved: by chance, and the same all day for one person."""
    rule = setting(RULES, "sampling", day)
    size = min(len(cards), max(rule["at_least"], -(-len(cards) // rule["one_in"])))

    def drawn(pk: int) -> float:
        return random.Random(f"{day}:{person}:{pk}").random()  # noqa: S311 -- a sample, no secret

    return sorted(sorted(cards, key=drawn)[:size])


def share(day: date) -> tuple[int, int]:
    """Of how many clean cards one is looked at, and how many at least."""
    rule = setting(RULES, "sampling", day)
    return rule["one_in"], rule["at_least"]


def many_changes(day: date) -> int:
    """In how many fields a card was changed that is marked."""
    fields: int = setting(RULES, "many_changes", day)["fields"]
    return fields
