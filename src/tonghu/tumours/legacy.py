"""From the morphology numbers of Chinese front pages to ICD-O-3.

Front pages write ``M98210/3`` after the annex of ICD-10, whose leukaemia and lymphoma numbers are those of ICD-O-2.
Whether the national clinical list uses the older or the newer numbers was not found, so both are taken: a number of
the table is translated, every other number is the same in both editions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tonghu.tumours._data import read_csv


@dataclass(frozen=True, slots=True)
class Translation:
    """One ICD-O-2 number and the ICD-O-3 number that takes its place.

    ``age_below``: holds for patients younger than this (completed years). ``verified``: read out of a published
    table, not recalled. The notes say what a reader of the result should know; they may be empty.
    """

    icdo2: str
    icdo3: str
    age_below: int | None
    verified: bool
    note_zh: str
    note_en: str


@cache
def translations() -> dict[str, tuple[Translation, ...]]:
    """The whole table by ICD-O-2 number; for each number the row without an age comes last."""
    table: dict[str, tuple[Translation, ...]] = {}
    for row in read_csv("legacy_morphology.csv"):
        entry = Translation(
            row["icdo2"],
            row["icdo3"],
            int(row["age_below"]) if row["age_below"] else None,
            row["verified"] == "true",
            row["note_zh"],
            row["note_en"],
        )
        table[entry.icdo2] = (*table.get(entry.icdo2, ()), entry)
    return table


def translate(histology: str, age: int | None = None) -> Translation | None:
    """The translation of an M-coded histology for a patient of `age` completed years; None when it stays as it is.

    Without an age the row that holds for all ages is taken.
    """
    for entry in translations().get(histology, ()):
        if entry.age_below is None or (age is not None and age < entry.age_below):
            return entry
    return None
