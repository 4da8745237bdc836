"""What is to be done on a card, what was done, and what is typed and not saved yet."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.registry.content import PLACE
from tonghu.registry.models.card import Card
from tonghu.registry.models.sealed import SealedBytes
from tonghu.registry.states import State

#: Bound into the sealed reasons of drafts.
REASONS = "registry.draft_reasons"


class Level(models.TextChoices):
    """How much a finding weighs."""

    ERROR = "error", _("Error")
    WARNING = "warning", _("Warning")
    CONFIRM = "confirm", _("To confirm")


class Finding(models.Model):
    """What a rule finds in the version in force. No values and no texts: the engine says them again at display."""

    Level = Level

    card = models.ForeignKey(Card, models.PROTECT, related_name="findings", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    rule = models.CharField(_("rule"), max_length=40)
    rule_version = models.SmallIntegerField()
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    #: The field's code in the card's layout, or the name of a supplement item; '' where it is of the whole card.
    column = models.CharField(_("field"), max_length=40, blank=True)
    overridden_reason = models.CharField(_("reason"), max_length=400, blank=True, default="")
    overridden_by = models.BigIntegerField(null=True)
    overridden_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("finding")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["card", "rule", "column"], name="one_finding_a_rule_and_field"),
            # An error is mended, never talked away.
            models.CheckConstraint(condition=Q(overridden_at=None) | ~Q(level="error"), name="no_error_is_overridden"),
            models.CheckConstraint(
                condition=Q(overridden_at=None, overridden_by=None, overridden_reason="")
                | (Q(overridden_at__isnull=False) & ~Q(overridden_reason="")),
                name="an_override_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(overridden_at=None) | Q(overridden_by__isnull=False), name="an_override_names_who"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "rule", "card"], name="finding_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} on card {self.card_id}"


class CardAct(models.Model):
    """Something that was done with a card: a move between states, an override, a question. Only added to."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="acts", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    version = models.IntegerField(_("version"))
    #: A code of ``states.ACTS``; ``override``, ``ask`` and ``answer`` leave the state as it is.
    act = models.CharField(_("act"), max_length=20)
    from_state = models.CharField(max_length=20, choices=State.choices)
    to_state = models.CharField(max_length=20, choices=State.choices)
    #: What it is about: the rule that was overridden, the department that was asked.
    about = models.CharField(max_length=40, blank=True)
    person_id = models.BigIntegerField(null=True, editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    #: Who it was in words, as they were then.
    who = models.TextField(editable=False, default="")
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    batch = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("act on a card")
        db_table = "registry_act"
        indexes: ClassVar = [
            models.Index(fields=["card", "id"], name="act_by_card"),
            models.Index(fields=["institution", "at"], name="act_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.act} on card {self.card_id}"


class Draft(models.Model):
    """What somebody typed and did not save: it waits for them, sealed, until they save or throw it away."""

    #: Which new card it is of those that somebody began; of a card that is there it says nothing.
    begun = models.UUIDField(default=uuid4, editable=False)
    #: Null while a new card is typed.
    card = models.ForeignKey(Card, models.CASCADE, null=True, related_name="drafts", db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False)
    person_id = models.BigIntegerField(editable=False)
    #: The oldest version that was on a screen; 0 for a new card.
    based_on_version = models.IntegerField(default=0)
    content = SealedBytes(place=PLACE)
    #: Reasons for findings that were given and are not saved yet, sealed (``drafts.reasons_of``).
    reasons = SealedBytes(place=REASONS, null=True)
    #: Who typed it, in words: colleagues are told.
    who = models.TextField(default="", db_default="", editable=False)
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("draft")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person_id", "card"], name="one_draft_a_card_and_person"),
            models.UniqueConstraint(
                fields=["person_id", "institution", "begun"], condition=Q(card=None), name="one_draft_a_new_card"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
