"""Reasons are looked at in their dialog: what lacks stands at the field, and a number takes a usual reason, always."""

from __future__ import annotations

import pytest
from card_journeys import log_in, no_draft_is_left, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point
from tonghu.registry.forms.reasons import OVERRIDE, reasons
from tonghu.registry.models import CardAct, Finding
from tonghu.registry.services import move


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.requirement("REG-05")
def test_a_number_is_never_the_reason_and_a_short_one_is_told_at_once(point: Point, page: Page, site: str) -> None:
    card = point.card(home_phone="")
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    page.keyboard.press("o")
    sheet, field = page.locator("#override"), page.locator("#override [name=typed]")
    complaint = sheet.locator("[data-complaint]")
    page.keyboard.press("Enter")
    expect(complaint).to_have_text("请选择或写明原因。")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-describedby", "override-complaint")
    picture(page, "reason-lacks")
    page.keyboard.type("8")
    expect(complaint).to_be_hidden()
    page.keyboard.press("Enter")
    expect(complaint).to_have_text("原因至少写 2 个字。")
    page.keyboard.press("Backspace")
    page.keyboard.type("4")
    expect(sheet.get_by_role("radio").nth(3)).to_be_checked()
    page.keyboard.type("月已核对")
    expect(sheet.get_by_role("radio").nth(3)).not_to_be_checked()
    for _each in range(4):
        page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(sheet).to_be_hidden()
    expect(page.locator("#findings")).to_contain_text(reasons(OVERRIDE)[3])
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("全部完成")).to_be_visible()
    with point.acting("entry_clerk"):
        assert Finding.objects.get(card=card).overridden_reason == reasons(OVERRIDE)[3]


@pytest.mark.requirement("REG-05")
def test_a_number_in_the_field_of_a_return_is_its_reason_too(point: Point, page: Page, site: str) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    log_in(page, point.post("auditor"), site)
    page.goto(f"/cards/{card.pk}")
    page.keyboard.press("r")
    field = page.locator("#act-return [name=typed]")
    field.fill("错")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#act-return [data-complaint]")).to_have_text("原因至少写 2 个字。")
    field.fill("")
    page.keyboard.type("2")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messages")).to_contain_text(card.record_number)
    with point.acting("auditor"):
        assert CardAct.objects.filter(card=card).latest("pk").reason == reasons("return")[1]


@pytest.mark.requirement("REG-05")
@pytest.mark.parametrize("sheet", ["month", "ask"])
def test_the_other_dialogs_outlive_an_expired_session(point: Point, page: Page, site: str, sheet: str) -> None:
    card, clerk = point.card(age_years="12"), point.post("entry_clerk")
    log_in(page, clerk, site)
    page.expected_complaints.append("403")  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    field = page.locator(f"#{sheet} textarea")

    def opened() -> None:
        if sheet == "month":
            page.locator("details[data-drop] summary", has_text="更多").click()
        page.locator(f"[data-opens={sheet}]").click()

    opened()
    field.fill("出院日期跨月，已问过病案科")
    page.context.clear_cookies()
    field.press("Control+Enter")
    expect(page.get_by_role("heading")).to_have_text("页面停留时间过长")
    log_in(page, clerk, site)
    page.goto(f"/cards/{card.pk}")
    opened()
    expect(field).to_have_value("出院日期跨月，已问过病案科")
    if sheet == "month":
        page.locator("#month [name=month]").fill("2026-08")
    field.press("Control+Enter")
    said = page.locator(".messages, .foot-note", has_text="2026-08" if sheet == "month" else "出院科室")
    expect(said.first).to_be_visible()
    no_draft_is_left(page)
