"""A whole table against all rules: the conditions as DuckDB queries.

The record's own rules read the wide table. A collection becomes a long relation, a row for each occurrence that is
there: most of forty diagnosis slots are empty, and asking eight conditions of 3.4 million occurrences took 0.3 s
where asking them of 41 million places took 6.9 s. Each relation is read once for all its rules; which of them hold
comes out as bits of a few integers, and only rows with a bit set are taken apart into findings. The measurements are
in docs/decisions (DuckDB execution).
"""

# ruff: noqa: S608 -- SQL is what this module writes, from checked trees and names, never from a user's text

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from tonghu.rulebook import language
from tonghu.rulebook.expressions import Call, Node
from tonghu.rulebook.missing import deciding
from tonghu.rulebook.relations import Relations
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.schema import put_on
from tonghu.rulebook.sql_text import DUCKDB

if TYPE_CHECKING:
    import duckdb

    from tonghu.rulebook.ruleset import RuleSet

_BITS = 62


class TablePlan:
    """The queries for one set of rules over tables that have certain columns.

    `empty`: those of them in which no row has anything, not even what does not read. Finding leaves them out: what is
    not asked need not be planned. `rules`, `facts`: what the ``rule`` and ``fact`` numbers of a result point at.
    """

    def __init__(self, ruleset: RuleSet, columns: frozenset[str], empty: frozenset[str] = frozenset()) -> None:
        self.ruleset = ruleset
        self.schema = ruleset.schema
        self.columns = columns
        self.empty = empty
        self.rules: tuple[Rule, ...] = ruleset.rules
        self.facts: tuple[str, ...] = tuple(self.schema.facts) + tuple(self.schema.derived)
        self._fact_number = {name: number for number, name in enumerate(self.facts)}

    def run(self, connection: duckdb.DuckDBPyConnection, table: str, row: str = "row") -> duckdb.DuckDBPyRelation:
        """The findings: (row BIGINT, rule INTEGER, fact INTEGER), in no order.

        `table`: name of a table, view or registered frame with the columns of the plan and `row`, which tells rows
        apart. Large tables may be given piece by piece: no finding depends on another row.
        """
        return connection.sql(self.findings_query(_staged(connection, table), row))

    def unknowns(self, connection: duckdb.DuckDBPyConnection, table: str, row: str = "row") -> duckdb.DuckDBPyRelation:
        """What could not be answered: (row, rule, fact, missing VARCHAR[]). Slower than `run`; for tests and replay."""
        return connection.sql(self.unknowns_query(_staged(connection, table), row))

    def findings_query(self, table: str, row: str = "row") -> str:
        """The text of :meth:`run`."""
        return _Query(self, table, row).findings()

    def unknowns_query(self, table: str, row: str = "row") -> str:
        """The text of :meth:`unknowns`."""
        return _Query(self, table, row).unknowns()

    def fact_number(self, name: str) -> int:
        """The number of a fact in results."""
        return self._fact_number[name]


class _Query:
    """Writes the query for one table."""

    def __init__(self, plan: TablePlan, table: str, row: str) -> None:
        self.plan = plan
        self.schema = plan.schema
        self.layout = plan.ruleset.layout
        self.relations = Relations(plan.ruleset, plan.columns, plan.empty, table, row)
        self.passes: list[str] = []
        self.groups: dict[tuple[str, frozenset[str]], list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(plan.rules):
            if rule.by == "condition":
                # Joining sums to what does not ask for them costs more than reading the table once more.
                group = rule.each, self.relations.summed_behind(rule.finds)
                self.groups.setdefault(group, []).append((number, rule))

    # --- Results

    def findings(self) -> str:
        """Bits first, then their taking apart."""
        parts = [part for (each, _), rules in self.groups.items() for part in self._findings_of(each, rules)]
        passes = [*self.relations.common_tables, *self.passes]
        return _with(passes, parts) if parts else _NOTHING

    def unknowns(self) -> str:
        """For each relation one pass that lists, row by row, what it could not decide."""
        table, row = self.relations.table, self.relations.key
        relations = Relations(self.plan.ruleset, self.plan.columns, frozenset(), table, row, waits=True)
        parts = []
        for (each, _), rules in self.groups.items():
            at = "1" if each == "record" else "__slot + 1"
            collection = self.schema.collections.get(each)
            # Every part that decides what matters becomes a column first, or the text would grow with its square.
            parts_of: dict[Node, str] = {}
            for _, rule in rules:
                for node in (rule.finds, *deciding(rule.finds)):
                    parts_of.setdefault(node, f'"b {len(parts_of)}"')
            source, once = _with_costly(relations, each, [rule.finds for _, rule in rules])
            answered = ", ".join(f"{relations.text(node, once.get)} AS {name}" for node, name in parts_of.items())
            source = f"(SELECT *, {answered} FROM {source})"
            open_rules = ", ".join(
                f"CASE WHEN {parts_of[rule.finds]} IS NULL THEN {{'rule': {number}, 'fact':"
                f" {self._rule_facts(rule)}[{at}], 'missing':"
                f" {relations.missing(rule.finds, collection, relations.naming, known=parts_of.get)}}} END"
                for number, rule in rules
            )
            parts.append(
                "SELECT __row AS row, u.rule::INTEGER AS rule, u.fact::INTEGER AS fact, u.missing AS missing"
                f" FROM (SELECT __row, unnest([{open_rules}]) AS u FROM {source}) WHERE u IS NOT NULL"
            )
        if not parts:
            return f"SELECT *, NULL::VARCHAR[] AS missing FROM ({_NOTHING})"
        return _with(relations.common_tables, parts)

    def _findings_of(self, each: str, rules: Sequence[tuple[int, Rule]]) -> Iterator[str]:
        """One pass that marks which rules find something, as bits; then the marked rows, taken apart.

        The pass is materialized, so that no filter on its bits is pushed below it and no condition asked again.
        """
        conditions = [rule.finds for _, rule in rules]
        if len(rules) == 1 and each != "record":
            number, rule = rules[0]
            source = self.relations.source(each, conditions, found_only=True)
            yield (
                f"SELECT __row AS row, {number} AS rule, {self._rule_facts(rule)}[__slot + 1]::INTEGER AS fact"
                f" FROM {source} WHERE {self.relations.text(rule.finds)}"
            )
            return
        source, once = _with_costly(self.relations, each, conditions, found_only=True)
        groups = [rules[start : start + _BITS] for start in range(0, len(rules), _BITS)]
        masks = []
        for number, group in enumerate(groups):
            bits = (
                f"CASE WHEN {self.relations.text(rule.finds, once.get)} THEN {1 << place} ELSE 0 END"
                for place, (_, rule) in enumerate(group)
            )
            masks.append(f"({' + '.join(bits)})::BIGINT AS m{number}")
        slot = "" if each == "record" else "__slot, "
        marked = f'"marked {each} {len(self.passes)}"'
        self.passes.append(f"{marked} AS MATERIALIZED (SELECT __row, {slot}{', '.join(masks)} FROM {source})")
        # Never a row, but a reader of the pass without a filter of its own: were all of them filtered, DuckDB would
        # push the filters together into the pass and ask every condition twice.
        yield f"SELECT min(__row) AS row, 0 AS rule, 0 AS fact FROM {marked} HAVING min(m0) < 0"
        at = "1" if each == "record" else "__slot + 1"
        for number, group in enumerate(groups):
            meanings = ", ".join(
                f"({1 << place}::BIGINT, {which}::INTEGER, {self._rule_facts(rule)})"
                for place, (which, rule) in enumerate(group)
            )
            # One join for all bits: a filtered reader for each costs more to plan than most tables cost to read.
            yield (
                f"SELECT __row AS row, b.rule AS rule, b.facts[{at}]::INTEGER AS fact"
                f" FROM (SELECT * FROM {marked} WHERE m{number} <> 0)"
                f" JOIN (VALUES {meanings}) AS b(bit, rule, facts) ON m{number} & b.bit <> 0"
            )

    def _rule_facts(self, rule: Rule) -> str:
        """The numbers of the facts that findings of a rule are put on: one, or one for each slot."""
        if rule.each == "record":
            return f"[{self.plan.fact_number(rule.at)}]"
        collection = self.schema.collections[rule.each]
        at = collection.index[rule.at]
        on = dict(self.schema.slots(rule.each, self.layout))
        numbers = (
            self.plan.fact_number(put_on(on[n].members, at)) if n in on else -1 for n in range(len(collection.slots))
        )
        return f"[{', '.join(map(str, numbers))}]"


def _staged(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """`table` itself when it is DuckDB's own, else a temporary copy.

    Every slot of a collection is a scan of its own, and planning a scan over a registered frame of 700 columns takes
    40 ms where one over a table takes 2.
    """
    if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall():
        return table
    staged = DUCKDB.identifier(f"{table} staged")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {staged} AS SELECT * FROM {table}")
    return staged


#: Functions that cost enough for their value to be kept where several conditions ask for it, the inner ones first.
_COSTLY = (
    frozenset({"code_key", "id_birth", "matches", "province_known", "years_between", "upper"}),
    frozenset({"in_list", "id_valid", "id_is_male"}),
)


def _with_costly(
    relations: Relations, each: str, conditions: Sequence[Node], found_only: bool = False
) -> tuple[str, dict[Node, str]]:
    """The relation for rules of one `each` with the costly calls as columns, and which column has which call."""
    source = relations.source(each, conditions, found_only)
    once: dict[Node, str] = {}
    for layer in _asked_often(conditions, relations.answers):
        columns = {call: f'"c {number}"' for number, call in enumerate(layer, len(once))}
        made = ", ".join(f"{relations.text(call, once.get)} AS {name}" for call, name in columns.items())
        source = f"(SELECT *, {made} FROM {source})"
        once |= columns
    return source, once


def _asked_often(conditions: Sequence[Node], ready: Collection[Node]) -> Iterator[list[Node]]:
    """The costly calls that conditions ask for more than once, in layers: each may read those before it.

    `ready`: what the relation has as columns already.
    """
    seen: Counter[Call] = Counter()
    waiting: list[Node] = list(conditions)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call) and node not in ready:
            waiting += [*node.args, *language.used(node)]
            seen[node] += 1
    for costly in _COSTLY:
        # The SQL of a code list names its key once for each range.
        if layer := [call for call, n in seen.items() if call.op in costly and (n > 1 or call.op == "code_key")]:
            yield list(layer)


def _with(tables: Sequence[str], parts: Sequence[str]) -> str:
    shared = f"WITH {', '.join(tables)} " if tables else ""
    return shared + " UNION ALL ".join(parts)


_NOTHING = "SELECT NULL::BIGINT AS row, NULL::INTEGER AS rule, NULL::INTEGER AS fact WHERE FALSE"
