"""Monitoring points, signed zero reports, locked months, and what of each month has arrived."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.network.models import Institution
from tonghu.platform.audit.history import tracked
from tonghu.platform.scope.wording import label_in_words

_FIRST_OF_MONTH = Q(archive_month__day=1)


@tracked(part_of="institution", name=_("monitoring point"), called=("institution",))
class Point(models.Model):
    """An institution while it is a monitoring point: its months are expected."""

    class Ground(models.TextChoices):
        """Why it takes part."""

        DESIGNATED = "designated", _("designated hospital")
        VOLUNTARY = "voluntary", _("takes part of its own wish")

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="points", verbose_name=_("institution"), db_index=False
    )
    #: Days, in China's time; ``[from, until)`` as PostgreSQL writes it. Whoever stands on a month's last day owes it.
    valid = DateRangeField(_("valid"))
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    #: The document that made it one, or how it came about.
    note = models.CharField(_("document or note"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="point_once_at_a_time",
                expressions=[("institution", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.valid}"

    @property
    def last_day(self) -> date | None:
        """The last day on which it is a point; None: without end."""
        return self.valid.upper - timedelta(days=1) if self.valid.upper else None


@tracked(
    part_of="institution",
    name=_("zero report"),
    called=("institution", "archive_month"),
    words={"archive_month": "{:%Y-%m}".format},
)
class ZeroReport(models.Model):
    """The signed word of a point that a month had no case; never erased, withdrawn with a reason."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name=_("institution"))
    archive_month = models.DateField(_("archive month"))
    signed_at = models.DateTimeField(_("signed"))
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    #: Name, role and institution of who signed, as they were then.
    signed_as = models.CharField(_("signed by"), max_length=200)
    #: Why it was signed although a file of the month waited for confirmation; '' where none did.
    despite = models.CharField(_("why it was signed beside a waiting file"), max_length=400, blank=True, db_default="")
    #: Since when there are cards against it, as the job saw; None: there are none. Of a withdrawn one, as it was then.
    contradicted_at = models.DateTimeField(_("contradicted by cards"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    withdrawn_as = models.CharField(_("withdrawn by"), max_length=200, blank=True, default="")
    withdrawn_because = models.CharField(_("reason"), max_length=400, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="zero_report_one_a_month",
                fields=["institution", "archive_month"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(name="zero_report_of_a_month", condition=_FIRST_OF_MONTH),
            models.CheckConstraint(
                name="zero_report_withdrawn_says_why",
                condition=Q(withdrawn_at__isnull=True, withdrawn_because="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_because="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.archive_month:%Y-%m}"

    @property
    def signed_by_whom(self) -> str:
        """Who signed it, with the role in the reader's language."""
        return label_in_words(self.signed_as)

    @property
    def withdrawn_by_whom(self) -> str:
        """Who withdrew it, with the role in the reader's language."""
        return label_in_words(self.withdrawn_as)


@tracked(name=_("month lock"), called=("archive_month",), words={"archive_month": "{:%Y-%m}".format})
class MonthLock(models.Model):
    """A month that is closed for bulk undo, for the whole nation; single corrections go on, versioned."""

    archive_month = models.DateField(_("archive month"))
    locked_at = models.DateTimeField(_("locked"))
    locked_as = models.CharField(_("locked by"), max_length=200)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lifted_as = models.CharField(_("lifted by"), max_length=200, blank=True, default="")
    lifted_because = models.CharField(_("reason"), max_length=400, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="month_lock_one_a_month", fields=["archive_month"], condition=Q(lifted_at__isnull=True)
            ),
            models.CheckConstraint(name="month_lock_of_a_month", condition=_FIRST_OF_MONTH),
            models.CheckConstraint(
                name="month_lock_lifted_says_why",
                condition=Q(lifted_at__isnull=True, lifted_because="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_because="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.archive_month:%Y-%m}"

    @property
    def locked_by_whom(self) -> str:
        """Who locked it, with the role in the reader's language."""
        return label_in_words(self.locked_as)


class Arrival(models.Model):
    """How many cards of a month a point first reported on a day, or (below zero) no more: **the sum is the count**.

    Kept by triggers on the cards, in the transaction that changes them; rows are added, never changed, so that nobody
    waits for anybody, and a job adds them up now and then. ``reported_on`` None: not reported yet. Voided cards do not
    count. It names nobody, so that authorities see how far a point is without reading what it has not reported. Of a
    reported card that its hospital corrects, the hospital reads the count of the newer version, those above that of
    the reported one, as they read the card.
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    archive_month = models.DateField()
    reported_on = models.DateField(null=True)
    cards = models.IntegerField()
    #: Of these, cards whose archive month nobody declared: the discharge month stands in.
    assumed = models.IntegerField()
    #: Whose readers count the row: of its own hospital (true), of those above (false), everybody's (None).
    own = models.BooleanField(null=True)

    class Meta:
        indexes = [
            models.Index(name="arrival_of_institution", fields=["institution", "archive_month"]),
            models.Index(name="arrival_of_month", fields=["archive_month", "institution"]),
            models.Index(name="arrival_of_day", fields=["reported_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.archive_month:%Y-%m} {self.reported_on}: {self.cards}"


class Standing(models.Model):
    """How each month of each point stood when the job last looked: for sums over the nation. ``cells.sql`` decides."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", db_index=False)
    archive_month = models.DateField()
    region_code = models.CharField(max_length=6)
    #: A key of ``board.STATES``, and days after the due date.
    state = models.CharField(max_length=12)
    days = models.IntegerField()
    cards = models.IntegerField()
    reported = models.IntegerField()
    on_time = models.IntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="standing_one_a_month", fields=["institution", "archive_month"])]
        indexes = [
            models.Index(
                name="standing_of_month",
                fields=["archive_month"],
                include=["region_code", "state", "cards", "reported", "on_time", "institution", "days"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.archive_month:%Y-%m} {self.state}"


class Figure(models.Model):
    """How many reported cards of a region, of the last twelve archive months, are of a kind; refreshed by a job.

    ``topic`` and ``key`` are those of ``figures.sql``. A region's figure holds what lies below it.
    """

    region_code = models.CharField(max_length=6)
    topic = models.CharField(max_length=20)
    key = models.CharField(max_length=24, blank=True)
    cards = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="figure_one_a_kind", fields=["region_code", "topic", "key"])]

    def __str__(self) -> str:
        return f"{self.region_code} {self.topic} {self.key}: {self.cards}"


class FigureOfPoint(models.Model):
    """Reported cards of one hospital in the last twelve archive months, and how many had and have errors."""

    institution = models.OneToOneField(Institution, models.CASCADE, related_name="+", primary_key=True)
    region_code = models.CharField(max_length=6)
    cards = models.IntegerField()
    problem = models.IntegerField()
    problem_at_first = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.institution_id}: {self.cards}"


class FiguresMade(models.Model):
    """When the figures were worked out, and of which archive months. One row."""

    at = models.DateTimeField()
    first = models.DateField()
    last = models.DateField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
