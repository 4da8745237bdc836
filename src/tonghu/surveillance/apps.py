"""The surveillance capability as a Django app."""

from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    """Monitoring points and their reporting."""

    name = "tonghu.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        """Say to the imports below which months are locked: none of theirs is undone in bulk then."""
        from tonghu.registry.locks import lock_is_asked_of
        from tonghu.surveillance.queries import is_locked

        lock_is_asked_of(is_locked)
