"""Field dictionaries whose fields become facts: the one place where the engine meets a particular dictionary.

A dictionary is a module of :mod:`tonghu.codes` with ``LAYOUTS`` and ``layout(id)``, whose ``fields`` have ``name``,
``type``, ``name_zh`` and ``name_en``; any attribute of a field can select a set of fields (``fields: {presence: …}``).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Protocol

from tonghu.rulebook.expressions import TYPES
from tonghu.rulebook.rule_error import BadExpression
from tonghu.rulebook.schema import Fact

#: Name in a facts file → module that has the dictionary.
DICTIONARIES = {"hqms": "tonghu.codes.hqms_fields"}


class _Field(Protocol):
    name: str
    type: str
    name_zh: str

    @property
    def name_en(self) -> str: ...


FieldsByLayout = Mapping[str, tuple[_Field, ...]]


def fields(name: str) -> FieldsByLayout:
    """The fields of each layout, in order. Raises BadExpression for a dictionary that there is not."""
    if name not in DICTIONARIES:
        raise BadExpression(f"没有名为“{name}”的字段字典", f"there is no field dictionary “{name}”")
    module = importlib.import_module(DICTIONARIES[name])
    return {layout: module.layout(layout).fields for layout in module.LAYOUTS}


def facts(by_layout: FieldsByLayout) -> dict[str, Fact]:
    """One fact for each name that any layout has. A field means the same in every layout, so its type is one."""
    layouts: dict[str, set[str]] = {}
    first: dict[str, _Field] = {}
    for layout, found in by_layout.items():
        for field in found:
            layouts.setdefault(field.name, set()).add(layout)
            known = first.setdefault(field.name, field)
            if known.type != field.type:
                raise BadExpression(
                    f"字段 {field.name} 在各版式中的类型不一", f"the field {field.name} has several types"
                )
    everywhere = set(by_layout)
    return {
        name: Fact(
            name,
            TYPES[field.type],
            field.name_zh,
            field.name_en,
            layouts=None if layouts[name] == everywhere else frozenset(layouts[name]),
        )
        for name, field in first.items()
    }


def select(by_layout: FieldsByLayout, wanted: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """The names of the fields that have all attributes `wanted`, each with the layouts where it has them."""
    found: dict[str, set[str]] = {}
    for layout, candidates in by_layout.items():
        for field in candidates:
            missing = [key for key in wanted if not hasattr(field, key)]
            if missing:
                raise BadExpression(f"字段没有属性 {missing[0]}", f"fields have no attribute {missing[0]}")
            if all(getattr(field, key) == value for key, value in wanted.items()):
                found.setdefault(field.name, set()).add(layout)
    return {name: frozenset(layouts) for name, layouts in found.items()}
