"""What is known of a stored file, and who took it. The bytes lie sealed in the vault; the key lies here, sealed too."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText
from tonghu.platform.files.kinds import kind_in_words
from tonghu.platform.files.purposes import NAMES


# The history keeps no key and no name: what was destroyed stays destroyed.
@tracked(
    exclude=["key", "name", "children"],
    name=_("stored file"),
    called=("purpose", "kind"),
    words={"purpose": lambda code: str(NAMES.get(code, code)), "kind": kind_in_words},
)
class StoredFile(models.Model):
    """One file, while it lives and as a record afterwards."""

    class End(models.TextChoices):
        """Why a file was destroyed."""

        LIFE = "life_ended", _("its time was over")
        CONFIRMED = "batch_confirmed", _("its batch was confirmed")
        DISCARDED = "batch_discarded", _("its batch was discarded")
        RECORD = "record_removed", _("its record was removed")
        WITHDRAWN = "withdrawn", _("withdrawn by its owner")

    purpose = models.CharField(_("purpose"), max_length=40)
    #: What it is by its content; see :mod:`tonghu.platform.files.kinds`.
    kind = models.CharField(_("kind"), max_length=20)
    #: As it was given, made safe. May name a child, so it is sealed, and goes when the file goes.
    name = EncryptedText(place="files_storedfile.name", stars=True, null=True)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)

    place = models.CharField(max_length=32, unique=True)
    algorithm = models.CharField(max_length=20)
    key = EncryptedText(place="files_storedfile.key", null=True)

    #: Whom an export names, for the log of taking it: [hospital's number or null, [numbers of its children]].
    children = models.JSONField(default=list, db_default=[])

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    post = models.ForeignKey("accounts.Post", models.PROTECT, null=True, related_name="+")
    institution = models.ForeignKey("network.Institution", models.PROTECT, null=True, related_name="+")
    system = models.CharField(max_length=40, blank=True, default="")

    stored_at = models.DateTimeField(_("stored"), auto_now_add=True)
    #: When its life ends by itself; None lives as long as what it belongs to.
    ends_at = models.DateTimeField(_("lives until"), null=True)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)
    destroyed_why = models.CharField(_("why destroyed"), max_length=20, blank=True, default="", choices=End.choices)
    destroyed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    destroyed_system = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="file_lives_with_its_key_or_says_how_it_ended",
                condition=Q(destroyed_at__isnull=True, key__isnull=False, name__isnull=False, destroyed_why="")
                | (Q(destroyed_at__isnull=False, key__isnull=True, name__isnull=True) & ~Q(destroyed_why="")),
            ),
            models.CheckConstraint(
                name="file_of_a_person_or_of_the_system",
                condition=Q(person__isnull=False, system="") | (Q(person__isnull=True) & ~Q(system="")),
            ),
            models.CheckConstraint(name="file_size_is_not_negative", condition=Q(size__gte=0)),
        ]
        indexes = [
            models.Index(fields=["ends_at"], name="file_by_end_of_life", condition=Q(destroyed_at__isnull=True)),
            models.Index(fields=["person", "-id"], name="file_by_person"),
            models.Index(fields=["institution", "-id"], name="file_by_institution"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} #{self.pk}"


class Download(models.Model):
    """Somebody took a file: who, from which post, when, and why."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="downloads")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    post = models.ForeignKey("accounts.Post", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(_("reason"), max_length=400, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["file", "-id"], name="download_by_file")]

    def __str__(self) -> str:
        return f"#{self.file_id} {self.at}"
