"""Acts that say that two children are one, or that one is two, and questions whether they are."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models.child import Child
from tonghu.patients.models.known import HospitalView
from tonghu.platform.audit.history import tracked
from tonghu.platform.scope.wording import label_in_words


@tracked(part_of="kept")
class Merge(models.Model):
    """An act: two children are one, or an earlier act is taken back. Rows are made by the resolver and never change."""

    kept = models.ForeignKey(Child, models.PROTECT, related_name="+", verbose_name=_("child"))
    merged = models.ForeignKey(Child, models.PROTECT, related_name="+", verbose_name=_("one with"))
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by", verbose_name=_("takes back")
    )
    reason = models.CharField(_("reason"), max_length=400)
    person_id = models.BigIntegerField(null=True, editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    #: The hospital on whose behalf it was said; none where somebody above hospitals said it.
    of_hospital = models.BigIntegerField(null=True, editable=False)
    #: For which hospitals somebody above them said it: those in this range of region codes, ``from <= code < to``.
    region_from = models.CharField(max_length=6, null=True, editable=False, db_collation="C")
    region_to = models.CharField(max_length=6, null=True, editable=False, db_collation="C")
    #: Who it was in words, as they were then.
    who = models.TextField(editable=False, default="")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("merge")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(kept=models.F("merged")), name="a_merge_is_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_merge_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"merge {self.pk}"

    @property
    def by_whom(self) -> str:
        """Who it was, with the role in the reader's language."""
        return label_in_words(self.who)


class Split(models.Model):
    """An act: a view that stood for one child with others stands for another. Rows are the resolver's and never change.

    A merge of the two children takes it back.
    """

    view = models.ForeignKey(HospitalView, models.PROTECT, related_name="+")
    institution = models.ForeignKey("network.Institution", models.PROTECT, related_name="+", db_index=False)
    record_number = models.CharField(max_length=20)
    #: Of whom the view was, and of whom it is since.
    child = models.ForeignKey(Child, models.PROTECT, related_name="+")
    parted = models.ForeignKey(Child, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=400)
    person_id = models.BigIntegerField(null=True, editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    who = models.TextField(editable=False, default="")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("split")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(child=models.F("parted")), name="a_split_is_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_split_has_a_reason"),
            # By these an import asks whether a row was parted from the child of its document.
            models.UniqueConstraint(fields=["institution", "record_number", "child"], name="parted_once_from_a_child"),
        ]

    def __str__(self) -> str:
        return f"split {self.pk}"

    @property
    def by_whom(self) -> str:
        """Who it was, with the role in the reader's language."""
        return label_in_words(self.who)


class MergeProposal(models.Model):
    """Are these two one child? Asked by the resolver where the evidence disagrees, answered by a person."""

    class Ground(models.TextChoices):
        """Where the question comes from."""

        RECORD_NUMBER = "record_number", _("One record number, two documents")
        DOCUMENT = "document", _("One document, two children")
        NAMES = "names", _("One record number, two names and birth dates")

    first = models.ForeignKey(Child, models.PROTECT, related_name="+")
    second = models.ForeignKey(Child, models.PROTECT, related_name="+")
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    #: Where the question arose.
    institution = models.ForeignKey("network.Institution", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("time"))
    #: The answer: one child (by this act), or two (by this reason).
    merge = models.ForeignKey(Merge, models.PROTECT, null=True, related_name="+")
    dismissed_because = models.CharField(_("reason"), max_length=400, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="a_proposal_is_of_two_in_order"),
            models.UniqueConstraint(fields=["first", "second"], name="one_proposal_a_pair"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["made_at", "id"], name="proposal_open", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"
