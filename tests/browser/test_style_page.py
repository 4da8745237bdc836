"""The style page in a real browser: by keyboard, with an expired session, on a phone, on paper, for axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.django_db

DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


@pytest.mark.parametrize(
    ("theme", "language", "size"),
    [("light", "zh-hans", DESK), ("dark", "zh-hans", DESK), ("light", "en", PHONE), ("dark", "en", PHONE)],
    ids=["light-desk", "dark-desk", "light-phone-en", "dark-phone-en"],
)
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Page], axe: Callable[[Page], list[str]], site: str, theme: str, language: str,
    size: dict[str, int],
) -> None:  # fmt: skip
    page = open_page(viewport=size)
    page.context.add_cookies(
        [{"name": name, "value": value, "url": site} for name, value in
         (("tonghu_theme", theme), ("django_language", language))]
    )  # fmt: skip
    page.goto("/style")
    page.locator(".chart-picture svg").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name=re.compile("撤回整批|Take the batch back")).first.click()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


@pytest.mark.parametrize("address", ["/search?q=x", "/help/start", "/no/such/page", "/login"])
def test_axe_finds_nothing_serious_on_the_shells_own_pages(
    page: Page, axe: Callable[[Page], list[str]], address: str
) -> None:
    page.expected_complaints.append("404")  # type: ignore[attr-defined]
    page.goto(address)
    assert axe(page) == []


def test_the_policy_refuses_what_slips_in_and_nothing_of_ours(page: Page) -> None:
    """The harness fails on any refusal; here one is provoked, so that a silent policy would be noticed."""
    page.goto("/style")
    page.locator(".chart-picture svg").wait_for()
    page.expected_complaints += ["Refused to", "violates the following Content Security Policy"]  # type: ignore[attr-defined]
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            const slipped = document.createElement('div');
            slipped.id = 'slipped';
            slipped.innerHTML = '<b style="position:fixed">x</b>';
            document.body.append(script, slipped);
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.querySelector('#slipped b')).position") == "static"


def test_everything_by_keyboard(page: Page) -> None:
    page.goto("/style")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-card]").nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(page.locator("[data-card]").nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("f")
    expect(page.locator("[data-finding]").first).to_have_attribute("aria-current", "true")
    page.keyboard.press("m")
    expect(page.locator("#id_born")).to_be_focused()
    page.locator("#id_born").blur()
    page.keyboard.press("f")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile("#reason$"))


def test_enter_leads_through_the_form_and_picks_codes_by_initials(page: Page) -> None:
    page.goto("/style")
    page.locator("#id_name").fill("单雪")
    page.keyboard.press("Enter")
    expect(page.locator("#id_sex")).to_be_focused()
    page.keyboard.type("nan")
    expect(page.locator("#id_sex-list [role=option]").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#id_sex")).to_have_value("1 男")
    expect(page.locator("#id_region")).to_be_focused()
    page.keyboard.type("scs")
    expect(page.locator("#id_region-list")).to_contain_text("四川省")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#id_region")).to_have_value("510000 四川省")
    expect(page.locator("#id_born")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("已移除一行")


def test_a_draft_outlives_an_expired_form_but_no_log_out(page: Page) -> None:
    page.expected_complaints.append("403")  # type: ignore[attr-defined]
    page.goto("/style")
    page.locator("#id_name").fill("单雪")
    page.locator("#id_consent").check()
    page.context.clear_cookies()  # the session and its token are gone
    page.locator("#id_name").press("Control+Enter")
    expect(page.get_by_role("heading")).to_have_text("页面停留时间过长")
    page.get_by_role("link", name="返回表单").click()
    expect(page.locator("#id_name")).to_have_value("单雪")
    expect(page.locator("#id_consent")).to_be_checked()
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.locator("#id_name").press("Control+Enter")  # now the server takes it
    page.goto("/style")
    expect(page.locator("#id_name")).to_have_value("")


def test_undo_offers_itself_and_takes_back(page: Page) -> None:
    page.goto("/style")
    page.get_by_role("button", name="移除一行").click()
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator(".messages")).to_contain_text("已恢复该行")


def test_the_table_filters_orders_and_pages_in_its_address(page: Page) -> None:
    page.goto("/style")
    table = page.locator("#table-sample")
    table.locator("select[name=state]").select_option("late")
    expect(page).to_have_url(re.compile("state=late"))
    expect(table.locator("tbody .mark").first).to_have_text("已逾期")
    expect(table.locator("tbody .mark-done")).to_have_count(0)
    first = table.locator("tbody td").first.inner_text()
    table.get_by_role("link", name="下一页").click()
    expect(page).to_have_url(re.compile("after="))
    assert table.locator("tbody td").first.inner_text() != first
    page.go_back()
    expect(table.locator("tbody td").first).to_have_text(first)
    table.get_by_text("显示列").click()
    table.get_by_label("分组").uncheck()
    table.get_by_role("button", name="显示所选列").click()
    expect(table.locator("thead")).not_to_contain_text("分组")
    expect(page).to_have_url(re.compile("state=late"))


def test_the_search_box_answers_while_one_types(page: Page) -> None:
    page.goto("/style")
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    expect(page.locator("#search-found")).to_contain_text("没有找到“zzzz”")


def test_a_request_behind_the_page_that_fails_is_said(page: Page) -> None:
    page.expected_complaints += ["500", "Response Status Error"]  # type: ignore[attr-defined]
    page.goto("/style")
    page.route("**/search?**", lambda route: route.fulfill(status=500, body="x"))
    page.keyboard.press("/")
    page.keyboard.type("a")
    expect(page.locator("#toasts")).to_contain_text("没有任何改动，请稍后再试")


def test_help_opens_beside_the_page_and_theme_and_language_stay_chosen(page: Page) -> None:
    page.goto("/style")
    page.get_by_title("本页帮助").click()
    expect(page.locator("#help")).to_contain_text("快捷键")
    page.keyboard.press("Escape")
    page.get_by_title("浅色或深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Style")


def test_the_chart_is_drawn_with_its_words_in_the_themes_ink(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="dark")
    page.goto("/style")
    picture = page.locator(".chart-picture svg")
    expect(picture).to_contain_text("医院 G")
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
    assert page.get_by_text("医院 G", exact=True).first.get_attribute("fill") == ink


def test_without_scripts_the_page_still_works(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/style")
    table = page.locator("#table-sample")
    table.locator("select[name=state]").select_option("done")
    table.get_by_role("button", name="筛选").click()
    expect(page).to_have_url(re.compile("state=done"))
    page.get_by_role("button", name="移除一行").click()
    page.locator(".messages").get_by_role("button", name="撤销").click()
    expect(page.locator(".messages")).to_contain_text("已恢复该行")


def test_paper_shows_the_work_alone(page: Page) -> None:
    page.goto("/style")
    page.emulate_media(media="print")
    for hidden in (".side", ".topbar", ".page-actions", ".paging-links"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("table.rows").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.table-frame')).overflow") == "visible"


def test_charts_are_drawn_for_paper_and_back(open_page: Any) -> None:
    """A dark screen prints black words on white, as wide as the paper."""
    page: Page = open_page(viewport=DESK, color_scheme="dark")
    page.goto("/style")
    label = page.locator(".chart-picture svg .mark-text text").first
    expect(label).to_be_visible()
    dark, wide = label.get_attribute("fill"), page.locator(".chart-picture").first.evaluate("e => e.clientWidth")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(label).to_have_attribute("fill", "#333")
    assert page.locator(".chart-picture").first.evaluate("e => e.clientWidth") == 660
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(label).to_have_attribute("fill", str(dark))
    assert page.locator(".chart-picture").first.evaluate("e => e.clientWidth") == wide


def test_the_menu_of_a_telephone_is_folded_and_opens(open_page: Any) -> None:
    page: Page = open_page(viewport=PHONE)
    page.goto("/style")
    menu = page.locator(".side nav")
    expect(menu).to_be_hidden()
    page.locator(".menu-fold").click()
    expect(menu).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_focus_is_always_visible(page: Page) -> None:
    """Whatever Tab reaches is outlined by at least two pixels."""
    page.goto("/style")
    for _ in range(40):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert width >= 2, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert style != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_every_component_stands_on_the_page_and_answers(page: Page) -> None:
    page.goto("/style")
    for sample in (
        ".mark-block", ".mark-ask", ".mark-done", ".masked", ".note-info", ".note-success", ".note-warning",
        ".note-error", "#table table.rows", ".empty", "#form form", ".field-error", "#history .timeline",
        "table.diff", "#progress .progress-part", "#chart .chart-picture svg", "#map svg", "#acts dialog",
        ".findings [data-finding]",
    ):  # fmt: skip
        expect(page.locator(sample).first).to_be_attached()
    # A number is masked, and the way to the whole of it asks for a reason.
    expect(page.locator(".masked").nth(1)).to_contain_text("110***********002X")
    expect(page.get_by_role("link", name="完整")).to_have_attribute("href", "#reveal")
    # A step of the history unfolds what was changed in it: before struck out, after beside it.
    fold = page.locator("#history details").first
    expect(fold.locator("table.diff")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("table.diff")).to_be_visible()
    assert page.locator("table.diff del").count() > 0
    assert page.locator("table.diff ins").count() > 0
    # Work that runs and work that ended are told apart by words, not by colour alone.
    for state in ("running", "done", "failed"):
        expect(page.locator(f"#progress .is-{state}").first).to_be_visible()
    expect(page.locator("#progress .is-failed").first).to_contain_text("因错误中止")
    # What cannot be undone is asked first, with its consequence in numbers; Escape leaves everything as it is.
    dialog = page.locator("#acts dialog")
    page.locator("#acts [data-opens]").click()
    expect(dialog).to_be_visible()
    expect(dialog.locator(".consequences dt").first).to_have_text(re.compile(r"\d"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("#acts [data-opens]").click()
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_be_hidden()
