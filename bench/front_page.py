"""The front-page rules over a table, as a process: `python -m bench.front_page FACTS.duckdb`.

Prints what was found in the table `facts` as JSON, in the same form as `bench/peers/rules_by_hand.py`. It imports what
such a process needs and no more, as the peer does.
"""

from __future__ import annotations

import json
import sys
from datetime import date

import duckdb

from tonghu.rulebook import PACKAGED, RuleSet, load

SET = "registry.front_page"
LAYOUT = "2012"
ON = date(2026, 11, 22)


def front_page() -> RuleSet:
    """The front-page rules that ask a condition of the page and wait for nothing."""
    rules = load([PACKAGED / "registry"]).on(ON, sets={SET}, layout=LAYOUT)
    waiting = {rule.id for rule in rules.inert()}
    asked = tuple(rule for rule in rules.rules if rule.by == "condition" and rule.id not in waiting)
    return RuleSet(rules.schema, asked, LAYOUT)


def main(table: str) -> list[tuple[str, str, int, str]]:
    """Rule, field, number of findings and a digest of their rows, by the rulebook's plan."""
    with duckdb.connect(table, read_only=True, config={"threads": 2}) as connection:
        columns = {name for name, *_ in connection.execute("DESCRIBE facts").fetchall()}
        plan = front_page().for_table(columns)
        connection.execute(f"CREATE TEMP TABLE found AS {plan.findings_query('facts')}")
        found = connection.execute(
            "SELECT rule, fact, count(*), bit_xor(hash(row))::VARCHAR FROM found GROUP BY rule, fact"
        )
        return [(plan.rules[rule].id, plan.facts[fact], n, digest) for rule, fact, n, digest in found.fetchall()]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
