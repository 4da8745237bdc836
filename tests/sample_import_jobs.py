"""The jobs of the intake, for workers that are killed over them; their vault is named by ``SAMPLE_VAULT``."""

from __future__ import annotations

import os
from pathlib import Path

from tonghu.intake import importing, private, tasks, undoing
from tonghu.platform.files import vault

if "SAMPLE_VAULT" in os.environ:  # in the worker; the test itself replaces the folder for each test
    vault.folder = lambda: Path(os.environ["SAMPLE_VAULT"])
    private.PREFIX = os.environ["SAMPLE_PREFIX"]  # type: ignore[misc]  # folders in memory of this test alone
    # Small chunks, so that there is something between them.
    importing.CHUNK = 3
    undoing.CHUNK = 3

__all__ = ["tasks"]
