"""ICCC-3: which row of the classification a tumour falls into.

A version of ICCC-3 is a table of rows; a row holds ranges of sites, ranges of histologies and a set of behaviours,
and no two rows overlap. Each value of an axis therefore has a *mask* of the rows that admit it, and the row of a
tumour is the bit that three masks have in common. :mod:`tonghu.tumours.columns` makes a dense grid out of the same
masks for millions of tumours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from tonghu.codes import icdo
from tonghu.errors import InputRefused
from tonghu.tumours._data import heading, read_csv

#: The versions that can be asked for, and their names in texts.
VERSIONS = {"iarc2017": "ICCC-3（IARC 2017）", "who2008": "ICCC-3（WHO 2008）", "iccc3-2005": "ICCC-3（2005）"}
DEFAULT_VERSION = "iarc2017"
NOT_CLASSIFIED = "999"
FIRST_HISTOLOGY, HISTOLOGIES = 8000, 2000


class Verdict(IntEnum):
    """How a well-formed tumour fared in the table."""

    LISTED = 0
    UNLISTED = 1
    NO_HISTOLOGY = 2
    NO_SITE = 3
    NO_BEHAVIOUR = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. ``label`` as printed (``VIa``); ``extended`` is bound to the version."""

    subgroup: str
    label: str
    extended: str
    name_zh: str
    name_en: str

    @property
    def main(self) -> str:
        """The Roman numeral of the main group."""
        return self.label.rstrip("abcdef")


@dataclass(frozen=True)
class Recode:
    """A version of ICCC-3: its rows, and for every value of the three axes the mask of the rows that admit it.

    ``sites`` by site code (the 330 of ICD-O-3); ``histologies`` by number less 8000; ``behaviours`` by digit.
    """

    version: str
    source: tuple[str, ...]
    rows: tuple[Row, ...]
    sites: dict[str, int]
    histologies: tuple[int, ...]
    behaviours: tuple[int, ...]

    def find(self, site: str, histology: int, behaviour: int) -> tuple[Row | None, Verdict]:
        """The row of a tumour with a known site, and how it was found.

        `histology` is any number (0…9999), `behaviour` any digit. Raises KeyError for a site that is not in ICD-O-3.
        """
        inside = 0 <= histology - FIRST_HISTOLOGY < HISTOLOGIES
        mask = self.histologies[histology - FIRST_HISTOLOGY] if inside else 0
        index, verdict = self.decide(self.sites[site], mask, self.behaviours[behaviour])
        if verdict is Verdict.LISTED and str(histology) not in known_histologies():
            verdict = Verdict.UNLISTED
        return (None if index is None else self.rows[index]), verdict

    @staticmethod
    def decide(site: int, histology: int, behaviour: int) -> tuple[int | None, Verdict]:
        """The index of the row that three masks have in common, or which axis ruled the last rows out."""
        if not histology:
            return None, Verdict.NO_HISTOLOGY
        if not site & histology:
            return None, Verdict.NO_SITE
        both = site & histology & behaviour
        if not both:
            return None, Verdict.NO_BEHAVIOUR
        return both.bit_length() - 1, Verdict.LISTED


@cache
def recode(version: str = DEFAULT_VERSION) -> Recode:
    """A version of ICCC-3, read once. Raises InputRefused for a version that is not one of :data:`VERSIONS`."""
    if version not in VERSIONS:
        raise InputRefused(
            f"没有“{version}”这一 ICCC-3 版本，可用：{'、'.join(VERSIONS)}",
            f"ICCC-3 has no version “{version}” here; there are {', '.join(VERSIONS)}",
        )
    name = f"iccc3/{version}.csv"
    rows: list[Row] = []
    numbers = {site: int(site[1:]) for site in icdo.topography()}
    sites = dict.fromkeys(numbers, 0)
    histologies = [0] * HISTOLOGIES
    behaviours = [0] * 10
    for index, cells in enumerate(read_csv(name)):
        bit = 1 << index
        rows.append(Row(*(cells[key] for key in ("subgroup", "label", "extended", "name_zh", "name_en"))))
        for low, high in ranges(cells["topography"]):
            for site, number in numbers.items():
                if low <= number <= high:
                    sites[site] |= bit
        for low, high in ranges(cells["histology"]):
            for number in range(low - FIRST_HISTOLOGY, high - FIRST_HISTOLOGY + 1):
                histologies[number] |= bit
        for digit, _ in ranges(cells["behaviour"]):
            behaviours[digit] |= bit
    return Recode(version, heading(name), tuple(rows), sites, tuple(histologies), tuple(behaviours))


def ranges(text: str) -> list[tuple[int, int]]:
    """``C000-C218,C239`` → [(0, 218), (239, 239)]: inclusive numeric ranges, as the tables print them."""
    pairs = (item.replace("C", "").split("-") for item in text.split(","))
    return [(int(ends[0]), int(ends[-1])) for ends in pairs]


@cache
def known_histologies() -> frozenset[str]:
    """The four-digit histologies that ICD-O-3 lists print, whatever their behaviour."""
    return frozenset(histology for histology, _ in icdo.morphology())
