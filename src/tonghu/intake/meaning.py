"""Whether a file's cell says what a card's field says: by the field's type, since spreadsheets write in their own way.

Dates, times and numbers are compared by what they say, texts without the blanks at their edges. A writing that the
rules find fault with is no other writing of a right one: whoever puts it right in the file puts the card right.
"""

from __future__ import annotations

import re
from typing import Final

from tonghu.codes.hqms_fields import Field
from tonghu.codes.reading import TOO_MANY_PLACES
from tonghu.codes.text import clean, halfwidth
from tonghu.hqms.casting import Value, cell

#: A number in groups of three digits, as spreadsheets show amounts.
_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def says_the_same(field: Field, incoming: str, held: str) -> bool:
    """Whether what a file says in a field is what the card says, however it is written."""
    one, other = clean(incoming), clean(held)
    if one == other:
        return True
    if field.type == "text" or one is None or other is None:
        return False
    said, note = read(field, one)
    before, fault = cell(field, other)
    # A number of too many places is read as another one; what is faulty on the card, the file may put right.
    return said is not None and said == before and fault is None and note != TOO_MANY_PLACES


def read(field: Field, text: str) -> tuple[Value | None, str | None]:
    """What a file's cell says, as ``casting.cell`` reads it, and numbers also in groups of three digits."""
    return cell(field, _ungrouped(text) if field.type in ("integer", "decimal") else text)


def _ungrouped(text: str) -> str:
    plain = halfwidth(text)
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else text
