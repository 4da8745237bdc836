"""The columns of a file to be written: which, in what order, under what headers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tonghu.codes.hqms_fields import Field, layout
from tonghu.synth.chance import Chance


@dataclass(frozen=True)
class Sheet:
    """The columns of one file in their written order. `at[name]` is a place; unknown names share one extra place.

    Rows are made with that one extra cell at the end, so that a value for which this layout has no column falls away
    without a question asked; writers cut it off. `missing`: headers of columns that the file should have.
    """

    layout_id: str
    fields: tuple[Field, ...]
    header: tuple[str, ...]
    at: defaultdict[str, int] = field(compare=False)
    missing: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.fields)

    @property
    def diagnosis_slots(self) -> int:
        """Other diagnoses that fit (10 or 40)."""
        return 40 if self.layout_id == "2020" else 10

    def has(self, name: str) -> bool:
        """Whether the layout has a column for this field."""
        return self.at.get(name, self.width) < self.width

    def column(self, name: str) -> str:
        """The header of a field as it stands in the file."""
        return self.header[self.at[name]]


# Columns on which no rule leans: one of them may be missing without any row being wrong.
_MAY_BE_MISSING = ("visiting_physician", "intern", "health_card_no")


def sheet(
    layout_id: str, *, chinese: bool = False, shuffled: Chance | None = None, dropped: Chance | None = None
) -> Sheet:
    """The columns of layout `2012` or `2020`, in the standard order or `shuffled`. Never a vendor's own columns.

    With `dropped`, one column is left out.
    """
    fields = list(layout(layout_id).fields)
    gone = dropped.one(_MAY_BE_MISSING) if dropped is not None else ""
    missing = tuple(f.name_zh if chinese else f.code for f in fields if f.name == gone)
    fields = [f for f in fields if f.name != gone]
    if shuffled is not None:
        shuffled.shuffle(fields)
    width = len(fields)
    at: defaultdict[str, int] = defaultdict(lambda: width)
    at.update((f.name, place) for place, f in enumerate(fields))
    header = tuple(f.name_zh if chinese else f.code for f in fields)
    return Sheet(layout_id, tuple(fields), header, at, missing)
