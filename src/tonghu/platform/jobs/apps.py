"""The jobs room as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Queue, progress, retries, dead letters, the worker."""

    name = "tonghu.platform.jobs"
    label = "jobs"

    def ready(self) -> None:
        from tonghu.platform.jobs import upkeep  # declares the room's own jobs, too
        from tonghu.platform.jobs.models import Job
        from tonghu.platform.jobs.signals import ended

        ended.connect(upkeep.settle_by_success, sender=Job, dispatch_uid="jobs.upkeep")
