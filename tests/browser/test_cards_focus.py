"""Where a page of the queue begins: the focus stands on what is to be done next, and the letter keys work at once."""

from __future__ import annotations

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.services import move


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.requirement("REG-05")
def test_the_focus_goes_along_from_card_to_card_and_to_the_end_of_a_rule(point: Point, page: Page, site: str) -> None:
    first = point.card(age_years="12", patient_name="虚构甲")
    second = point.card(age_years="13")
    other = point.card(registered_postcode="61004")
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/cards/queue/start?rule=HQ051")
    expect(page.locator("h1")).to_contain_text(first.record_number)
    expect(page.locator("#findings [data-rule=HQ051]")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#findings .so-far")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text(second.record_number)
    expect(page.locator(".foot-note")).to_contain_text(f"已提交审核：{first.record_number} 虚构甲")
    expect(page.locator("#findings [data-rule=HQ051]")).to_be_focused()
    picture(page, "clerk-focus")
    page.keyboard.press("m")
    expect(page.locator("#findings .so-far")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("这类问题已全部处理")
    expect(page.locator("main")).not_to_contain_text("全部完成")
    picture(page, "clerk-rule-done")
    expect(page.get_by_role("link", name="继续下一份")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(other.record_number)


def test_enter_continues_with_the_queue_where_nothing_has_the_focus(point: Point, page: Page, site: str) -> None:
    card = point.card(age_years="12")
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/cards/queue")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(card.record_number)


@pytest.mark.requirement("REG-05")
def test_a_card_that_came_back_with_nothing_found_begins_with_the_reason(point: Point, page: Page, site: str) -> None:
    card = point.card()
    for role, act in (("entry_clerk", "submit"), ("auditor", "return")):
        with point.acting(role) as by:
            move(cards=[card.pk], act=act, by=by, reason="请核对自付金额")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    expect(page.locator(".card-notes .note:focus")).to_contain_text("请核对自付金额")


def test_whoever_types_is_not_led_away(point: Point, page: Page, site: str) -> None:
    card = point.card(registered_postcode="61004", age_years="12")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.locator(f"#id_{code('registered_postcode')}").fill("610041")
    expect(page.locator("#findings [data-rule=HQ026]")).to_have_count(0)
    expect(page.locator(f"#id_{code('registered_postcode')}")).to_be_focused()
