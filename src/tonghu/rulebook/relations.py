"""The relations that rules read in DuckDB: the wide record with its derived facts, and the long ones of collections."""

# ruff: noqa: S608 -- SQL is what this module writes, from checked trees and names, never from a user's text

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tonghu.rulebook.columns import column
from tonghu.rulebook.expressions import Node, conjuncts, names
from tonghu.rulebook.missing import missing
from tonghu.rulebook.occurrences import Occurrences
from tonghu.rulebook.schema import Aggregate, Collection, Derived, Slot, member_names
from tonghu.rulebook.sql_text import DUCKDB, Naming, sql

#: Up to so many slots, and for sets of fields, an aggregate is written out over the wide row; else occurrences are
#: grouped, since asking every empty slot costs more.
_WIDE_SLOTS = 8
_EMPTY = "CAST([] AS VARCHAR[])"


@dataclass(frozen=True)
class Relations(Occurrences):
    """Writes relations over one table for one set of rules. `waits`: with the ``w`` columns."""

    waits: bool = False

    def source(self, each: str, conditions: Sequence[Node], found_only: bool = False) -> str:
        """The relation for rules of one `each`: ``__row``, for a collection ``__slot``, and every name they use.

        `found_only`: occurrences that no condition can hold for may be left out.
        """
        record = {name.name for node in conditions for name in names(node) if not name.member}
        if each == "record":
            return self._with_facts_answered(self._record(record), conditions)
        collection = self.schema.collections[each]
        if self._summed.get(each):
            occurrences = self._shared_occurrences(collection)
        else:
            occurrences = self._own_occurrences(collection, conditions, record)
        # Derived facts are dear: they are worked out for those occurrences only that need them.
        if found_only and self._needed(record) and (guards := self._guards(conditions)):
            occurrences = f"(SELECT * FROM {occurrences} WHERE {guards})"
        return self._long(occurrences, record, conditions)

    def summed_behind(self, condition: Node) -> frozenset[str]:
        """The collections whose sums a condition needs."""
        derived = self._needed(name.name for name in names(condition) if not name.member)
        return frozenset(one.over for one in derived if one.over is not None)

    def _guards(self, conditions: Sequence[Node]) -> str:
        """What an occurrence itself must fulfil for any of the conditions to hold; empty where nothing must."""
        guards = [
            " AND ".join(self.text(part) for part in conjuncts(node) if _is_of_members(part)) for node in conditions
        ]
        return " OR ".join(f"({guard})" for guard in guards) if all(guards) else ""

    def missing(
        self,
        node: Node,
        collection: Collection | None,
        naming: Naming,
        slot: Slot | None = None,
        known: Callable[[Node], str | None] | None = None,
    ) -> str:
        """The list of facts that an unknown condition waits for, in the relation that `naming` speaks of."""
        parts = []
        for name, when in missing(node):
            if name.member and collection is not None:
                place = collection.index[name.name]
                if slot is not None:
                    waits = f"[{DUCKDB.quote(member_names(collection, slot.members)[place])}]"
                else:
                    waits = f"[{self._names_by_slot(collection, place)}[__slot + 1]]"
            elif name.name in self.schema.derived:
                waits = column("w", name.name)
            else:
                waits = f"[{DUCKDB.quote(name.name)}]"
            parts.append(f"CASE WHEN {sql(when, DUCKDB, naming, known)} THEN {waits} ELSE {_EMPTY} END")
        return f"list_distinct(flatten([{', '.join(parts)}]))" if parts else _EMPTY

    # --- The record

    def _record(self, wanted: Iterable[str]) -> str:
        """The wide table, with the derived facts among `wanted` worked out layer by layer."""
        waiting = self._needed(wanted)
        facts = set(wanted) | {name for one in waiting for name in self._behind(one)}
        facts |= {fact for one in waiting for fact in self._members_behind(one)}
        carried = [text for name in sorted(facts & self.schema.facts.keys()) for text in self._carried(name)]
        return self._with_derived(f"(SELECT {', '.join([self.row, *carried])} FROM {self.table})", waiting)

    def _with_derived(self, source: str, waiting: Sequence[Derived]) -> str:
        """`source`, which has the facts behind them, with derived facts worked out layer by layer."""
        source = f"{source} AS t"
        done: set[str] = set()
        while waiting:
            derived = waiting[0]
            group = [derived]
            if self._is_grouped(derived):
                group = [other for other in waiting if self._is_alike(derived, other) and self._is_ready(other, done)]
                source = self._joined(source, group)
            else:
                text = self._written_out(derived)
                source = f"(SELECT *, {text} FROM {source}) AS t"
            done |= {one.fact.name for one in group}
            waiting = [one for one in waiting if one.fact.name not in done]
        return source

    def _needed(self, wanted: Iterable[str]) -> list[Derived]:
        """The derived facts that names need, each after those that it needs itself."""
        found: set[str] = set()
        stack = list(wanted)
        while stack:
            derived = self.schema.derived.get(stack.pop())
            if derived is not None and derived.fact.name not in found:
                found.add(derived.fact.name)
                stack += self._behind(derived)
        return [derived for name, derived in self.schema.derived.items() if name in found]

    @staticmethod
    def _behind(derived: Derived) -> list[str]:
        """The names of the record that a derived fact reads."""
        return [name.name for part in _parts(derived) for name in names(part) if not name.member]

    def _members_behind(self, derived: Derived) -> list[str]:
        """The facts that an aggregate reads from the wide row itself."""
        if derived.over is None or self._is_grouped(derived):
            return []
        return [fact for _, slot in self.schema.slots(derived.over, self.ruleset.layout) for fact in slot.facts]

    def _is_grouped(self, derived: Derived) -> bool:
        if derived.over is None or self.ruleset.absent_behind(derived, self.columns):
            return False
        collection = self.schema.collections[derived.over]
        return collection.sparse and len(collection.slots) > _WIDE_SLOTS

    def _is_alike(self, one: Derived, other: Derived) -> bool:
        """Whether one grouping serves both: those that read members alone are shared by all that need them."""
        return one.over == other.over and bool(self._behind(one)) == bool(self._behind(other))

    def _is_ready(self, derived: Derived, done: set[str]) -> bool:
        behind = (name for name in self._behind(derived) if name in self.schema.derived)
        return self._is_grouped(derived) and all(name in done for name in behind)

    def _written_out(self, derived: Derived) -> str:
        """The columns of a derived fact that the wide row gives by itself."""
        name, type_ = derived.fact.name, derived.fact.type
        null = f"CAST(NULL AS {DUCKDB.type(type_)})"
        if derived.over is None:
            value = sql(derived.expression, DUCKDB, self._record_name)
            waits = self.missing(derived.expression, None, self._record_name)
        elif absent := self.ruleset.absent_behind(derived, self.columns):
            value, waits = null, f"[{', '.join(map(DUCKDB.quote, absent))}]"
        else:
            value, waits = self._wide_aggregate(derived, null)
        text = f"{value} AS {column('d', name)}"
        if self.waits:
            own = f"[{DUCKDB.quote(name)}]"
            text += (
                f", CASE WHEN {value} IS NOT NULL THEN {_EMPTY}"
                f" WHEN len({waits}) = 0 THEN {own} ELSE {waits} END AS {column('w', name)}"
            )
        return text

    def _wide_aggregate(self, derived: Derived, null: str) -> tuple[str, str]:
        """An aggregate over few slots: one term for each, and the list of what it waits for."""
        collection = self.schema.collections[derived.over or ""]
        kind, terms, waits = derived.aggregate, [], []
        for _, slot in self.schema.slots(collection.name, self.ruleset.layout):
            naming = self._slot_naming(collection, slot)
            counts = [self._exists(collection, slot)]
            if derived.where is not None:
                counts.append(sql(derived.where, DUCKDB, naming))
            text = sql(derived.expression, DUCKDB, naming)
            there = " AND ".join(counts)
            if kind is Aggregate.COUNT:
                terms.append(f"CASE WHEN {there} AND {text} THEN 1 ELSE 0 END")
            elif kind is Aggregate.ANY:
                terms.append(f"CASE WHEN {there} THEN {_state(text)} ELSE 0 END")
                gap = self.missing(derived.expression, collection, naming, slot)
                waits.append(f"CASE WHEN {there} AND {text} IS NULL THEN {gap} ELSE {_EMPTY} END")
            else:
                terms.append(f"CASE WHEN {there} THEN {self._summand(derived, text)} END")
        if kind is Aggregate.COUNT:
            return f"({' + '.join(terms) or '0'})", _EMPTY
        if kind is Aggregate.ANY:
            return _of_state(f"greatest(0, {', '.join(terms)})"), f"list_distinct(flatten([{', '.join(waits)}]))"
        if kind is Aggregate.SUM:
            return f"({' + '.join(f'coalesce({term}, 0)' for term in terms)})", _EMPTY
        if kind is Aggregate.DISTINCT:
            return f"CAST(len(list_distinct([{', '.join(terms)}])) AS BIGINT)", _EMPTY
        return f"{'least' if kind is Aggregate.MIN else 'greatest'}({null}, {', '.join(terms)})", _EMPTY

    def _joined(self, source: str, group: Sequence[Derived]) -> str:
        """`source` with aggregates over a long collection, which are grouped by row once for all of them."""
        collection = self.schema.collections[group[0].over or ""]
        if self._behind(group[0]):
            sums = self._sums(collection, group)
        else:
            sums = self._share("sums", self._sums(collection, self._summed[collection.name]))
        outer = []
        for one in group:
            name = one.fact.name
            raw = column("", f"__{name}")
            default = _GROUPED[one.aggregate or Aggregate.COUNT][1]
            value = raw if default is None else f"coalesce({raw}, {default})"
            if one.aggregate is Aggregate.ANY:
                value = _of_state(value)
            outer.append(f"{value} AS {column('d', name)}")
            if self.waits:
                own = f"[{DUCKDB.quote(name)}]"
                waits = f"list_distinct({column('', f'__w{name}')})" if one.aggregate is Aggregate.ANY else own
                outer.append(f"CASE WHEN {value} IS NOT NULL THEN {_EMPTY} ELSE {waits} END AS {column('w', name)}")
        raws = [column("", f"__{one.fact.name}") for one in group]
        if self.waits:
            raws += [column("", f"__w{one.fact.name}") for one in group if one.aggregate is Aggregate.ANY]
        sums = f"(SELECT __row, {', '.join(raws)} FROM {sums})"
        return f"(SELECT t.*, {', '.join(outer)} FROM {source} LEFT JOIN {sums} AS g USING (__row)) AS t"

    def _sums(self, collection: Collection, group: Sequence[Derived]) -> str:
        """The rows of a long collection, each with its aggregates."""
        grouped = []
        for one in group:
            name = one.fact.name
            text = self.text(one.expression)
            where = f" FILTER (WHERE {self.text(one.where)})" if one.where is not None else ""
            summand = _state(text) if one.aggregate is Aggregate.ANY else self._summand(one, text)
            aggregate = _GROUPED[one.aggregate or Aggregate.COUNT][0]
            grouped.append(f"{aggregate.format(summand)}{where} AS {column('', f'__{name}')}")
            if self.waits and one.aggregate is Aggregate.ANY:
                gap = self.missing(one.expression, collection, self.naming, known=self.answers.get)
                unknown = f"{text} IS NULL" + (f" AND {self.text(one.where)}" if one.where is not None else "")
                grouped.append(f"flatten(list({gap}) FILTER (WHERE {unknown})) AS {column('', f'__w{name}')}")
        record = {name for one in group for name in self._behind(one)}
        if not record and self._asked(collection):
            long = self._shared_occurrences(collection)
        else:
            conditions = [part for one in group for part in _parts(one)]
            long = self._long(self._own_occurrences(collection, conditions, record), record, conditions)
        counted = ""
        if all(one.aggregate is Aggregate.COUNT for one in group):  # a row without any has no sums, which read as 0
            counted = f" WHERE {' OR '.join(self.text(one.expression) for one in group)}"
        return f"(SELECT __row, {', '.join(grouped)} FROM {long}{counted} GROUP BY __row)"

    def _summand(self, derived: Derived, text: str) -> str:
        if derived.aggregate is Aggregate.SUM:
            type_ = derived.fact.type
            return f"CAST({text} AS DECIMAL({18 if type_.digits <= 18 else 38}, {type_.scale}))"
        return text

    # --- Collections

    def _shared_occurrences(self, collection: Collection) -> str:
        """The occurrences for the rules of a collection and for the aggregates over it, made once."""
        asked = self._asked(collection)
        conditions = [*asked, *(part for one in self._summed[collection.name] for part in _parts(one))]
        facts = {fact for node in asked for fact in self._beside({n.name for n in names(node) if not n.member})}
        return self._occurrences(collection, conditions, sorted(facts))

    def _own_occurrences(self, collection: Collection, conditions: Sequence[Node], record: set[str]) -> str:
        """The occurrences for some conditions, with the facts of the record beside them."""
        return self._occurrences(collection, conditions, sorted(self._beside(record)))

    def _asked(self, collection: Collection) -> list[Node]:
        """The conditions of the rules over a collection."""
        rules = (rule for rule in self.ruleset.rules if rule.by == "condition")
        return [rule.finds for rule in rules if rule.each == collection.name]

    @cached_property
    def _summed(self) -> dict[str, list[Derived]]:
        """For each long collection the aggregates over it that some rule needs and that read its members alone."""
        found: dict[str, list[Derived]] = {}
        for name in self.ruleset.derived_used:
            derived = self.schema.derived[name]
            if derived.over is not None and self._is_grouped(derived) and not self._behind(derived):
                found.setdefault(derived.over, []).append(derived)
        return found

    def _beside(self, record: set[str]) -> set[str]:
        """The facts that occurrences take along for these names of the record."""
        derived = self._needed(record)
        behind = () if self._is_apart(derived) else (name for one in derived for name in self._behind(one))
        return {*record, *behind} & self.schema.facts.keys()

    def _is_apart(self, derived: Sequence[Derived]) -> bool:
        """Whether derived facts are worked out over the records and joined, since one sums up what is in a wide row."""
        return any(one.over is not None and not self._is_grouped(one) for one in derived)

    def _long(self, occurrences: str, record: set[str], conditions: Sequence[Node]) -> str:
        """`occurrences` with the names of the record beside them, and what conditions ask of its codes."""
        derived = self._needed(record)
        if self._is_apart(derived):
            kinds = "dw" if self.waits else "d"
            wanted = ", ".join(column(kind, one.fact.name) for one in derived for kind in kinds)
            context = f"(SELECT __row, {wanted} FROM {self._record(record)})"
            long = f"(SELECT * FROM {occurrences} AS o JOIN {context} AS c USING (__row)) AS t"
        else:
            long = self._with_derived(occurrences, derived)
        return self._with_facts_answered(long, conditions)

    def _with_facts_answered(self, source: str, conditions: Sequence[Node]) -> str:
        asked = self._asked_of_codes(conditions, of_members=False)
        return f"{self._with_answers(source, asked, '', self.table)} AS t" if asked else source


def _parts(derived: Derived) -> list[Node]:
    """The expressions of a derived fact."""
    return [part for part in (derived.expression, derived.where) if part is not None]


def _is_of_members(node: Node) -> bool:
    """Whether a condition asks the occurrence alone."""
    return all(name.member for name in names(node))


def _state(text: str) -> str:
    """A condition as a number, so that the greatest one decides: 2 TRUE, 1 unknown, 0 FALSE."""
    return f"(CASE WHEN {text} THEN 2 WHEN {text} IS NULL THEN 1 ELSE 0 END)"


def _of_state(text: str) -> str:
    return f"(CASE {text} WHEN 2 THEN TRUE WHEN 0 THEN FALSE END)"


#: For each aggregate: its SQL, and what it is over nothing.
_GROUPED: dict[Aggregate, tuple[str, str | None]] = {
    Aggregate.COUNT: ("count_if({0})", "0"),
    Aggregate.ANY: ("max({0})", "0"),
    Aggregate.SUM: ("sum({0})", "0"),
    Aggregate.MIN: ("min({0})", None),
    Aggregate.MAX: ("max({0})", None),
    Aggregate.DISTINCT: ("count(DISTINCT {0})", "0"),
}
