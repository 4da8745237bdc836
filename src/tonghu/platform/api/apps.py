"""The API room as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ApiConfig(AppConfig):
    """Docking clients, their tokens, rate limits, kept answers."""

    name = "tonghu.platform.api"
    label = "api"

    def ready(self) -> None:
        """Make events and notices known, say who knows docking clients, and tell the database of rights."""
        from tonghu.platform.api import events, keeping
        from tonghu.platform.api.callers import institution_of, scope_for_job
        from tonghu.platform.api.rights import tell_the_database
        from tonghu.platform.jobs.asker import Clients, clients_by

        post_migrate.connect(tell_the_database, sender=self)
        _ = events, keeping
        clients_by(Clients(scope=scope_for_job, institution=institution_of))
