"""The groups of ICCC-3: twelve main groups, their subgroups and the extended groups (IARC 2017 numbering).

Which tumour falls into which group is the business of :mod:`tonghu.tumours`; here are the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tonghu.codes._data import read_csv
from tonghu.codes.bad_code import BadCode

#: Subgroup and extended code of what ICCC-3 does not classify.
NOT_CLASSIFIED = "999"


@dataclass(frozen=True, slots=True)
class Group:
    """One group. ``level``: main, subgroup, extended or none; ``label``: as printed, such as ``Ia.1``."""

    level: str
    code: str
    label: str
    parent: str
    name_zh: str
    name_en: str


@cache
def _groups() -> dict[tuple[str, str], Group]:
    rows = read_csv("iccc3_groups.csv")
    return {
        (row["level"], row["code"]): Group(
            row["level"], row["code"], row["label"], row["parent"], row["name_zh"], row["name_en"]
        )
        for row in rows
    }


def groups(level: str) -> tuple[Group, ...]:
    """All groups of a level (``main``, ``subgroup``, ``extended``) in the order of the classification."""
    return tuple(group for group in _groups().values() if group.level == level)


def main_group(label: str) -> Group:
    """A main group by its Roman numeral or two-digit code. Raises BadCode."""
    for group in groups("main"):
        if label in (group.label, group.code):
            return group
    raise _unknown(label)


def subgroup(code: str) -> Group:
    """A subgroup by its three digits (``011``); ``999`` answers what is not classified. Raises BadCode."""
    found = _groups().get(("none" if code == NOT_CLASSIFIED else "subgroup", code))
    if found is None:
        raise _unknown(code)
    return found


def extended(code: str) -> Group:
    """An extended group by its three digits (``001``…``115``); ``999`` as for subgroups. Raises BadCode."""
    found = _groups().get(("none" if code == NOT_CLASSIFIED else "extended", code))
    if found is None:
        raise _unknown(code)
    return found


def main_of(subgroup_code: str) -> str:
    """The Roman numeral of the main group of a subgroup (``011`` → ``I``); empty for 999. Raises BadCode."""
    group = subgroup(subgroup_code)
    return main_group(group.parent).label if group.parent else ""


def _unknown(code: str) -> BadCode:
    return BadCode(f"ICCC-3 没有“{code}”这一组", f"ICCC-3 has no group “{code}”")
