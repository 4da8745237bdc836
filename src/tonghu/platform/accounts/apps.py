"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, posts, roles, log-in."""

    name = "tonghu.platform.accounts"
    label = "accounts"
