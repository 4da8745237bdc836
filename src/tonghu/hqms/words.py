"""What stands in for the placeholders of a rule's words: facts, members of the slot at hand, derived facts."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tonghu.rulebook.lean_executor import Values, values_of_record
from tonghu.rulebook.expressions import Literal, Value
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import Schema


def wanted(rule: Rule) -> frozenset[str]:
    """The names that the words of a rule want filled in."""
    return rule.message.placeholders | (rule.mend.placeholders if rule.mend else frozenset())


def sources(rule: Rule, fact: str, schema: Schema) -> tuple[Mapping[str, str], Mapping[str, object]]:
    """Where the placeholders of a finding on `fact` come from: (name → fact or derived fact, name → known value)."""
    facts: dict[str, str] = {}
    known: dict[str, object] = dict(rule.params)
    members = _members(rule, fact, schema)
    for name in wanted(rule) - known.keys():
        member = members.get(name, name)
        if isinstance(member, Literal):
            known[name] = member.value
        elif member is not None:
            facts[name] = member
    return facts, known


def _members(rule: Rule, fact: str, schema: Schema) -> Mapping[str, str | Literal | None]:
    """The members of the slot that the finding is in."""
    if rule.each == "record":
        return {}
    collection = schema.collections[rule.each]
    place = next((slot for slot in collection.slots if fact in slot.facts), None)
    return dict(zip(collection.members, place.members, strict=True)) if place else {}


def columns(table: pl.DataFrame, facts: Mapping[str, str], rules: RuleSet) -> pl.DataFrame:
    """The values behind placeholders for the rows of a typed table: one column a placeholder.

    `facts`: placeholder → fact or derived fact. Derived facts are worked out record by record: only rows with a
    finding come here.
    """
    plain = {name: fact for name, fact in facts.items() if fact in table.columns}
    found = table.select(pl.col(fact).alias(name) for name, fact in plain.items())
    derived = {name: fact for name, fact in facts.items() if fact in rules.schema.derived}
    if derived:
        work_out = values_of_record(rules, frozenset(derived.values()), frozenset(table.columns))
        values = [work_out(record) for record in table.iter_rows(named=True)]
        made = [pl.Series(name, [value[fact] for value in values], strict=False) for name, fact in derived.items()]
        found = pl.DataFrame([*found.get_columns(), *made])
    return found


class OfRecord:
    """The values behind placeholders, record by record; what works out derived facts is compiled when first needed."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._work_out: dict[frozenset[str], Values] = {}

    def of(self, facts: Mapping[str, str], record: Mapping[str, Value]) -> dict[str, object]:
        """Placeholder → value; `facts`: placeholder → fact or derived fact."""
        derived = frozenset(fact for fact in facts.values() if fact in self._rules.schema.derived)
        values = dict(record)
        if derived:
            if derived not in self._work_out:
                self._work_out[derived] = values_of_record(self._rules, derived)
            values |= self._work_out[derived](record)
        return {name: values.get(fact) for name, fact in facts.items()}
