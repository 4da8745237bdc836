"""Days and ages that cannot be: HQ043-HQ056."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card
from tonghu.synth.people import id_number


def out_before_in(card: Card) -> bool:
    """HQ043: discharged before admission."""
    if not card.made.alone:
        return False
    card.put("discharge_datetime", card.moment(card.made.admitted - 2, 10))
    card.may("HQ046", "HQ047", "HQ048", "HQ053")
    return card.mark("HQ043", "admission_datetime")


def born_after(card: Card) -> bool:
    """HQ044: born after admission (also by the ID number). The age given on the page stands in."""
    if not card.made.alone:
        return False
    person = card.made.person
    born = card.made.admitted + 5
    card.put("birth_date", card.day(born))
    card.put("national_id", id_number(person.province, born, int(person.id_number[14:17])))
    card.may("HQ003", "HQ017", "HQ018", "HQ040", "HQ051", "HQ052", "HQ076")
    return card.mark("HQ044", "birth_date")


def future(card: Card) -> bool:
    """HQ045: discharged in a year yet to come, so that the days of the stay are wrong too."""
    if not card.made.alone:
        return False
    out = card.moment(card.made.discharged + 70 * 366, 10)
    card.put("discharge_datetime", out)
    card.mark("HQ053", "length_of_stay_days")
    return card.mark("HQ045", "discharge_datetime")


def confirmed(card: Card) -> bool:
    """HQ046 (2012): the diagnosis was confirmed before admission."""
    if not card.has("diagnosis_confirmed_date"):
        return False
    card.put("diagnosis_confirmed_date", card.moment(card.made.admitted - 3, 10))
    return card.mark("HQ046", "diagnosis_confirmed_date")


def procedure_outside(card: Card) -> bool:
    """HQ047: a procedure before admission or after discharge."""
    if not card.made.form.stay.done:
        return False
    day = card.chance.one((card.made.admitted - 2, card.made.discharged + 3))
    card.put("procedure_1_datetime", card.moment(day, 10))
    return card.mark("HQ047", "procedure_1_datetime")


def intensive_outside(card: Card) -> bool:
    """HQ048 (2012): in intensive care after discharge."""
    if not card.has("icu_1_in"):
        return False
    card.put("icu_1_type", "PICU")
    card.put("icu_1_in", card.moment(card.made.discharged + 1, 10))
    card.put("icu_1_out", card.moment(card.made.discharged + 2, 10))
    return card.mark("HQ048", "icu_1_in")


def intensive_overlap(card: Card) -> bool:
    """HQ049 (2012): in two units at once."""
    if not card.has("icu_1_in") or card.days < 5:
        return False
    admitted = card.made.admitted
    for slot, (come, leave) in enumerate(((1, 3), (2, 4)), 1):
        card.put(f"icu_{slot}_type", "PICU")
        card.put(f"icu_{slot}_in", card.moment(admitted + come, 10))
        card.put(f"icu_{slot}_out", card.moment(admitted + leave, 10))
    return card.mark("HQ049", "icu_2_in")


def checked_before(card: Card) -> bool:
    """HQ050: the page was checked before the patient came."""
    card.put("quality_date", card.moment(card.made.admitted - 1, 10))
    return card.mark("HQ050", "quality_date")


def age_wrong(card: Card) -> bool:
    """HQ051: one year too many."""
    if not card.age:
        return False
    card.put("age_years", str(card.age + 1))
    return card.mark("HQ051", "age_years")


def infant_age_wrong(card: Card) -> bool:
    """HQ052: an infant's age off by two months."""
    if card.age or not 80 < card.age_days < 290:
        return False
    days = card.age_days - 60
    name = "age_infant_days" if card.modern else "age_infant_months"
    card.put(name, str(days) if card.modern else f"{days // 30}.{days % 30 * 10 // 3:02d}")
    return card.mark("HQ052", name)


def length_wrong(card: Card) -> bool:
    """HQ053: one day too many."""
    card.put("length_of_stay_days", str(max(1, card.days) + 1))
    return card.mark("HQ053", "length_of_stay_days")


def care_days(card: Card) -> bool:
    """HQ054 (2012): more days of care than days of stay."""
    if not card.has("level2_care_days"):
        return False
    card.put("level2_care_days", str(card.days + 3))
    return card.mark("HQ054", "level2_care_days")


def birth_trauma(card: Card) -> bool:
    """HQ055: birth trauma in somebody who is no newborn."""
    if card.age_days <= 28:
        return False
    name = card.add_diagnosis("P12.000", "头颅血肿")
    if name is None:
        return False
    if card.age >= 2:
        card.mark("HQ056", name)
    elif card.age == 1:
        card.may("HQ056")
    return card.mark("HQ055", name)


def perinatal(card: Card) -> bool:
    """HQ056: a condition of the newborn in an older child."""
    if card.age < 2:
        return False
    name = card.add_diagnosis("P07.300", "早产婴儿")
    return name is not None and card.mark("HQ056", name)
