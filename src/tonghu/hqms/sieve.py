"""Which rows can be passed over at a glance at their bytes: written plainly, and too old or without a code in scope.

Reading the dates and diagnoses of a million rows into columns would cost most of the time of a check. So the rows are
first looked at as they lie in the file. A row is settled here only where its dates are written in the one plain shape
that :mod:`plain_dates` reads, and what they and the codes say leaves no doubt; all others go to the prefilter, which
answers for them as it would for all (a generated test holds them together).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tonghu.hqms import plain_dates
from tonghu.hqms.layout import ADMISSION, BIRTH, DIAGNOSIS, Columns
from tonghu.hqms.prefilter import Bounds
from tonghu.hqms.reading.model import Cells, Seen

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass
class Sieve:
    """Settles rows; `rows` counts them, `young` those among them who are under the age (all, where no age is a bound),
    `uncoded` those of the young that have no main diagnosis."""

    columns: Columns
    bounds: Bounds
    rows: int = 0
    young: int = 0
    uncoded: int = 0

    def look(self, cells: Cells) -> Seen:
        """See :class:`tonghu.hqms.reading.model.Sieve`."""
        count = len(cells.counts)
        seen = Seen(*(np.zeros(count, np.bool_) for _ in Seen._fields))
        # A row with more or fewer cells may have them under the wrong header.
        whole = np.flatnonzero(cells.counts == len(self.columns.header))
        if not len(whole) or self.bounds.codes is None or not {BIRTH, ADMISSION} <= self.columns.position.keys():
            return seen
        years = plain_dates.completed_years(self._days(cells, BIRTH, whole), self._days(cells, ADMISSION, whole))
        below = self.bounds.age_below
        young = whole[(years >= 0) & (True if below is None else years < below)]
        harmless = young[~self._suspects(cells, young)]
        seen.young[harmless] = True
        seen.settled[harmless] = True
        if DIAGNOSIS in self.columns.position:
            heads = cells.heads(cells.begins(self.columns.position[DIAGNOSIS], harmless), 1)[:, 0]
            # What is settled and no code is nothing, or the filler.
            seen.uncoded[harmless] = (heads == 0) | (heads == ord("-"))
        if below is not None:
            seen.settled[whole[years >= below]] = True
        return seen

    def passed(self, seen: Seen) -> None:
        """See :class:`tonghu.hqms.reading.model.Sieve`."""
        self.rows += int(seen.settled.sum())
        self.young += int(seen.young.sum())
        self.uncoded += int(seen.uncoded.sum())

    def _days(self, cells: Cells, name: str, rows: Rows) -> plain_dates.Numbers:
        heads = cells.heads(cells.begins(self.columns.position[name], rows), plain_dates.WIDEST)
        sign = chr(heads[len(heads) // 2, 4])  # the first row may be the header
        return plain_dates.days_at(heads, sign if sign in "-/" else "")

    def _suspects(self, cells: Cells, rows: Rows) -> Flags:
        """Which rows hold a code that may be in scope, or that is not written plainly."""
        suspects = np.zeros(len(rows), np.bool_)
        *slots, last = sorted(self.columns.position[name] for _, name in self.columns.diagnosis_slots)
        ends = cells.begins(last, rows)
        suspects |= self._may_match(cells.heads(ends, 3))
        places = np.arange(len(rows))
        for slot in slots:
            begins = cells.begins(slot, rows[places])
            suspects[places] |= self._may_match(cells.heads(begins, 3))
            # Where only delimiters lie between this slot and the last one, nothing is left to look at.
            places = places[ends[places] - begins > last - slot]
        return suspects

    def _may_match(self, heads: npt.NDArray[np.uint8]) -> Flags:
        letter, tens, ones = heads[:, 0] - np.uint8(ord("A")), heads[:, 1] - _ZERO, heads[:, 2] - _ZERO
        plain = (letter < 26) & (tens < 10) & (ones < 10)  # what lies before A or 0 comes out above
        category = (letter.astype(np.intp) * 10 + tens) * 10 + ones
        nothing = (heads[:, 0] == 0) | ((heads[:, 0] == ord("-")) & (heads[:, 1] == 0))
        may_match: Flags = ~nothing & ~self._elsewhere[np.where(plain, category, -1)]
        return may_match

    @cached_property
    def _elsewhere(self) -> Flags:
        """By number (letter, two digits): whether a category is in none of the lists; the last stands for no category.

        The filler "-" is in no list either.
        """
        free = np.zeros(26 * 100 + 1, np.bool_)
        for letter, numbers in self.bounds.free().items():
            free[[(ord(letter) - ord("A")) * 100 + number for number in numbers]] = True
        return free


_ZERO = np.uint8(ord("0"))
