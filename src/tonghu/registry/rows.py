"""The row beside a card: what files and messages said of the stay, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tonghu.registry.content import Content, open_
from tonghu.registry.models import CardVersion, Origin

#: Versions that came from outside, not from somebody's hand.
FROM_OUTSIDE: Final = frozenset({Origin.IMPORT, Origin.DOCKING})


def outside(known: Iterable[tuple[int, str, int | None]]) -> list[int]:
    """The numbers of the versions that came from outside and were not taken back; of a typed card its first one.

    Args:
        known: number, origin and batch of the versions of a card, the oldest first, at least one.
    """
    held = list(known)
    undone = {batch: number for number, origin, batch in held if origin == Origin.UNDO}
    came = [
        number
        for number, origin, batch in held
        if origin in FROM_OUTSIDE and (batch is None or undone.get(batch, 0) < number)
    ]
    return came or [held[0][0]]


def said_by(versions: Sequence[CardVersion]) -> Content:
    """What the row said, of the versions that :func:`outside` names, the oldest first.

    An import that changes a card keeps its row (``CardVersion.row``), and the newest of them is the row. What came
    later without one (a message of a docking client, an import before rows were kept) says the fields that it changed.
    """
    start = max((at for at, one in enumerate(versions) if one.row), default=0)
    first, *later = versions[start:]
    said = open_(first.row or first.content)
    for one in later:
        brought = open_(one.content)
        said = said.with_changes(
            {code: brought.front.get(code, "") for code in one.changed},
            {name: brought.supplement.get(name, "") for name in one.changed},
        )
    return said


def row_of(card: int) -> Content:
    """The row beside a card, as its hospital sees it; the card has a version."""
    versions = CardVersion.objects.filter(card=card).order_by("number")
    came = outside(versions.values_list("number", "origin", "batch"))
    return said_by(list(versions.filter(number__in=came)))
