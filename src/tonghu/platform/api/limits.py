"""The dated limits of the API. They stand in ``settings.yaml``."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from tonghu.platform.dated import setting

FILE = Path(__file__).parent / "settings.yaml"


def number(name: str, key: str) -> int:
    """Return what holds today for a number of an entry, such as ``number("body", "bytes")``."""
    return int(setting(FILE, name, timezone.localdate())[key])
