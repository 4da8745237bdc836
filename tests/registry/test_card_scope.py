"""Cards of whom and of what the surveillance is not: an error that says what to do, and no way to the centre."""

from __future__ import annotations

from datetime import date

import pytest

from made_up_cards import Point, code, page
from tonghu.registry.checks import check
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import move, save_card
from tonghu.registry.summary import facts

pytestmark = [pytest.mark.requirement("REG-03"), pytest.mark.requirement("REG-04")]
ON = date(2026, 11, 22)
#: Every diagnosis of the made-up page, as pneumonia.
PNEUMONIA = {
    "principal_diagnosis_code": "J18.900", "principal_diagnosis_name": "肺炎", "other_diagnosis_1_code": "J20.900",
    "other_diagnosis_1_name": "支气管炎", "pathology_1_morphology_code": "", "pathology_1_name": "",
    "outpatient_diagnosis_code": "J18.900", "admission_diagnosis_code": "J18.900",
}  # fmt: skip


def errors(**changes: str) -> set[str]:
    return {one.rule for one in check(page(**changes), ON, "510104") if one.level == "error"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        (PNEUMONIA, {"CARD21"}),
        ({"birth_date": "1980-09-25", "age_years": "45"}, {"CARD20"}),
        ({"birth_date": "2006-09-07"}, {"CARD20"}),  # the twentieth birthday is the day of admission
        ({"birth_date": "2006-09-08", "age_years": "19"}, set()),
        ({**PNEUMONIA, "birth_date": "1980-09-25", "age_years": "45"}, {"CARD20"}),
        ({**PNEUMONIA, "birth_date": "", "age_years": ""}, {"CARD21"}),
    ],
)
def test_a_card_out_of_scope_is_an_error(changes: dict[str, str], found: set[str]) -> None:
    assert errors(**changes) & {"CARD20", "CARD21"} == found


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": "", "age_years": ""},
        {"birth_date": "", "age_years": "", "national_id": "-"},
        {"admission_datetime": "", "age_years": ""},
        {"birth_date": "2026-09-10", "age_years": ""},
        {"birth_date": "?", "age_years": "?"},
    ],
)
def test_a_card_whose_age_cannot_be_known_has_an_error_too(changes: dict[str, str]) -> None:
    """What a person imported as new from "age not known" is asked again as soon as the age is there."""
    assert facts(page(**changes), ON).scope_group == "undetermined"
    assert errors(**changes) - {"HQ037"}, "nothing would keep it from the centre"


@pytest.mark.django_db
def test_such_a_card_is_not_submitted_and_its_error_is_not_talked_away() -> None:
    point = Point()
    typed, corrected = point.card(**PNEUMONIA), point.card()
    with point.acting("entry_clerk") as by:
        save_card(
            card=corrected.pk, based_on=1, front={code("birth_date"): "1980-09-25", code("age_years"): "45"}, by=by
        )
        for card, rule in ((typed, "CARD21"), (corrected, "CARD20")):
            assert Finding.objects.get(card=card, rule=rule).level == "error"
            (answer,) = move(cards=[card.pk], act="submit", by=by)
            assert answer.refused == "errors"
        save_card(card=typed.pk, based_on=1, front={code("other_diagnosis_1_code"): "C91.000"}, by=by)
        assert not Finding.objects.filter(card=typed, rule="CARD21").exists()
        assert Card.objects.get(pk=typed.pk).scope_group == "malignant"
    said = {one.rule: one.message_zh for one in check(page(**PNEUMONIA), ON, "510104")}["CARD21"]
    assert "更正" in said
    assert "作废" in said
