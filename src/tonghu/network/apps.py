"""The network capability as a Django app."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Regions and institutions."""

    name = "tonghu.network"
    label = "network"

    def ready(self) -> None:
        """Say what the picker of regions offers, and which acts the log and which notices people know."""
        from tonghu.network import events, telling  # noqa: F401 -- declares them
        from tonghu.network.naming import every_region
        from tonghu.network.queries import REGIONS
        from tonghu.platform.components.codes import SOURCES

        SOURCES[REGIONS] = every_region
