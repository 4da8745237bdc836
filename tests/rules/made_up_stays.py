"""A made-up stay with nothing to find, in both layouts, for tests to change one thing in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

DAY = date(2026, 11, 22)
FRONT_PAGE, SCOPE = "registry.front_page", "registry.scope"

Record = Mapping[str, Any]
#: (record, layout) → {(reported id, fact)}
Found = Callable[..., set[tuple[str, str]]]

_BOTH: dict[str, Any] = {
    "today": DAY,
    "org_code": "45107000012345678A",
    "org_name": "示例医院",
    "payment_method": "2",
    "admission_count": 1,
    "medical_record_no": "R00000001",
    "patient_name": "张某某",
    "sex": "2",
    "birth_date": date(2016, 9, 25),
    "age_years": 9,
    "marital_status": "1",
    "occupation": "31",
    "ethnicity": "汉族",
    "nationality": "中国",
    "national_id": "510107201609250028",
    "current_address": "四川省成都市武侯区示例路1号",
    "home_phone": "02800000000",
    "current_postcode": "610041",
    "registered_address": "四川省成都市武侯区示例路1号",
    "registered_postcode": "610041",
    "contact_name": "家长",
    "contact_relation": "5",
    "contact_address": "四川省成都市武侯区示例路1号",
    "contact_phone": "02800000000",
    "admission_route": "2",
    "admission_datetime": datetime(2026, 9, 7, 20, 46),
    "admission_department": "07",
    "admission_ward": "1",
    "discharge_datetime": datetime(2026, 9, 12, 10, 0),
    "discharge_department": "07",
    "discharge_ward": "1",
    "length_of_stay_days": 5,
    "outpatient_diagnosis_code": "C91.000",
    "outpatient_diagnosis_name": "急性淋巴细胞白血病",
    "principal_diagnosis_code": "Z51.100",
    "principal_diagnosis_name": "肿瘤化学治疗疗程",
    "principal_diagnosis_poa": "1",
    "other_diagnosis_1_code": "C91.000",
    "other_diagnosis_1_name": "急性淋巴细胞白血病",
    "other_diagnosis_1_poa": "1",
    "other_diagnosis_2_code": "J18.000",
    "other_diagnosis_2_name": "支气管肺炎",
    "other_diagnosis_2_poa": "1",
    "pathology_1_morphology_code": "M98210/3",
    "pathology_1_name": "急性淋巴细胞白血病",
    "pathology_1_number": "B000001",
    "procedure_1_code": "41.3100",
    "procedure_1_name": "骨髓穿刺术",
    "procedure_1_datetime": datetime(2026, 9, 8, 9, 0),
    "procedure_1_surgeon": "甲",
    "department_head": "甲",
    "chief_physician": "乙",
    "attending_physician": "丙",
    "resident_physician": "丁",
    "responsible_nurse": "戊",
    "coder": "己",
    "quality_date": datetime(2026, 9, 13),
    "abo_group": "6",
    "rh_group": "4",
    "readmission_31d_planned": "2",
    "readmission_31d_purpose": "化疗",
    "discharge_disposition": "1",
    "cost_total": Decimal("1000.00"),
    "cost_self_pay": Decimal("300.00"),
    "cost_general_service": Decimal("100.00"),
    "cost_nursing": Decimal("100.00"),
    "cost_laboratory": Decimal("300.00"),
    "cost_western_medicine": Decimal("450.00"),
    "cost_antibacterial": Decimal("0.00"),
    "cost_blood": Decimal("0.00"),
    "cost_material_treatment": Decimal("50.00"),
    # What the other rows of the file say.
    "stays_with_same_discharge_key": 1,
    "stays_with_same_admission_number": 1,
    "names_for_record": 1,
    "sexes_for_record": 1,
    "birth_dates_for_record": 1,
}
_ONLY: dict[str, dict[str, Any]] = {
    "2012": {
        "layout": "2012",
        "birth_province": "四川省",
        "admission_diagnosis_code": "C91.000",
        "admission_diagnosis_name": "急性淋巴细胞白血病",
        "diagnosis_confirmed_date": datetime(2026, 9, 7, 20, 46),
        "principal_diagnosis_outcome": "2",
        "basis_of_diagnosis": "7",
        "record_quality": "1",
        "quality_physician": "庚",
        "quality_nurse": "辛",
        "resuscitation_count": 0,
        "resuscitation_success_count": 0,
        "level1_care_days": 3,
        "level2_care_days": 2,
    },
    "2020": {
        "layout": "2020",
        "birth_address": "四川省成都市武侯区",
        "native_province": "510000",
        "ethnicity": "01",
        "nationality": "CHN",
        "employer_address": "-",
        "employer_phone": "-",
        "employer_postcode": "-",
        "drug_allergy": "1",
        **dict.fromkeys(
            (f"coma_{when}_{unit}" for when in ("before", "after") for unit in ("days", "hours", "minutes")), 0
        ),
    },
}


def clean(layout: str, **changes: Any) -> dict[str, Any]:
    """A made-up stay with nothing to find, with some facts changed; a fact set to None is taken out."""
    record = {**_BOTH, **_ONLY[layout], **changes}
    return {name: value for name, value in record.items() if value is not None}
