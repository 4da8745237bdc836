"""A site's keys of their own for each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tonghu.platform.crypto import keys


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Path:
    """A folder with fresh keys that write at once."""
    settings.SITE, settings.KEY_COMMAND = tmp_path, ""
    keys.write(keys.fresh_keyring())
    return tmp_path
