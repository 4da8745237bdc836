"""What lists call the main diagnosis of a card: its code alone says little to most readers.

No list of diagnoses is shipped, so the name is the one that cards of that code carry, within the reader's reach. One
card a code is opened, and what it says is kept for a while: a list costs nothing more once its codes are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from time import monotonic
from typing import Final

from django.utils.html import format_html

from tonghu.codes.hqms_fields import layout
from tonghu.codes.icd10 import normalise
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion, SeenCard

#: So long a reach's names are kept in this process, and so many of them.
KEPT_SECONDS: Final = 600.0
MOST: Final = 5_000
#: Whose names they are: those of a hospital, or of a range of regions. Names do not pass from one to another.
Reach = tuple[int | None, str | None, str | None]

_held: dict[Reach, tuple[float, dict[str, str]]] = {}


def diagnosis_names(cards: Iterable[Card | SeenCard], by: Scope) -> dict[str, str]:
    """What the main diagnoses of these cards are called, by code in the writing of :func:`normalise`."""
    known = _of(by)
    lacking = {normalise(card.principal_code): card for card in cards if card.principal_code}
    wanted = {card.pk: card for code, card in lacking.items() if code not in known}
    if wanted:
        numbers = {(card.pk, card.version) for card in wanted.values()}
        for one in CardVersion.objects.filter(card__in=wanted, number__in={number for _card, number in numbers}):
            if (one.card_id, one.number) in numbers:
                said = open_(one.content)
                code, name = _fields(said.layout)
                known[normalise(said.front.get(code, ""))] = said.front.get(name, "").strip()
    return {code: known.get(code, "") for code in lacking}


def with_code(code: str, names: Mapping[str, str]) -> object:
    """A diagnosis for a cell of a list: its name, and the code quietly beside it; the code alone where no name is."""
    name = names.get(normalise(code), "")
    both = '<span class="with-code"><span>{}</span> <code class="meta">{}</code></span>'
    return format_html(both, name, code) if name and code else code


def _of(by: Scope) -> dict[str, str]:
    reach = (by.institution, by.region_from, by.region_to)
    at, found = _held.get(reach, (0.0, {}))
    if monotonic() - at > KEPT_SECONDS or len(found) > MOST:
        found = {}
        _held[reach] = (monotonic(), found)
    return found


@cache
def _fields(layout_id: str) -> tuple[str, str]:
    """The codes of the fields that hold the main diagnosis and its name."""
    known = layout(layout_id).by_name
    return known["principal_diagnosis_code"].code, known["principal_diagnosis_name"].code
