"""What hospitals call codes: of a pair that several of them write, that they do."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class WrittenName(models.Model):
    """A code and its name as the cards of several hospitals have them; names no person, and no hospital.

    Made anew by a job (``registry.names``): a name that one or two hospitals write is free text that may say anything,
    and stays with them.
    """

    list_id = models.CharField(max_length=20)
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    #: So many hospitals write it so.
    hospitals = models.IntegerField(_("hospitals"))
    #: Every way in which it may be typed (``components.codes``).
    typed = ArrayField(models.TextField(), default=list)
    made_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("name of a code")
        constraints: ClassVar = [models.UniqueConstraint(fields=["list_id", "code"], name="one_name_a_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
