"""One stay, read and screened in process: what the screen of a file says of a row, for a form and for messages.

The twin of :mod:`screen`, :mod:`ages` and :mod:`iccc` for a single record; a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from tonghu.codes import hqms_fields
from tonghu.hqms import casting
from tonghu.hqms.casting import Value
from tonghu.hqms.iccc import NO_TUMOUR
from tonghu.hqms.screen import SET, UNDETERMINED
from tonghu.rulebook import RuleSet, packaged
from tonghu.rulebook.lean_executor import Values, finding_judge, values_of_record
from tonghu.rulebook.python_executor import Judge

_AGES: Final = ("age_at_admission", "age_days_by_dates")
_MORPHOLOGIES: Final = tuple(f"pathology_{n}_morphology_code" for n in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Stay:
    """What the screen says of one stay.

    `facts`: its typed values by name. `group`: the scope group, ``undetermined`` where the age cannot be known, None
    outside the scope; `outcome`: what the rule says, also of an undetermined one; `code` as written, from slot
    `position` (0: main diagnosis). `age_years`: completed years, or None; `age_days` only where the dates tell.
    """

    facts: Mapping[str, Value]
    age_years: int | None
    age_days: int | None
    group: str | None = None
    outcome: str | None = None
    code: str | None = None
    position: int | None = None


def read(raw: Mapping[str, str], layout: str) -> dict[str, Value]:
    """The typed facts of a record; `raw` maps field codes to texts. Raises BadCode for an unknown layout."""
    facts = {}
    by_code = hqms_fields.layout(layout).by_code
    for code, text in raw.items():
        field = by_code.get(code)
        if field is not None and text and not field.vendor_extension:
            value, _note = casting.cell(field, text)
            if value is not None:
                facts[field.name] = value
    return facts


def screen(raw: Mapping[str, str], layout: str, on: date, region: str | None = None) -> Stay:
    """Read one record and decide whether it is in scope; arguments as for :func:`tonghu.hqms.record.check`."""
    facts = read(raw, layout)
    asked = _screen(layout, *_rules(layout, on, region))
    known: dict[str, Value] = {**facts, "today": on, "layout": layout}
    ages = asked.ages(known)
    years, days = (_whole(ages[name]) for name in _AGES)
    newborn = {**known, "age_years": 0} if years is None else known
    answers = asked.judge(newborn)
    if not answers:
        return Stay(facts, years, days)
    first = min(answers, key=lambda one: (_position(one.fact), asked.order[one.rule.id]))
    field = hqms_fields.layout(layout).by_name[first.fact]
    outcome = first.rule.outcome
    group = UNDETERMINED if years is None else outcome
    return Stay(facts, years, days, group, outcome, raw.get(field.code), _position(first.fact))


def classified(stay: Stay, raw: Mapping[str, str], layout: str, topography: str | None = None,
               morphology: str | None = None) -> tuple[str, str, str] | None:  # fmt: skip
    """The ICCC-3 subgroup, its method and certainty; None outside the scope and for what is no tumour.

    `topography` and `morphology`: ICD-O-3 codes where a card has them; the page's own follow.
    """
    from tonghu.tumours.front_page import iccc_from_front_page

    if stay.group is None or stay.outcome in NO_TUMOUR:
        return None
    fields = hqms_fields.layout(layout).by_name
    page = [raw.get(fields[name].code) for name in _MORPHOLOGIES if name in fields]
    answer = iccc_from_front_page([*([morphology] if morphology else []), *page], stay.code, topography=topography)
    return answer.subgroup, answer.method, answer.certainty


@dataclass(frozen=True)
class _Screen:
    judge: Judge
    ages: Values
    order: Mapping[str, int]


def _position(fact: str) -> int:
    """The slot of a diagnosis by the name of its code."""
    return 0 if fact.startswith("principal") else int(fact.split("_")[2])


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _rules(layout: str, on: date, region: str | None) -> tuple[RuleSet, tuple[tuple[str, int], ...]]:
    chosen = packaged("registry").on(on, region, [SET], layout)
    return chosen, tuple((rule.id, rule.version) for rule in chosen.rules)


_screens: dict[tuple[object, ...], _Screen] = {}


def _screen(layout: str, rules: RuleSet, version: tuple[tuple[str, int], ...]) -> _Screen:
    key = (layout, version)
    held = _screens.get(key)
    if held is None:
        known = {*hqms_fields.layout(layout).by_name, "today", "layout"}
        order = {rule.id: at for at, rule in enumerate(rules.rules)}
        held = _screens[key] = _Screen(finding_judge(rules, known), values_of_record(rules, _AGES, known), order)
    return held
