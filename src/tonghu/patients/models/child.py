"""The child as an identity, and the keys by which the resolver knows one again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models.numbers import DOCUMENT
from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash


@tracked()
class Child(models.Model):
    """One child, nationwide. Rows are made and grouped by the resolver; see ``resolver.sql``."""

    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)
    #: The child of the smallest id among those that merges have declared one; null for a child on its own.
    one_with = models.ForeignKey("self", models.PROTECT, null=True, related_name="others", verbose_name=_("one with"))

    class Meta:
        verbose_name = _("child")
        # By this the resolver finds all who are one with somebody: at every merge, and for what grants open.
        indexes: ClassVar = [models.Index(Coalesce("one_with", "id"), name="child_by_group")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def group(self) -> int:
        """The id under which the child and everyone merged with it are one."""
        return self.one_with_id or self.pk


class DocumentKey(models.Model):
    """A document's keyed hash, by which a child is known again anywhere. The resolver's own; ``app`` reads none."""

    #: Made anew by :mod:`tonghu.patients.rotation`: while keys change a number may stand here twice.
    key = KeyedHash(purpose=DOCUMENT, unique=True)
    number = EncryptedText(place="patients_documentkey.number")
    child = models.ForeignKey(Child, models.PROTECT, related_name="+")


class RecordKey(models.Model):
    """A hospital's record number, by which a child is known again there. The resolver's own."""

    institution = models.ForeignKey("network.Institution", models.PROTECT, related_name="+", db_index=False)
    record_number = models.CharField(max_length=20)
    child = models.ForeignKey(Child, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "record_number"], name="one_child_a_record_number")
        ]


class KnownChild(models.Model):
    """That the resolver answered a hospital with a child. Its own: no view names a child that it did not answer."""

    institution = models.ForeignKey("network.Institution", models.PROTECT, related_name="+", db_index=False)
    child = models.ForeignKey(Child, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["institution", "child"], name="known_once_a_hospital")]
