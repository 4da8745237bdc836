"""Items of the supplement in a file: the columns that an export of cards writes after the front page.

A file speaks of those items alone whose columns it has, known by their whole heading; of all others it says nothing.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date

from tonghu.codes.text import clean
from tonghu.registry.content import Content
from tonghu.registry.exporting import plain, supplement_columns
from tonghu.registry.supplement import Item, item, items


def items_in(headings: Sequence[str]) -> dict[int, Item]:
    """Return the items of a file by their columns' places; of a heading that stands twice the first counts."""
    known, found = supplement_columns(), dict[int, Item]()
    for at, heading in enumerate(headings):
        one = known.get(clean(heading) or "")
        if one is not None and one not in found.values():
            found[at] = one
    return found


def said_in(cells: Mapping[str, str | None]) -> dict[str, str]:
    """Return what a row's cells say of items, as a card has it: words by their code, days as 2026-10-01."""
    found = {}
    for name, cell in cells.items():
        one = item(name)
        text = plain(cell or "").strip()
        if one is not None and text:
            value, right = one.read(text)
            found[name] = right or (value.isoformat() if isinstance(value, date) else text)
    return found


def differing_items(incoming: Content, held: Content, absent: Container[str]) -> list[str]:
    """The names of the items of which a file's row says another thing than a card, those not `absent` from the file."""
    return [
        one.name
        for one in items()
        if one.name not in absent
        and not _same(one, incoming.supplement.get(one.name, ""), held.supplement.get(one.name, ""))
    ]


def filling_items(incoming: Content, held: Content, absent: Container[str]) -> dict[str, str]:
    """What filling a card's blanks writes of the supplement."""
    return {
        name: text
        for name, text in incoming.supplement.items()
        if name not in absent and item(name) is not None and not held.supplement.get(name)
    }


def drawn_only(incoming: Content, absent: Container[str]) -> Content:
    """A row with what its page alone says of the supplement: without what the file has columns for."""
    kept = {name: text for name, text in incoming.supplement.items() if name in absent}
    return Content(incoming.layout, incoming.front, kept)


def _same(one: Item, incoming: str, held: str) -> bool:
    """Whether both say the same, however it is written: words and codes, and days in any writing."""
    if clean(incoming) == clean(held):
        return True
    said = one.read(incoming)[0]
    return said is not None and said == one.read(held)[0]
