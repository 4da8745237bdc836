"""The dated rules of the log-in: how many failures, how long, how strong. They stand in ``log_in_rules.yaml``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from tonghu.platform import dated

_FILE = Path(__file__).parent / "log_in_rules.yaml"


def number(name: str) -> int:
    """Return what holds today for a number of the rules, such as ``failures``."""
    return int(dated.setting(_FILE, "log_in", timezone.localdate())[name])


def span(name: str) -> timedelta:
    """Return a length of time of the rules; its name says the unit: ``lock_minutes``, ``reset_hours``, …"""
    unit = name.rpartition("_")[2]
    return timedelta(**{unit: number(name)})
