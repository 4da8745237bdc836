"""One record against all rules, in process: for a form while it is filled in, and for messages as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from tonghu.codes import hqms_fields
from tonghu.codes.hqms_fields import Field
from tonghu.hqms import casting, fields, words
from tonghu.hqms.judge import SET, answered_elsewhere, entry, said
from tonghu.rulebook import PACKAGED, Rule, load
from tonghu.rulebook.lean_executor import finding_judge
from tonghu.rulebook.python_executor import Answer, Judge
from tonghu.rulebook.schema import UNREADABLE


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule finds in one record. `column` is the field's code in the record's layout, empty for none."""

    column: str
    fact: str
    rule: str
    level: str
    value: str | None
    message_zh: str
    message_en: str


def check(raw: Mapping[str, str], layout: str, on: date, region: str | None = None) -> list[Finding]:
    """The findings on one record by field, then rule.

    `raw` maps field codes of `layout` (``2012``: P900…, ``2020``: A01…) to texts as a file would hold them; a code
    that is absent is an empty cell. `on` picks the rules and is "today" in them. Rules that compare stays, or wait
    for the card or a list, do not answer here. Raises BadCode for an unknown layout.
    """
    return _checker(layout, on, region).check(raw)


@lru_cache(maxsize=16)
def _checker(layout: str, on: date, region: str | None) -> _Checker:
    return _Checker(layout, on, region)


class _Checker:
    """The rules of a day and a layout, compiled once."""

    def __init__(self, layout: str, on: date, region: str | None) -> None:
        dictionary = hqms_fields.layout(layout)
        rules = load([PACKAGED / "registry"]).on(on, region, [SET], layout)
        self.dictionary: Mapping[str, Rule] = answered_elsewhere(rules.rules)
        self.rules = rules
        self.words = words.OfRecord(rules)
        self.fields: Mapping[str, Field] = {field.code: field for field in dictionary.fields}
        self.by_name = dictionary.by_name
        self.run: Mapping[str, casting.Value] = {"today": on, "layout": layout}
        self.judge: Judge = finding_judge(rules, {*dictionary.by_name, *self.run})
        self.order = {field.name: field.seq for field in dictionary.fields}

    def check(self, raw: Mapping[str, str]) -> list[Finding]:
        """See :func:`check`."""
        facts: dict[str, casting.Value | bool] = dict(self.run)
        found: list[Finding] = []
        for code, text in raw.items():
            field = self.fields.get(code)
            if field is None or not text:
                continue
            value, note = casting.cell(field, text)
            if value is not None:
                facts[field.name] = value
            elif note is not None:
                facts[field.name + UNREADABLE] = True
            else:
                continue
            for rule_id, told in fields.of_reading(field, text, value, note):
                if rule_id in self.dictionary:
                    rule = self.dictionary[rule_id]
                    found.append(Finding(code, field.name, rule.reports, str(rule.level), text, told.zh, told.en))
        found += [self._finding(answer, raw, facts) for answer in self.judge(facts)]
        return sorted(found, key=lambda one: (self.order.get(one.fact, 0), one.rule))

    def _finding(self, answer: Answer, raw: Mapping[str, str], facts: Mapping[str, casting.Value | bool]) -> Finding:
        rule = answer.rule
        field = self.by_name.get(answer.fact)
        column = field.code if field else ""
        wanted, known = words.sources(rule, answer.fact, self.rules.schema)
        told = said(rule, {**known, **self.words.of(wanted, facts)} if wanted else known)
        shown = entry(rule)
        return Finding(column, answer.fact, shown.id, shown.level, raw.get(column) or None, told.zh, told.en)
