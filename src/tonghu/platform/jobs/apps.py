"""The jobs room as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Queue, progress, retries, dead letters, the worker."""

    name = "tonghu.platform.jobs"
    label = "jobs"

    def ready(self) -> None:
        from tonghu.platform.jobs import upkeep

        _ = upkeep  # declares the room's own jobs; those of other rooms stand in their tasks.py
