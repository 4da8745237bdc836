"""The jobs of the intake, for workers that are killed over them; their vault is the test's."""

from __future__ import annotations

from pathlib import Path

from tonghu.intake import importing, private, tasks, undoing
from tonghu.platform.files import vault

__all__ = ["tasks"]


def prepare(in_vault: str, prefix: str) -> None:
    """In a worker: the vault of the test, folders in memory of its own, and chunks with something between them."""
    vault.folder = lambda: Path(in_vault)
    private.PREFIX = prefix  # type: ignore[misc]
    importing.CHUNK = 3
    undoing.CHUNK = 3
