"""A row of unknown age: the identity number that says the age is shown whole for a reason, marked and logged."""

from __future__ import annotations

from typing import Any

import pytest
from made_up_files import Hospital, a_hospital

import made_up
from tonghu.codes.identity import check_character
from tonghu.platform.audit.models import Event
from tonghu.registry.models import Card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]

_DIGITS = "51010720190404123"
NUMBER = _DIGITS + check_character(_DIGITS)
WHY = "推算年龄（虚构）"


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def test_the_number_of_a_row_of_unknown_age_is_shown_for_a_reason(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P6="", P7="", P13=NUMBER))
    clerk = made_up.browser(hospital.clerk)
    row, whole = f"/imports/{batch.pk}/rows/1", f"/imports/{batch.pk}/rows/1/whole/P13"
    page = text(clerk.get(row))
    assert NUMBER not in page
    assert f'href="{whole}"' in page
    asked = text(clerk.get(whole))
    assert NUMBER not in asked
    assert "原因" in asked
    assert NUMBER not in text(clerk.post(whole, {"reason": " "})), "without a reason nothing is shown"
    answer = clerk.post(whole, {"reason": WHY})
    shown = text(answer)
    assert NUMBER in shown
    assert f"第 1 行：{WHY}" in shown, "who saw it, and why, stands beside it"
    assert hospital.clerk.person.name in shown
    assert "no-store" in answer["Cache-Control"]
    with hospital.acting():
        event = Event.objects.filter(kind="audit.revealed").latest("pk")
        assert (event.subject_kind, event.subject_id) == ("batch", str(batch.pk))
        assert event.data == {"what": "身份证号"}
        assert NUMBER not in str(event.__dict__)


def test_only_what_is_masked_and_only_to_those_of_the_file(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P6="", P7="", P13=NUMBER))
    clerk = made_up.browser(hospital.clerk)
    for code in ("P5", "P801", "nonsense", "P14"):
        expected = 200 if code == "P801" else 404
        assert clerk.get(f"/imports/{batch.pk}/rows/1/whole/{code}").status_code == expected, code
    assert clerk.get(f"/imports/{batch.pk}/rows/9/whole/P13").status_code == 404
    there = made_up.browser(a_hospital().clerk)
    assert there.post(f"/imports/{batch.pk}/rows/1/whole/P13", {"reason": WHY}).status_code == 404
    auditor = made_up.browser(made_up.post("auditor", hospital.institution))
    assert auditor.get(f"/imports/{batch.pk}/rows/1/whole/P13").status_code == 404


def test_beside_a_card_it_is_a_look_at_that_child(hospital: Hospital) -> None:
    hospital.confirmed(hospital.checked(hospital.page(P13=NUMBER)))
    batch = hospital.checked(hospital.page(P13=NUMBER, P27="8"))
    clerk = made_up.browser(hospital.clerk)
    with hospital.acting():
        card = Card.objects.select_related("child").get()
    assert NUMBER in text(clerk.post(f"/imports/{batch.pk}/rows/1/whole/P13", {"reason": WHY}))
    with hospital.acting():
        event = Event.objects.filter(kind="audit.revealed").latest("pk")
        assert (event.subject_kind, event.subject_id) == ("child", str(card.child.group))


def test_what_a_rule_says_of_a_masked_field_is_masked_too(hospital: Hospital) -> None:
    address = "虚构路100号甲3单元"
    batch = hospital.checked(hospital.page(P6="", P7="", P801=address))
    page = text(made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/1"))
    assert "未以省" in page
    assert address not in page
