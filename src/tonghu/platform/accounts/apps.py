"""The accounts room as a Django app."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People, posts, roles, log-in."""

    name = "tonghu.platform.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Load every room's ``access.py``, so that its permissions are known, and have them checked."""
        from tonghu.platform.accounts.appointing import tell_the_database
        from tonghu.platform.accounts.checks import check_permissions

        post_migrate.connect(tell_the_database, sender=self)
        from tonghu.platform.accounts.second_factor import under_key
        from tonghu.platform.crypto.rotation import counted_by

        counted_by("accounts_recoverycode.digest", under_key)
        autodiscover_modules("access")
        register(check_permissions)
