"""A clerk works the correction queue with the keyboard: mends, explains, submits, and lands on the next card."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.models import Card

REGISTERED = code("registered_address")
AGE = code("age_years")


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def state_of(point: Point, card: Card) -> str:
    with point.acting("entry_clerk"):
        return Card.objects.get(pk=card.pk).state


@pytest.mark.requirement("REG-05")
def test_a_card_is_mended_and_submitted_with_the_keyboard(point: Point, page: Page, site: str, axe: Any) -> None:
    first = point.card(registered_address="武侯区虚构路1号", age_years="12")
    second = point.card(registered_postcode="61004")
    point.card()
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/")
    picture(page, "clerk-home")
    assert axe(page) == []
    page.goto("/cards/queue")
    picture(page, "clerk-queue")
    assert axe(page) == []
    page.get_by_role("link", name="继续").click()
    expect(page.locator("h1")).to_contain_text(first.record_number)
    picture(page, "clerk-card")
    assert axe(page) == []

    page.keyboard.press("m")  # the age: the rule knows the right one
    expect(page.locator(f"#id_{AGE}")).to_have_value("9")
    expect(page.locator("#findings [data-rule=HQ051]")).to_have_count(0)
    page.keyboard.press("m")  # the household's address: to be typed
    expect(page.locator(f"#id_{REGISTERED}")).to_be_focused()
    picture(page, "clerk-mends")
    page.keyboard.type("四川省成都市武侯区虚构路1号")
    expect(page.locator("#findings .all-well")).to_be_visible()
    picture(page, "clerk-mended")
    page.keyboard.press("Control+Enter")

    expect(page.locator("h1")).to_contain_text(second.record_number)
    assert state_of(point, first) == "submitted"
    picture(page, "clerk-next")
