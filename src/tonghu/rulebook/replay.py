"""Two versions of the rules over one file: what would be newly caught, what let go, what change its level.

Done before a rule goes live, so that its effect is seen on real records first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tonghu.rulebook.rules import Rule
from tonghu.rulebook.ruleset import RuleSet

#: How many rows of each change are kept to be shown.
EXAMPLES = 5


@dataclass
class Change:
    """What happens to one rule's findings: how many, and the first rows."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        """Count one finding."""
        self.count += 1
        if len(self.rows) < EXAMPLES:
            self.rows.append(row)


@dataclass
class Replay:
    """The difference between two versions, by rule id: ``caught``, ``let_go``, ``levelled`` (with both levels)."""

    records: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    caught: dict[str, Change] = field(default_factory=lambda: defaultdict(Change))
    let_go: dict[str, Change] = field(default_factory=lambda: defaultdict(Change))
    levelled: dict[tuple[str, str, str], Change] = field(default_factory=lambda: defaultdict(Change))


Finding = tuple[int, str, str]


def replay(before: RuleSet, after: RuleSet, tables: Iterable[Any]) -> Replay:
    """Ask both versions of every table (typed frames with a ``row`` column)."""
    import duckdb

    result = Replay()
    with duckdb.connect() as connection:
        for table in tables:
            connection.register("replayed", table)
            count = connection.execute("SELECT count(*) FROM replayed").fetchone()
            result.records += count[0] if count else 0
            columns = [name for name, *_ in connection.execute("DESCRIBE replayed").fetchall()]
            old, new = (_findings(connection, ruleset, columns) for ruleset in (before, after))
            _compare(result, old, new)
            connection.unregister("replayed")
    return result


def _findings(connection: Any, ruleset: RuleSet, columns: list[str]) -> dict[Finding, Rule]:
    plan = ruleset.for_table(columns)
    found = plan.run(connection, "replayed").fetchall()
    return {(row, plan.rules[rule].id, plan.facts[fact]): plan.rules[rule] for row, rule, fact in found}


def _compare(result: Replay, old: dict[Finding, Rule], new: dict[Finding, Rule]) -> None:
    result.before.update(rule for _, rule, _ in old)
    result.after.update(rule for _, rule, _ in new)
    for finding in sorted(new.keys() - old.keys()):
        result.caught[finding[1]].add(finding[0])
    for finding in sorted(old.keys() - new.keys()):
        result.let_go[finding[1]].add(finding[0])
    for finding in sorted(old.keys() & new.keys()):
        one, other = _weight(old[finding]), _weight(new[finding])
        if one != other:
            result.levelled[finding[1], one, other].add(finding[0])


def _weight(rule: Rule) -> str:
    return str(rule.level or rule.outcome)
