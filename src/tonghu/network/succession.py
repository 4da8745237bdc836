"""What became of a region's code: which code took its place when it was merged, renamed or raised.

The yearly lists (``codes.regions``) say when a code ends, not what became of it. Two sources answer, in this order:
``data/successors.csv``, mergers and splits set down by hand after the State Council's approvals; and the name, where a
region of the same name and level begins in the year after. What neither knows stays unknown.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tonghu.codes.regions import Region

_ENDING = re.compile(r"(自治县|自治旗|联合旗|自治州|特区|林区|矿区|地区|盟|县|市|区|旗)$")


class Successor(NamedTuple):
    """The codes that took a code's place (several after a split), and how that is known."""

    codes: tuple[str, ...]
    how: str  # "list", "name", or "" where unknown


def successors(spells: Iterable[Region]) -> dict[str, Successor]:
    """Return what became of every code whose last list is known; unknown ones have no codes."""
    known = list(spells)
    first: dict[str, Region] = {}
    last: dict[str, Region] = {}
    for spell in known:
        first.setdefault(spell.code, spell)
        last[spell.code] = spell
    begun: dict[tuple[int, int], list[Region]] = {}
    for spell in first.values():
        if spell.first_year:
            begun.setdefault((spell.first_year, level(spell.code)), []).append(spell)
    return {
        code: _by_list(spell) or _by_name(spell, begun.get((spell.last_year + 1, level(code)), []))
        for code, spell in last.items()
        if spell.last_year
    }


def level(code: str) -> int:
    """Return 0 for the nation's code, 1 for a province's, 2 for a city's, 3 for a county's."""
    if code == "000000":
        return 0
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def _by_list(gone: Region) -> Successor | None:
    codes = set_down().get((gone.code, gone.last_year or 0))
    return Successor(codes, "list") if codes else None


def _by_name(gone: Region, begun: list[Region]) -> Successor:
    near = [one for one in begun if one.code[:2] == gone.code[:2]]
    for alike in (
        [one for one in near if one.name == gone.name],
        [one for one in near if _stem(one.name) == _stem(gone.name)],
        [one for one in begun if one.name == gone.name],  # a province was divided: 川渝, 粤琼
    ):
        if len(alike) == 1:
            return Successor((alike[0].code,), "name")
    return Successor((), "")


@cache
def _stem(name: str) -> str:
    short = _ENDING.sub("", name)
    return short if len(short) > 1 else name


@cache
def set_down() -> dict[tuple[str, int], tuple[str, ...]]:
    """Return what was set down by hand: code and last year to the codes after it."""
    with (Path(__file__).parent / "data" / "successors.csv").open(encoding="utf-8", newline="") as lines:
        return {(row["code"], int(row["last_year"])): tuple(row["became"].split()) for row in csv.DictReader(lines)}
