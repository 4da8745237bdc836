"""The web shell as a Django app: templates, tags, static files."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Layout, components, styles."""

    name = "tonghu.platform.web"
    label = "web"
