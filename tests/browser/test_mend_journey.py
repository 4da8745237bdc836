"""A bulk mend is looked at again and taken back with the keyboard, long after its bar has gone."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.models import Card
from tonghu.registry.services import bulk_mend, move, save_card


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.requirement("REG-05")
def test_a_mend_is_found_looked_at_and_taken_back_with_the_keyboard(
    point: Point, page: Page, site: str, axe: Any
) -> None:
    cards = [
        point.card(age_years="９", cost_total="1,000.00", current_postcode="６10041", patient_name=f"虚构{n}")
        for n in "甲乙丙丁"
    ]
    with point.acting("entry_clerk") as by:
        bulk_mend(rule="HQ021", by=by)
        save_card(card=cards[0].pk, based_on=2, by=by, front={code("cost_total"): "2000.00"})
        save_card(card=cards[1].pk, based_on=2, by=by, front={code("cost_total"): "2.00", code("age_years"): "10"})
        bulk_mend(rule="HQ026", by=by, cards=[cards[3].pk])
        assert move(cards=[cards[3].pk], act="submit", by=by)[0].refused == ""
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/cards/queue")
    page.get_by_role("link", name="最近的批量改正").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-card]")).to_have_count(2)
    picture(page, "mends")
    assert axe(page) == []
    page.locator("tr[data-card] a").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-card]")).to_have_count(4)
    picture(page, "mend")
    assert axe(page) == []
    page.get_by_role("button", name="撤销", exact=True).focus()
    page.keyboard.press("Enter")
    asks = page.get_by_role("dialog")
    expect(asks).to_contain_text("份报告卡恢复改正前的内容")
    picture(page, "mend-undo")
    assert axe(page) == []
    asks.get_by_role("button", name="撤销", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("3 份已恢复原样")
    expect(page.locator(".mend-fates")).to_contain_text("3 不动：此前已撤销")
    picture(page, "mend-undone")
    assert page.evaluate("document.documentElement.scrollWidth <= 1366")
    with point.acting("entry_clerk"):
        assert Card.objects.get(pk=cards[3].pk).state == "draft"
