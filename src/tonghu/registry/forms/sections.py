"""What stands where on the card: the sections of ``sections.yaml`` laid over a layout's field dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils.translation import get_language

from tonghu.codes import hqms_fields
from tonghu.codes.hqms_fields import Field

FILE: Final = Path(__file__).with_name("sections.yaml")


@dataclass(frozen=True, slots=True)
class Said:
    """A title in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if (get_language() or "").startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, such as the third other diagnosis: its fields by column, None where the layout has none."""

    stem: str
    title: Said
    fields: tuple[Field | None, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Fields that say one thing together, such as the third other diagnosis with all that is known of it.

    Attributes:
        members: the fields by what they say of it, such as ``code``, ``name``, ``surgeon``.
        code: the member by which one is known from another; '' where none is.
        not_again: where what is said here is not said again: the main diagnosis is no other one; None for nowhere.
    """

    stem: str
    members: Mapping[str, Field]
    code: str
    not_again: Together | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """All of its fields, those included that stand in no column of its table."""
        return tuple(self.members.values())


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of like rows: diagnoses, procedures. Columns that the layout never has are left out."""

    id: str
    title: Said
    columns: tuple[Said, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the card; ``fields`` are those that stand in no table."""

    id: str
    title: Said
    grids: tuple[Grid, ...] = ()
    fields: tuple[Field, ...] = ()
    supplement: bool = False


@cache
def sections(layout: str) -> tuple[Section, ...]:
    """The sections of a card in their order; every field of the layout stands in exactly one."""
    known = hqms_fields.layout(layout)
    said = _file()["sections"]
    named = {name: part["id"] for part in said for name in part.get("names", ())}
    grouped = {group: part["id"] for part in said for group in part.get("groups", ())}
    inside: dict[str, list[Field]] = {part["id"]: [] for part in said}
    for one in known.fields:
        inside[named.get(one.name) or grouped[one.group]].append(one)
    return tuple(_section(part, _in_order(inside[part["id"]], part), known.by_name) for part in said)


@cache
def together(layout: str) -> tuple[tuple[Together, ...], ...]:
    """The groups of fields of a layout that say one thing together, by kinds: those of a kind may change places."""
    by_name = hqms_fields.layout(layout).by_name
    found = []
    for table in (table for part in _file()["sections"] for table in part.get("tables", ())):
        names = [column["name"] for column in table["columns"]]
        for row in table["rows"]:
            again = row.get("not_again")
            elsewhere = _together(again, by_name) if again else None
            found.append(tuple(_together(stem, by_name, elsewhere) for stem, _title in _stems(row, names, by_name)))
    return tuple(kind for kind in found if kind)


def _together(stem: str, by_name: Mapping[str, Field], not_again: Together | None = None) -> Together:
    begins = f"{stem}_"
    members = {name.removeprefix(begins): one for name, one in by_name.items() if name.startswith(begins)}
    code = next((member for member in members if member == "code" or member.endswith("_code")), "")
    return Together(stem, members, code, not_again)


@cache
def masked_kind(name: str) -> str:
    """How a field's value is masked: ``document``, ``phone``, ``address``, or '' where it is not."""
    return next((kind for kind, names in _file()["masked"].items() if name in names), "")


def said_label(name: str) -> Said | None:
    """What a field is called on the form where the layout's own name does not do; None where it does."""
    found = _file()["labels"].get(name)
    return Said(found["zh"], found["en"]) if found else None


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


def _in_order(fields: list[Field], part: dict[str, Any]) -> list[Field]:
    """The fields in the order of their groups in the file; within a group in the layout's own."""
    order = {group: number for number, group in enumerate(part.get("groups", ()))}
    return sorted(fields, key=lambda one: order.get(one.group, 0))


def _section(part: dict[str, Any], fields: list[Field], by_name: Mapping[str, Field]) -> Section:
    grids = tuple(grid for said in part.get("tables", ()) if (grid := _grid(said, by_name)).rows)
    in_grids = {one.code for grid in grids for row in grid.rows for one in row.fields if one}
    return Section(
        part["id"],
        Said(part["zh"], part["en"]),
        grids,
        tuple(one for one in fields if one.code not in in_grids),
        part.get("supplement", False),
    )


def _grid(said: dict[str, Any], by_name: Mapping[str, Field]) -> Grid:
    names = [column["name"] for column in said["columns"]]
    stems = [each for row in said["rows"] for each in _stems(row, names, by_name)]
    used = [name for name in names if any(f"{stem}_{name}" in by_name for stem, _title in stems)]
    rows = tuple(Row(stem, title, tuple(by_name.get(f"{stem}_{name}") for name in used)) for stem, title in stems)
    titles = {column["name"]: Said(column["zh"], column["en"]) for column in said["columns"]}
    return Grid(said["id"], Said(said["zh"], said["en"]), tuple(titles[name] for name in used), rows)


def _stems(row: dict[str, str], names: list[str], by_name: Mapping[str, Field]) -> list[tuple[str, Said]]:
    """The rows that one line of the file stands for: itself, or one for each number that the layout has."""
    stem = row["stem"]
    if "{n}" not in stem:
        return [(stem, Said(row["zh"], row["en"]))] if any(f"{stem}_{name}" in by_name for name in names) else []
    found: list[tuple[str, Said]] = []
    number = 1
    while any(f"{stem.format(n=number)}_{name}" in by_name for name in names):
        found.append((stem.format(n=number), Said(row["zh"].format(n=number), row["en"].format(n=number))))
        number += 1
    return found
