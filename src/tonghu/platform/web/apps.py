"""The web shell as a Django app: templates, tags, static files."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class WebConfig(AppConfig):
    """Layout, components, styles, languages."""

    name = "tonghu.platform.web"
    label = "web"

    def ready(self) -> None:
        """Compile message catalogues that changed, before the first text is asked for."""
        from django.utils.translation.reloader import translation_file_changed

        from tonghu.platform.web.languages import compile_catalogues

        for catalogue in compile_catalogues([Path(folder) for folder in settings.LOCALE_PATHS]):
            translation_file_changed(None, catalogue.with_suffix(".mo"))  # forget what was read before
