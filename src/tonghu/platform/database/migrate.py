"""Bring a site's database to the state that this version wants."""

from __future__ import annotations

from django.core.management import call_command


def migrate() -> None:
    """Run every migration that is missing, as the owner, each in a transaction of its own."""
    call_command("migrate", database="owner", interactive=False, verbosity=0)
