"""The diseases, companions and procedures of the made-up country, read from `catalogue/*.csv`.

Incidence is new cases per million children a year by age band; the figures are rounded by us so that childhood
cancer comes to about 126 per million a year (Lancet 2022;400:1020-1032, the total only) and the shape by age is the
known one (ALL peaks at 2-5, embryonal tumours in infancy, bone tumours and Hodgkin lymphoma in adolescence). They
are made to be plausible, not to be quoted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

BANDS: tuple[tuple[int, int], ...] = ((0, 0), (1, 4), (5, 9), (10, 14), (15, 19))
HAEMOPHILIA = ("D66", "D67")


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease in scope. `incidence` per million a year by band; `stays` a patient-year; `male` share of boys."""

    code: str
    name: str
    group: str
    iccc: str
    morphology: str
    morphology_name: str
    male: float
    incidence: tuple[float, ...]
    stays: float
    course: str
    operation: str
    department: str

    @property
    def cases(self) -> float:
        """New cases per million children and adolescents a year."""
        return sum(rate * (high - low + 1) for rate, (low, high) in zip(self.incidence, BANDS, strict=True)) / 20


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A stay out of scope (or of an adult): `who` child, newborn or adult, of `low` … `high` completed years."""

    code: str
    name: str
    who: str
    sex: str
    low: int
    high: int
    weight: float
    days: int
    operation: str
    department: str
    external: str
    external_name: str
    morphology: str
    morphology_name: str
    second: str
    second_name: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of the clinical edition; `level`, `anaesthesia`, `wound` are given for operations only."""

    key: str
    code: str
    name: str
    kind: str
    level: str
    anaesthesia: str
    wound: str

    @property
    def is_operation(self) -> bool:
        """True for an operation, False for a diagnostic or therapeutic procedure."""
        return self.kind == "operation"


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("tonghu.synth").joinpath("catalogue", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


@cache
def diseases() -> tuple[Disease, ...]:
    """Every disease in scope."""
    return tuple(
        Disease(
            code=row["code"],
            name=row["name"],
            group=row["group"],
            iccc=row["iccc"],
            morphology=row["morphology"],
            morphology_name=row["morphology_name"],
            male=float(row["male"]),
            incidence=tuple(float(row[f"age{low}"]) for low, _ in BANDS),
            stays=float(row["stays"]),
            course=row["course"],
            operation=row["operation"],
            department=row["department"],
        )
        for row in _rows("tumours_and_blood.csv")
    )


@cache
def ordinary_stays(who: str) -> tuple[Ordinary, ...]:
    """Stays out of scope of `who`: child, newborn or adult."""
    return tuple(
        Ordinary(
            code=row["code"],
            name=row["name"],
            who=row["who"],
            sex=row["sex"],
            low=int(row["low"]),
            high=int(row["high"]),
            weight=float(row["weight"]),
            days=int(row["days"]),
            operation=row["operation"],
            department=row["department"],
            external=row["external"],
            external_name=row["external_name"],
            morphology=row["morphology"],
            morphology_name=row["morphology_name"],
            second=row["second"],
            second_name=row["second_name"],
        )
        for row in _rows("other_stays.csv")
        if row["who"] == who
    )


@cache
def procedures() -> dict[str, Procedure]:
    """Every procedure by its key."""
    return {row["key"]: Procedure(**row) for row in _rows("procedures.csv")}


@cache
def companions(kind: str) -> tuple[tuple[str, str], ...]:
    """Further diagnoses (code, name) of `kind`: complication, child or adult. None of them is in scope."""
    return tuple((row["code"], row["name"]) for row in _rows("companions.csv") if row["kind"] == kind)
