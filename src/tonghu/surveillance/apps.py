"""The surveillance capability as a Django app."""

from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    """Monitoring points and their reporting."""

    name = "tonghu.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        """Say to the rooms below which months are locked, and of which a zero report stands."""
        from tonghu.registry.locks import lock_is_asked_of
        from tonghu.registry.zero import zero_is_asked_of
        from tonghu.surveillance.queries import is_locked, locked_since, standing_zeros

        lock_is_asked_of(is_locked, locked_since)
        zero_is_asked_of(standing_zeros)
