"""What regions are called: by their own names in Chinese; in English spelled, with what kind they are.

Regions have no official English names below the province: there the usual ones of the provinces stand, and pinyin.
Every room that names a region to a reader asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from tonghu.codes import regions
from tonghu.network import queries
from tonghu.network.models import Region
from tonghu.network.queries import BETWEEN
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
    found = queries.region(code)
    return _place(found) if found else None


def places(held: Iterable[Region]) -> list[Place]:
    """Several regions as they are called."""
    return [_place(one) for one in held]


def called(code: str, name: str) -> str:
    """A region's name in the reader's language.

    Args:
        code: six digits; `name` is the Chinese one.
    """
    if not _in_english():
        return name
    if code == NATION:
        return _("The nation")
    return _provinces().get(code) or _spelled(name)


def full_name(code: str) -> str:
    """A region with those above it in the reader's language, 四川省成都市锦江区 or Jinjiang District, Chengdu, Sichuan.

    Also of a code that ended: as it was called last. The code itself where it named nothing ever.
    """
    if not _in_english():
        return chinese_name(code)
    return ", ".join(called(one, name) for one, name in reversed(_line(code))) or code


def chinese_name(code: str) -> str:
    """The same in Chinese, whoever reads: as an address begins, and as the code pickers are asked."""
    return "".join(name for _code, name in _line(code)) or code


def every_region() -> Iterator[tuple[str, str, str]]:
    """Yield the nation and every region of today's list, code and whole name: what the code picker is asked of."""
    yield NATION, "全国", "The nation"
    for one in regions.listed(timezone.localdate()):
        yield one.code, chinese_name(one.code), ""


def _in_english() -> bool:
    return (get_language() or "").startswith("en")


def _line(code: str) -> list[tuple[str, str]]:
    """Codes and names from the province down to a region, without what nobody says; empty where it is unknown."""
    name = _name(code)
    if name is None:
        return []
    above = [one for one in dict.fromkeys((f"{code[:2]}0000", f"{code[:4]}00")) if one != code]
    held = [*((one, _name(one)) for one in above), (code, name)]
    return [(one, said) for one, said in held if said and said not in BETWEEN] or [(code, name)]


def _name(code: str) -> str | None:
    """What a code named last; from the lists, which ask no database, else from the site's own regions."""
    if len(code) != 6 or not code.isdecimal() or code == NATION:
        return None
    listed = regions.region(code) if code[0] != "0" else None
    if listed is not None:
        return listed.name
    held = queries.region_history(code)
    return held[-1].name if held else None


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
