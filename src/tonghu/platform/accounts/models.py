"""People and their posts.

A post is a role at an institution or authority, from a day until a day. A person may hold several at once and acts from
one of them at a time. The institution is named as ``network.Institution``, the way Django names its user model: the
platform reads its columns through the relation and imports nothing of the room above it.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from tonghu.platform.accounts.roles import ADMINISTRATORS, ROLES, Role


class PersonManager(BaseUserManager["Person"]):
    """Finds people by what they log in with."""


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


class Post(models.Model):
    """A role that a person holds at an institution, from–until."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name=_("person"))
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, related_name="posts", verbose_name=_("institution")
    )
    role = models.CharField(_("role"), max_length=40)
    #: Days on which it holds, in China's time; ``[from, until)`` as PostgreSQL writes it.
    valid = DateRangeField(_("valid"))
    #: The post that this one stands in for while its holder is away.
    deputy_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="deputies")
    appointed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("appointed by")
    )
    #: ``trade``, or the role's own code for the three administrators: nobody holds two of these at once.
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
            models.CheckConstraint(condition=Q(valid__isempty=False), name="post_lasts_a_day_at_least"),
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
    def described(self) -> Role:
        """The role in words, rights and sight."""
        return ROLES[self.role]
