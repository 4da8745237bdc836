"""The notices room as a Django app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Notices, what is sent of them, preferences."""

    name = "tonghu.platform.notices"
    label = "notices"

    def ready(self) -> None:
        from tonghu.platform.notices import of_jobs

        of_jobs.listen()
