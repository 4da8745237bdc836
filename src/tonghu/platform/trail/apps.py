"""The pages of history and log as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrailConfig(AppConfig):
    """History of a record, what was changed, the log of acts."""

    name = "tonghu.platform.trail"
    label = "trail"
    verbose_name = _("History and log")
