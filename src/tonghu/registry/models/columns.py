"""The columns of a card: of the card itself, and of what was reported of one that its hospital corrects."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import Child, HospitalView
from tonghu.registry.states import EDITABLE, State


class Layout(models.TextChoices):
    """In which layout the front page was written."""

    L2012 = "2012", "2012"
    L2020 = "2020", "2020"


class Origin(models.TextChoices):
    """How a card or a version came about."""

    IMPORT = "import", _("Imported")
    MANUAL = "manual", _("Typed")
    DOCKING = "docking", _("Docking")
    MEND = "mend", _("Proposed mend")
    BULK = "bulk", _("Bulk mend")
    SUPPLEMENT = "supplement", _("Supplement")
    UNDO = "undo", _("Undone")


class CardColumns(models.Model):
    """What a card is found and counted by.

    A migration that adds a column adds it to the card, to what was reported of it, and to the view of both.
    """

    State, Layout = State, Layout

    # One key of the three holds them together, and one of card and hospital what belongs to a card: see ``keys.sql``.
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("hospital")
    )
    child = models.ForeignKey(Child, models.PROTECT, related_name="+", db_constraint=False, verbose_name=_("child"))
    view = models.ForeignKey(HospitalView, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    record_number = models.CharField(_("record number"), max_length=20)
    admission_count = models.CharField(_("admission count"), max_length=4, blank=True)
    admission_at = models.DateTimeField(_("admission"), null=True)
    discharge_at = models.DateTimeField(_("discharge"))
    #: The first day of the month in which the record was archived; where nobody declared it, that of the discharge.
    archive_month = models.DateField(_("archive month"))
    archive_month_assumed = models.BooleanField(_("archive month assumed"), default=False)
    layout = models.CharField(_("layout"), max_length=4, choices=Layout.choices)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    #: A code of RC001.
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    #: Completed years and days from birth to admission.
    age_years = models.SmallIntegerField(_("age in years"), null=True)
    age_days = models.IntegerField(_("age in days"), null=True)
    #: The region of residence as far as the address names it: a province, so far.
    residence_code = models.CharField(_("region of residence"), max_length=6, blank=True)
    principal_code = models.CharField(_("principal diagnosis"), max_length=20, blank=True)
    #: What the screen says: the group that brought the stay into scope ('undetermined'; '' for none), by which code in
    #: which slot (0 is the main diagnosis).
    scope_group = models.CharField(_("group"), max_length=24, blank=True)
    scope_code = models.CharField(_("code in scope"), max_length=20, blank=True)
    scope_position = models.SmallIntegerField(null=True)
    iccc3_subgroup = models.CharField(_("ICCC-3 subgroup"), max_length=3, blank=True)
    iccc3_method = models.CharField(max_length=20, blank=True)
    iccc3_certainty = models.CharField(max_length=1, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.DRAFT)
    # --- what only the database writes ------------------------------------------------------------------------
    #: The number of the version in force.
    version = models.IntegerField(_("version"), default=1, editable=False)
    accepted_version = models.IntegerField(null=True, editable=False)
    reported_version = models.IntegerField(null=True, editable=False)
    first_reported_at = models.DateTimeField(null=True, editable=False)
    reported_at = models.DateTimeField(_("reported"), null=True, editable=False)
    #: Everybody who wrote a field that is in force.
    authors = ArrayField(models.BigIntegerField(), default=list, editable=False)
    #: Whose request the approval of the version in force is: everybody who submitted it or explained a finding of it.
    requested_by = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)
    audited_by = models.BigIntegerField(null=True, editable=False)
    state_since = models.DateTimeField(_("in this state since"), db_default=Now(), editable=False)
    #: Whether the first version had errors, before anybody mended anything.
    problem_at_first = models.BooleanField(default=False, editable=False)
    # --- what is open: findings without an override, by level --------------------------------------------------
    errors = models.SmallIntegerField(_("errors"), default=0)
    warnings = models.SmallIntegerField(_("warnings"), default=0)
    confirms = models.SmallIntegerField(_("to confirm"), default=0)
    #: How many items of the supplement are asked of it and blank (``supplement.lacking``).
    to_supplement = models.SmallIntegerField(_("to supplement"), default=0, db_default=0, editable=False)
    #: Which rules the findings are of (``checks.rules_key``); the same key: asked again, they would find the same.
    rules_key = models.CharField(max_length=16, default="", db_default="", editable=False)
    #: When it was last compared with the other stays of its record; None: never since it is there.
    compared_at = models.DateTimeField(_("compared with the other stays"), null=True, editable=False)
    #: The department that was asked, and what.
    waits_for = models.CharField(_("waits for"), max_length=40, blank=True)
    waits_note = models.CharField(_("question"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        abstract = True

    @property
    def editable(self) -> bool:
        """Whether it may get a new version now."""
        return self.state in EDITABLE

    @property
    def problem(self) -> bool:
        """Whether errors are open."""
        return self.errors > 0
