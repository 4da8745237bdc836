"""Made-up report cards for the tests: a front page with nothing to find, and a hospital with those who work on it.

Nobody here exists. Example::

    point = Point()
    with point.acting("entry_clerk") as by:
        card = enter_card(institution=point.hospital, content=page(), by=by)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import made_up
from tonghu.codes.hqms_fields import layout
from tonghu.codes.identity import check_character
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import Content
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card

_numbers = itertools.count(1)

#: By the fields' names, as a file would write them (2012 layout).
_STAY: dict[str, str] = {
    "org_code": "45107000012345678A", "org_name": "虚构医院", "payment_method": "2", "admission_count": "1",
    "medical_record_no": "R00000001", "patient_name": "欧阳测童", "sex": "2", "birth_date": "2016-09-25",
    "age_years": "9", "marital_status": "1", "occupation": "31", "ethnicity": "汉族", "nationality": "中国",
    "national_id": "510107201609250028", "birth_province": "四川省",
    "current_address": "四川省成都市武侯区虚构路1号", "home_phone": "02800000000", "current_postcode": "610041",
    "registered_address": "四川省成都市武侯区虚构路1号", "registered_postcode": "610041",
    "contact_name": "家长", "contact_relation": "5", "contact_address": "四川省成都市武侯区虚构路1号",
    "contact_phone": "02800000000", "admission_route": "2", "admission_datetime": "2026-09-07 20:46",
    "admission_department": "07", "admission_ward": "1", "discharge_datetime": "2026-09-12 10:00",
    "discharge_department": "07", "discharge_ward": "1", "length_of_stay_days": "5",
    "outpatient_diagnosis_code": "C91.000", "outpatient_diagnosis_name": "急性淋巴细胞白血病",
    "admission_diagnosis_code": "C91.000", "admission_diagnosis_name": "急性淋巴细胞白血病",
    "diagnosis_confirmed_date": "2026-09-07 20:46",
    "principal_diagnosis_code": "Z51.100", "principal_diagnosis_name": "肿瘤化学治疗疗程",
    "principal_diagnosis_poa": "1", "principal_diagnosis_outcome": "2",
    "other_diagnosis_1_code": "C91.000", "other_diagnosis_1_name": "急性淋巴细胞白血病", "other_diagnosis_1_poa": "1",
    "pathology_1_morphology_code": "M98210/3", "pathology_1_name": "急性淋巴细胞白血病",
    "pathology_1_number": "B000001",
    "basis_of_diagnosis": "7", "procedure_1_code": "41.3100", "procedure_1_name": "骨髓穿刺术",
    "procedure_1_datetime": "2026-09-08 09:00", "procedure_1_surgeon": "甲",
    "department_head": "甲", "chief_physician": "乙", "attending_physician": "丙", "resident_physician": "丁",
    "responsible_nurse": "戊", "coder": "己", "quality_date": "2026-09-13", "record_quality": "1",
    "quality_physician": "庚", "quality_nurse": "辛", "abo_group": "6", "rh_group": "4",
    "readmission_31d_planned": "2", "readmission_31d_purpose": "化疗", "discharge_disposition": "1",
    "resuscitation_count": "0", "resuscitation_success_count": "0", "level1_care_days": "3", "level2_care_days": "2",
    "cost_total": "1000.00", "cost_self_pay": "300.00", "cost_general_service": "100.00", "cost_nursing": "100.00",
    "cost_laboratory": "300.00", "cost_western_medicine": "450.00", "cost_antibacterial": "0.00",
    "cost_blood": "0.00", "cost_material_treatment": "50.00",
}  # fmt: skip


#: Counties that were there on that birth date: one test process makes some thousand cards, 500 of a county.
_COUNTIES = (
    "510107", "510104", "510105", "510106", "510108", "510112", "510113", "510114", "510302", "510303", "510304",
    "510311", "510402", "510403", "510411", "510502", "510503", "510504",
)  # fmt: skip


#: So many girls are born on one day.
BORN_A_DAY = 500 * len(_COUNTIES)


def identity_number(number: int, born: str = _STAY["birth_date"]) -> str:
    """A made-up identity number of a girl born on a day, the page's own if none is said, with a right check digit; the
    numbers below ``BORN_A_DAY`` are of different girls.
    """
    digits = f"{_COUNTIES[number // 500]}{born.replace('-', '')}{number % 500 * 2:03d}"
    return digits + check_character(digits)


def code(name: str) -> str:
    """The code of a field of the 2012 layout by its name."""
    return layout("2012").by_name[name].code


def page(supplement: dict[str, str] | None = None, **changes: str) -> Content:
    """A front page with nothing to find, with some fields changed (by name)."""
    front = {code(name): text for name, text in {**_STAY, **changes}.items()}
    return Content("2012", front, supplement or {})


class Point:
    """A made-up hospital with those who work on cards; the same elsewhere by another region."""

    def __init__(self, region: str = "510104") -> None:
        self.hospital = made_up.hospital(region=region)
        self._posts: dict[str, Post] = {}

    def post(self, role: str) -> Post:
        """Whoever holds a role here, always the same."""
        if role not in self._posts:
            self._posts[role] = made_up.post(role, self.hospital)
        return self._posts[role]

    def centre(self) -> Post:
        """An officer of the national centre."""
        if "centre" not in self._posts:
            self._posts["centre"] = made_up.post("centre_officer", made_up.authority("centre", "000000"))
        return self._posts["centre"]

    @contextmanager
    def acting(self, role: str, *more: str) -> Iterator[Scope]:
        """Open the scope of a role here, or of the centre."""
        with made_up.acting(self.centre() if role == "centre_officer" else self.post(role), *more) as scope:
            yield scope

    def card(self, role: str = "entry_clerk", supplement: dict[str, str] | None = None, **changes: Any) -> Card:
        """A card of a stay of its own."""
        number = next(_numbers)
        left = datetime(2026, 9, 12, 10, 0) + timedelta(minutes=number % 600)  # on that day, however many there are
        own = {
            "medical_record_no": f"R{number:08d}", "discharge_datetime": f"{left:%Y-%m-%d %H:%M}",
            "national_id": identity_number(number),
        }  # fmt: skip
        with self.acting(role) as by:
            return enter_card(institution=self.hospital, content=page(supplement, **{**own, **changes}), by=by)
