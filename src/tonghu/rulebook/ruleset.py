"""The rules chosen for a day, a place and a layout, ready to be asked: of one record, or of a whole table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tonghu.rulebook.expressions import Name, Node, Value, names
from tonghu.rulebook.rules import Rule, Words
from tonghu.rulebook.schema import Derived, Schema

if TYPE_CHECKING:
    from tonghu.rulebook.duckdb_executor import TablePlan
    from tonghu.rulebook.python_executor import Answer, Judge

#: Facts that a discharge file, a form or its reader always knows.
_AT_HAND = ("record", "run", "file", "derived")


@dataclass(frozen=True)
class RuleSet:
    """Rules of one schema, one for each id."""

    schema: Schema
    rules: tuple[Rule, ...]
    layout: str | None = None

    def for_record(self, columns: Collection[str] | None = None) -> Judge:
        """All rules as one Python function of a record (a mapping of facts; an absent key is NULL).

        `columns`: the facts that the record's form has at all; a fact beyond them is unknown rather than empty. By
        default the form has them all.
        """
        from tonghu.rulebook.python_executor import compile_judge

        return compile_judge(self, frozenset(columns) if columns is not None else None)

    def for_table(self, columns: Collection[str], empty: Collection[str] = ()) -> TablePlan:
        """All rules as a DuckDB query over a wide, typed table that has these columns; `empty` ones hold nothing."""
        from tonghu.rulebook.duckdb_executor import TablePlan

        return TablePlan(self, frozenset(columns), frozenset(empty))

    def inert(self, supplied: Collection[str] = ()) -> tuple[Rule, ...]:
        """The rules that wait for a fact of the card, the calendar or a list that is not among `supplied`."""
        return tuple(rule for rule in self.rules if self.waits_for(rule) - set(supplied))

    def waits_for(self, rule: Rule) -> frozenset[str]:
        """The facts from the card, the calendar or a list that a rule reads."""
        return frozenset(name for name in self.facts_read[rule.id] if self.schema.facts[name].by not in _AT_HAND)

    def words(self, answer: Answer, record: Mapping[str, Value]) -> Words:
        """The message of an answer, with the record's values, the occurrence's members and the parameters filled in."""
        rule = answer.rule
        values: dict[str, Value] = {**record, **rule.params}
        if answer.slot is not None:
            collection = self.schema.collections[rule.each]
            for member, held in zip(collection.members, collection.slots[answer.slot].members, strict=True):
                values[member] = record.get(held) if isinstance(held, str) else held.value if held else None
        return rule.message.filled(values)

    @cached_property
    def facts_read(self) -> Mapping[str, frozenset[str]]:
        """For each rule's id the facts of the record that it reads, those behind derived facts and members included."""
        return {rule.id: frozenset(self._behind(rule.finds, rule.each)) for rule in self.rules}

    @cached_property
    def derived_used(self) -> tuple[str, ...]:
        """The derived facts that some rule needs, each after those that it needs itself."""
        wanted: set[str] = set()

        def add(node: Node) -> None:
            for name in names(node):
                derived = self.schema.derived.get(name.name) if not name.member else None
                if derived is not None and name.name not in wanted:
                    wanted.add(name.name)
                    add(derived.expression)
                    if derived.where is not None:
                        add(derived.where)

        for rule in self.rules:
            add(rule.finds)
        return tuple(name for name in self.schema.derived if name in wanted)

    def absent_behind(self, derived: Derived, columns: Collection[str] | None) -> tuple[str, ...]:
        """The columns that an aggregate reads and a file does not have: without them it cannot be known."""
        if columns is None or derived.over is None:
            return ()
        read = (names(derived.expression), names(derived.where) if derived.where is not None else ())
        members = {name for found in read for name in found if name.member}
        behind = (fact for name in members for fact in self._behind_name(name, derived.over))
        return tuple(sorted(fact for fact in behind if fact not in columns))

    def _behind(self, node: Node, each: str) -> set[str]:
        found: set[str] = set()
        for name in set(names(node)):
            found |= self._behind_name(name, each)
        return found

    def _behind_name(self, name: Name, each: str) -> set[str]:
        if name.member:
            place = self.schema.collections[each].index[name.name]
            members = (slot.members[place] for _, slot in self.schema.slots(each, self.layout))
            return {member for member in members if isinstance(member, str)}
        derived = self.schema.derived.get(name.name)
        if derived is None:
            return {name.name}
        found = self._behind(derived.expression, derived.over or "record")
        return found | (self._behind(derived.where, derived.over or "record") if derived.where is not None else set())
