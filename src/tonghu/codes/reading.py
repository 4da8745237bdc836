"""What a cell says: the value, and what is wrong with the way it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")

#: Notes with a value: it is certain, and the cell should be rewritten.
FULLWIDTH = "fullwidth"
EXCEL_SERIAL = "excel_serial"
DECIMAL_FOR_INTEGER = "decimal_for_integer"
TOO_MANY_PLACES = "too_many_places"
GUARDED = "guarded"
#: Notes without a value: the cell cannot be read.
SCIENTIFIC = "scientific"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """The value of a cell if it can be known, and a note on how it is written if something is wrong with that.

    ``note`` is None for a cell in order; a blank cell has neither value nor note. With a note and a value the value
    is right and the cell should be rewritten; with a note and no value the cell cannot be read.
    """

    value: Value | None
    note: str | None = None
