"""Outcome, and who the patient is said to be: HQ072-HQ078 and HQ099."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card
from tonghu.synth.stays import DIED, HOME


def died_by_diagnosis(card: Card) -> bool:
    """HQ072 (2012): a diagnosis ended in death, the stay did not."""
    if card.made.form.stay.ending == DIED or not card.has("principal_diagnosis_outcome"):
        return False
    card.put("principal_diagnosis_outcome", "4")
    return card.mark("HQ072", "principal_diagnosis_outcome")


def died_by_disposition(card: Card) -> bool:
    """HQ073 (2012): the stay ended in death, no diagnosis did."""
    if card.made.form.stay.ending != HOME or not card.has("principal_diagnosis_outcome"):
        return False
    card.put("discharge_disposition", "5")
    card.put("autopsy", "2")
    card.put("resuscitation_count", "1")
    card.put("resuscitation_success_count", "0")
    card.may("HQ098")
    return card.mark("HQ073", "discharge_disposition")


def rescues(card: Card) -> bool:
    """HQ074 (2012): more attempts than successes, and alive."""
    if card.made.form.stay.ending == DIED or not card.has("resuscitation_count"):
        return False
    card.put("resuscitation_count", "3")
    card.put("resuscitation_success_count", "1")
    return card.mark("HQ074", "resuscitation_count")


def autopsy_alive(card: Card) -> bool:
    """HQ075: an autopsy of the living."""
    if card.made.form.stay.ending == DIED:
        return False
    card.put("autopsy", "1")
    return card.mark("HQ075", "autopsy")


def married_child(card: Card) -> bool:
    """HQ076: a married child, or a spouse of somebody unmarried."""
    if card.age >= 15:
        if card.get("marital_status") == "2":
            return False
        card.put("contact_relation", "1")
        return card.mark("HQ076", "contact_relation")
    card.put("marital_status", "2")
    return card.mark("HQ076", "marital_status")


def working_child(card: Card) -> bool:
    """HQ077: a child in employment (of a kind that needs no employer's address)."""
    if card.age >= 15:
        return False
    card.put("occupation", card.chance.one(("54", "80")))
    return card.mark("HQ077", "occupation")


def employer(card: Card) -> bool:
    """HQ078: an employee without an employer."""
    if card.age < 15:
        return False
    card.put("occupation", "24")
    card.put("employer_address", "")
    if card.modern:
        card.mark("HQ002", "employer_address")
    return card.mark("HQ078", "employer_address")


def certificate_only(card: Card) -> bool:
    """HQ099 (2012): known from a death certificate only, and alive."""
    if card.made.form.stay.ending == DIED or not card.get("basis_of_diagnosis"):
        return False
    card.put("basis_of_diagnosis", "0")
    return card.mark("HQ099", "basis_of_diagnosis")
