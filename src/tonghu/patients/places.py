"""Where children live: the counties of today, as a clerk picks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tonghu.codes import regions
from tonghu.codes.dates import today_in_china
from tonghu.network.naming import chinese_name

#: The list of counties, in the code picker.
COUNTIES: Final = "counties"


def counties() -> Iterator[tuple[str, str, str]]:
    """Every county of today by code, with the names above it: what the code picker is asked of."""
    for one in regions.listed(today_in_china()):
        if not one.code.endswith("00"):
            yield one.code, chinese_name(one.code), ""
