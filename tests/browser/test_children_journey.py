"""A records department finds a child that was entered twice, compares the two, merges them and takes that back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

import made_up
from tonghu.patients.models import HospitalView
from tonghu.patients.services import add_document, change_view, enter_view, save_guardian
from tonghu.platform.accounts.models import Post

PICTURES = os.environ.get("TONGHU_PICTURES")


@pytest.fixture
def records(committed: None, page: Page, site: str) -> Post:
    """Somebody of a records department, logged in, at a hospital with a child that was entered twice."""
    post = made_up.post("records_department", made_up.hospital("JRN1", "510104", name="虚构儿童医院"))
    with made_up.acting(post) as by:
        known: dict[str, Any] = {
            "sex": "2", "birth_date": "2020-01-01", "ethnicity": "01", "nationality": "中国",
            "residence_code": "510104", "residence": "四川省虚构市虚构路12号",
        }  # fmt: skip
        first = enter_view(
            by=by, institution=post.institution_id, record_number="ZY20260001", patient_name="单小雪",
            document_type="resident_id", document_number="990101202001010021", phone="13800001234", **known,
        )  # fmt: skip
        save_guardian(by=by, view=first, name="虚构母", relation="5", phone="13900005678", address="四川省虚构市")
        add_document(by=by, view=first, document_type="birth_certificate", document_number="B510000001")
        second = enter_view(
            by=by, institution=post.institution_id, record_number="ZY20260107", patient_name="单晓雪", **known
        )
        change_view(by=by, view=second, document_type="resident_id", document_number="990101202001010021")
    session = made_up.browser(post).session
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": site}])
    return post


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asked for them."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.requirement("REG-17")
def test_a_child_is_found_merged_and_parted_again(records: Post, page: Page, axe: Any) -> None:
    page.goto("/children")
    picture(page, "children")
    assert axe(page) == []
    page.keyboard.press("/")
    page.keyboard.type("shanxiaoxue")
    page.get_by_role("link", name="单小雪").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("单小雪")
    expect(page.locator("main")).to_contain_text("990***********0021")
    picture(page, "child")
    assert axe(page) == []

    page.goto("/children/questions")
    picture(page, "questions")
    expect(page.locator("main")).to_contain_text("一份证件，两名患儿")
    page.get_by_role("link", name="单小雪").click()
    expect(page.locator("tr.row-ask").first).to_contain_text("不一致")
    picture(page, "merge")
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("单小雪", "单晓雪"):  # both are in sight on a telephone
        box = page.locator(".side-by-side thead").get_by_text(name, exact=True).bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390
    picture(page, "merge-phone")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.get_by_label("原因").fill("同一证件，两次建档")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("ZY20260107")
    picture(page, "merged")
    page.get_by_role("button", name="撤销").first.click()
    expect(page.locator(".side-by-side")).to_have_count(0)
    expect(page.locator(".content-evidence")).to_contain_text("撤销合并：单小雪（ZY20260001）与单晓雪（ZY20260107）")
    picture(page, "parted")


def test_a_child_is_entered_and_a_number_is_shown_for_a_reason(records: Post, page: Page, axe: Any) -> None:
    page.goto("/children/new")
    assert axe(page) == []
    page.get_by_role("button", name="登记").click()
    expect(page.locator(".field-error").first).to_be_visible()
    picture(page, "enter-errors")
    page.get_by_label("病案号").fill("ZY9")
    page.get_by_label("姓名", exact=True).fill("曾一")
    page.get_by_label("出生日期").fill("20180315")
    page.keyboard.press("Enter")  # to the next field
    expect(page.get_by_label("出生日期")).to_have_value("2018-03-15")
    page.get_by_role("button", name="从日历中选择").click()
    expect(page.locator(".day-calendar")).to_have_value("2018-03-15")
    page.keyboard.press("Escape")
    county = page.get_by_label("居住地区县")
    county.press_sequentially("510104")
    page.get_by_role("option", name="四川省成都市锦江区").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("曾一")
    expect(page.locator("main")).to_contain_text("四川省成都市锦江区")
    with made_up.acting(records):
        view = HospitalView.objects.get(record_number="ZY20260001")
    page.goto(f"/children/reveal/document/{view.pk}")
    page.get_by_label("原因").fill("核对转诊单")
    picture(page, "reveal")
    page.get_by_role("button", name="显示完整内容").click()
    expect(page.locator("main")).to_contain_text("990101202001010021")
    picture(page, "revealed")
    child = view.child_id
    pages = {
        "change": f"views/{view.pk}", "consent": f"{child}/consent", "history": f"{child}/history",
        "guardian": f"views/{view.pk}/guardian",
    }  # fmt: skip
    for name, where in pages.items():
        page.goto(f"/children/{where}")
        picture(page, name)
        assert axe(page) == []


def test_arrows_lead_through_what_the_search_found(records: Post, page: Page) -> None:
    page.goto("/children/new")
    page.keyboard.press("/")
    page.keyboard.type("shanxiaoxue")
    expect(page.locator(".search-found a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".search-found a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("单")


def test_the_other_child_is_found_and_what_was_taken_off_comes_back(records: Post, page: Page, axe: Any) -> None:
    with made_up.acting(records):
        view = HospitalView.objects.get(record_number="ZY20260001")
    page.goto(f"/children/{view.child_id}/merge")
    page.get_by_label("查找另一名患儿").last.press_sequentially("ZY20260107")
    expect(page.get_by_role("link", name="并排核对")).to_have_count(1)
    picture(page, "choose")
    assert axe(page) == []
    page.get_by_role("link", name="并排核对").click()
    expect(page.get_by_role("button", name="是同一人，合并")).to_be_visible()
    page.goto(f"/children/{view.child_id}")
    page.get_by_role("button", name="移除").first.click()
    expect(page.locator("main")).to_contain_text("尚未登记监护人")
    page.get_by_role("button", name="撤销").first.click()
    expect(page.locator("main")).to_contain_text("虚构母")
    page.locator(".history-here summary").click()
    expect(page.locator(".history-place")).to_contain_text("移除监护人虚构母")
    picture(page, "restored")
    assert axe(page) == []
    page.goto("/")
    expect(page.locator("main")).to_contain_text("最近打开的患儿")
    picture(page, "home")
    assert axe(page) == []
