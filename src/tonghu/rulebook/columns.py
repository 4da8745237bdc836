"""The columns that conditions read in DuckDB: what a name of the rules is called, in the record and in occurrences.

Facts are under their own names; derived facts as ``d name``; members as ``m name``, whether a member's cell has
anything in it as ``g name``; what a member's code answers as ``a number``; and, for unknown answers only, the list of
facts that a derived fact waits for as ``w name``. No fact's name has a space, so none of them can meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tonghu.rulebook.expressions import Kind, Name, Type
from tonghu.rulebook.schema import UNREADABLE, Collection, Schema, Slot, member_names
from tonghu.rulebook.sql_text import DUCKDB, Naming

if TYPE_CHECKING:
    from tonghu.rulebook.ruleset import RuleSet


def column(kind: str, name: str) -> str:
    """The column of that kind (``d``, ``m``, ``g``, ``a``, ``w``), or of the fact itself (empty)."""
    return DUCKDB.identifier(f"{kind} {name}" if kind else name)


@dataclass(frozen=True)
class Columns:
    """Writes names for one set of rules over tables that have certain columns, some of which hold nothing at all."""

    ruleset: RuleSet
    columns: frozenset[str]
    empty: frozenset[str]

    @property
    def schema(self) -> Schema:
        """The facts that the rules speak of."""
        return self.ruleset.schema

    @cached_property
    def _filled(self) -> frozenset[str]:
        """The columns that hold something in some row."""
        return self.columns - self.empty

    def _carried(self, name: str) -> list[str]:
        """The columns of a fact that a long relation takes along from the record."""
        if not self._is_there(name):
            return []
        unreadable = name + UNREADABLE
        return [column("", name)] + ([column("", unreadable)] if unreadable in self.columns else [])

    def _exists(self, collection: Collection, slot: Slot) -> str:
        """Whether a slot is an occurrence."""
        if collection.always:
            return "TRUE"
        cells = [self._cell(fact) for fact in slot.facts if fact in self._filled]
        return f"({' OR '.join(cells)})" if cells else "FALSE"

    def _is_there(self, name: str) -> bool:
        return name in self._filled and self.schema.fact(name).is_in(self.ruleset.layout)

    def _cell(self, fact: str) -> str:
        """Whether the cell of a fact has anything in it: NULL for a column that the file does not have."""
        if fact in self.empty or not self.schema.fact(fact).is_in(self.ruleset.layout):
            return "FALSE"
        if fact not in self.columns:
            return "CAST(NULL AS BOOLEAN)"
        unreadable = fact + UNREADABLE
        also = f" OR coalesce({column('', unreadable)}, FALSE)" if unreadable in self.columns else ""
        return f"({column('', fact)} IS NOT NULL{also})"

    def _record_name(self, name: Name, cell: bool) -> str:
        if name.name in self.schema.derived:
            return f"({column('d', name.name)} IS NOT NULL)" if cell else column("d", name.name)
        if cell:
            return self._cell(name.name)
        return column("", name.name) if self._is_there(name.name) else f"CAST(NULL AS {column_type(name.type)})"

    def naming(self, name: Name, cell: bool) -> str:
        """A name in a relation that :meth:`source` made."""
        if name.member:
            return column("g" if cell else "m", name.name)
        return self._record_name(name, cell)

    def _slot_naming(self, collection: Collection, slot: Slot) -> Naming:
        """Members as the wide columns of one slot."""

        def naming(name: Name, cell: bool) -> str:
            if not name.member:
                return self._record_name(name, cell)
            held = slot.members[collection.index[name.name]]
            if isinstance(held, str):
                return self._cell(held) if cell else self._record_name(Name(held, self.schema.fact(held).type), False)
            if cell:
                return "FALSE" if held is None else "TRUE"
            return DUCKDB.literal(held) if held is not None else f"CAST(NULL AS {column_type(name.type)})"

        return naming

    def _names_by_slot(self, collection: Collection, place: int) -> str:
        slots = dict(self.schema.slots(collection.name, self.ruleset.layout))
        found = (
            member_names(collection, slots[number].members)[place] if number in slots else ""
            for number in range(len(collection.slots))
        )
        return f"[{', '.join(map(DUCKDB.quote, found))}]"


def column_type(type_: Type) -> str:
    """The type of a column whose values are all NULL, too."""
    return "VARCHAR" if type_.kind in (Kind.MIXED, Kind.NULL) else DUCKDB.type(type_)
