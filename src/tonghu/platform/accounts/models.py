"""People and their posts.

A post is a role at an institution or authority, from a day until a day. A person may hold several at once and acts from
one of them at a time. The institution is named as ``network.Institution``, the way Django names its user model: the
platform reads its columns through the relation and imports nothing of the room above it.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _


class PersonManager(BaseUserManager["Person"]):
    """Finds people by what they log in with."""


class Person(AbstractBaseUser):
    """Someone who may log in. What they may do comes from their posts alone; there is no superuser flag."""

    username = models.CharField(_("user name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(_("active"), default=True)
    made_up = models.BooleanField(_("made up"), default=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A role that a person holds at an institution, from–until."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name=_("person"))
    institution = models.ForeignKey(
        "network.Institution", models.PROTECT, related_name="posts", verbose_name=_("institution")
    )
    role = models.CharField(_("role"), max_length=40)
    valid = DateRangeField(_("valid"))
    #: The post that this one stands in for while its holder is away.
    deputy_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="deputies")

    class Meta:
        indexes = [models.Index(fields=["person"], name="post_by_person")]

    def __str__(self) -> str:
        return f"{self.role} @ {self.institution_id}"
