"""Cards on a telephone and a small tablet: one column, the evidence above and folded, nothing beyond the screen."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.services import move

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.parametrize("width", [390, 700])
def test_a_card_is_read_in_one_column(point: Point, open_page: Any, site: str, axe: Any, width: int) -> None:
    handed_in = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[handed_in.pk], act="submit", by=by)
    page: Page = open_page(viewport={"width": width, "height": 844})
    log_in(page, point.post("auditor"), site)
    page.goto(f"/cards/{handed_in.pk}")
    picture(page, f"narrow-auditor-{width}")
    work, evidence = page.locator(".content-work").bounding_box(), page.locator(".content-evidence").bounding_box()
    assert work is not None
    assert evidence is not None
    assert work["width"] > width * 0.8
    assert evidence["y"] + evidence["height"] <= work["y"], "the evidence stands above the card"
    assert page.evaluate(WIDER) <= 0
    expect(page.locator("#findings")).to_be_hidden()
    page.get_by_label("显示问题与依据").check()
    expect(page.locator("#findings")).to_be_visible()
    picture(page, f"narrow-auditor-{width}-open")
    assert page.evaluate(WIDER) <= 0
    assert axe(page) == []


@pytest.mark.parametrize("width", [390, 700])
def test_a_card_is_mended_with_the_finding_in_sight(
    point: Point, open_page: Any, site: str, axe: Any, width: int
) -> None:
    card = point.card(age_years="12", registered_address="武侯区虚构路1号", registered_postcode="61004")
    page: Page = open_page(viewport={"width": width, "height": 844})
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"/cards/{card.pk}")
    findings, here = page.locator("#findings"), page.locator("#findings [aria-current=true]")
    take = here.locator("[data-mend]")
    expect(take).to_be_in_viewport()
    expect(here.locator(".finding-acts")).to_be_visible()
    picture(page, f"narrow-clerk-{width}")
    assert page.evaluate(WIDER) <= 0
    assert axe(page) == []
    take.click()
    expect(page.locator(f"#id_{code('age_years')}")).to_have_value("9")
    expect(findings.locator("[data-rule=HQ051]")).to_have_count(0)
    expect(here.locator("[data-mend]")).to_be_in_viewport()
    first = here.get_attribute("data-key")
    here.locator("[data-mend]").click()
    focused = page.locator("#card :focus")
    expect(focused).to_be_in_viewport()
    box, bar = focused.bounding_box(), findings.bounding_box()
    assert box is not None
    assert bar is not None
    assert box["y"] >= bar["y"] + bar["height"], "the field is not covered"
    picture(page, f"narrow-clerk-{width}-mends")
    page.get_by_role("button", name="下一个问题").click()
    expect(here).not_to_have_attribute("data-key", first or "")
    expect(here.locator("[data-mend]")).to_be_in_viewport()
    expect(findings.locator("[data-finding]:visible")).to_have_count(1)
    page.get_by_label("显示问题与依据").check()
    assert findings.locator("[data-finding]:visible").count() > 1, "all of them"
    picture(page, f"narrow-clerk-{width}-open")
    assert page.evaluate(WIDER) <= 0
    assert axe(page) == []


@pytest.mark.parametrize("width", [390, 700])
def test_cards_are_mended_together_on_a_narrow_screen(
    point: Point, open_page: Any, site: str, axe: Any, width: int
) -> None:
    for _each in range(2):
        point.card(age_years="12")
    page: Page = open_page(viewport={"width": width, "height": 844})
    log_in(page, point.post("entry_clerk"), site)
    page.goto("/cards/queue/mend/HQ051")
    picture(page, f"narrow-bulk-{width}")
    expect(page.get_by_role("button", name="改正所选")).to_be_in_viewport()
    assert page.evaluate(WIDER) <= 0
    assert axe(page) == []


@pytest.mark.parametrize("width", [390, 700])
def test_the_queue_is_as_wide_as_the_screen(point: Point, open_page: Any, site: str, axe: Any, width: int) -> None:
    for _each in range(2):
        point.card(age_years="12", registered_address="武侯区虚构路1号")
    page: Page = open_page(viewport={"width": width, "height": 844})
    log_in(page, point.post("entry_clerk"), site)
    for view in ("rule", "card"):
        page.goto(f"/cards/queue?by={view}")
        picture(page, f"narrow-queue-{view}-{width}")
        assert page.evaluate(WIDER) <= 0, view
        assert axe(page) == []
