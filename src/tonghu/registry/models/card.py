"""The card and its versions."""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import Child, HospitalView
from tonghu.patients.models.known import in_words
from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import KeyedHash
from tonghu.registry.content import KEY_PURPOSE, PLACE
from tonghu.registry.models.sealed import SealedBytes
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


#: What narrows lists of several hospitals, by the name of its index. Reported cards alone are in it: also what is rare,
#: or nobody's, is found without a search, and no import pays for it.
OF_REPORTED: Final[dict[str, tuple[str, ...]]] = {
    "card_by_newest_in_state": ("state",),
    "card_by_group": ("scope_group",),
    "card_by_subgroup": ("iccc3_subgroup",),
    "card_by_month_and_state": ("archive_month", "state"),
    "card_by_age": ("age_years",),
    "card_by_residence": ("residence_code",),
}


@tracked(
    exclude=("rules_key",),
    part_of="child",
    name=_("report card"),
    called=("record_number",),
    words={"archive_month": "{:%Y-%m}".format, "sex": lambda code: in_words("RC001", code)},
)
class Card(models.Model):
    """One hospital stay of a child in scope. What only the database writes is marked; see ``states.sql``."""

    State, Layout = State, Layout

    # One key of the three holds them together, and one of card and hospital what belongs to a card: see ``keys.sql``.
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("hospital")
    )
    child = models.ForeignKey(Child, models.PROTECT, related_name="cards", db_constraint=False, verbose_name=_("child"))
    view = models.ForeignKey(HospitalView, models.PROTECT, related_name="cards", db_index=False, db_constraint=False)
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
    audited_by = models.BigIntegerField(null=True, editable=False)
    state_since = models.DateTimeField(_("in this state since"), db_default=Now(), editable=False)
    #: Whether the first version had errors, before anybody mended anything.
    problem_at_first = models.BooleanField(default=False, editable=False)
    # --- what is open: findings without an override, by level --------------------------------------------------
    errors = models.SmallIntegerField(_("errors"), default=0)
    warnings = models.SmallIntegerField(_("warnings"), default=0)
    confirms = models.SmallIntegerField(_("to confirm"), default=0)
    #: Which rules the findings are of (``checks.rules_key``); the same key: asked again, they would find the same.
    rules_key = models.CharField(max_length=16, default="", db_default="", editable=False)
    #: The department that was asked, and what.
    waits_for = models.CharField(_("waits for"), max_length=40, blank=True)
    waits_note = models.CharField(_("question"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("report card")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "record_number", "discharge_at"], name="one_card_a_stay"),
            models.UniqueConstraint(fields=["id", "institution"], name="a_card_its_hospital"),
            models.CheckConstraint(
                condition=Q(audited_by=None) | ~Q(authors__contains=[F("audited_by")]), name="nobody_audits_their_own"
            ),
            models.CheckConstraint(condition=Q(archive_month__day=1), name="archive_month_is_a_first"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="card_state_is_known"),
            models.CheckConstraint(
                condition=Q(errors__gte=0, warnings__gte=0, confirms__gte=0), name="open_findings_are_counted"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "state", "archive_month", "id"], name="card_by_state"),
            models.Index(fields=["institution", "archive_month", "id"], name="card_by_month"),
            models.Index(fields=["institution", "-changed_at", "id"], name="card_by_change"),
            models.Index(fields=["state", "state_since", "id"], name="card_by_state_nationwide"),
            *(
                models.Index(fields=[*fields, "id"], name=name, condition=Q(first_reported_at__isnull=False))
                for name, fields in OF_REPORTED.items()
            ),
        ]

    def __str__(self) -> str:
        return f"card {self.pk}"

    @property
    def editable(self) -> bool:
        """Whether it may get a new version now."""
        return self.state in EDITABLE

    @property
    def problem(self) -> bool:
        """Whether errors are open."""
        return self.errors > 0


class CardVersion(models.Model):
    """What a card says, as it was written. Only added to; who, when and from which post come from the scope."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="versions", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    number = models.IntegerField(_("version"))
    made_at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    person_id = models.BigIntegerField(null=True, editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    #: The number of the import batch or of the bulk mend that it came with.
    batch = models.BigIntegerField(null=True, db_index=False)
    #: Codes of the fields and names of the supplement items that differ from the version before; of the first, all.
    changed = ArrayField(models.CharField(max_length=40), default=list)
    content = SealedBytes(place=PLACE)
    content_key = KeyedHash(purpose=KEY_PURPOSE)

    class Meta:
        verbose_name = _("version of a card")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["card", "number"], name="one_version_a_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="versions_begin_with_one"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "batch"], name="version_by_batch", condition=Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"card {self.card_id} version {self.number}"
