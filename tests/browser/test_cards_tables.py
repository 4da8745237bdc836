"""Lists of cards with names as long as hospitals write them: nothing beyond the frame, the diagnosis read whole."""

from __future__ import annotations

from datetime import date

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page

import made_up
from made_up_cards import Point, identity_number
from made_up_cards import page as front_page
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card, move

#: How far a table reaches beyond its frame, and the diagnoses that are cut.
BEYOND = "table => { const frame = table.closest('.table-frame'); return frame.scrollWidth - frame.clientWidth; }"
CUT = "spans => spans.filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"
NAMES = {
    "Z94.800": "其他器官和组织移植状态", "Z51.100": "肿瘤化学治疗疗程", "D69.300": "特发性血小板减少性紫癜",
    "C73.x00": "甲状腺恶性肿瘤",
}  # fmt: skip
TABLES = {"table-audit": "#table-audit", "table-cards": "#table-cards", "table-stays": "#stays"}


@pytest.fixture
def point(committed: None) -> Point:
    point = Point()
    point.hospital = made_up.hospital(name="四川省虚构市示例庚3儿童肿瘤医院")
    return point


def handed_in(point: Point) -> list[int]:
    said = [
        front_page(
            principal_diagnosis_code=code, principal_diagnosis_name=name, medical_record_no=f"921000105{n}",
            national_id=identity_number(n),
        )
        for n, (code, name) in enumerate(NAMES.items())
    ]  # fmt: skip
    month = date(2026, 9, 1)
    with point.acting("entry_clerk") as by:
        cards = [enter_card(institution=point.hospital, content=one, by=by, archive_month=month) for one in said]
        assert not [each for each in move(cards=[card.pk for card in cards], act="submit", by=by) if each.refused]
    return [card.pk for card in cards]


def fits(page: Page, name: str) -> None:
    picture(page, name)
    assert page.locator(f"{TABLES[name]} table").evaluate(BEYOND) <= 0
    assert page.locator(f"{TABLES[name]} .with-code > span:first-child").evaluate_all(CUT) == []


@pytest.mark.requirement("REG-05")
def test_the_auditor_reads_what_to_audit(point: Point, page: Page, site: str) -> None:
    cards = handed_in(point)
    with point.acting("auditor") as by:
        move(cards=cards[:1], act="return", by=by, reason="请核对")
    with point.acting("entry_clerk") as by:
        move(cards=cards[:1], act="submit", by=by, reason="已核对，与病案一致")
    log_in(page, point.post("auditor"), site)
    page.goto("/cards/audit")
    fits(page, "table-audit")


def test_the_centre_sees_the_findings_of_each_card(point: Point, page: Page, site: str) -> None:
    cards = handed_in(point)
    for act in ("approve", "report"):
        with point.acting("auditor") as by:
            move(cards=cards, act=act, by=by)
    with point.acting("centre_officer") as by:
        move(cards=cards, act="accept", by=by)
    log_in(page, point.centre(), site)
    page.goto("/cards")
    fits(page, "table-cards")


def test_the_stays_of_a_child_are_read_to_their_state(point: Point, page: Page, site: str) -> None:
    cards = handed_in(point)
    for act in ("approve", "report"):
        with point.acting("auditor") as by:
            move(cards=cards, act=act, by=by)
    with point.acting("centre_officer") as by:
        move(cards=cards, act="accept", by=by)
    with point.acting("entry_clerk"):
        child = Card.objects.get(pk=cards[2]).child_id
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/children/{child}")
    fits(page, "table-stays")
