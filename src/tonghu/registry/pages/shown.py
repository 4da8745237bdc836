"""Which cards a page showed, each with its version: an act on cards of a list moves what was seen, nothing newer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tonghu.platform.accounts.access import Request

#: The name of the field in a form, once for each box that is ticked or once for a whole list.
FIELD: Final = "card"
_BETWEEN: Final = ":"


def as_text(cards: Mapping[int, int]) -> str:
    """The numbers of cards with the versions that a page shows, for a hidden field or the value of a box."""
    return " ".join(f"{pk}{_BETWEEN}{version}" for pk, version in cards.items())


def shown(request: Request, most: int) -> dict[int, int]:
    """The cards of a posted form, each with the version that stood on the page; what is no such pair is left out."""
    pairs = (each.split(_BETWEEN) for said in request.POST.getlist(FIELD) for each in said.split()[:most])
    found = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(_number(one) for one in pair)]
    return {int(pk): int(version) for pk, version in found[:most]}


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
