"""Where children live: counties by name, as a clerk picks them and as a page says them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tonghu.codes import regions
from tonghu.codes.bad_code import BadCode
from tonghu.codes.dates import today_in_china

#: The list of counties, in the code picker.
COUNTIES: Final = "counties"
#: What stands between a province and its counties where there is no city; nobody says it.
_BETWEEN: Final = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")


def counties() -> Iterator[tuple[str, str, str]]:
    """Every county of today by code, with the names above it: what the code picker is asked of."""
    for one in regions.listed(today_in_china()):
        if not one.code.endswith("00"):
            yield one.code, full_name(one.code), ""


def full_name(code: str) -> str:
    """Return a region with those above it, 四川省成都市锦江区; the code itself where it named nothing ever."""
    try:
        found = regions.region(code)
    except BadCode:  # '' among them
        return code
    if found is None:
        return code
    above = full_name(found.parent) if found.parent else ""
    known = above if above and not above.isdigit() else ""
    return known + ("" if found.name in _BETWEEN else found.name)
