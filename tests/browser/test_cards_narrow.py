"""Cards on a telephone and a small tablet: one column, the evidence above and folded, nothing beyond the screen."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point
from tonghu.registry.services import move

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.mark.parametrize("width", [390, 700])
def test_a_card_is_read_and_mended_in_one_column(point: Point, open_page: Any, site: str, axe: Any, width: int) -> None:
    mended = point.card(age_years="12")
    handed_in = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[handed_in.pk], act="submit", by=by)
    for role, card in (("entry_clerk", mended), ("auditor", handed_in)):
        page: Page = open_page(viewport={"width": width, "height": 844})
        log_in(page, point.post(role), site)
        page.goto(f"/cards/{card.pk}")
        picture(page, f"narrow-{role}-{width}")
        work, evidence = page.locator(".content-work").bounding_box(), page.locator(".content-evidence").bounding_box()
        assert work is not None
        assert evidence is not None
        assert work["width"] > width * 0.8
        assert evidence["y"] + evidence["height"] <= work["y"], "the evidence stands above the card"
        assert page.evaluate(WIDER) <= 0
        expect(page.locator("#findings")).to_be_hidden()
        page.get_by_label("显示问题与依据").check()
        expect(page.locator("#findings")).to_be_visible()
        picture(page, f"narrow-{role}-{width}-open")
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
