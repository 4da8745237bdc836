"""Children and what each hospital knows of them.

``Child`` is an identity and nothing else: no hospital owns it, it is made by the resolver alone. What a front page
says stands in ``HospitalView``, one for each hospital and record number, under that hospital's scope. A merge rewrites
none of them: it is an act that puts children into one group (``one_with``), so that undoing it leaves both as if never
merged.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.codes.tables import table
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash

#: What the hashes of a document's number are for; the same number hashes differently for each.
DOCUMENT, DOCUMENT_TAIL = "child.document", "child.document_tail"
#: People remember the last four characters of an identity number.
TAIL_LENGTH = 4


def tail(number: str) -> str | None:
    """Return the end of a document's number by which it may be looked for; None where the number is hardly longer."""
    return number[-TAIL_LENGTH:] if len(number) > TAIL_LENGTH + 2 else None


class Child(models.Model):
    """One child, nationwide. Rows are made and grouped by the resolver; see ``resolver.sql``."""

    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)
    #: The child of the smallest id among those that merges have declared one; null for a child on its own.
    one_with = models.ForeignKey("self", models.PROTECT, null=True, related_name="others", editable=False)

    def __str__(self) -> str:
        return f"#{self.group}"

    @property
    def group(self) -> int:
        """The id under which the child and everyone merged with it are one."""
        return self.one_with_id or self.pk


class DocumentKey(models.Model):
    """A document's keyed hash, by which a child is known again anywhere. The resolver's own; ``app`` reads none."""

    key = models.BinaryField(unique=True)
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


class HospitalView(models.Model):
    """What one hospital's front pages say about the child, under one of its record numbers."""

    class DocumentType(models.TextChoices):
        """The kinds of document that a child is registered with."""

        RESIDENT_ID = "resident_id", _("Resident identity number")
        BIRTH_CERTIFICATE = "birth_certificate", _("Birth certificate")
        PASSPORT = "passport", _("Passport")
        OTHER = "other", _("Other document")

    child = models.ForeignKey(Child, models.PROTECT, related_name="views", verbose_name=_("child"))
    institution = models.ForeignKey("network.Institution", models.PROTECT, verbose_name=_("institution"))
    record_number = models.CharField(_("record number"), max_length=20)
    patient_name = models.CharField(_("name"), max_length=40)
    name_sort = models.CharField(max_length=400, editable=False)
    #: A code of RC001.
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    ethnicity = models.CharField(_("ethnicity"), max_length=20, blank=True)
    nationality = models.CharField(_("nationality"), max_length=40, blank=True)
    document_type = models.CharField(_("document type"), max_length=20, choices=DocumentType.choices, blank=True)
    document_number = EncryptedText(
        _("document number"), place="patients_hospitalview.document_number", null=True, blank=True
    )
    document_key = KeyedHash(of="document_number", purpose=DOCUMENT, null=True, editable=False)
    document_tail = KeyedHash(of="document_number", purpose=DOCUMENT_TAIL, derive=tail, null=True, editable=False)
    #: The region code of where the child lives, and the address as written.
    residence_code = models.CharField(_("region of residence"), max_length=6, blank=True)
    residence = EncryptedText(_("residence"), place="patients_hospitalview.residence", null=True, blank=True)
    phone = EncryptedText(_("telephone"), place="patients_hospitalview.phone", null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "record_number"], name="one_view_a_record_number"),
            models.CheckConstraint(
                condition=Q(residence_code="") | Q(residence_code__regex=r"^\d{6}$"),
                name="residence_code_is_six_digits",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["child"], name="hospital_view_by_child"),
            models.Index(fields=["institution", "name_sort", "id"], name="hospital_view_by_name"),
            models.Index(fields=["document_key"], name="hospital_view_by_document"),
            models.Index(fields=["document_tail"], name="hospital_view_by_tail"),
            models.Index(fields=["record_number"], name="hospital_view_by_record"),
        ]

    def __str__(self) -> str:
        return f"{self.record_number} @ {self.institution_id}"

    def sex_label(self) -> str:
        """The sex in words, as RC001 has them; empty where it is not one of its codes."""
        entries = {entry.code: entry.name_zh for entry in table("RC001").entries}
        return entries.get(self.sex, "")


class Guardian(models.Model):
    """Who answers for the child, as a hospital knows them."""

    view = models.ForeignKey(HospitalView, models.CASCADE, related_name="guardians")
    institution = models.ForeignKey("network.Institution", models.PROTECT)
    name = models.CharField(_("name"), max_length=40)
    #: A code of RC033 (GB/T 4761).
    relation = models.CharField(_("relation"), max_length=2, blank=True)
    document_number = EncryptedText(
        _("document number"), place="patients_guardian.document_number", null=True, blank=True
    )
    phone = EncryptedText(_("telephone"), place="patients_guardian.phone", null=True, blank=True)
    address = EncryptedText(_("address"), place="patients_guardian.address", null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["view"], name="guardian_by_view")]

    def __str__(self) -> str:
        return f"guardian {self.pk}"


class NameToken(models.Model):
    """A name as somebody may type it; searched by equality and ranges: under row security nothing else is quick."""

    class Kind(models.IntegerChoices):
        """What the token is made from."""

        NAME = 1, _("Name")
        PINYIN = 2, _("Pinyin")
        INITIALS = 3, _("Initials")

    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    token = models.CharField(max_length=200, db_collation="C")
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False)
    child = models.ForeignKey(Child, models.PROTECT, db_index=False)
    view = models.ForeignKey(HospitalView, models.CASCADE)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution", "kind", "token", "view"], name="token_in_a_hospital"),
            models.Index(fields=["kind", "token", "view"], name="token_anywhere"),
        ]


class Consent(models.Model):
    """What a family agreed to, from–until; designated treatment is voluntary (REG-18)."""

    child = models.ForeignKey(Child, models.PROTECT, related_name="consents")
    institution = models.ForeignKey("network.Institution", models.PROTECT)
    #: A code of the catalogue in ``data/consent_purposes.yaml``.
    purpose = models.CharField(_("purpose"), max_length=40)
    given_by = models.CharField(_("given by"), max_length=40)
    relation = models.CharField(_("relation"), max_length=2, blank=True)
    valid = DateTimeRangeField(_("valid"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["child", "purpose"], name="consent_by_child")]


class Grant(models.Model):
    """What lets another hospital see a child, from–until: custody, referral, consultation or consent."""

    class Ground(models.TextChoices):
        """Why it may."""

        CUSTODY = "custody", _("Custody")
        REFERRAL = "referral", _("Referral")
        CONSULTATION = "consultation", _("Consultation")
        CONSENT = "consent", _("Consent")

    child = models.ForeignKey(Child, models.PROTECT, related_name="grants")
    institution = models.ForeignKey("network.Institution", models.PROTECT, related_name="+")
    given_by = models.ForeignKey("network.Institution", models.PROTECT, related_name="+")
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    valid = DateTimeRangeField(_("valid"))

    class Meta:
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


class Merge(models.Model):
    """An act: two children are one, or an earlier act is taken back. Rows are made by the resolver and never change."""

    kept = models.ForeignKey(Child, models.PROTECT, related_name="+")
    merged = models.ForeignKey(Child, models.PROTECT, related_name="+")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")
    reason = models.CharField(_("reason"), max_length=400)
    person_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(kept=models.F("merged")), name="a_merge_is_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_merge_has_a_reason"),
        ]
