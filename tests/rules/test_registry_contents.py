"""Diagnoses, slots, cost, presence and the other rows of the file: what must be found and what must be let pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_stays import DAY, FRONT_PAGE, Found, clean

from tonghu.rulebook import Rulebook


def changed(found: Found, layout: str, changes: dict[str, Any]) -> set[tuple[str, str]]:
    """What the rules find after some changes to a stay that had nothing to find."""
    return found(clean(layout, **changes), layout)


def slot(n: int, code: str | None, **more: Any) -> dict[str, Any]:
    """Another diagnosis, whole unless said otherwise."""
    line = {"code": code, "name": "某病", "poa": "1", **more}
    return {f"other_diagnosis_{n}_{member}": value for member, value in line.items()}


def surgery(code: str, **more: Any) -> dict[str, Any]:
    """A second procedure with code, name and date."""
    line = {"code": code, "name": "某手术", "datetime": clean("2012")["procedure_1_datetime"], "surgeon": "甲", **more}
    return {f"procedure_2_{member}": value for member, value in line.items()}


BOTH: list[tuple[dict[str, Any], set[tuple[str, str]]]] = [
    # Presence: "-" in a text says that there is nothing to say, where something must be said it is missing.
    ({"patient_name": None}, {("HQ001", "patient_name")}),
    ({"department_head": "-"}, set()),
    ({"coder": None}, {("HQ002", "coder")}),
    ({"discharge_disposition": "2"}, {("HQ012", "transfer_hospital_name")}),
    ({"discharge_disposition": "2", "transfer_hospital_name": "-"}, {("HQ012", "transfer_hospital_name")}),
    ({"discharge_disposition": "2", "transfer_hospital_name": "示例医院"}, set()),
    ({"readmission_31d_purpose": None}, {("HQ014", "readmission_31d_purpose")}),
    ({"pathology_1_number": None}, {("HQ010", "pathology_1_number")}),
    ({"pathology_1_number": "-"}, set()),
    (
        {"pathology_1_morphology_code": None, "pathology_1_name": None, "basis_of_diagnosis": None},
        {("HQ009", "pathology_1_morphology_code"), ("HQ009", "pathology_1_name")},
    ),
    # Other diagnoses
    (slot(3, "D50.900"), set()),
    (slot(4, "D50.900"), {("HQ005", "other_diagnosis_4_code")}),
    (slot(3, "j18.000"), {("HQ005", "other_diagnosis_3_code")}),
    (slot(3, "Z51.100"), {("HQ005", "other_diagnosis_3_code")}),
    (slot(3, None), {("HQ004", "other_diagnosis_3_code")}),
    ({**slot(1, None), **slot(2, "C91.000")}, {("HQ004", "other_diagnosis_1_code")}),  # no code, but no gap
    (
        slot(3, "D50.900", name=None, poa=None),
        {("HQ004", "other_diagnosis_3_name"), ("HQ004", "other_diagnosis_3_poa")},
    ),
    # Codes where they do not belong
    (slot(3, "W19.x00"), {("HQ058", "other_diagnosis_3_code")}),
    (slot(3, "M98210/3"), {("HQ058", "other_diagnosis_3_code")}),
    (slot(3, "M32.900"), set()),
    ({"pathology_1_morphology_code": "M9821/3"}, {("HQ059", "pathology_1_morphology_code")}),
    ({"external_cause_1_code": "C91.000"}, {("HQ060", "external_cause_1_code")}),
    # Sex: the clean stay is a girl's
    (slot(3, "C62.900"), {("HQ061", "other_diagnosis_3_code")}),
    (slot(3, "N51.800"), {("HQ061", "other_diagnosis_3_code")}),
    (slot(3, "N52.900"), set()),
    (slot(3, "C56.x00"), set()),
    (
        {"sex": "1", "national_id": "-", **slot(3, "C56.x00")},
        {("HQ040", "national_id"), ("HQ062", "other_diagnosis_3_code")},
    ),
    ({"sex": "9", "national_id": "-", **slot(3, "C62.900")}, {("HQ040", "national_id"), ("HQ063", "sex")}),
    # Procedures: a puncture is no operation, whatever level it was given
    (surgery("03.3100"), set()),
    (surgery("99.2500", level="1"), set()),
    (surgery("41.3800", level="2"), set()),
    (surgery("38.9300", level="1", wound_healing="10"), set()),
    (surgery("62.5x00"), {("HQ064", "procedure_2_code")}),
    (
        surgery("55.5100", level="4"),
        {
            ("HQ007", "procedure_2_assistant_1"),
            ("HQ007", "procedure_2_anaesthesia_method"),
            ("HQ007", "procedure_2_wound_healing"),
            ("HQ091", "cost_surgery"),
        },
    ),
    ({"procedure_2_name": "-", "procedure_2_surgeon": "-", "procedure_2_assistant_1": "-"}, set()),
    ({"procedure_2_name": "某手术"}, {("HQ006", "procedure_2_code"), ("HQ006", "procedure_2_datetime")}),
    # Treatment stays
    ({"principal_diagnosis_code": "Z51.800"}, set()),
    ({"principal_diagnosis_code": "C78.000"}, set()),
    (
        {"principal_diagnosis_code": "C78.000", **slot(1, "D50.900")},
        {("HQ068", "principal_diagnosis_code")},
    ),
    ({**slot(1, "D50.900")}, {("HQ069", "principal_diagnosis_code")}),
    ({**slot(1, "D76.100")}, set()),
    # Person
    ({"contact_relation": "1"}, {("HQ076", "contact_relation")}),
    ({"marital_status": "2"}, {("HQ076", "marital_status")}),
    ({"marital_status": "9"}, set()),
    ({"occupation": "24", "employer_address": "示例厂"}, {("HQ077", "occupation")}),
    ({"occupation": "24", "employer_address": "-"}, {("HQ077", "occupation"), ("HQ078", "employer_address")}),
    ({"registered_address": "武侯区示例路1号"}, {("HQ027", "registered_address"), ("HQ097", "registered_address")}),
    ({"current_address": "上海浦东新区示例路1号"}, set()),
    ({"current_postcode": "61004"}, {("HQ026", "current_postcode")}),
    ({"org_code": "4510700001234567"}, {("HQ024", "org_code")}),
    ({"admission_count": 0}, {("HQ025", "admission_count")}),
    # Cost
    ({"cost_total": Decimal("1000.01")}, set()),
    ({"cost_total": Decimal("1000.02")}, {("HQ079", "cost_total")}),
    ({"cost_total": Decimal("999.98")}, {("HQ079", "cost_total")}),
    ({"cost_anaesthesia": Decimal("10.00")}, set()),  # an "of which" item without its whole: not known
    ({"cost_antibacterial": Decimal("450.01")}, {("HQ085", "cost_antibacterial")}),
    ({"cost_self_pay": Decimal("1000.01")}, {("HQ082", "cost_self_pay")}),
    ({"cost_nursing": None, "cost_general_service": Decimal("200.00")}, {("HQ087", "cost_nursing")}),
    ({"cost_western_medicine__unreadable": True, "cost_western_medicine": None, "cost_antibacterial": None}, set()),
    ({"payment_method": "7"}, {("HQ094", "cost_self_pay")}),
    ({"payment_method": "6"}, {("HQ094", "cost_self_pay")}),
    # The other rows of the file
    (
        {"stays_with_same_discharge_key": 2, "stays_with_same_admission_number": 2},
        {("HQ034", "medical_record_no"), ("HQ035", "admission_count")},
    ),
    ({"names_for_record": 2}, {("HQ041", "patient_name")}),
    ({"birth_dates_for_record": 2, "sexes_for_record": 2}, {("HQ041", "birth_date"), ("HQ041", "sex")}),
    ({"last_discharge_before": clean("2012")["admission_datetime"]}, set()),
    ({"last_discharge_before": clean("2012")["discharge_datetime"]}, {("HQ042", "admission_datetime")}),
]


@pytest.mark.parametrize(("changes", "expected"), BOTH)
@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_a_change_to_a_clean_stay_is_found_where_it_was_made(
    changes: dict[str, Any], expected: set[tuple[str, str]], layout: str, found: Found
) -> None:
    assert changed(found, layout, changes) == expected


@pytest.mark.parametrize(
    ("layout", "changes", "expected"),
    [
        ("2012", {"admission_diagnosis_code": None}, {("HQ001", "admission_diagnosis_code")}),
        ("2012", {"employer_address": None}, set()),
        ("2020", {"employer_address": None}, {("HQ002", "employer_address")}),
        ("2020", {"drug_allergy": "2"}, {("HQ016", "allergy_drug")}),
        ("2020", {"drug_allergy": "2", "allergy_drug": "青霉素"}, set()),
        ("2012", {"discharge_disposition": "3"}, {("HQ013", "transfer_community_name")}),
        ("2020", {"discharge_disposition": "3"}, {("HQ013", "transfer_hospital_name")}),
        ("2012", {"discharge_disposition": "5", "autopsy": "2"}, {("HQ073", "discharge_disposition")}),
        ("2020", {"discharge_disposition": "5", "autopsy": "2"}, set()),
        ("2020", {"discharge_disposition": "5"}, {("HQ015", "autopsy")}),
        ("2012", {"other_diagnosis_2_outcome": "4"}, {("HQ072", "other_diagnosis_2_outcome")}),
        ("2012", {"resuscitation_count": 1}, {("HQ074", "resuscitation_success_count")}),
        ("2012", {"level1_care_days": 4}, {("HQ054", "length_of_stay_days")}),
        ("2012", {"basis_of_diagnosis": "0"}, {("HQ099", "basis_of_diagnosis")}),
        ("2012", {"icu_1_in": clean("2012")["admission_datetime"]}, {("HQ019", "icu_1_type"), ("HQ019", "icu_1_out")}),
        ("2020", {"coma_before_hours": 24}, {("HQ030", "coma_before_hours")}),
        ("2020", slot(40, "C56.x00"), {("HQ005", "other_diagnosis_40_code")}),
        ("2012", {"newborn_birth_weight_2_g": 0, "newborn_birth_weight_1_g": 0}, set()),
        ("2012", {"newborn_birth_weight_1_g": 3205}, {("HQ029", "newborn_birth_weight_1_g")}),
        ("2012", {"newborn_birth_weight_1_g": 90}, {("HQ028", "newborn_birth_weight_1_g")}),
    ],
)
def test_layouts_differ(layout: str, changes: dict[str, Any], expected: set[tuple[str, str]], found: Found) -> None:
    assert changed(found, layout, changes) == expected


@pytest.fixture(scope="module")
def cost_parts(rulebook: Rulebook) -> list[str]:
    return [slot.facts[0] for slot in rulebook.schemas["hqms_stay"].collections["cost_part"].slots]


@given(parts=st.lists(st.integers(0, 10**8), min_size=24, max_size=24), off=st.integers(-3, 3))
def test_the_total_is_exact_to_the_fen(parts: list[int], off: int, found: Found, cost_parts: list[str]) -> None:
    costs = {name: Decimal(part) / 100 for name, part in zip(cost_parts, parts, strict=True)}
    record = clean("2012", **costs, cost_total=Decimal(sum(parts) + off) / 100)
    assert (("HQ079", "cost_total") in found(record)) is (abs(off) > 1)


def test_of_which_items_are_no_parts(rulebook: Rulebook) -> None:
    facts = {
        name: {slot.facts[0] for slot in rulebook.schemas["hqms_stay"].collections[name].slots}
        for name in ("cost_part", "cost_item")
    }
    of_which = {"cost_physical_therapy", "cost_anaesthesia", "cost_surgery", "cost_antibacterial"}
    assert len(facts["cost_part"]) == 24
    assert facts["cost_item"] - facts["cost_part"] == of_which | {"cost_self_pay"}
    assert facts["cost_part"] < facts["cost_item"]


@pytest.mark.parametrize("layout", ["2012", "2020"])
@pytest.mark.parametrize("fact", ["cost_blood", "other_diagnosis_2_code", "pathology_1_number", "procedure_1_name"])
def test_an_empty_optional_cell_leaves_nothing_unknown(fact: str, layout: str, rulebook: Rulebook) -> None:
    answers = rulebook.on(DAY, sets={FRONT_PAGE}, layout=layout).for_record()(clean(layout, **{fact: None}))
    unknown = {answer.rule for answer in answers if answer.verdict == "unknown"}
    assert unknown <= set(rulebook.on(DAY, sets={FRONT_PAGE}, layout=layout).inert())


@pytest.mark.parametrize(
    ("layout", "column", "rule", "changes"),
    [
        ("2012", "patient_name", "HQ001", {}),
        ("2012", "age_years", "HQ003", {}),
        ("2020", "other_diagnosis_2_name", "HQ004", {}),
        ("2012", "procedure_1_code", "HQ006", {}),
        ("2012", "pathology_1_name", "HQ009", {}),
        ("2020", "transfer_hospital_name", "HQ012", {"discharge_disposition": "2"}),
        ("2012", "autopsy", "HQ015", {"discharge_disposition": "5"}),
        ("2020", "national_id", "HQ040", {}),
        ("2012", "cost_nursing", "HQ087", {}),
        ("2012", "registered_address", "HQ097", {}),
    ],
)
def test_an_empty_cell_is_found_but_a_column_that_the_file_lacks_is_unknown(
    layout: str, column: str, rule: str, changes: dict[str, Any], rulebook: Rulebook
) -> None:
    rules = rulebook.on(DAY, sets={FRONT_PAGE}, layout=layout)
    rules = replace(rules, rules=tuple(one for one in rules.rules if one.reports == rule))
    columns = {name for name, fact in rules.schema.facts.items() if fact.is_in(layout)}
    record = clean(layout, **changes, **{column: None})
    empty = {answer.verdict for answer in rules.for_record(columns)(record)}
    lacking = {answer.verdict for answer in rules.for_record(columns - {column})(record)}
    assert "finds" in empty
    assert lacking == {"unknown"}
