"""The stays of a child on its page: the own hospital's all, with their state; of others what was reported."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

import made_up
from made_up_cards import Point, page
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card, move

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
DOCUMENT = "510107201609250028"


def stay(point: Point, minute: str, record: str) -> Card:
    left = f"2026-09-12 10:{minute}"
    with point.acting("entry_clerk") as by:
        changes = {"medical_record_no": record, "discharge_datetime": left, "national_id": DOCUMENT}
        return enter_card(institution=point.hospital, content=page(**changes), by=by)


def report(point: Point, card: Card) -> None:
    for role, act in (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report")):
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by)
            assert not answer.refused, (act, answer.refused)


def test_one_child_of_two_hospitals_is_shown_with_its_stays_as_far_as_the_reader_sees() -> None:
    here, there = Point("510104"), Point("510105")
    mine, other = stay(here, "12", "H1"), stay(there, "14", "T1")
    assert mine.child_id == other.child_id
    address = reverse("patients:child", args=[mine.child_id])
    clerk = made_up.browser(here.post("entry_clerk"))
    officer = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510000")))

    def leads(reader: Client) -> list[int]:
        """The cards that the page leads to, in its order."""
        said = reader.get(address).content.decode().partition('id="stays"')[2]
        return [int(pk) for pk in re.findall(r'href="/cards/([0-9]+)"', said)]

    report(there, other)
    assert leads(officer) == [other.pk], "the hospital here has not reported yet"
    assert leads(clerk) == [mine.pk], "another hospital's stay is its own"
    report(here, mine)
    assert leads(officer) == [other.pk, mine.pk], "the latest first"
    said = officer.get(address).content.decode()
    assert "2 家医院，2 次住院" in said
    assert there.hospital.name in said
    again = stay(here, "20", "H1")
    assert leads(clerk) == [again.pk, mine.pk]
    assert leads(officer) == [other.pk, mine.pk]
    said = clerk.get(address).content.decode()
    for shown in ("2 次住院", "草稿", "已上报", "本院的住院"):
        assert shown in said


def test_whoever_may_not_see_cards_sees_the_child_without_them() -> None:
    point = Point()
    card = stay(point, "12", "H1")
    reader = made_up.post("records_department", point.hospital)
    with made_up.acting(reader) as by:
        may = by.may("registry.read")
    said = made_up.browser(reader).get(reverse("patients:child", args=[card.child_id])).content.decode()
    assert ('id="stays"' in said) is may
