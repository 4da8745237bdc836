"""Identity: HQ036-HQ040, and HQ063. The changed ID numbers have right check characters unless that is the defect."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card
from tonghu.synth.people import id_number


def check_character(card: Card) -> bool:
    """HQ036: a wrong check character, a digit lost, or a number that Excel rounded."""
    number = card.get("national_id")
    kind = card.chance.below(3)
    if kind == 0:
        card.put("national_id", number[:17] + ("1" if number[17] != "1" else "2"))
    elif kind == 1:
        card.put("national_id", number[:17])
        card.may("HQ037", "HQ038")
    else:
        card.put("national_id", f"{number[0]}.{number[1:6]}E+17")
        card.may("HQ021", "HQ037", "HQ038", "HQ039", "HQ040")
    return card.mark("HQ036", "national_id")


def _sequence(card: Card) -> int:
    return int(card.get("national_id")[14:17])


def birth(card: Card) -> bool:
    """HQ037: another birth date in the ID number."""
    person = card.made.person
    card.put("national_id", id_number(person.province, person.born - 40, _sequence(card)))
    return card.mark("HQ037", "national_id")


def sex(card: Card) -> bool:
    """HQ038: the other sex in the ID number."""
    person = card.made.person
    card.put("national_id", id_number(person.province, person.born, _sequence(card) ^ 1))
    return card.mark("HQ038", "national_id")


def province(card: Card) -> bool:
    """HQ039: an ID number of no province."""
    person = card.made.person
    card.put("national_id", id_number("99", person.born, _sequence(card)))
    return card.mark("HQ039", "national_id")


def missing(card: Card) -> bool:
    """HQ040: a Chinese child older than one year without an ID number."""
    if card.age < 2:
        return False
    card.put("national_id", "")
    card.mark("HQ002", "national_id")
    return card.mark("HQ040", "national_id")


def sex_unknown(card: Card) -> bool:
    """HQ063: the sex is not stated."""
    if not card.made.alone:
        return False
    card.put("sex", card.chance.one("09"))
    card.may("HQ038")
    return card.mark("HQ063", "sex")
