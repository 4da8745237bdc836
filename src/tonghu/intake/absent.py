"""Cards of a file's archive month that none of its rows in scope is of.

A corrected file may say that a stay is in scope no more: another diagnosis, another birth date. Rows out of scope are
counted and not kept, so the import cannot tell such a stay from one that the file leaves out; a person can.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef

from tonghu.intake.models import Batch, Match, Row
from tonghu.registry.models import Card
from tonghu.registry.states import State

#: So many are listed.
SHOWN: Final = 50


def look(batch: Batch) -> list[int]:
    """The numbers of the first of these cards, voided ones left out, and of one more where there are more.

    Asked once, when the rows were compared, and kept with the batch: a hundred thousand rows take a tenth of a second.
    """
    of_file = Row.objects.filter(batch=batch)
    if not of_file.exclude(match=Match.UNUSABLE).exists():
        return []  # no row says whose it is: of no card could it be said that it is missing
    rows = of_file.filter(card=OuterRef("pk"))
    held = Card.objects.filter(institution=batch.institution_id, archive_month=batch.archive_month)
    found = held.exclude(state=State.VOIDED).filter(~Exists(rows)).order_by("pk")
    return list(found.values_list("pk", flat=True)[: SHOWN + 1])


def absent(batch: Batch) -> tuple[list[Card], bool]:
    """Return the first of these cards, voided ones left out, and whether there are more. The batch waits for a word."""
    known = batch.summary["absent"] if "absent" in batch.summary else look(batch)  # it may wait since an upgrade
    found = Card.objects.filter(institution=batch.institution_id, pk__in=known).exclude(state=State.VOIDED)
    return list(found.order_by("pk")[:SHOWN]), len(known) > SHOWN
