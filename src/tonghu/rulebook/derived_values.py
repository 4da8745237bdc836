"""Derived facts of one record, for those who show them: the words of a finding may name the age that a rule counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from tonghu.rulebook.expressions import Node, Value, names
from tonghu.rulebook.python_executor import _Writer
from tonghu.rulebook.ruleset import RuleSet

Values = Callable[[Mapping[str, Value]], dict[str, Value]]


def values_of_record(ruleset: RuleSet, wanted: Collection[str], columns: Collection[str] | None = None) -> Values:
    """A function from a record to the derived facts `wanted`, as the rules see them.

    `columns`: the facts that the record's form has at all (default: all).
    """
    writer = _Writer(ruleset, frozenset(columns) if columns is not None else None)
    behind = _with_behind(ruleset, wanted)
    body = [line for name in behind for line in writer._derived(ruleset.schema.derived[name])]
    result = ", ".join(f"{name!r}: d_{name}" for name in wanted)
    lines = [
        "def values(record):",
        "g = record.get",
        *writer._occurrences(),
        *(f"f_{name} = g({name!r})" for name in writer.facts),
        *body,
        f"return {{{result}}}",
    ]
    exec(compile("\n    ".join(lines), "<derived facts>", "exec"), writer.constants)  # noqa: S102 -- from the checked tree
    values: Values = writer.constants["values"]  # type: ignore[assignment]
    return values


def _with_behind(ruleset: RuleSet, wanted: Collection[str]) -> list[str]:
    """The derived facts wanted and those that they need, each after those that it needs itself."""
    found: set[str] = set()

    def add(node: Node) -> None:
        for name in names(node):
            if not name.member and name.name in ruleset.schema.derived:
                include(name.name)

    def include(name: str) -> None:
        if name not in found:
            found.add(name)
            derived = ruleset.schema.derived[name]
            add(derived.expression)
            if derived.where is not None:
                add(derived.where)

    for name in wanted:
        include(name)
    return [name for name in ruleset.schema.derived if name in found]
