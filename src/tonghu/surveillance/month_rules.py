"""The rules on a month of a point: HQ096 (reported late) and HQ100 (a month that collapses).

They are in the rulebook with the others; a file or a card does not know their facts, the calendar does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import get_language

from tonghu.hqms import record
from tonghu.hqms.judge import said
from tonghu.rulebook.lean_executor import finding_judge
from tonghu.rulebook.python_executor import Judge
from tonghu.surveillance.board import Cell
from tonghu.surveillance.calendar import Month

#: What the calendar knows of a month.
FACTS: Final = frozenset({"submitted_on", "report_due_on", "cases_sent_this_month", "cases_sent_last_12_months"})
#: The rules are the same in either layout of the page.
LAYOUT: Final = "2020"


@dataclass(frozen=True, slots=True)
class Said:
    """What one rule finds on a month, in the words of the rulebook."""

    rule: str
    level: str
    zh: str
    en: str

    @property
    def text(self) -> str:
        """The same in the reader's language."""
        return self.en if (get_language() or "").startswith("en") else self.zh


def found(month: Month, cells: Mapping[Month, Cell], today: date) -> list[Said]:
    """What the rules find on a month of one point, of which the twelve months before are known too, where it owed them.

    A month that is not over or not due is not judged. A signed zero report is the answer that HQ100 asks for; cards
    that have not reached the centre say that the month is not empty, so HQ100 is asked once all have.
    """
    cell = cells.get(month)
    if cell is None or today <= month.due:
        return []
    facts: dict[str, Any] = {"report_due_on": month.due}
    if cell.cards and not cell.waiting:
        facts["submitted_on"] = month.due + timedelta(days=cell.days)
    if cell.zero_on is None and not cell.waiting:
        before = [cells[each] for back in range(1, 13) if (each := month.plus(-back)) in cells]
        facts["cases_sent_this_month"] = cell.reported
        facts["cases_sent_last_12_months"] = sum(each.reported for each in before)
    judge = _judge(month.due)
    return [_said(answer.rule, facts) for answer in judge(facts)]


@lru_cache(maxsize=64)
def _judge(on: date) -> Judge:
    rules = record.rules(LAYOUT, on)
    mine = tuple(rule for rule in rules.rules if rules.facts_read[rule.id] and rules.facts_read[rule.id] <= FACTS)
    return finding_judge(replace(rules, rules=mine), FACTS)


def _said(rule: Any, facts: Mapping[str, Any]) -> Said:
    told = said(rule, {**rule.params, **facts})
    return Said(rule.reports, str(rule.level), told.zh, told.en)
