"""Docking clients and their tokens, how often callers have asked of late, and answers kept for a repeated call."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText


@tracked(exclude=("secret_digest", "kept_by"), name=_("docking client"), called=("name",))
class DockingClient(models.Model):
    """An information system of an institution that calls the API with credentials of its own."""

    class Environment(models.TextChoices):
        """What it is for. A test client never sees patients of an institution that is not made up."""

        TEST = "test", _("Test")
        LIVE = "live", _("Live")

    #: What it calls itself by; no secret.
    client_id = models.CharField(_("client id"), max_length=40, unique=True)
    #: SHA-256. The secret is 256 random bits, not a word that somebody thought of, so a slow hash would add nothing.
    secret_digest = models.BinaryField(max_length=32)
    name = models.CharField(_("system"), max_length=80)
    institution = models.ForeignKey("network.Institution", models.PROTECT, verbose_name=_("institution"))
    environment = models.CharField(_("environment"), max_length=4, choices=Environment.choices)
    permissions = ArrayField(models.CharField(max_length=60), verbose_name=_("rights"))
    #: Networks in CIDR notation from which it may call; empty: from anywhere.
    networks = ArrayField(models.CharField(max_length=43), verbose_name=_("addresses"), default=list, blank=True)
    #: From when until when it holds; ending it sets the end.
    valid = DateTimeRangeField(_("valid"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )
    #: Who answers for it: who issued it, then who renewed its secret last (``keeping.py``).
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("kept by"),
        db_constraint=False, db_index=False,
    )  # fmt: skip
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    renewed_at = models.DateTimeField(_("secret renewed"), null=True)

    class Meta:
        verbose_name = _("docking client")
        indexes = [models.Index(fields=["institution", "name"], name="docking_client_by_place")]

    def __str__(self) -> str:
        return self.name

    def holds(self, at: datetime | None = None) -> bool:
        """Whether it holds at a moment (default: now), with an institution that exists."""
        at = at or timezone.now()
        return at in self.valid and timezone.localdate(at) in self.institution.valid


class DockingToken(models.Model):
    """A short-lived token of a client. Only its hash is kept: reading this opens nothing."""

    client = models.ForeignKey(DockingClient, models.CASCADE, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        return f"token of {self.client_id}"


class RateCount(models.Model):
    """How much of its limit a caller has used up. The table is not logged: after a crash everybody begins anew."""

    #: ``client:7`` or ``address:`` and a keyed hash.
    key = models.CharField(max_length=60, primary_key=True)
    #: When everything asked so far is paid for, at the even pace of the limit.
    until = models.DateTimeField()
    allowed = models.BooleanField()

    def __str__(self) -> str:
        return self.key


class KeptAnswer(models.Model):
    """The answer to a call that carried an ``Idempotency-Key``: the same call again gets it again."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    #: From which of their posts a person called: another post sees other rows, and gets no answer of this one.
    post = models.ForeignKey(
        "accounts.Post", models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    client = models.ForeignKey(DockingClient, models.CASCADE, null=True, related_name="+")
    operation = models.CharField(max_length=120)
    key = models.CharField(max_length=80)
    #: SHA-256 over address and body of the call.
    asked = models.BinaryField(max_length=32)
    #: Both are written in the transaction that wrote the row, so that nobody else sees the row without them.
    status = models.PositiveSmallIntegerField(null=True)
    answer = EncryptedText(place="api_keptanswer.answer", stars=True, null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "post", "client", "operation", "key"], name="answer_kept_once_a_post",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True) ^ Q(client__isnull=True), name="answer_of_a_person_or_a_client"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["at"], name="kept_answer_by_time")]

    def __str__(self) -> str:
        return f"answer to {self.operation}"
