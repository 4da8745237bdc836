"""The home room as a Django app."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """The first screen."""

    name = "tonghu.platform.home"
    label = "home"
