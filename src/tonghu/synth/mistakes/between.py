"""Defects that show only beside another stay of the same child: HQ034, HQ035, HQ041, HQ042."""

from __future__ import annotations

from collections.abc import Callable

from tonghu.synth.calendar import age_on
from tonghu.synth.mistakes.card import Card
from tonghu.synth.people import invent_name
from tonghu.synth.roster import Made

BetweenPlanter = Callable[[Card, Made], bool]


def same_stay_twice(card: Card, other: Made) -> bool:
    """HQ034: the other stay stands in the file twice (in place of this one)."""
    made = card.made
    made.row[:] = other.row
    made.form, made.discharged, made.age, made.scope = other.form, other.discharged, other.age, other.scope
    card.mark("HQ035", "admission_count")
    card.may(*BETWEEN_RULES)
    return card.mark("HQ034", "medical_record_no")


def same_count(card: Card, other: Made) -> bool:
    """HQ035: two stays under one admission count."""
    card.put("admission_count", other.row[card.sheet.at["admission_count"]])
    return card.mark("HQ035", "admission_count")


def another_name(card: Card, other: Made) -> bool:
    """HQ041: one record number, two names."""
    name = invent_name(card.chance, other.person.sex)
    if name == other.person.name:
        return False
    card.put("patient_name", name)
    return card.mark("HQ041", "patient_name")


def still_in_hospital(card: Card, other: Made) -> bool:
    """HQ042: admitted the day before another stay ended. The days of the stay and the age are those of the new day."""
    made = card.made
    if other.discharged >= made.discharged or other.form.stay.days < 2 or made.age < 1:
        return False
    admitted = other.discharged - 1
    if age_on(made.person.born, admitted) != made.age:
        return False
    card.put("admission_datetime", card.moment(admitted, 8))
    card.put("length_of_stay_days", str(made.discharged - admitted))
    return card.mark("HQ042", "admission_datetime")


BETWEEN: tuple[tuple[str, BetweenPlanter], ...] = (
    ("HQ034", same_stay_twice),
    ("HQ035", same_count),
    ("HQ041", another_name),
    ("HQ042", still_in_hospital),
)
BETWEEN_RULES = tuple(rule for rule, _ in BETWEEN)
