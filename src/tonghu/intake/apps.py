"""The intake capability as a Django app."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Files that become report cards."""

    name = "tonghu.intake"
    label = "intake"
