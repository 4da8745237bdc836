"""Items of the supplement that a discharge row knows: which field fills which item is data (``from_page`` in
``supplement.yaml``). An item follows its page as long as it says what the page said; what a person wrote stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from tonghu.codes import hqms_fields
from tonghu.hqms.iccc import NO_TUMOUR
from tonghu.registry.content import Content
from tonghu.registry.supplement import Item, items_on


def drawn(front: Mapping[str, str], layout: str, scope_group: str, day: date) -> dict[str, str]:
    """Return what a front page says of the supplement's items; nothing of a tumour where the stay is for none.

    Args:
        scope_group: the group that brought the stay into scope, '' for none.
    """
    known: dict[str, str] = {}
    for code, item in _sources(layout, day):
        text = front.get(code)
        if text and item.from_page and _is_for(item, scope_group) and (said := item.from_page.read(text)):
            known[item.name] = said
    return known


def brought(
    held: Content, changes: Mapping[str, str], row: Content, *, before: str, after: str, day: date
) -> dict[str, str]:
    """Return the items that change with a card's page, as an import changes it; a blank one is emptied.

    An item changes where the page says another thing of it than before, and the card says what the page said, or
    nothing where that said nothing.

    Args:
        held: the card.
        changes: of its page, by the codes of its layout.
        row: the file's row; what the card's layout has no field for is what the row says.
        before, after: the scope group of the card and of the row.
    """
    was = drawn(held.front, held.layout, before, day)
    now = drawn(held.with_changes(changes, {}).front, held.layout, after, day)
    of_its_page = {item.name for _code, item in _sources(held.layout, day)}
    now |= {name: text for name, text in row.supplement.items() if name not in of_its_page}
    return {
        name: now.get(name, "")
        for name in was.keys() | now.keys()
        if now.get(name) != was.get(name) and held.supplement.get(name, "") == was.get(name, "")
    }


def filled_by(layout: str, day: date) -> dict[str, str]:
    """Return which items a layout's front page can fill: their names, each with the code of the field."""
    return {item.name: code for code, item in _sources(layout, day)}


@cache
def _sources(layout: str, day: date) -> tuple[tuple[str, Item], ...]:
    fields = hqms_fields.layout(layout).by_name
    found = ((item.from_page, item) for item in items_on(day))
    return tuple((fields[said.field].code, item) for said, item in found if said and said.field in fields)


def _is_for(item: Item, scope_group: str) -> bool:
    return item.meant_for == "all" or (bool(scope_group) and scope_group not in NO_TUMOUR)
