"""The scope room as a Django app: its migration makes the schema ``scope``."""

from django.apps import AppConfig


class ScopeConfig(AppConfig):
    """Row-level security and the scope that it asks."""

    name = "tonghu.platform.scope"
    label = "scope"
