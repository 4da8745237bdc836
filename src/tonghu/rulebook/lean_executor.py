"""Two leaner uses of the record executor, for whoever asks thousands of records.

:func:`finding_judge` leaves out what is unknown and why, which costs a third of the time and which a file's findings
do not show. :func:`values_of_record` works out derived facts alone: the words of a finding may name the age that a
rule counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from tonghu.rulebook.expressions import Node, Value, names
from tonghu.rulebook.python_executor import FINDS, Answer, Judge, _Writer
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import Collection as Occurrences

Values = Callable[[Mapping[str, Value]], dict[str, Value]]


def finding_judge(ruleset: RuleSet, columns: Collection[str] | None = None) -> Judge:
    """All rules as one Python function of a record that answers with findings only.

    `columns`: the facts that the records' form or file has at all (default: all).
    """
    return _FindingsOnly(ruleset, frozenset(columns) if columns is not None else None).judge()


class _FindingsOnly(_Writer):
    """Writes a judge that keeps silent about the unknown."""

    def _record_rule(self, number: int, rule: Rule) -> list[str]:
        self.collection = None
        self.constants[f"A{number}"] = Answer(rule, rule.at, None, FINDS)
        return [f"if {self.true(rule.finds)}: add(A{number})"]

    def _collection_rules(self, collection: Occurrences) -> list[str]:
        def write() -> list[str]:
            lines = []
            for number, rule in enumerate(self.ruleset.rules):
                if rule.each == collection.name:
                    self.constants[f"A{number}"] = self._answers(rule, collection)
                    lines.append(f"if {self.true(rule.finds)}: add(A{number}[s])")
            return lines

        return self._in_loop(collection, write)


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
