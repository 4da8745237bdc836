"""Two people explain one finding: the second is told, and what they wrote is not dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest

import made_up
from made_up_cards import Point
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import override
from tonghu.registry.services.explaining import Explained

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

FIRST, SECOND = "家中无电话（虚构）", "家属拒绝提供（虚构）"


@pytest.fixture
def card(point: Point) -> Card:
    return point.card(home_phone="")


def reason_of(point: Point, card: Card) -> str:
    with point.acting("entry_clerk"):
        return Finding.objects.get(card=card).overridden_reason


def send(reader: Any, card: Card, rule: str, why: str) -> str:
    said: str = reader.post(
        f"/cards/{card.pk}/save", {"_version": 1, f"why|{rule}": why}, follow=True
    ).content.decode()  # fmt: skip
    return said


def test_the_second_is_told_whose_reason_stands(point: Point, card: Card) -> None:
    with point.acting("records_department") as by:
        [finding] = Finding.objects.filter(card=card)
        override(findings=[finding.pk], reason=FIRST, by=by)
    clerk = made_up.browser(point.post("entry_clerk"))
    said = send(clerk, card, f"{finding.rule}|{finding.column}", SECOND)
    name = point.post("records_department").person.name
    for told in (name, FIRST, SECOND, "没有保留", "尚未提交"):
        assert told in said
    assert reason_of(point, card) == FIRST
    with point.acting("entry_clerk"):
        assert Card.objects.get(pk=card.pk).state == "draft", "nobody submits on a reason that they have not read"


def test_ones_own_reason_may_be_written_anew(point: Point, card: Card) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    with point.acting("entry_clerk") as by:
        [finding] = Finding.objects.filter(card=card)
        override(findings=[finding.pk], reason=FIRST, by=by)
    assert "没有保留" not in send(clerk, card, f"{finding.rule}|{finding.column}", SECOND)
    assert reason_of(point, card) == SECOND


def test_the_service_writes_nothing_over_a_colleagues_reason(point: Point, card: Card) -> None:
    with point.acting("records_department") as by:
        found = [one.pk for one in Finding.objects.filter(card=card)]
        override(findings=found, reason=FIRST, by=by)
    with point.acting("entry_clerk") as by, pytest.raises(Explained, match=FIRST):
        override(findings=found, reason=SECOND, by=by)
    assert reason_of(point, card) == FIRST


def test_a_reason_for_what_is_gone_or_for_an_error_is_no_fault(point: Point) -> None:
    wrong = point.card(age_years="12")
    clerk = made_up.browser(point.post("entry_clerk"))
    with point.acting("entry_clerk"):
        [finding] = Finding.objects.filter(card=wrong)
    assert "错误必须改正" in send(clerk, wrong, f"{finding.rule}|{finding.column}", SECOND)
    assert "没有保留" not in send(clerk, wrong, "HQ001|nothing", SECOND)
