"""The components as a Django app: templates and tags."""

from django.apps import AppConfig


class ComponentsConfig(AppConfig):
    """Tables, forms, pickers, findings, timelines, charts, maps."""

    name = "tonghu.platform.components"
    label = "components"
