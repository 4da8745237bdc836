"""The reporting calendar in a real browser: a lead signs a zero report; county, province and centre read the board."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

import made_up
from tonghu.codes import regions
from tonghu.network.services import load_regions
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.figures import count
from tonghu.surveillance.tasks import nation

sys.path.append(str(Path(__file__).parents[1] / "surveillance"))
from points_and_cards import cards, point

PICTURES = os.environ.get("TONGHU_PICTURES")
LAST = Month.of(timezone.localdate()).plus(-1)
BEFORE = LAST.plus(-1)  # its due date has always passed

pytestmark = pytest.mark.requirement("REG-08")


def enter(page: Page, site: str, post: Post) -> None:
    """Log the holder of a post in."""
    session = made_up.browser(post).session
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": site}])


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asked for them."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.fixture
def hospital(committed: None) -> Any:
    """A point of Chengdu whose months are on time but for the one before last, of which there is nothing."""
    with open_scope(system_scope("provisioning")) as by:
        load_regions(spells=regions.spells(), by=by)
    made = made_up.hospital("CAL1", "510104", name="虚构第一儿童医院", name_pinyin="xuni")
    point(made)
    for back in range(12):
        month = Month.of(timezone.localdate()).plus(-back)
        if month != BEFORE:
            known = {"scope_group": "malignant", "iccc3_subgroup": "011", "sex": "1", "age_years": 4}
            cards(made, month, 2, reported=min(month.due, timezone.localdate()), residence_code="510000", **known)
    return made


def test_a_lead_signs_a_zero_report_and_takes_it_back(hospital: Any, page: Page, site: str, axe: Any) -> None:
    enter(page, site, made_up.post("point_lead", hospital))
    page.goto("/")
    expect(page.locator("main")).to_contain_text(f"{BEFORE} 已过截止日")
    expect(page.locator("main")).to_contain_text("已逾期")
    picture(page, "lead-first")
    assert axe(page) == []
    page.goto("/reporting")
    expect(page.locator("main")).to_contain_text("逾期缺报")
    picture(page, "point-board")
    assert axe(page) == []
    page.get_by_role("link", name="签署零报告").click()
    expect(page.locator("main")).to_contain_text(f"{BEFORE} 归档的病历中没有监测范围内的病例")
    picture(page, "zero-sign")
    assert axe(page) == []
    page.keyboard.press("Control+Enter")  # as the page says, from wherever one is
    expect(page.locator("main")).to_contain_text("零报告（迟签）")
    picture(page, "month-signed")
    assert axe(page) == []
    page.get_by_role("link", name="撤回").click()
    page.get_by_role("button", name="撤回").click()
    expect(page.locator(".field-error").first).to_be_visible()
    page.get_by_label("原因").fill("补查发现一例")
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("main")).to_contain_text("补查发现一例")
    expect(page.locator("main")).to_contain_text("逾期缺报")


@pytest.mark.parametrize(
    ("role", "department", "region"),
    [("commission_officer", "health", "510104"), ("commission_officer", "health", "510000")],
)
def test_an_authority_reads_the_wall(
    hospital: Any, page: Page, site: str, axe: Any, role: str, department: str, region: str
) -> None:
    enter(page, site, made_up.post(role, made_up.authority(department, region)))
    page.goto("/")
    expect(page.locator("main")).to_contain_text("应报监测点")
    picture(page, f"first-{region}")
    assert axe(page) == []
    page.get_by_role("link", name="完整进度").click()
    expect(page.get_by_role("link", name="虚构第一儿童医院")).to_be_visible()
    expect(page.locator("td.is-block")).to_have_count(1)
    expect(page.locator("td.is-block")).to_contain_text("缺报")
    picture(page, f"wall-{region}")
    assert axe(page) == []
    page.locator("td.is-block a").click()  # nothing came: the cell opens the point and who answers for it
    expect(page.get_by_role("heading", level=1)).to_contain_text("虚构第一儿童医院")
    expect(page.locator("main")).to_contain_text("负责人员")
    picture(page, f"point-{region}")
    assert axe(page) == []


@pytest.mark.requirement("REG-15")
def test_the_centre_goes_from_the_nation_down_and_from_a_figure_to_its_cards(
    hospital: Any, page: Page, site: str, axe: Any
) -> None:
    with open_scope(nation(system_scope("summary"))):
        count(timezone.localdate())
    enter(page, site, made_up.post("centre_officer", made_up.authority("centre", "000000")))
    page.goto("/reporting")
    picture(page, "nation")
    assert axe(page) == []
    page.get_by_role("row", name="四川省").get_by_role("link").first.click()
    page.get_by_role("link", name="按地区").click()
    expect(page.locator("main")).to_contain_text("成都市")
    page.goto(f"/reporting/months/{BEFORE}")
    page.get_by_role("link", name="锁定本月").click()
    page.get_by_label("备注").fill("季度汇总")
    page.get_by_role("button", name="锁定").click()
    expect(page.locator("main")).to_contain_text("季度汇总")
    picture(page, "month-locked")
    assert axe(page) == []
    page.goto("/reporting/quality")
    picture(page, "weak-points")
    assert axe(page) == []
    page.goto("/reporting/cases")
    picture(page, "cases")
    assert axe(page) == []
    page.get_by_role("row", name="恶性肿瘤").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("恶性肿瘤")
    expect(page.locator("tr[data-card]").first).to_be_visible()
    picture(page, "behind")
    assert axe(page) == []


def test_a_stranger_is_led_to_the_log_in_and_another_hospital_sees_its_own(
    hospital: Any, page: Page, site: str
) -> None:
    page.goto("/reporting")
    expect(page).to_have_url(f"{site}/login?next=/reporting")
    enter(page, site, made_up.post("point_lead", made_up.hospital("CAL2", "510105")))
    page.goto("/reporting")
    expect(page.locator("main")).to_contain_text("不是监测点")
    expect(page.locator("main")).not_to_contain_text("虚构第一儿童医院")


def test_on_a_phone_the_wall_opens_at_the_newest_month(hospital: Any, open_page: Any, site: str) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    enter(page, site, made_up.post("commission_officer", made_up.authority("health", "510100")))
    page.goto("/reporting?region=510100&by=points")
    newest = page.locator(".wall thead th").last
    expect(newest).to_be_in_viewport(ratio=0.9)
    assert newest.inner_text().startswith(str(Month.of(timezone.localdate())))
    expect(page.locator(".wall tbody td").first).to_be_in_viewport()  # the names stay beside the months
    picture(page, "wall-phone")
    page.locator(".wall thead th").nth(1).scroll_into_view_if_needed()  # the older ones are reached by scrolling
    expect(page.locator(".wall thead th").nth(1)).to_be_in_viewport()


def test_the_shell_stands_still_whether_a_page_scrolls_or_not(hospital: Any, page: Page, site: str) -> None:
    enter(page, site, made_up.post("point_lead", hospital))
    places = []
    for address in ("/reporting", "/reporting/cases", "/search"):
        page.goto(address)
        high = page.evaluate("document.documentElement.scrollHeight > innerHeight")
        places.append((high, page.locator(".content").bounding_box()["x"], page.locator(".tools").bounding_box()))
    assert {high for high, _x, _tools in places} == {True, False}, "one of them scrolls, another does not"
    assert len({x for _high, x, _tools in places}) == 1
    assert len({tools["x"] + tools["width"] for _high, _x, tools in places}) == 1
