"""The log of acts, its chain, and the keys of the personal data in it. ``app`` may insert; nobody changes or deletes.

Who acted stands as text copies and plain numbers, without foreign keys: the log never interferes with what it is about.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.platform.crypto.fields import EncryptedText, KeyedHash


class Event(models.Model):
    """One act. Who, when and for which request is filled in by the database from the open scope."""

    at = models.DateTimeField(_("time"), db_default=Now())
    kind = models.CharField(_("kind"), max_length=60)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    #: In whose book it stands; the actor's institution where nothing else is said.
    institution_id = models.BigIntegerField(null=True)
    by_person = models.BigIntegerField(null=True)
    by_post = models.BigIntegerField(null=True)
    by_institution = models.BigIntegerField(null=True)
    by_region_from = models.CharField(max_length=6, null=True)
    by_region_to = models.CharField(max_length=6, null=True)
    who = models.TextField()
    purpose = models.TextField()
    reason = models.TextField()
    request = models.TextField()
    data = models.JSONField(default=dict)
    #: Sealed under the subject's own key; unreadable once that is shredded.
    personal = models.BinaryField(null=True)

    class Meta:
        db_table = "audit_event"
        indexes: ClassVar = [
            models.Index(fields=["institution_id", "id"], name="event_by_institution"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_by_subject"),
            models.Index(fields=["by_person", "id"], name="event_by_person"),
            models.Index(fields=["at"], name="event_by_time"),
        ]
        #: What :mod:`tonghu.platform.audit.events` records; whoever writes SQL as the application is held to it too.
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__regex=r"^[a-z][a-z_]*\.[a-z][a-z_]*$"), name="event_kind"),
            models.CheckConstraint(
                condition=Q(subject_kind="", subject_id="")
                | Q(subject_kind__regex=r"^[a-z][a-z_]*$", subject_id__regex=r"^[1-9][0-9]{0,17}$"),
                name="event_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class Link(models.Model):
    """One link of the chain: the keyed hash over an event and the link before it."""

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    hash = KeyedHash(purpose="chain", fixed=True)

    class Meta:
        db_table = "audit_link"

    def __str__(self) -> str:
        return f"{self.seq} → {self.event_id}"


class SubjectKey(models.Model):
    """The key of one subject's personal data in the log, itself sealed by the site's key. To delete it is to shred."""

    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    secret = EncryptedText(place="audit_subjectkey.secret")

    class Meta:
        db_table = "audit_subjectkey"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="one_key_a_subject")
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"
