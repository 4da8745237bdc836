"""A number with a unit: the field's own goes, any other says another number, and nobody is offered one."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from made_up_cards import code, page
from tonghu.codes.hqms_fields import LAYOUTS, Field, layout
from tonghu.hqms import wording
from tonghu.hqms.casting import cell
from tonghu.hqms.mends import propose
from tonghu.registry.checks import check

pytestmark = pytest.mark.requirement("REG-05")

#: Whatever somebody may write after a number; those of one line mean the same.
WRITTEN: Final = [
    {"岁", "周岁"}, {"月", "个月"}, {"天", "日"}, {"周"}, {"年"}, {"小时", "个小时"}, {"分钟", "分"}, {"次"}, {"元"},
    {"克", "g"}, {"毫升", "ml"}, {"万元"}, {"千克"}, {"kg"}, {"公斤"}, {"斤"}, {"秒"}, {"周天"}, {"mg"}, {"单位"},
]  # fmt: skip
#: What the sources print of a field beside its name, and how that unit is written.
PRINTED: Final = {"(岁)": "岁", "(天)": "天", "(小时)": "小时", "(分钟)": "分钟", "(克)": "克"}
NUMBERS: Final = [one for name in LAYOUTS for one in layout(name).fields if one.type in ("integer", "decimal")]


def label(field: Field) -> str:
    return field.code


@pytest.mark.parametrize("field", NUMBERS, ids=label)
def test_the_own_unit_goes_and_with_another_nothing_is_proposed(field: Field) -> None:
    seven, _note = cell(field, "7")
    assert seven is not None
    for alike in WRITTEN:
        for unit in alike:
            wanted = wording.plainly(seven, field.type) if unit in field.units else None
            for text in (f"7{unit}", f"７ {unit}"):
                assert propose("HQ021", field, text, {}) == wanted, text
    assert set(field.units) in [set(), *WRITTEN], "each unit of the dictionary is tried above, with all its writings"


def test_the_unit_is_the_one_that_the_sources_print() -> None:
    for field in NUMBERS:
        for printed, unit in PRINTED.items():
            assert printed not in field.name_zh or unit in field.units, field.code
    assert not layout("2012").by_name["procedure_1_duration"].units, "no source says in what it is counted"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("age_years", "3个月"), ("age_years", "28天"), ("age_years", "6小时"), ("ventilator_hours", "2天"),
        ("coma_before_hours", "2天"), ("coma_before_minutes", "2小时"), ("age_infant_months", "2天"),
        ("level1_care_days", "6小时"), ("length_of_stay_days", "6小时"), ("cost_total", "3天"),
        ("newborn_admission_weight_g", "3kg"),
    ],
)  # fmt: skip
def test_a_card_with_another_unit_is_found_and_offered_nothing(field: str, text: str) -> None:
    found = check(page(**{field: text}), date(2026, 11, 22))
    assert [one.mend for one in found if one.at == ("HQ021", code(field))] == [None]


def test_thousands_and_the_own_unit_together() -> None:
    costs, weight = layout("2012").by_name["cost_total"], layout("2012").by_name["newborn_admission_weight_g"]
    assert propose("HQ021", costs, "１,200.5 元", {}) == "1200.50"
    assert propose("HQ021", weight, "2,500G", {}) == "2500"
