"""Bring a site's database to the state that this version wants."""

from __future__ import annotations

from django.core.management import call_command

from tonghu.platform.crypto import site_keys


def migrate() -> None:
    """Run every migration that is missing, as the owner, each in a transaction of its own; then see to the keys.

    Raises:
        KeysMissing: the keys that the database was written with are not there.
    """
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    site_keys.prepare()
