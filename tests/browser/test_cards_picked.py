"""Picked cards are approved after a question; until their sample was looked at they stay picked, and a key opens it."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point
from tonghu.registry.models import Card
from tonghu.registry.services import move


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.requirement("REG-05")
def test_picked_cards_stay_picked_while_their_sample_is_looked_at(
    point: Point, page: Page, site: str, axe: Any
) -> None:
    cards = [point.card() for _ in range(5)]
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk for card in cards], act="submit", by=by)
    log_in(page, point.post("auditor"), site)
    page.goto("/cards/audit")
    boxes = page.locator("[data-picked]")
    for _each in range(4):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("[data-picked]:checked")).to_have_count(4)
    page.keyboard.press("Control+Enter")
    first = page.locator("#asked")
    expect(first).to_contain_text("已看 0 / 3")
    expect(first.locator("li a")).to_have_count(3)
    expect(page.locator("[data-picked]:checked")).to_have_count(4)
    picture(page, "desk-sample")
    assert axe(page) == []
    drawn = {str(first.locator("li a").nth(n).get_attribute("href")) for n in range(3)}
    page.keyboard.press("n")
    for _each in range(3):
        page.wait_for_url(lambda url: url.removeprefix(site) in drawn)
        drawn.discard(page.url.removeprefix(site))
        expect(page.locator(".queue-strip")).to_be_visible()
        if drawn:
            page.keyboard.press("j")
    page.goto("/cards/audit")
    expect(boxes).to_have_count(5)
    expect(page.locator("[data-picked]:checked")).to_have_count(4)
    page.keyboard.press("Control+Enter")
    asked = page.locator("dialog[open]")
    expect(asked).to_contain_text("3/3")
    expect(asked).to_contain_text("归档月 2026-")
    expect(asked).to_contain_text("其中说明原因后保留的警告")
    picture(page, "desk-asked")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    with point.acting("auditor"):
        assert Card.objects.filter(state="approved").count() == 0, "nothing is done before the answer"
    # The focus may be in the closed dialog for a moment yet: then the question is asked again, not answered.
    still_inside = page.locator("#asked dialog form button").first
    still_inside.dispatch_event("keydown", {"key": "Enter", "ctrlKey": True, "bubbles": True, "cancelable": True})
    expect(page.locator("dialog[open]")).to_be_visible()
    with point.acting("auditor"):
        assert Card.objects.filter(state="approved").count() == 0
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("4 份")
    expect(page.locator("[data-picked]:checked")).to_have_count(0)
    with point.acting("auditor"):
        assert Card.objects.filter(state="approved").count() == 4
