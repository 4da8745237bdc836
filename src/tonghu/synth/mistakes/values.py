"""Values of a wrong type, length, list or range: HQ021-HQ032."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_EXCEL_DAY_ZERO = 693_594  # the ordinal of 1899-12-30, from which Excel counts


def wrong_type(card: Card) -> bool:
    """HQ021: no number, no date, or readable only by guessing."""
    kind = card.chance.below(4)
    if kind == 0:
        name = "length_of_stay_days"
        card.put(name, card.get(name) + "天")
        card.may("HQ001", "HQ053")
    elif kind == 1:
        name = "quality_date"
        card.put(name, "20211345")
    elif kind == 2:
        name = "cost_other"
        card.put(name, "1,234.50")
        card.may("HQ079", "HQ093")
    else:
        name = "admission_count"
        card.put(name, card.get(name).translate(_FULL_WIDTH))
    return card.mark("HQ021", name)


def birth_unreadable(card: Card) -> bool:
    """HQ021: the birth date does not exist; the age given on the page stands in."""
    if not card.made.alone:
        return False
    card.put("birth_date", card.chance.one(("20211345", "2023-02-30")))
    card.may("HQ001", "HQ037", "HQ040", "HQ051")
    return card.mark("HQ021", "birth_date")


def birth_in_days(card: Card) -> bool:
    """HQ021: the birth date as Excel's number of days. It can be read, and the age is known."""
    if card.fixed_width or not card.made.alone:
        return False
    card.put("birth_date", str(card.made.person.born - _EXCEL_DAY_ZERO))
    return card.mark("HQ021", "birth_date")


def age_unknown(card: Card) -> bool:
    """Neither birth date nor age can be read: the row is undetermined."""
    if not card.made.alone or card.made.scope is None:
        return False
    card.put("birth_date", "不详")
    for name in ("age_years", "age_infant_months", "age_infant_days"):
        if card.has(name):
            card.put(name, "")
    card.undetermined = True
    card.may("HQ001", "HQ002", "HQ003", "HQ037", "HQ051")
    return card.mark("HQ021", "birth_date")


def too_long(card: Card) -> bool:
    """HQ022: a name longer than the field."""
    if card.fixed_width:
        return False
    name = card.chance.one(("patient_name", "resident_physician", "responsible_nurse"))
    if name == "patient_name" and not card.made.alone:
        return False
    card.put(name, "示例" * 25)
    return card.mark("HQ022", name)


def not_in_list(card: Card) -> bool:
    """HQ023: a value that its table does not have."""
    name, value = card.chance.one(
        (
            ("abo_group", "7"),
            ("principal_diagnosis_poa", "7"),
            ("admission_department", "9999"),
            ("discharge_department", "77.77"),
            ("occupation", "99"),
        )
    )
    card.put(name, value)
    return card.mark("HQ023", name)


def organisation(card: Card) -> bool:
    """HQ024: no code of an institution."""
    if not card.made.alone:
        return False
    card.put("org_code", card.chance.one(("TEST-1", "12345678901234567")))
    return card.mark("HQ024", "org_code")


def count(card: Card) -> bool:
    """HQ025: the first admission is number 1, not 0. Not twice for one child, which would be one number twice."""
    if not card.made.alone:
        return False
    card.put("admission_count", "0")
    return card.mark("HQ025", "admission_count")


def postcode(card: Card) -> bool:
    """HQ026: a postcode of five digits."""
    name = card.chance.one(("current_postcode", "registered_postcode"))
    card.put(name, card.get(name)[:5])
    return card.mark("HQ026", name)


def no_province(card: Card) -> bool:
    """HQ027: an address that does not begin with a province."""
    name = card.chance.one(("current_address", "registered_address"))
    card.put(name, "示例区示例路5号")
    card.may("HQ097")
    return card.mark("HQ027", name)


def weight_range(card: Card) -> bool:
    """HQ028: a weight in the wrong unit."""
    if card.age:
        return False
    card.put("newborn_admission_weight_g", "30")
    return card.mark("HQ028", "newborn_admission_weight_g")


def weight_rounding(card: Card) -> bool:
    """HQ029: a weight not rounded to ten grams."""
    if card.age:
        return False
    card.put("newborn_admission_weight_g", "3215")
    return card.mark("HQ029", "newborn_admission_weight_g")


def coma(card: Card) -> bool:
    """HQ030: 25 hours or 61 minutes."""
    name, value = card.chance.one((("coma_before_hours", "25"), ("coma_after_minutes", "61")))
    card.put(name, value)
    return card.mark("HQ030", name)


def negative(card: Card) -> bool:
    """HQ031: a count below zero (2012), or a stay of no days."""
    if card.has("level3_care_days"):
        name = card.chance.one(("level3_care_days", "follow_up_weeks", "platelet_units"))
        card.put(name, "-1")
        return card.mark("HQ031", name)
    card.put("length_of_stay_days", "0")
    card.mark("HQ053", "length_of_stay_days")
    return card.mark("HQ031", "length_of_stay_days")


def infant_age_range(card: Card) -> bool:
    """HQ032: an infant of more than twelve months."""
    if card.age:
        return False
    name = "age_infant_days" if card.modern else "age_infant_months"
    card.put(name, "420" if card.modern else "14.00")
    card.mark("HQ052", name)
    return card.mark("HQ032", name)
