"""A child with its stays, a form that a colleague overtook, the history of an import, cases on a telephone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

import made_up
from made_up_cards import Point
from run_jobs import run_one
from tonghu.intake.models import Batch
from tonghu.patients.services import change_view, save_guardian
from tonghu.platform.accounts.models import Post
from tonghu.platform.files.services import store
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.services import move

PICTURES = os.environ.get("TONGHU_PICTURES")
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asked for them."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def enter(page: Page, post: Post, site: str) -> None:
    """Log somebody in."""
    session = made_up.browser(post).session.session_key or ""
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])


def fits(page: Page) -> bool:
    """Whether nothing of the page lies beside the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width <= 0


@pytest.mark.requirement("REG-17")
def test_a_childs_stays_stand_on_its_page_and_lead_to_its_cards(
    committed: None, page: Page, site: str, axe: Any
) -> None:
    point = Point()
    card = point.card(medical_record_no="ZY1")
    enter(page, point.post("entry_clerk"), site)
    page.goto("/children")
    box = page.locator('.filter input[name="q"]').bounding_box()
    assert box
    assert box["width"] >= 380, "what may be typed is in sight"
    picture(page, "children")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"/children/{card.child_id}")
        expect(page.locator("#stays")).to_contain_text("草稿")
        assert axe(page) == []
        assert fits(page)
        picture(page, f"child-stays-{size['width']}")
    page.locator("#stays a").first.click()
    expect(page).to_have_url(f"{site}/cards/{card.pk}")


def test_a_colleagues_change_meanwhile_stands_beside_the_field_and_nothing_typed_is_lost(
    committed: None, page: Page, site: str, axe: Any
) -> None:
    point = Point()
    card = point.card()
    clerk = point.post("entry_clerk")
    enter(page, clerk, site)
    address = reverse("patients:change", args=[card.view_id])
    page.goto(address)
    page.get_by_label("电话").fill("13700009999")
    page.get_by_label("国籍").fill("虚构国")
    with point.acting("entry_clerk") as by:
        save_guardian(by=by, view=card.view, name="虚构母")  # something else
        change_view(by=by, view=card.view, phone="13900005678", ethnicity="01")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_contain_text("其他人修改了同一内容")
    field = page.locator(".field").filter(has=page.get_by_label("电话"))
    expect(field).to_contain_text("139****5678")
    expect(page.get_by_label("电话")).to_have_value("13700009999")
    expect(page.get_by_label("国籍")).to_have_value("虚构国")
    assert "13900005678" not in page.content()
    assert axe(page) == []
    picture(page, "overtaken")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("137****9999")
    expect(page.locator("main")).to_contain_text("虚构国")
    expect(page.locator("main")).to_contain_text("汉族")


def test_the_history_of_an_import_is_read_at_a_desk_and_on_a_telephone(
    committed: None, page: Page, site: str, axe: Any
) -> None:
    point = Point()
    clerk = point.post("entry_clerk")
    with made_up.acting(clerk) as by, TestCase.captureOnCommitCallbacks(execute=True):
        file = store([b"a,b\n1,2\n"], name="made up.csv", purpose_name="discharge_upload", by=by)
        month = timezone.localdate().replace(day=1)
        batch = Batch.objects.create(
            institution=point.hospital, file=file, sha256=file.sha256, archive_month=month, state="ready",
            layout="2012", person_id=by.person,
        )  # fmt: skip
        batch.state = "discarded"
        batch.save(update_fields=["state"])
    enter(page, point.post("point_lead"), site)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        answer = page.goto(reverse("trail:record", args=["intake.batch", batch.pk]))
        assert answer is not None
        assert answer.status == 200
        expect(page.locator(".timeline li").first).to_be_visible()
        assert axe(page) == []
        assert fits(page)
        picture(page, f"history-batch-{size['width']}")


def test_the_cases_behind_a_figure_are_read_on_a_telephone(
    committed: None, open_page: Callable[..., Page], site: str, axe: Any
) -> None:
    point = Point("510104")
    card = point.card(current_address="四川省成都市武侯区虚构路虚构小区虚构单元1号")
    for role, act in (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report")):
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by)
            assert not answer.refused
    with open_scope(system_scope("summary")) as by:
        asked = enqueue("surveillance.figures", by=by)
    run_one(asked.pk)
    officer = made_up.post("commission_officer", made_up.authority("health", "510000"))
    for post, name in ((point.post("point_lead"), "hospital"), (officer, "region")):
        page = open_page()
        enter(page, post, site)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            got = page.goto("/reporting/cases")
            assert got is not None
            assert got.status == 200
            expect(page.locator("main svg").first).to_be_visible()
            assert fits(page), (name, size)
            assert axe(page) == []
            picture(page, f"cases-{name}-{size['width']}")
