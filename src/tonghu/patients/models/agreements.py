"""What a family agreed to, and which hospitals may see a child for a time."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models.child import Child
from tonghu.patients.models.known import in_words
from tonghu.patients.purposes import name_of
from tonghu.platform.audit.history import tracked


def holds(valid: object, now: datetime | None = None) -> bool:
    """Whether a span of time holds now."""
    return (now or timezone.now()) in valid  # type: ignore[operator]


@tracked(
    part_of="child",
    called=("purpose",),
    words={"purpose": name_of, "relation": lambda code: in_words("RC033", code)},
)
class Consent(models.Model):
    """What a family agreed to, from–until; designated treatment is voluntary (REG-18). Never erased, only withdrawn."""

    child = models.ForeignKey(Child, models.PROTECT, related_name="consents")
    institution = models.ForeignKey("network.Institution", models.PROTECT, verbose_name=_("institution"))
    #: A code of the catalogue in ``consent_purposes.yaml``.
    purpose = models.CharField(_("purpose"), max_length=40)
    given_by = models.CharField(_("given by"), max_length=40)
    #: A code of RC033 (GB/T 4761).
    relation = models.CharField(_("relation"), max_length=2, blank=True)
    valid = DateTimeRangeField(_("valid"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("consent")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(valid__isempty=False), name="a_consent_has_a_time"),
        ]
        indexes: ClassVar = [models.Index(fields=["child", "purpose"], name="consent_by_child")]

    def __str__(self) -> str:
        return f"consent {self.pk}"

    @property
    def stands(self) -> bool:
        """Whether it holds now."""
        return self.withdrawn_at is None and holds(self.valid)

    def relation_label(self) -> str:
        """The relation in words."""
        return in_words("RC033", self.relation)


@tracked(part_of="child", called=("ground", "institution"))
class Grant(models.Model):
    """What lets another hospital see a child, from–until: custody, referral, consultation or consent."""

    class Ground(models.TextChoices):
        """Why it may."""

        CUSTODY = "custody", _("Custody")
        REFERRAL = "referral", _("Referral")
        CONSULTATION = "consultation", _("Consultation")
        CONSENT = "consent", _("Consent")

    child = models.ForeignKey(Child, models.PROTECT, related_name="grants")
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, related_name="+", verbose_name=_("hospital that may see")
    )
    given_by = models.ForeignKey("network.Institution", models.PROTECT, related_name="+", verbose_name=_("given by"))
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    #: Where the ground is a family's consent: it ends with it.
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, blank=True, related_name="grants")
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    valid = DateTimeRangeField(_("valid"))

    class Meta:
        verbose_name = _("permission to see")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(institution=models.F("given_by")), name="a_grant_goes_to_another_hospital"
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="a_grant_has_a_time"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "child"], name="grant_by_receiver"),
            models.Index(fields=["child"], name="grant_by_child"),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"

    @property
    def stands(self) -> bool:
        """Whether it holds now."""
        return holds(self.valid)

    @property
    def to_come(self) -> bool:
        """Whether it has still to begin."""
        return bool(self.valid.lower and self.valid.lower > timezone.now())
