"""A job as people see it, how far it is, and the steps whose effects are committed.

The queue itself is procrastinate's; its rows name a job by number and nothing else. How far a job is stands in a row of
its own, so that telling it, and asking the job to stop, never wait for a transaction of the job.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of work: who asked, as what, how it stands, what came of it."""

    class State(models.TextChoices):
        """Where a job is; see :mod:`tonghu.platform.jobs.states`."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        STOPPED = "stopped", _("stopped")
        CANCELLED = "cancelled", _("cancelled")
        DEAD = "dead", _("dead letter")
        DROPPED = "dropped", _("dropped")

    kind = models.CharField(_("kind"), max_length=80)
    queue = models.CharField(max_length=40, default="default")
    #: Numbers and codes only, never a name or an identity number; checked when the job is made.
    arguments = models.JSONField(default=dict)
    #: What the asker calls the same wish twice by; empty for a job that may run any number of times.
    key = models.CharField(max_length=120, blank=True, default="")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    post = models.ForeignKey("accounts.Post", models.PROTECT, null=True, related_name="+")
    institution = models.ForeignKey("network.Institution", models.PROTECT, null=True, related_name="+")
    #: The docking client that asked through the API; then there is no person.
    client = models.ForeignKey("api.DockingClient", models.PROTECT, null=True, related_name="+")
    #: Name of the piece of the system that asked, empty for people and clients.
    system = models.CharField(max_length=40, blank=True, default="")

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    #: Which run holds the job; an older one that wakes up again changes nothing.
    run = models.PositiveIntegerField(default=0)
    #: Runs that ended in an error.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    #: Workers that died over it without a new step, and the steps there were when the last one did.
    losses = models.PositiveSmallIntegerField(default=0)
    steps_seen = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    run_after = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    #: Counts and numbers of rows, as the job's function returned them.
    result = models.JSONField(null=True)
    error_zh = models.CharField(max_length=500, blank=True, default="")
    error_en = models.CharField(max_length=500, blank=True, default="")
    #: Class of the error and the line of ours where it arose; no values.
    error_place = models.CharField(max_length=200, blank=True, default="")
    #: Who decided about a dead letter, and why.
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="job_asked_once",
                fields=["kind", "key", "person", "client", "institution", "system"],
                condition=~Q(key="") & Q(state__in=["waiting", "running", "done", "dead"]),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="job_has_one_asker",
                condition=Q(person__isnull=False, client__isnull=True, system="")
                | Q(person__isnull=True, client__isnull=False, system="")
                | (Q(person__isnull=True, client__isnull=True) & ~Q(system="")),
            ),
            models.CheckConstraint(
                name="job_ended_says_when",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | (~Q(state__in=["waiting", "running"]) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="job_error_in_both_languages",
                condition=Q(error_zh="", error_en="") | (~Q(error_zh="") & ~Q(error_en="")),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="job_by_person"),
            models.Index(fields=["institution", "-id"], name="job_by_institution"),
            models.Index(fields=["finished_at"], name="job_by_end", condition=~Q(state="dead")),
            models.Index(fields=["-id"], name="job_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


#: What changes about a job: how it stands. Who asked for it, and what, stands as it was written.
STANDS = (
    "state", "run", "attempts", "losses", "steps_seen", "run_after", "started_at", "finished_at", "result", "error_zh",
    "error_en", "error_place", "decided_by", "reason",
)  # fmt: skip


class Progress(models.Model):
    """How far a job is. Written several times a second, and by whoever asks it to stop."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="progress")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    unit = models.CharField(max_length=20, blank=True, default="")
    #: Units a second, smoothed.
    rate = models.FloatField(null=True)
    reported_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    cancel_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.done}/{self.total} {self.unit}"


class Step(models.Model):
    """A step whose effect is committed: this row and the effect are of one transaction."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=120)
    result = models.JSONField(null=True)
    run = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="job_step_once", fields=["job", "name"])]

    def __str__(self) -> str:
        return f"{self.name} #{self.job_id}"
