"""People and their posts.

A post is a role at an institution or authority, from a day until a day. A person may hold several at once and acts from
one of them at a time. The institution is named as ``network.Institution``, the way Django names its user model: the
platform reads its columns through the relation and imports nothing of the room above it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.roles import ADMINISTRATORS, ROLES, Role
from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText


class PersonManager(BaseUserManager["Person"]):
    """Finds people by what they log in with."""


@tracked(exclude=("password", "last_login"), name=_("person"), called=("name",))
class Person(AbstractBaseUser):
    """Someone who may log in. What they may do comes from their posts alone; there is no superuser flag."""

    username = models.CharField(_("user name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    email = models.EmailField(_("e-mail"), blank=True)
    #: Who registered them and keeps the account; their posts may be elsewhere.
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, related_name="people", verbose_name=_("kept by")
    )
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(_("active"), default=True)
    made_up = models.BooleanField(_("made up"), default=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(username__regex=r"^[a-z0-9][a-z0-9._-]{2,39}$"), name="person_username_is_plain"
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked(
    part_of="person",
    name=_("post"),
    called=("person", "role"),
    words={"role": lambda code: ROLES[code].name if code in ROLES else code},
)
class Post(models.Model):
    """A role that a person holds at an institution, from–until."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name=_("person"))
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, related_name="posts", verbose_name=_("institution")
    )
    role = models.CharField(_("role"), max_length=40)
    #: Days on which it holds, in China's time; ``[from, until)`` as PostgreSQL writes it. Empty: withdrawn unused.
    valid = DateRangeField(_("valid"))
    #: The post that this one stands in for while its holder is away.
    deputy_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="deputies")
    appointed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("appointed by")
    )
    #: ``trade``, or the role's own code for administrators: nobody holds two of these at once.
    apart = models.GeneratedField(
        expression=Case(When(role__in=ADMINISTRATORS, then=F("role")), default=Value("trade")),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="post_by_person"),
            models.Index(fields=["institution", "role"], name="post_by_institution"),
        ]
        constraints = [
            ExclusionConstraint(
                name="post_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL), ("institution", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS),
                ],
                condition=Q(deputy_for__isnull=True),
            ),
            ExclusionConstraint(
                name="post_administrators_apart",
                expressions=[
                    ("person", RangeOperators.EQUAL), ("apart", RangeOperators.NOT_EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.role} @ {self.institution_id}"

    @property
    def first_day(self) -> date | None:
        """The first day on which it holds; None: it always did."""
        first: date | None = self.valid.lower
        return first

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None: without end."""
        return self.valid.upper - timedelta(days=1) if self.valid.upper else None

    @property
    def described(self) -> Role:
        """The role in words, rights and sight."""
        return ROLES[self.role]


class Session(AbstractBaseSession):
    """A browser in which somebody is logged in, or about to. Its key is kept as a hash: reading this opens nothing."""

    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="devices")
    started = models.DateTimeField(_("since"))
    seen = models.DateTimeField(_("last seen"))
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        indexes = [models.Index(fields=["person"], name="session_by_person")]


class SecondFactor(models.Model):
    """The secret behind somebody's one-time codes."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="second_factor", primary_key=True)
    secret = EncryptedText(place="accounts_secondfactor.secret")
    confirmed_at = models.DateTimeField()
    #: The time step of the last code taken: none is taken twice.
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"second factor of {self.person_id}"


class RecoveryCode(models.Model):
    """A code that stands in for a lost telephone, once. Only its hash is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.person_id}"


class OneTimeLink(models.Model):
    """A link by which somebody sets their password: dated, for once. Only its hash is kept."""

    class Purpose(models.TextChoices):
        """Why it was given."""

        ACTIVATE = "activate", _("Activation")
        RESET = "reset", _("Reset")

    person = models.ForeignKey(Person, models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    #: The telephone is lost as well: the second factor is set up anew.
    without_second_factor = models.BooleanField(default=False)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(auto_now_add=True)
    issued_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.purpose} of {self.person_id}"


class LogInGuard(models.Model):
    """How often a user name, or a network address, has failed of late. Its key is a keyed hash: unknown names, too."""

    key = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class LogInEvent(models.Model):
    """What happened at the door. Rows are written once; nobody changes them."""

    class Kind(models.TextChoices):
        """What happened."""

        LOGGED_IN = "logged_in", _("Logged in")
        LOGGED_OUT = "logged_out", _("Logged out")
        WRONG_PASSWORD = "wrong_password", _("Wrong password")
        WRONG_CODE = "wrong_code", _("Wrong one-time code")
        LOCKED = "locked", _("Locked after too many failures")
        UNLOCKED = "unlocked", _("Lock lifted")
        LINK_ISSUED = "link_issued", _("One-time link issued")
        LINK_USED = "link_used", _("One-time link used")
        LINK_REFUSED = "link_refused", _("One-time link tried by whoever issued it")
        PASSWORD_SET = "password_set", _("Password changed")
        SECOND_FACTOR_SET = "second_factor_set", _("One-time codes set up")
        RECOVERY_USED = "recovery_used", _("Recovery code used")
        RECOVERY_MADE = "recovery_made", _("New recovery codes made")
        DEVICE_ENDED = "device_ended", _("Signed out elsewhere")
        SUSPENDED = "suspended", _("Account suspended")
        RESUMED = "resumed", _("Account resumed")

    #: None where the user name was nobody's; the name itself is not kept: people type passwords there.
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="log_in_events")
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)
    #: Who did it, where that was somebody else.
    done_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["person", "-at"], name="log_in_event_by_person"),
            models.Index(  # for whoever tells people what happened to their log-in
                fields=["at"], name="log_in_event_told",
                condition=models.Q(kind__in=["locked", "link_issued", "link_used", "link_refused"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"
