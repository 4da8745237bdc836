"""The intake capability as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """Files that become report cards."""

    name = "tonghu.intake"
    label = "intake"

    def ready(self) -> None:
        """Say what the history calls the counts of an import."""
        from tonghu.intake import told
        from tonghu.intake.models import Batch
        from tonghu.platform.audit.changes import worded_by

        worded_by(Batch, words={"counts": told.counts}, labels={"counts": _("What it did")})
