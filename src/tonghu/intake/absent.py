"""Cards of a file's archive month that none of its rows in scope is of.

A corrected file may say that a stay is in scope no more: another diagnosis, another birth date. Rows out of scope are
counted and not kept, so the import cannot tell such a stay from one that the file leaves out; a person can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef

from tonghu.intake.models import Batch, Match, Row
from tonghu.registry.models import Card
from tonghu.registry.states import State

#: So many are listed.
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Absent:
    """The first of these cards, and how many there are."""

    cards: Sequence[Card] = ()
    total: int = 0

    @property
    def more(self) -> int:
        """How many are not among them."""
        return self.total - len(self.cards)


def look(batch: Batch) -> dict[str, Any]:
    """Return the numbers of the first of these cards, voided ones left out, and how many there are.

    Asked once, when the rows were compared, and kept with the batch: a hundred thousand rows take a tenth of a second.
    """
    of_file = Row.objects.filter(batch=batch)
    if not of_file.exclude(match=Match.UNUSABLE).exists():
        return {"cards": [], "total": 0}  # no row says whose it is: of no card could it be said that it is missing
    rows = of_file.filter(card=OuterRef("pk"))
    held = Card.objects.filter(institution=batch.institution_id, archive_month=batch.archive_month)
    found = held.exclude(state=State.VOIDED).filter(~Exists(rows)).order_by("pk")
    first = list(found.values_list("pk", flat=True)[: SHOWN + 1])
    return {"cards": first[:SHOWN], "total": found.count() if len(first) > SHOWN else len(first)}


def absent(batch: Batch) -> Absent:
    """Return these cards. The batch waits for a word."""
    known = batch.summary.get("absent")
    if not isinstance(known, dict):  # compared again since, or waiting since an upgrade
        known = look(batch)
    found = Card.objects.filter(institution=batch.institution_id, pk__in=known["cards"])
    cards = list(found.exclude(state=State.VOIDED).order_by("pk"))
    return Absent(cards, known["total"] - len(known["cards"]) + len(cards))
