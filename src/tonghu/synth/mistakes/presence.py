"""Things left out: HQ001-HQ020."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card
from tonghu.synth.stays import HOME

# Fields that no other rule leans on, so that leaving one out breaks HQ001 or HQ002 alone.
_MAY_GO = (
    "org_name",
    "admission_route",
    "department_head",
    "chief_physician",
    "attending_physician",
    "resident_physician",
    "responsible_nurse",
    "quality_physician",
    "quality_nurse",
    "abo_group",
    "principal_diagnosis_name",
    "discharge_department",
    "home_phone",
    "current_postcode",
    "registered_postcode",
    "contact_name",
    "contact_address",
    "contact_phone",
    "coder",
    "admission_ward",
    "discharge_ward",
    "principal_diagnosis_poa",
    "coma_before_days",
    "native_province",
)


def _left_out(card: Card, presence: str, rule: str) -> bool:
    by_name = {f.name: f for f in card.sheet.fields}
    names = [name for name in _MAY_GO if name in by_name and by_name[name].presence == presence]
    name = card.chance.one(names)
    card.put(name, "")
    return card.mark(rule, name)


def required(card: Card) -> bool:
    """HQ001: a required field is empty."""
    return _left_out(card, "required", "HQ001")


def advised(card: Card) -> bool:
    """HQ002: an advised field is empty."""
    return _left_out(card, "advised", "HQ002")


def age(card: Card) -> bool:
    """HQ003: the age in years (or, under one year, in months or days) is missing."""
    name = "age_years" if card.age else ("age_infant_days" if card.modern else "age_infant_months")
    card.put(name, "")
    card.may("HQ002")
    return card.mark("HQ003", name)


def slot_incomplete(card: Card) -> bool:
    """HQ004: an other diagnosis without its name or condition on admission."""
    slot = len(card.made.form.stay.diagnoses) - 1
    if slot < 1:
        return False
    name = f"other_diagnosis_{slot}_{card.chance.one(('name', 'poa'))}"
    card.put(name, "")
    return card.mark("HQ004", name)


def slot_repeated(card: Card) -> bool:
    """HQ005: the principal diagnosis comes again among the others, or a slot is skipped."""
    main = card.made.form.stay.diagnoses[0]
    slot = card.free_diagnosis()
    if slot is None:
        return False
    if card.chance.happens(0.5) and slot < card.sheet.diagnosis_slots:
        card.put(f"other_diagnosis_{slot + 1}_code", card.habit.code("K59.000"))
        card.put(f"other_diagnosis_{slot + 1}_name", "便秘")
        card.put(f"other_diagnosis_{slot + 1}_poa", "1")
        if any(d.code == "K59.000" for d in card.made.form.stay.diagnoses):
            card.put(f"other_diagnosis_{slot + 1}_code", card.habit.code("L30.900"))
            card.put(f"other_diagnosis_{slot + 1}_name", "皮炎")
        return card.mark("HQ005", f"other_diagnosis_{slot + 1}_code")
    name = card.add_diagnosis(main.code, main.name)
    assert name is not None
    return card.mark("HQ005", name)


def procedure_incomplete(card: Card) -> bool:
    """HQ006: a procedure without its name or its date."""
    if not card.made.form.stay.done:
        return False
    name = f"procedure_1_{card.chance.one(('name', 'datetime'))}"
    card.put(name, "")
    return card.mark("HQ006", name)


def operation_incomplete(card: Card) -> bool:
    """HQ007: an operation without wound healing or first assistant."""
    if not card.made.form.stay.operated:
        return False
    name = f"procedure_1_{card.chance.one(('wound_healing', 'assistant_1'))}"
    card.put(name, "")
    return card.mark("HQ007", name)


def _without_pathology(card: Card, rule: str) -> bool:
    for part in ("morphology_code", "name", "number"):
        card.put(f"pathology_1_{part}", "")
    if card.has("basis_of_diagnosis"):
        card.mark("HQ099", "basis_of_diagnosis")
    return card.mark(rule, "pathology_1_morphology_code")


def pathology(card: Card) -> bool:
    """HQ008: the principal diagnosis is a neoplasm, and there is no pathology."""
    if not card.made.form.stay.morphology or card.main_code[0] not in "CD":
        return False
    return _without_pathology(card, "HQ008") if card.main_code < "D49" else False


def pathology_beside(card: Card) -> bool:
    """HQ009: a treatment stay for a neoplasm without pathology."""
    if not card.made.form.stay.morphology or not card.main_code.startswith(("Z51", "Z08", "Z94")):
        return False
    return _without_pathology(card, "HQ009")


def pathology_number(card: Card) -> bool:
    """HQ010: a morphology code without the number of the specimen."""
    if not card.made.form.stay.morphology:
        return False
    card.put("pathology_1_number", "")
    return card.mark("HQ010", "pathology_1_number")


def external_cause(card: Card) -> bool:
    """HQ011: an injury without its external cause."""
    if card.main_code[0] not in "ST":
        return False
    card.put("external_cause_1_code", "")
    card.put("external_cause_1_name", "")
    return card.mark("HQ011", "external_cause_1_code")


def transfer_hospital(card: Card) -> bool:
    """HQ012: transferred, but where to is missing."""
    if card.made.form.stay.ending != HOME:
        return False
    card.put("discharge_disposition", "2")
    return card.mark("HQ012", "transfer_hospital_name")


def transfer_community(card: Card) -> bool:
    """HQ013: sent on to a community facility, but which is missing."""
    if card.made.form.stay.ending != HOME:
        return False
    card.put("discharge_disposition", "3")
    name = "transfer_community_name"
    return card.mark("HQ013", name if card.has(name) else "transfer_hospital_name")


def return_purpose(card: Card) -> bool:
    """HQ014: a planned return without its purpose."""
    card.put("readmission_31d_planned", "2")
    card.put("readmission_31d_purpose", "")
    return card.mark("HQ014", "readmission_31d_purpose")


def autopsy(card: Card) -> bool:
    """HQ015: died, and whether there was an autopsy is missing. Everything else of a death is filled in."""
    if card.made.form.stay.ending != HOME:
        return False
    card.put("discharge_disposition", "5")
    if card.has("principal_diagnosis_outcome"):
        card.put("principal_diagnosis_outcome", "4")
        card.put("resuscitation_count", "1")
        card.put("resuscitation_success_count", "0")
    card.may("HQ098")
    return card.mark("HQ015", "autopsy")


def allergy(card: Card) -> bool:
    """HQ016 (2020): allergic, but to what is missing."""
    if not card.has("drug_allergy"):
        return False
    card.put("drug_allergy", "2")
    card.put("allergy_drug", "")
    return card.mark("HQ016", "allergy_drug")


def admission_weight(card: Card) -> bool:
    """HQ017: a newborn without the weight on admission."""
    if card.age or card.age_days > 28:
        return False
    card.put("newborn_admission_weight_g", "")
    return card.mark("HQ017", "newborn_admission_weight_g")


def birth_weight(card: Card) -> bool:
    """HQ018: a newborn without the weight at birth."""
    if card.age or card.age_days > 28:
        return False
    card.put("newborn_birth_weight_1_g", "")
    return card.mark("HQ018", "newborn_birth_weight_1_g")


def intensive_incomplete(card: Card) -> bool:
    """HQ019 (2012): a time in intensive care without the kind of unit."""
    if not card.made.form.stay.intensive or not card.has("icu_1_type"):
        return False
    card.put("icu_1_type", "")
    return card.mark("HQ019", "icu_1_type")


def outpatient_diagnosis(card: Card) -> bool:
    """HQ020: came through a clinic, but without its diagnosis."""
    if card.get("admission_route") not in ("1", "2"):
        return False
    for part in ("code", "name"):
        card.put(f"outpatient_diagnosis_{part}", "")
        card.mark("HQ001", f"outpatient_diagnosis_{part}")
    return card.mark("HQ020", "outpatient_diagnosis_code")
