"""Cards that somebody had written into a file in the background."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class CardExport(models.Model):
    """What was asked for: which cards, as what, and why. The file is the job's, and says itself how long it lives.

    The job may only be told numbers and codes: the reason, people's own words, waits here.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, related_name="+")
    layout = models.CharField(max_length=4)
    #: The ending of the file's name: xlsx or csv.
    kind = models.CharField(max_length=4)
    cards = ArrayField(models.BigIntegerField())
    #: How they were chosen, in words, without anybody's name or number.
    filters = models.TextField()
    reason = models.CharField(_("reason"), max_length=400)
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("export of report cards")

    def __str__(self) -> str:
        return f"export {self.pk}"
