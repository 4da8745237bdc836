"""Counts of cards that are kept with every change, and the table of states as the database sees it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tonghu.registry.states import State


class Tally(models.Model):
    """How many cards of a hospital and archive month came into a state, or (below zero) left it.

    Kept by triggers in the transaction that changes the cards: **the sum is the count**. Rows are added, never changed,
    so that nobody waits for anybody; a job adds them up now and then (``registry.fold_tally``). Names no person. Of a
    reported card that its hospital corrects, the hospital reads the count of the newer version, those above that of
    the reported one, as they read the card.
    """

    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False)
    archive_month = models.DateField(_("archive month"))
    state = models.CharField(_("state"), max_length=20, choices=State.choices)
    #: Whether errors are open, and whether the first version had any.
    problem = models.BooleanField()
    problem_at_first = models.BooleanField()
    #: Whose readers count the row: of its own hospital (true), of those above (false), everybody's (None).
    own = models.BooleanField(null=True)
    cards = models.IntegerField(_("cards"))

    class Meta:
        indexes: ClassVar = [models.Index(fields=["institution", "archive_month"], name="tally_by_month")]

    def __str__(self) -> str:
        return f"{self.cards} {self.state} of {self.archive_month}"


class Transition(models.Model):
    """One line of ``states.py``, for the trigger. A migration fills it; a test holds both together."""

    act = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    permission = models.CharField(max_length=40)
    needs_clean = models.BooleanField()
    not_by_authors = models.BooleanField()
    #: Only of cards of which the centre holds a version (true), only of others (false); of any (null).
    centre_holds = models.BooleanField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["act", "from_state"], name="one_line_an_act_and_state")
        ]

    def __str__(self) -> str:
        return f"{self.act}: {self.from_state} → {self.to_state}"
