"""The API room as a Django app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Docking clients, their tokens, rate limits, kept answers."""

    name = "tonghu.platform.api"
    label = "api"

    def ready(self) -> None:
        """Make the kinds of events known, and say who knows docking clients."""
        from tonghu.platform.api import events
        from tonghu.platform.api.callers import institution_of, scope_for_job
        from tonghu.platform.jobs.asker import Clients, clients_by

        _ = events
        clients_by(Clients(scope=scope_for_job, institution=institution_of))
