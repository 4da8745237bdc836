"""A row of a file and the card that is there, side by side, field by field."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from tonghu.codes import hqms_fields
from tonghu.intake.matching import differing, filling, in_layout
from tonghu.intake.queries import label, shown
from tonghu.registry.content import Content
from tonghu.registry.supplement import items

#: Items of the supplement stand after the fields of the page.
_AFTER_THE_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One field as the file and the card have it; `hidden` differs in a part that is masked; `masked`: the file's
    text is not shown whole; `fills`: what filling the card's blanks would write, '' for nothing.
    """

    code: str
    label: str
    incoming: str
    held: str
    differs: bool
    hidden: bool = False
    masked: bool = False
    fills: str = ""

    @property
    def kind(self) -> str:
        """What taking the file would do: ``same``, ``filled`` (the card has nothing), ``emptied`` or ``changed``."""
        if not self.differs:
            return "same"
        return "filled" if not self.held else "changed" if self.incoming else "emptied"


def lines(incoming: Content, held: Content | None, *, zh: bool, absent: Container[str] = ()) -> list[Line]:
    """Return every field that either has or that a fill writes, those that would change first, else in the order of
    the page.

    Args:
        absent: columns that the file has not, as :func:`matching.differing` takes them.
    """
    layout = held.layout if held else incoming.layout
    new = in_layout(incoming, layout) | _spoken(incoming, absent)
    old = dict(held.front) | _spoken(held, absent) if held else {}
    differ = set(differing(incoming, held, absent)) if held else set()
    filled = filling(incoming, held, absent) if held else {}
    order = {field.code: field.seq for field in hqms_fields.layout(layout).fields}
    order |= {one.name: _AFTER_THE_PAGE + at for at, one in enumerate(items())}
    found = []
    first = differ | filled.keys()
    for code in sorted(
        new.keys() | old.keys() | first, key=lambda code: (code not in first, order.get(code, 10_000), code)
    ):
        texts = shown(layout, code, new.get(code, "")), shown(layout, code, old.get(code, ""))
        differs, masked = code in differ, texts[0] != new.get(code, "")
        hidden = differs and texts[0] == texts[1]
        fills = shown(layout, code, filled.get(code, ""))
        found.append(Line(code, label(layout, code, zh=zh), *texts, differs, hidden, masked, fills))
    return found


def _spoken(content: Content, absent: Container[str]) -> dict[str, str]:
    """The items of a supplement for which the file has columns."""
    return {name: text for name, text in content.supplement.items() if name not in absent}
