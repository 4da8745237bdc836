"""The foot of the card's form: buttons, what lacks, the draft and the place in the queue, all in one line."""

from __future__ import annotations

from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

from made_up_cards import Point, code
from tonghu.registry.pages import working
from tonghu.registry.pages.pace import Pace
from tonghu.registry.services import move

AGE = code("age_years")
#: How high the middles stand of what can be seen in the line, and how far it reaches beyond its place.
MIDDLES = """() => [...document.querySelectorAll(".foot-line > *, .queue-step > *")]
  .filter(e => e.offsetParent && e.offsetWidth).map(e => e.getBoundingClientRect())
  .map(box => (box.top + box.bottom) / 2)"""
BEYOND = "() => { const line = document.querySelector('.foot-line'); return line.scrollWidth - line.clientWidth; }"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


@pytest.fixture(autouse=True)
def known_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clerk whose pace is known: the line is at its longest."""
    monkeypatch.setattr(working, "pace", lambda _by: Pace(12, 20.5))


@pytest.mark.requirement("REG-05")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("place", ["", "?rule=HQ051", "?kind=returned", "?kind=supplement"])
def test_it_is_one_line(point: Point, open_page: Any, site: str, axe: Any, place: str, language: str) -> None:
    returned = place == "?kind=returned"
    cards = [point.card(age_years="9" if returned else "12") for _each in range(3)]
    if returned:
        for role, act in (("entry_clerk", "submit"), ("auditor", "return")):
            with point.acting(role) as by:
                move(cards=[card.pk for card in cards], act=act, by=by, reason="请核对自付金额")
    page: Page = open_page()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    log_in(page, point.post("entry_clerk"), site)
    page.goto(f"{site}/cards/{cards[0].pk}{place}")
    page.locator(f"#id_{AGE}").fill("10")
    expect(page.locator("#draft-state")).not_to_be_empty()
    picture(page, f"foot-{language}-{place[-5:]}")
    expect(page.locator(".foot-lacks")).to_be_visible()
    draft = page.locator("#draft-state").bounding_box()
    middles = page.evaluate(MIDDLES)
    assert max(middles) - min(middles) < 4, middles
    assert draft is not None
    assert draft["width"] > 40, "whole"
    assert page.evaluate(BEYOND) <= 0
    assert axe(page) == []
    page.locator(".foot-line .btn").nth(1).click()
    expect(page.locator(".card-foot .foot-note")).to_be_visible()
    picture(page, f"foot-saved-{language}-{place[-5:]}")
    assert page.locator(".card-foot").bounding_box()["height"] < 125  # type: ignore[index]
