"""The examples of the packaged rules, each asked of both executors: one test for a rule."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from tonghu.rulebook import load
from tonghu.rulebook.examples import Outcome, run_examples

RULEBOOK = load()


@cache
def outcomes() -> dict[str, list[Outcome]]:
    found = defaultdict(list)
    for outcome in run_examples(RULEBOOK, RULEBOOK.rules):
        found[outcome.rule.id].append(outcome)
    return found


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize("rule", [rule.id for rule in RULEBOOK.rules if rule.examples])
def test_the_rule_answers_as_its_examples_say(rule):
    wrong = [
        f"example {o.number}, {o.executor}: {o.verdict} {sorted(o.missing)} instead of {o.example.verdict}"
        for o in outcomes()[rule]
        if not o.is_right
    ]
    assert wrong == []
    assert {outcome.executor for outcome in outcomes()[rule]} == {"python", "duckdb"}
