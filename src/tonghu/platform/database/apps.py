"""The database room as a Django app, for its management commands and checks."""

from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    """Server, roles, migrations, backup."""

    name = "tonghu.platform.database"
    label = "database"
