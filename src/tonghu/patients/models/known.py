"""What a hospital knows of a child: its front pages' view, names, documents and guardians, and how a name is found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tonghu.codes.tables import table
from tonghu.network.naming import full_name
from tonghu.patients.models.child import Child
from tonghu.patients.models.numbers import DOCUMENT, DOCUMENT_TAIL, tail
from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash


class DocumentType(models.TextChoices):
    """The kinds of document that a child is registered with."""

    RESIDENT_ID = "resident_id", _("Resident identity number")
    BIRTH_CERTIFICATE = "birth_certificate", _("Birth certificate")
    PASSPORT = "passport", _("Passport")
    OTHER = "other", _("Other document")


def in_words(code_table: str, code: str) -> str:
    """Return a code of a table in the reader's language; the code itself where the table has none such."""
    entry = {one.code: one for one in table(code_table).entries}.get(code)
    if entry is None:
        return code
    return entry.name_en if entry.name_en and (get_language() or "").startswith("en") else entry.name_zh


@tracked(
    exclude=("name_sort", "document_key", "document_tail"),
    part_of="child",
    called=("record_number",),
    words={
        "sex": lambda code: in_words("RC001", code),
        "ethnicity": lambda code: in_words("RC035", code),
        "residence_code": full_name,
        "taken_back": lambda _batch: str(_("import undone")),
    },
)
class HospitalView(models.Model):
    """What one hospital's front pages say about the child, under one of its record numbers."""

    DocumentType = DocumentType

    # Held together by a composite key (migration 0003): the resolver answered this hospital with this child.
    child = models.ForeignKey(Child, models.PROTECT, related_name="views", verbose_name=_("child"), db_constraint=False)
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, verbose_name=_("institution"), db_constraint=False
    )
    record_number = models.CharField(_("record number"), max_length=20)
    patient_name = models.CharField(_("name"), max_length=40)
    name_sort = models.CharField(max_length=400, editable=False, db_collation="C")
    #: A code of RC001.
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    #: A code of RC035 (GB/T 3304); on older front pages words.
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
    #: The import whose undo took it off the lists, as nothing else speaks of it; the database puts it back where
    #: something does again (``back.sql``).
    taken_back = models.BigIntegerField(_("off the lists"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    class Meta:
        verbose_name = _("hospital's view")
        constraints: ClassVar = [
            # A hospital may give a number out twice: then it stands for two children, until somebody says otherwise.
            models.UniqueConstraint(fields=["institution", "record_number", "child"], name="one_view_a_record_number"),
            # What the rows of a view name, all three at once.
            models.UniqueConstraint(fields=["id", "child", "institution"], name="a_view_its_child_its_hospital"),
            models.CheckConstraint(
                condition=Q(residence_code="") | Q(residence_code__regex=r"^\d{6}$"),
                name="residence_code_is_six_digits",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["child"], name="hospital_view_by_child"),
            models.Index(fields=["name_sort", "id"], name="hospital_view_by_name"),
            models.Index(fields=["institution", "name_sort", "id"], name="hospital_view_by_name_there"),
            models.Index(fields=["document_key"], name="hospital_view_by_document"),
            models.Index(fields=["document_tail", "id"], name="hospital_view_by_tail"),
            models.Index(fields=["institution", "document_tail", "id"], name="hospital_view_by_tail_there"),
            models.Index(fields=["record_number", "id"], name="hospital_view_by_record"),
            # Few: whoever searches by name asks it of each that is found.
            models.Index(fields=["id"], name="view_off_the_lists", condition=Q(taken_back__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.record_number} @ {self.institution_id}"

    def sex_label(self) -> str:
        """The sex in words, as RC001 has them."""
        return in_words("RC001", self.sex)


@tracked(exclude=("document_key", "document_tail"), part_of="child", called=("document_type",))
class Identifier(models.Model):
    """Another document of the child beside the one on the view: an earlier one, or a second."""

    # Of one view, with its child and hospital: one composite key (migration 0003) instead of three.
    child = models.ForeignKey(Child, models.PROTECT, related_name="+", db_constraint=False)
    view = models.ForeignKey(
        HospitalView, models.CASCADE, related_name="identifiers", db_index=False, db_constraint=False
    )
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    document_type = models.CharField(_("document type"), max_length=20, choices=DocumentType.choices, blank=True)
    document_number = EncryptedText(_("document number"), place="patients_identifier.document_number")
    document_key = KeyedHash(of="document_number", purpose=DOCUMENT, editable=False)
    document_tail = KeyedHash(of="document_number", purpose=DOCUMENT_TAIL, derive=tail, null=True, editable=False)
    added_at = models.DateTimeField(_("added"), auto_now_add=True, editable=False)

    class Meta:
        verbose_name = _("document")
        constraints: ClassVar = [models.UniqueConstraint(fields=["view", "document_key"], name="one_row_a_document")]
        indexes: ClassVar = [
            models.Index(fields=["document_key"], name="identifier_by_document"),
            models.Index(fields=["document_tail", "view"], name="identifier_by_tail"),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"


@tracked(part_of="child", called=("name",))
class FormerName(models.Model):
    """A name that the child had before; it stays findable, marked as former."""

    # Of one view, with its child and hospital: one composite key (migration 0003) instead of three.
    child = models.ForeignKey(Child, models.PROTECT, related_name="+", db_constraint=False)
    view = models.ForeignKey(
        HospitalView, models.CASCADE, related_name="former_names", db_index=False, db_constraint=False
    )
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    name = models.CharField(_("name"), max_length=40)
    until = models.DateTimeField(_("until"), auto_now_add=True, editable=False)

    class Meta:
        verbose_name = _("former name")
        constraints: ClassVar = [models.UniqueConstraint(fields=["view", "name"], name="one_row_a_former_name")]

    def __str__(self) -> str:
        return f"former name {self.pk}"


@tracked(part_of="child", called=("relation",), words={"relation": lambda code: in_words("RC033", code)})
class Guardian(models.Model):
    """Who answers for the child, as a hospital knows them."""

    # Of one view, with its child and hospital: one composite key (migration 0003) instead of three.
    child = models.ForeignKey(Child, models.PROTECT, related_name="+", db_constraint=False)
    view = models.ForeignKey(
        HospitalView, models.CASCADE, related_name="guardians", db_index=False, db_constraint=False
    )
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    name = models.CharField(_("name"), max_length=40)
    #: A code of RC033 (GB/T 4761).
    relation = models.CharField(_("relation"), max_length=2, blank=True)
    document_number = EncryptedText(
        _("document number"), place="patients_guardian.document_number", null=True, blank=True
    )
    phone = EncryptedText(_("telephone"), place="patients_guardian.phone", null=True, blank=True)
    address = EncryptedText(_("address"), place="patients_guardian.address", null=True, blank=True)

    class Meta:
        verbose_name = _("guardian")
        indexes: ClassVar = [models.Index(fields=["view"], name="guardian_by_view")]

    def __str__(self) -> str:
        return f"guardian {self.pk}"

    def relation_label(self) -> str:
        """The relation in words."""
        return in_words("RC033", self.relation)


class NameToken(models.Model):
    """A name as somebody may type it; searched by equality and ranges: under row security nothing else is quick."""

    class Kind(models.IntegerChoices):
        """What the token is made from."""

        NAME = 1, _("Name")
        PINYIN = 2, _("Pinyin")
        INITIALS = 3, _("Initials")

    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    token = models.CharField(max_length=200, db_collation="C")
    #: Of a name that the child had before.
    former = models.BooleanField(default=False, db_default=False)
    # One composite key (migration 0003) instead of three.
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    child = models.ForeignKey(Child, models.PROTECT, db_constraint=False)
    view = models.ForeignKey(HospitalView, models.CASCADE, db_constraint=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution", "token", "view"], name="token_in_a_hospital"),
            models.Index(fields=["token", "view"], name="token_anywhere"),
        ]
