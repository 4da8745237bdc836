"""How many rows of each kind a waiting file has: all that decides what becomes of a row, counted together.

A preview of a hundred thousand rows would read them all each time. They are counted once, when they are compared, and
the counts are kept with the batch; a choice moves its rows from one kind to another, under the batch's lock.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from tonghu.intake.models import Batch, Match, Row
from tonghu.intake.outcomes import COUNTS_AS, outcome

#: Where a batch keeps them; none there: waiting since an upgrade.
_KEPT: Final = "kinds"
#: What a kind is asked of a row, in its order.
_ASKED: Final = ("match", "choice", "why", "before", "fills", "damage")
#: Rows that write nothing whatever is chosen.
WRITES_NOTHING: Final = (Match.UNCHANGED, Match.REPEATED, Match.UNUSABLE)


class Kind(NamedTuple):
    """What decides what becomes of a row."""

    match: str
    choice: str
    why: str
    answered: bool
    fills: bool
    damage: str

    @property
    def becomes(self) -> str:
        """What becomes of its rows, as ``outcomes.outcome`` says it."""
        return outcome(self.match, self.choice, self.why, answered=self.answered, fills=self.fills)

    @property
    def counts_as(self) -> str:
        """The count in which its rows stand, or ``waits``."""
        return COUNTS_AS[self.becomes]

    @property
    def rows(self) -> Q:
        """Its rows, among those of a batch."""
        return Q(
            match=self.match, choice=self.choice, why=self.why, answered__isnull=not self.answered, fills=self.fills,
            damage=self.damage,
        )  # fmt: skip


def kinds(batch: Batch) -> Counter[Kind]:
    """Return the kinds of rows that a waiting batch has, with how many."""
    kept = batch.summary.get(_KEPT)
    if kept is None:
        return _counted(Row.objects.filter(batch=batch))
    return Counter({Kind(*kind): count for *kind, count in kept})


def count(batch: Batch) -> None:
    """Count them anew, after rows were compared; whoever asks saves the batch's summary."""
    _keep(batch, _counted(Row.objects.filter(batch=batch)))


def forget(batch: Batch) -> None:
    """Its rows are gone; whoever says so saves the batch's summary."""
    batch.summary.pop(_KEPT, None)


def choose(batch: Batch, rows: QuerySet[Row], choice: str) -> int:
    """Choose for rows of a locked batch, and let the counts follow; returns for how many."""
    if _KEPT in batch.summary:
        known, before = kinds(batch), _counted(rows)
        known -= before
        for kind, many in before.items():
            known[kind._replace(choice=choice)] += many
        _keep(batch, known)
        batch.save(update_fields=["summary"])
    return rows.update(choice=choice, chosen=True)


def _counted(rows: QuerySet[Row]) -> Counter[Kind]:
    before = ExpressionWrapper(Q(answered__isnull=False), output_field=BooleanField())
    asked = rows.order_by().annotate(before=before).values_list(*_ASKED).annotate(many=Count("pk"))
    return Counter({Kind(*kind): many for *kind, many in asked})


def _keep(batch: Batch, known: Counter[Kind]) -> None:
    batch.summary[_KEPT] = [[*kind, many] for kind, many in sorted(known.items()) if many]
