"""The code systems that are no value list: version, validity, source and licence of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from tonghu.codes._data import read_date_cell, read_rows
from tonghu.codes.bad_code import BadCode


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """One code system. ``valid_to`` is exclusive; ``licence`` is that of the list it was taken from, if any."""

    id: str
    name_zh: str
    name_en: str
    version: str
    valid_from: date | None
    valid_to: date | None
    source: str
    verified: bool
    licence: str | None


@cache
def systems() -> dict[str, CodeSystem]:
    """All code systems by id: the two layouts, ICD-10, ICD-O-3, ICCC-3, regions, identity numbers."""
    return {
        id_: CodeSystem(
            id_, name_zh, name_en, version, read_date_cell(start), read_date_cell(end), source, verified == "yes",
            licence or None,
        )
        for id_, name_zh, name_en, version, start, end, source, verified, licence in read_rows("systems.csv")
    }  # fmt: skip


def system(system_id: str) -> CodeSystem:
    """The code system `system_id`, such as ``regions``. Raises BadCode when there is none."""
    found = systems().get(system_id)
    if found is None:
        raise BadCode(f"没有代码系统“{system_id}”", f"There is no code system “{system_id}”")
    return found
