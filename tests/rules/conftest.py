"""Asks the packaged registry rules of one made-up record at a time, as a form would."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_stays import DAY, FRONT_PAGE, Found, Record

from tonghu.rulebook import PACKAGED, Rulebook, load


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load([PACKAGED / "registry"])


@pytest.fixture(scope="session")
def found(rulebook: Rulebook) -> Found:
    """What the front-page rules find in a record, those left out that wait for the card, the calendar or a list."""
    judges = {}
    for layout in ("2012", "2020"):
        rules = rulebook.on(DAY, sets={FRONT_PAGE}, layout=layout)
        judges[layout] = replace(rules, rules=tuple(set(rules.rules) - set(rules.inert()))).for_record()

    def ask(record: Record, layout: str = "2012") -> set[tuple[str, str]]:
        return {(answer.rule.reports, answer.fact) for answer in judges[layout](record) if answer.verdict == "finds"}

    return ask
