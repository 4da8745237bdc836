"""The operations room as a Django app."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Logs, health, figures, faults."""

    name = "tonghu.platform.operations"
    label = "operations"
