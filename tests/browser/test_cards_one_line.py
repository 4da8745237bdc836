"""A cell with a line break, as Alt+Enter in a spreadsheet makes one, in a real browser's input."""

from __future__ import annotations

import pytest
from card_journeys import log_in
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.models import Card, CardVersion, Draft
from tonghu.registry.services.saving import current

ADDRESS, DIAGNOSIS, AGE = code("current_address"), code("principal_diagnosis_name"), code("age_years")
BROKEN = {"current_address": "四川省虚构市\n武侯区\r\n1号", "principal_diagnosis_name": "急性淋巴细胞\v白血病\n"}


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.requirement("REG-05")
def test_looking_makes_no_draft_and_saving_claims_no_field(point: Point, page: Page, site: str) -> None:
    card = point.card(age_years="12", **BROKEN)
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"{site}/cards/{card.pk}")
    phantoms = (
        "els => els.filter(e => e.value.trim() !== e.dataset.was.trim() || e.value !== e.defaultValue).map(e => e.name)"
    )
    assert page.eval_on_selector_all("#card input[data-was]", phantoms) == []
    with page.expect_navigation():
        page.goto(f"{site}/cards/queue")
    page.wait_for_timeout(500)  # what leaves with the page
    with point.acting("entry_clerk"):
        assert not Draft.objects.exists()
        before = dict(current(card).front)
    page.goto(f"{site}/cards/{card.pk}")
    page.locator(f"#id_{AGE}").fill("9")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    page.get_by_role("button", name="只保存").click()
    page.wait_for_url("**/cards/**")
    expect(page.locator(".messages, [data-toast]").first).to_be_attached()
    with point.acting("entry_clerk"):
        held = Card.objects.get(pk=card.pk)
        assert CardVersion.objects.get(card=card, number=held.version).changed == [AGE]
        assert dict(current(held).front) == before | {AGE: "9"}
        assert not Draft.objects.exists()
