"""What regions are called on the boards: by their own names in Chinese; in English spelled, with what kind they are.

Regions have no official English names below the province: there the usual ones of the provinces stand, and pinyin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from tonghu.network import queries as network
from tonghu.network.models import Region
from tonghu.network.region_range import NATION
from tonghu.platform.components import maps

#: What kind of region a name says, the longest ending first; a city is called by its name alone.
_KINDS: Final = (
    ("自治州", "Prefecture"), ("自治县", "County"), ("自治旗", "Banner"), ("地区", "Prefecture"),
    ("林区", "Forest District"), ("新区", "New Area"),
    ("盟", "League"), ("旗", "Banner"), ("区", "District"), ("县", "County"), ("市", ""),
)  # fmt: skip
#: Places that are read otherwise than their characters elsewhere.
_READ: Final = {
    "单县": "Shanxian",
    "长治市": "Changzhi",
    "六安市": "Lu'an",
    "六合区": "Luhe District",
    "铅山县": "Yanshan County",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A region as a page names it."""

    code: str
    name: str


def place(code: str) -> Place | None:
    """The region of a code as it is called today; None where the code names nothing."""
    found = network.region(code)
    return _place(found) if found else None


def places(regions: Iterable[Region]) -> list[Place]:
    """Several regions as they are called."""
    return [_place(one) for one in regions]


def called(code: str, name: str) -> str:
    """A region's name in the reader's language.

    Args:
        code: six digits; `name` is the Chinese one.
    """
    if not (get_language() or "").startswith("en"):
        return name
    if code == NATION:
        return _("The nation")
    return _provinces().get(code) or _spelled(name)


def full_name(code: str) -> str:
    """The name with those above it; the code where it names nothing."""
    if not (get_language() or "").startswith("en"):
        return network.full_name(code)
    at = network.region(code)
    above = [one for one in network.ancestors(code) if one.code != NATION and one.name not in network.BETWEEN]
    return ", ".join(called(one.code, one.name) for one in [*([at] if at else []), *reversed(above)]) or code


def _place(region: Region) -> Place:
    return Place(region.code, called(region.code, region.name))


@cache
def _provinces() -> dict[str, str]:
    return {row["code"]: row["name_en"] for row in maps.grid()}


@cache
def _spelled(name: str) -> str:
    if name in _READ:
        return _READ[name]
    ending, kind = next(((said, kind) for said, kind in _KINDS if name.endswith(said)), ("", ""))
    stem = name.removesuffix(ending)
    if len(stem) < 2:  # a name of one syllable keeps its ending: 单县 is Shanxian
        stem, kind = name, ""
    return f"{''.join(lazy_pinyin(stem, v_to_u=True)).capitalize()} {kind}".strip()
