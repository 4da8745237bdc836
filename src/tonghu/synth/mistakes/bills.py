"""Bills that do not add up or do not fit the stay: HQ079-HQ095. Sums hold unless that is the defect."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card

_DRUGS = "cost_western_medicine"
_OTHER = "cost_general_other"
_MATERIALS = ("cost_material_exam", "cost_material_treatment", "cost_material_surgery")


def _self_paid(card: Card) -> bool:
    return card.made.person.payment == "7"


def total_wrong(card: Card) -> bool:
    """HQ079: the total is a hundred yuan too high."""
    if _self_paid(card):
        return False
    card.put_fen("cost_total", card.fen("cost_total") + 10_000)
    return card.mark("HQ079", "cost_total")


def negative_part(card: Card) -> bool:
    """HQ080: a part below zero (the sum holds)."""
    amount = card.fen("cost_other") + 500
    card.move_fen("cost_other", _DRUGS, amount)
    return card.mark("HQ080", "cost_other")


def total_nothing(card: Card) -> bool:
    """HQ081: a stay that cost nothing, with parts that did."""
    card.put("cost_total", "0.00")
    card.mark("HQ079", "cost_total")
    card.mark("HQ082", "cost_self_pay")
    card.may("HQ093", "HQ094")
    return card.mark("HQ081", "cost_total")


def own_share(card: Card) -> bool:
    """HQ082: paid more than it cost."""
    if _self_paid(card):
        return False
    card.put_fen("cost_self_pay", card.fen("cost_total") + 10_000)
    return card.mark("HQ082", "cost_self_pay")


def physical_therapy(card: Card) -> bool:
    """HQ083: the part is more than its whole."""
    card.put_fen("cost_physical_therapy", card.fen("cost_nonsurgical_treatment") + 1_000)
    return card.mark("HQ083", "cost_physical_therapy")


def surgery_parts(card: Card) -> bool:
    """HQ084: anaesthesia and operation are more than the surgical treatment."""
    card.put_fen("cost_anaesthesia", card.fen("cost_surgical_treatment") + 1_000)
    return card.mark("HQ084", "cost_surgical_treatment")


def antibacterials(card: Card) -> bool:
    """HQ085: antibacterials are more than all drugs."""
    card.put_fen("cost_antibacterial", card.fen(_DRUGS) + 1_000)
    return card.mark("HQ085", "cost_antibacterial")


def _nothing_for(card: Card, rule: str, *names: str) -> bool:
    if card.days < 2:
        return False
    for name in names:
        card.move_fen(name, _OTHER, card.fen(name))
    return card.mark(rule, names[0])


def no_service(card: Card) -> bool:
    """HQ086: days in hospital without a service fee."""
    return _nothing_for(card, "HQ086", "cost_general_service")


def no_nursing(card: Card) -> bool:
    """HQ087: days in hospital without nursing."""
    return _nothing_for(card, "HQ087", "cost_nursing")


def no_materials(card: Card) -> bool:
    """HQ088: days in hospital without any material."""
    return _nothing_for(card, "HQ088", *_MATERIALS)


def surgery_without_procedure(card: Card) -> bool:
    """HQ089: a surgical fee, and no procedure."""
    if card.made.form.stay.done or card.fen(_DRUGS) < 30_000:
        return False
    card.move_fen(_DRUGS, "cost_surgical_treatment", 10_000)
    return card.mark("HQ089", "cost_surgical_treatment")


def anaesthesia_without_fee(card: Card) -> bool:
    """HQ090: an anaesthetic that cost nothing."""
    if not card.made.form.stay.operated:
        return False
    card.put("cost_anaesthesia", "0.00")
    return card.mark("HQ090", "cost_anaesthesia")


def operation_without_fee(card: Card) -> bool:
    """HQ091: an operation that cost nothing."""
    if not card.made.form.stay.operated:
        return False
    card.put("cost_surgery", "0.00")
    return card.mark("HQ091", "cost_surgery")


def blood_without_group(card: Card) -> bool:
    """HQ092: blood was paid for, and the Rh group not tested."""
    if card.fen(_DRUGS) < 30_000:
        return False
    card.move_fen(_DRUGS, "cost_blood", 10_000)
    card.put("rh_group", "4")
    return card.mark("HQ092", "rh_group")


def all_other(card: Card) -> bool:
    """HQ093: other costs as high as the total, which then is less than the sum."""
    if card.days < 2:
        return False
    card.put("cost_other", card.get("cost_total"))
    card.mark("HQ079", "cost_total")
    return card.mark("HQ093", "cost_other")


def payment_method(card: Card) -> bool:
    """HQ094: fully self-paid, but not all of it; or fully public, but some of it."""
    if _self_paid(card):
        return False
    card.put("payment_method", card.chance.one("67"))
    return card.mark("HQ094", "cost_self_pay")


def no_factor(card: Card) -> bool:
    """HQ095: admitted for haemophilia without clotting factor."""
    if not card.main_code.startswith(("D66", "D67")):
        return False
    card.move_fen("cost_coagulation_factor", _OTHER, card.fen("cost_coagulation_factor"))
    return card.mark("HQ095", "cost_coagulation_factor")
