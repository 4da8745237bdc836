"""The surveillance capability as a Django app."""

from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    """Monitoring points and their reporting."""

    name = "tonghu.surveillance"
    label = "surveillance"
