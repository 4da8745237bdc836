"""Which invented hospitals are the demo's monitoring points: the same ones whose files ``tonghu synth`` makes.

Two in the demo's own province, whose people are all there, and two in each of five others, so that the boards of the
nation have something to compare. Needs no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Final

from tonghu.synth.country import Hospital, invent_hospital

#: Counties in which two hospitals of a province stand; the first is the demo's own province.
COUNTIES: Final = {
    "51": ("510104", "510107"),
    "35": ("350102", "350203"),
    "32": ("320102", "320508"),
    "11": ("110101", "110108"),
    "44": ("440103", "440304"),
    "41": ("410102", "410302"),
}


@dataclass(frozen=True, slots=True)
class MadeUpPoint:
    """A hospital of the demo.

    Attributes:
        short: what its people's user names begin with: h1, h2 …
        number: of the invented hospital, as ``tonghu synth --hospital`` takes it.
        county: where it stands.
    """

    short: str
    number: int
    hospital: Hospital
    county: str

    @property
    def whole(self) -> bool:
        """Whether somebody is on every post there; elsewhere only those who report are."""
        return self.short in ("h1", "h2")

    @property
    def type(self) -> str:
        """The kind of hospital by WS 218."""
        return "A519" if self.hospital.for_children else "A100"


@cache
def points(seed: int) -> tuple[MadeUpPoint, ...]:
    """The demo's hospitals: in each province a children's one first, then a general one of the third level."""
    first: dict[tuple[str, bool], tuple[int, Hospital]] = {}
    numbers = count()
    while len(first) < 2 * len(COUNTIES):
        number = next(numbers)
        one = invent_hospital(seed, number)
        if one.province in COUNTIES and (one.for_children or one.level == "三级"):
            first.setdefault((one.province, one.for_children), (number, one))
    found: list[MadeUpPoint] = []
    for province, counties in COUNTIES.items():
        for for_children, county in zip((True, False), counties, strict=True):
            found.append(MadeUpPoint(f"h{len(found) + 1}", *first[province, for_children], county))
    return tuple(found)


#: Who was late with which month, by days: hospital and how many months back; all others are early by some days.
_LATE: Final = {("h2", 2): 4, ("h5", 2): 6, ("h6", 1): 1, ("h9", 3): 12, ("h11", 2): 2}


def days_after_due(point: MadeUpPoint, back: int) -> int:
    """How many days after its due date a hospital was done with a month, so many months `back`; below 0: before it."""
    return _LATE.get((point.short, back), -1 - (int(point.short[1:]) * 3 + back) % 6)
