"""An auditor returns a card with a reason and approves another; the clerk sees the reason; the centre receives."""

from __future__ import annotations

import re
from typing import Any

import pytest
from card_journeys import log_in, no_draft_is_left, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.forms.reasons import reasons
from tonghu.registry.models import Card, CardAct
from tonghu.registry.services import move, save_card


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def submitted(point: Point, count: int, **changes: str) -> list[Card]:
    cards = [point.card(**changes) for _ in range(count)]
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk for card in cards], act="submit", by=by)
    return cards


@pytest.mark.requirement("REG-05")
def test_an_auditor_returns_and_approves(point: Point, open_page: Any, site: str, axe: Any) -> None:
    changed = point.card()
    with point.acting("entry_clerk") as by:
        front = {
            code("cost_self_pay"): "310.00",
            code("other_diagnosis_1_name"): "急性淋巴细胞性白血病",
            code("coder"): "壬",
        }
        save_card(card=changed.pk, based_on=1, front=front, by=by)
        move(cards=[changed.pk], act="submit", by=by)
    clean = submitted(point, 4)
    page: Page = open_page()
    log_in(page, point.post("auditor"), site)
    page.goto("/")
    picture(page, "auditor-home")
    assert axe(page) == []
    page.goto("/cards/audit")
    expect(page.locator(".undecided")).to_contain_text("4 份有未判断的规则")
    picture(page, "auditor-desk")
    assert page.locator(".table-frame").evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0, "no column cut"
    cut = "code => code.getBoundingClientRect().right - code.closest('td').getBoundingClientRect().right"
    assert page.locator("#table-audit .with-code code").first.evaluate(cut) <= 0, "the code is whole"
    assert axe(page) == []
    page.get_by_role("link", name="开始审核").click()
    expect(page.locator("h1")).to_contain_text(changed.record_number)
    picture(page, "auditor-card")
    assert axe(page) == []
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    picture(page, "auditor-returns")
    expect(page.locator("#act-return")).to_be_visible()
    expect(page.get_by_label("或自己填写")).to_be_focused()
    assert page.get_by_label("或自己填写").evaluate("field => field.validationMessage") == "请选择或写明原因。"
    page.keyboard.press("Escape")
    expect(page.locator("#act-return")).to_be_hidden()
    expect(page.locator("[data-opens=act-return]")).to_be_focused()
    page.keyboard.press("r")
    page.get_by_label("或自己填写").fill("自付金额与收费处不一致")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text(clean[0].record_number)
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text(clean[1].record_number)
    with point.acting("auditor"):
        assert Card.objects.get(pk=changed.pk).state == "returned"
        assert Card.objects.get(pk=clean[0].pk).state == "approved"
    for card in clean[1:]:
        page.goto(f"/cards/{card.pk}")
    page.goto("/cards/audit")
    page.get_by_role("button", name="一起通过 3 份").click()
    asked = page.locator("dialog[open]")
    expect(asked).to_contain_text("份无问题的报告卡审核通过")
    expect(asked).to_contain_text("归档月 2026-")
    expect(asked).to_contain_text("3/3")
    picture(page, "auditor-asked")
    assert axe(page) == []
    asked.get_by_role("button", name="一起通过 3 份").click()
    picture(page, "auditor-clean")
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator("dialog[open]")).to_contain_text("归档月 2026-")
    expect(page.locator("dialog[open]")).to_contain_text("份补充项目未填齐，将按现状上报")
    picture(page, "auditor-reports")
    page.locator("dialog[open]").get_by_role("button", name="上报").click()
    picture(page, "auditor-done")
    with point.acting("auditor"):
        assert {Card.objects.get(pk=card.pk).state for card in clean} == {"reported"}

    clerk: Page = open_page()
    log_in(clerk, point.post("entry_clerk"), site)
    clerk.goto("/cards/queue?kind=returned")
    picture(clerk, "clerk-returned")
    clerk.goto(f"/cards/{changed.pk}")
    expect(clerk.locator(".card-notes")).to_contain_text("自付金额与收费处不一致")
    picture(clerk, "clerk-returned-card")

    centre: Page = open_page()
    log_in(centre, point.centre(), site)
    centre.goto("/cards/received")
    picture(centre, "centre-received")
    assert axe(centre) == []
    centre.get_by_role("button", name="接收本页").click()
    sheet = centre.locator("dialog[open]")
    expect(sheet).to_contain_text("接收后国家监测中心不能撤销")
    picture(centre, "centre-accepts")
    sheet.get_by_role("button", name="取消").click()
    expect(sheet).to_be_hidden()
    centre.goto(f"/cards/{clean[0].pk}")
    picture(centre, "centre-card")
    assert axe(centre) == []
    centre.goto("/cards")
    picture(centre, "centre-cards")
    assert axe(centre) == []


@pytest.mark.requirement("REG-05")
def test_a_number_takes_the_reason_and_the_answer_goes_back(point: Point, open_page: Any, site: str) -> None:
    [card] = submitted(point, 1)
    page: Page = open_page()
    log_in(page, point.post("auditor"), site)
    page.goto(f"/cards/{card.pk}")
    page.keyboard.press("r")
    expect(page.locator("dialog[open] kbd").first).to_have_text("1")
    page.keyboard.press("2")
    expect(page.get_by_role("dialog").get_by_role("radio").nth(1)).to_be_checked()
    expect(page.get_by_role("dialog").get_by_role("radio").nth(1)).to_be_focused()
    with point.acting("auditor"):  # chosen, not sent: Ctrl+Enter may not meet the next card
        assert Card.objects.get(pk=card.pk).state == "submitted"
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messages")).to_contain_text(card.record_number)
    with point.acting("auditor"):
        assert CardAct.objects.filter(card=card).latest("pk").reason == reasons("return")[1]

    clerk: Page = open_page()
    log_in(clerk, point.post("entry_clerk"), site)
    clerk.goto(f"/cards/{card.pk}")
    clerk.keyboard.press("Control+Enter")
    expect(clerk.locator(".foot-note")).to_contain_text("填写对退回的答复")
    picture(clerk, "clerk-answers")
    clerk.get_by_label("对退回的答复").fill("已与病案核对，原填写无误")
    clerk.keyboard.press("Control+Enter")
    expect(clerk).not_to_have_url(re.compile(rf"/cards/{card.pk}\b"))
    page.goto(f"/cards/{card.pk}")
    expect(page.locator("main")).to_contain_text("已与病案核对，原填写无误")
    picture(page, "auditor-answer")


@pytest.mark.requirement("REG-05")
def test_a_reason_outlives_an_expired_session(point: Point, page: Page, site: str) -> None:
    [card] = submitted(point, 1)
    auditor = point.post("auditor")
    log_in(page, auditor, site)
    page.expected_complaints.append("403")  # type: ignore[attr-defined]
    page.goto(f"/cards/{card.pk}")
    page.keyboard.press("r")
    page.get_by_label("或自己填写").fill("自付金额与收费处不一致")
    page.context.clear_cookies()  # the session and its token are gone
    page.get_by_label("或自己填写").press("Control+Enter")
    expect(page.get_by_role("heading")).to_have_text("页面停留时间过长")
    log_in(page, auditor, site)
    page.get_by_role("link", name="返回表单").click()
    page.wait_for_url(f"**/cards/{card.pk}*")
    page.keyboard.press("r")
    expect(page.get_by_label("或自己填写")).to_have_value("自付金额与收费处不一致")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messages")).to_contain_text(card.record_number)
    with point.acting("auditor"):
        assert CardAct.objects.filter(card=card).latest("pk").reason == "自付金额与收费处不一致"
    page.goto("/")
    no_draft_is_left(page)
