"""The network capability as a Django app."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Regions and institutions."""

    name = "tonghu.network"
    label = "network"
