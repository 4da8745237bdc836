"""The region tree with its history, and the institutions in it, authorities included.

Neither names a person, so that both are readable by every scope; who may change them is a permission.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.network.region_range import covered
from tonghu.platform.audit.history import tracked


@tracked(name=_("region"), called=("name",))
class Region(models.Model):
    """One region of GB/T 2260 while it had one code, one name and one parent."""

    class Level(models.IntegerChoices):
        """How high it stands in the tree."""

        NATION = 0, _("Nation")
        PROVINCE = 1, _("Province")
        CITY = 2, _("City")
        COUNTY = 3, _("County")

    code = models.CharField(_("code"), max_length=6)
    name = models.CharField(_("name"), max_length=60)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices)
    parent_code = models.CharField(_("parent region"), max_length=6, blank=True)
    valid = DateRangeField(_("valid"))
    #: The codes that took its place, where it was merged, renamed or divided; ``network.succession`` says how known.
    replaced_by = ArrayField(models.CharField(max_length=6), verbose_name=_("replaced by"), default=list, blank=True)
    replaced_how = models.CharField(max_length=4, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^\d{6}$"), name="region_code_is_six_digits"),
            models.CheckConstraint(condition=Q(level__lte=3), name="region_level_is_known"),
            ExclusionConstraint(
                name="region_one_meaning_a_day",
                expressions=[("code", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]
        indexes = [models.Index(fields=["parent_code"], name="region_by_parent")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@tracked(exclude=("name_pinyin",), name=_("institution"), called=("name",))
class Institution(models.Model):
    """A hospital or primary-care institution, or an authority (health commission, centre, insurance, …)."""

    class Kind(models.TextChoices):
        """What it is in the network."""

        HOSPITAL = "hospital", _("Hospital")
        PRIMARY_CARE = "primary_care", _("Primary-care institution")
        AUTHORITY = "authority", _("Authority")

    code = models.CharField(_("institution code"), max_length=22, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_pinyin = models.CharField(max_length=400, editable=False, default="")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    #: The line of government an authority belongs to, a code of ``departments.yaml``; empty for others.
    department = models.CharField(_("department"), max_length=30, blank=True)
    #: The six-digit code of the county (hospital) or of the area it is in charge of (authority), as of today.
    region_code = models.CharField(_("region"), max_length=6)
    #: Code tables of the field: type (综合医院 …), level (1–3) and grade (甲乙丙) for hospitals.
    type = models.CharField(_("type"), max_length=20, blank=True)
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=4, blank=True)
    valid = DateRangeField(_("valid"))
    made_up = models.BooleanField(_("made up"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(region_code__regex=r"^\d{6}$"), name="institution_region_is_six_digits"),
            models.CheckConstraint(
                condition=Q(level__isnull=True) | Q(level__range=(1, 3)), name="institution_level_is_1_to_3"
            ),
            models.CheckConstraint(
                condition=Q(kind="authority") ^ Q(department=""), name="institution_department_of_authorities"
            ),
        ]
        indexes = [models.Index(fields=["region_code", "kind"], name="institution_by_region")]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """What posts it can have: its kind, or the department of an authority (``hospital``, ``health``, …)."""
        return self.department or self.kind

    @property
    def last_day(self) -> date | None:
        """The last day on which it is open; None without end."""
        return self.valid.upper - timedelta(days=1) if self.valid.upper else None

    def area(self) -> tuple[str, str] | None:
        """The range of region codes that an authority is in charge of; None where it sees its own rows only."""
        return covered(self.region_code) if self.kind == self.Kind.AUTHORITY else None


@tracked(part_of="institution", name=_("institution code"), called=("institution", "system"))
class InstitutionCode(models.Model):
    """Another code under which files and messages name an institution."""

    class System(models.TextChoices):
        """Whose code it is."""

        REGISTRATION = "registration", _("Registration number of a medical institution (22 characters)")
        CREDIT = "credit", _("Unified social credit code (18 characters)")
        ORGANISATION = "organisation", _("Organisation code of WS 218 (9 characters)")

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="codes", verbose_name=_("institution"))
    system = models.CharField(_("code system"), max_length=20, choices=System.choices)
    code = models.CharField(_("code"), max_length=22)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "code"], name="institution_code_names_one"),
            models.UniqueConstraint(fields=["institution", "system"], name="institution_code_once_a_system"),
        ]

    def __str__(self) -> str:
        return self.code
