"""What stands in for the placeholders of a rule's words: facts, members of the slot at hand, derived facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from tonghu.hqms import ages
from tonghu.hqms.layout import ADMISSION, BIRTH
from tonghu.rulebook.expressions import Literal, Value
from tonghu.rulebook.lean_executor import Values, values_of_record
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import Schema

# Derived facts that the columns of `ages` tell: rules that speak of them find something only where they are known.
_AGES = {
    "age_at_admission": "age_years",
    "age_by_dates": "age_years",
    "age_days_by_dates": "age_days",
}
_TELL_AGE = frozenset({"row", BIRTH, ADMISSION, ages.YEARS, *ages.INFANT})


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


def columns(table: pl.DataFrame, place: pl.Series, facts: Mapping[str, str], rules: RuleSet) -> pl.DataFrame:
    """The values behind placeholders for some rows of a typed table, by their places: one column a placeholder.

    `facts`: placeholder → fact or derived fact. Ages come from columns; other derived facts are worked out record by
    record, once for all rows that a finding with such words is in.
    """
    found = [table[fact].gather(place).alias(name) for name, fact in facts.items() if fact in table.columns]
    derived = {name: fact for name, fact in facts.items() if fact in rules.schema.derived}
    if derived:
        # Hundreds of columns are gathered only where they may be read.
        told = (
            _ages(table.select(name for name in table.columns if name in _TELL_AGE)[place])
            if set(derived.values()) <= _AGES.keys()
            else _worked_out(table[place], derived.values(), rules)
        )
        found += [told[fact].alias(name) for name, fact in derived.items()]
    return pl.DataFrame(found)


def _ages(rows: pl.DataFrame) -> pl.DataFrame:
    told = ages.of(rows)
    return told.select(pl.col(column).alias(fact) for fact, column in _AGES.items())


def _worked_out(rows: pl.DataFrame, derived: Iterable[str], rules: RuleSet) -> pl.DataFrame:
    wanted = sorted(set(derived))
    work_out = values_of_record(rules, wanted, frozenset(rows.columns))
    given = rows.select(column.name for column in rows.iter_columns() if column.null_count() < len(rows))
    values = [work_out(record) for record in given.iter_rows(named=True)]
    return pl.DataFrame({fact: pl.Series([value[fact] for value in values], strict=False) for fact in wanted})


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
