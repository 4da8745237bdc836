"""Whether a row seems to have come to harm on its way: cut off, shifted, or with values that nobody can read.

Such a row never writes over a card by itself, however plainly it names the stay: a person compares it first. That its
cells are not as many as the header's is known when it is read; the rest is seen beside the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tonghu.codes import hqms_fields
from tonghu.hqms.casting import cell, unfilled
from tonghu.intake.meaning import read
from tonghu.intake.models import Damage
from tonghu.registry.content import Content

#: So many fields that a row leaves blank while the card has them filled are no correction that somebody made by hand;
#: an operation that was taken back leaves about ten.
MANY: Final = 20


def damage(said: Mapping[str, str], held: Content, changed: Sequence[str]) -> str:
    """Return how a row seems damaged beside its card: a value of :class:`Damage`, or '' where it does not.

    Args:
        said: what the row says, by the codes of the card's layout.
        held: what the card says.
        changed: in which fields they differ.
    """
    fields, blanked = hqms_fields.layout(held.layout).by_code, 0
    for code in changed:
        field, before, after = fields.get(code), held.front.get(code, ""), said.get(code, "")
        if field is None or unfilled(field, before):
            continue
        if unfilled(field, after):
            blanked += 1
        elif field.type != "text" and cell(field, before)[0] is not None and read(field, after)[0] is None:
            return Damage.UNREADABLE.value
    return Damage.EMPTIES.value if blanked >= MANY else ""
