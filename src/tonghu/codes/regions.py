"""Administrative regions (GB/T 2260), with the years in which each code was valid.

A six-digit code is province (2), prefecture (2) and county (2). Codes are never reused lightly but they end: an old
identity number or address rightly names a county that was merged since, so a region is asked for *on a date*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from tonghu.codes.tables import table
from tonghu.codes.text import clean


@dataclass(frozen=True, slots=True)
class Region:
    """One region. ``valid_from`` and ``valid_to`` (exclusive) are None as far as the list reaches."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None


@cache
def provinces() -> dict[str, str]:
    """The provinces, autonomous regions and municipalities of GB/T 2260 by code, full names."""
    return {entry.code: entry.name_zh for entry in table("RC036").entries if entry.code != "660000"}


def province_of(code: str) -> str | None:
    """The province code of a region code (``510107`` → ``510000``); None when its first two digits name none."""
    province = f"{code[:2]}0000"
    return province if len(code) == 6 and province in provinces() else None


def region(code: str, on: date | None = None) -> Region | None:
    """The region that `code` named on a day (default: at any time)."""
    name = provinces().get(code)
    found = Region(code, name, None, None) if name else None
    return found if on is None or found is None or (found.valid_from or on) <= on else None


_ENDINGS = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


@cache
def _beginnings() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, name in provinces().items():
        found[name] = code
        for ending in _ENDINGS:
            if name.endswith(ending):
                found[name.removesuffix(ending)] = code
                break
    return found


def province_of_address(text: str | None) -> str | None:
    """The code of the province that an address begins with, by full name or usual short form; None without one."""
    address = (clean(text) or "").removeprefix("中国")
    # Two characters tell all provinces apart but 内蒙古 and 黑龙江, whose short form has three.
    return _beginnings().get(address[:2]) or _beginnings().get(address[:3])
