"""The files room as a Django app."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Storage, lives, upload and download."""

    name = "tonghu.platform.files"
    label = "files"

    def ready(self) -> None:
        from tonghu.platform.files import checks

        _ = checks  # registers what is looked at when the site starts
