"""Lists of the field: departments of authorities with their duties, types and grades of institutions.

Types follow WS 218-2002 (classification of health institutions), the part that meets these patients; taken from a
secondary source. Grades are those of the hospital review (特、甲、乙、丙).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.utils.translation import get_language

_DATA = Path(__file__).parent / "data"
#: Levels and grades of the hospital review, as they are called: (zh, en).
LEVELS = {1: ("一级", "Level 1"), 2: ("二级", "Level 2"), 3: ("三级", "Level 3")}
GRADES = {
    "特": ("特等", "special grade"),
    "甲": ("甲等", "grade A"),
    "乙": ("乙等", "grade B"),
    "丙": ("丙等", "grade C"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of a list: code and name in both languages."""

    code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Duty:
    """What a policy asks of a department, and the clause that asks it."""

    zh: str
    en: str
    clause: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Department(Named):
    """A line of government, with its duties."""

    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class InstitutionType(Named):
    """A type of hospital or primary-care institution; `kind` is the institution's."""

    kind: str


@cache
def departments() -> Mapping[str, Department]:
    """Every department by code."""
    rows = yaml.safe_load((_DATA / "departments.yaml").read_text(encoding="utf-8"))
    return {
        row["code"]: Department(row["code"], row["zh"], row["en"], tuple(Duty(**duty) for duty in row["duties"]))
        for row in rows
    }


@cache
def institution_types() -> Mapping[str, InstitutionType]:
    """Every type of institution by code."""
    with (_DATA / "institution_types.csv").open(encoding="utf-8", newline="") as lines:
        rows = [InstitutionType(row["code"], row["zh"], row["en"], row["kind"]) for row in csv.DictReader(lines)]
    return {row.code: row for row in rows}


def level_in_words(level: int | None, grade: str = "") -> str:
    """Return a level with its grade in the reader's language, such as 三级甲等; "" for neither."""
    said = [named for named in (LEVELS.get(level or 0), GRADES.get(grade)) if named]
    if (get_language() or "zh").startswith("zh"):
        return "".join(zh for zh, _en in said)
    return ", ".join(en for _zh, en in said)
