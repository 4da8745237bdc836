"""The API room as a Django app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Docking clients, their tokens, rate limits, kept answers."""

    name = "tonghu.platform.api"
    label = "api"

    def ready(self) -> None:
        """Make the kinds of events known."""
        from tonghu.platform.api import events

        _ = events
