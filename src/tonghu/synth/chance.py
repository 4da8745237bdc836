"""Seeded draws, the same on every machine: everything comes from `Random.random`, whose stream Python guarantees."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Chance:
    """A seeded source of draws. `label` splits one seed into independent streams (hospital, month, …)."""

    def __init__(self, seed: int, label: str = "") -> None:
        self.random = random.Random(f"{seed}/{label}").random  # noqa: S311 -- made-up data, nothing secret

    def below(self, n: int) -> int:
        """A whole number 0 … n-1."""
        return int(self.random() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number low … high, both included."""
        return low + int(self.random() * (high - low + 1))

    def one(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[int(self.random() * len(items))]

    def happens(self, share: float) -> bool:
        """True in `share` of the draws."""
        return self.random() < share

    def shuffle(self, items: list[Item]) -> None:
        """Shuffle in place (Fisher-Yates; `random.shuffle` promises no stable stream)."""
        draw = self.random
        for i in range(len(items) - 1, 0, -1):
            j = int(draw() * (i + 1))
            items[i], items[j] = items[j], items[i]


class Wheel(Generic[Item]):
    """Items with weights, drawn in logarithmic time."""

    def __init__(self, items: Sequence[Item], weights: Sequence[float]) -> None:
        self._items = tuple(items)
        self._sums = list(accumulate(weights))

    def spin(self, chance: Chance) -> Item:
        """One item, in proportion to its weight."""
        return self._items[bisect_right(self._sums, chance.random() * self._sums[-1])]
