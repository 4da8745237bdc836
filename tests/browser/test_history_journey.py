"""What was changed, by whom, from–until: the records department looks, opens one record, and takes the list away."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from card_journeys import log_in, picture
from django.utils import timezone
from playwright.sync_api import Page, expect

import made_up
from made_up_cards import Point, code
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.acts import EXPORTED
from tonghu.platform.audit.events import SITE, record
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

#: What the discharge is corrected to.
AFTER = "2026-10-08 09:30"
NAME, REASON = "虚构录入甲", "年度数据质量核查"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def a_corrected_card(point: Point) -> tuple[Card, Post]:
    """A card that somebody of a name of their own corrected."""
    card = point.card()
    corrector = made_up.post("entry_clerk", point.hospital, holder=made_up.person(point.hospital, name=NAME))
    with made_up.acting(corrector) as by:
        save_card(card=card.pk, based_on=1, front={code("discharge_datetime"): AFTER}, by=by)
    return card, corrector


@pytest.mark.requirement("REG-17")
def test_what_was_changed_by_whom_and_taken_away_with_a_reason(
    point: Point, open_page: Callable[..., Page], axe: Callable[[Page], list[str]], site: str, tmp_path: Path
) -> None:
    card, _corrector = a_corrected_card(point)
    other = point.card()
    before = f"{timezone.localtime(card.discharge_at):%Y-%m-%d %H:%M}"
    sentence = f"修改了报告卡 {card.record_number}：把出院从“{before}”改为“{AFTER}”"
    page = open_page(accept_downloads=True)
    log_in(page, point.post("records_department"), site)
    page.goto("/")
    page.locator(".side").get_by_role("link", name="修改记录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("修改记录")
    lines = page.locator(".timeline-what")
    assert any(f"报告卡 {other.record_number}" in line for line in lines.all_inner_texts())
    assert axe(page) == []

    # By person and days: only what that person did, on those days.
    today = timezone.localdate()
    page.get_by_label("谁", exact=True).fill(NAME)
    page.get_by_role("textbox", name=re.compile("^从")).fill(f"{today:%Y-%m-%d}")
    page.get_by_role("textbox", name=re.compile("^至（含当日）")).fill(f"{today:%Y-%m-%d}")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_label("谁", exact=True)).to_have_value(NAME)
    said = lines.all_inner_texts()
    assert said
    assert not any(other.record_number in line for line in said)
    assert all(NAME in line for line in page.locator(".timeline .meta").all_inner_texts())
    assert any(line.startswith(sentence) for line in said), said
    picture(page, "history-changes")
    assert axe(page) == []
    filtered = page.url

    # One record: from what to what, in sentences and side by side.
    page.get_by_role("link", name=f"报告卡 {card.record_number}").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"报告卡 {card.record_number}的修改记录")
    expect(page.locator(".timeline")).to_contain_text(sentence)
    expect(page.locator(".timeline")).to_contain_text(f"登记了报告卡 {card.record_number}")
    expect(page.locator(".timeline details[open] table").first).to_contain_text(before)
    picture(page, "history-record")
    assert axe(page) == []

    # A day before anything happened, and days the wrong way round, each get an answer.
    page.goto(filtered)
    page.get_by_role("textbox", name=re.compile("^至（含当日）")).fill(f"{today - timedelta(days=1):%Y-%m-%d}")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("alert")).to_have_text("结束日期早于开始日期。")
    page.get_by_role("textbox", name=re.compile("^从")).fill(f"{today - timedelta(days=2):%Y-%m-%d}")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".timeline")).to_have_count(0)

    # Taken away: not without a reason; with one the file begins with its watermark, and the log knows.
    page.goto(filtered)
    page.get_by_role("link", name="导出").click()
    assert axe(page) == []
    page.get_by_label("原因").fill(REASON)
    picture(page, "history-export")
    with page.expect_download() as took:
        page.locator("main").get_by_role("button", name="导出").click()
    kept = tmp_path / "changes.csv"
    took.value.save_as(kept)
    rows = list(csv.reader(kept.read_text("utf-8-sig").splitlines()))
    lead = point.post("records_department")
    assert len(rows[0]) == 1
    assert lead.person.name in rows[0][0], "the watermark says who took it"
    assert REASON in rows[0][0], "and why"
    assert {row[1].split(" · ")[0] for row in rows[2:]} == {NAME}
    assert any(row[2] == f"报告卡 {card.record_number}" and row[5:7] == [before, AFTER] for row in rows[2:]), rows
    with open_scope(system_scope("chain")):
        exported = Event.objects.filter(reason=REASON).order_by("pk")
        assert [one.kind for one in exported] == ["audit.exported", "children.exported"]
        assert {one.by_person for one in exported} == {lead.person_id}


def test_who_did_what_is_read_to_its_end(committed: None, open_page: Callable[..., Page], site: str) -> None:
    hospital = made_up.hospital(name="四川省虚构市虚构区第一示例妇幼保健院暨虚构儿童血液病诊疗中心")
    with made_up.acting(made_up.post("point_lead", hospital)) as by:
        said = {"what": "报告卡", "count": 3, "filters": "，".join(f"第 {n} 项筛选" for n in range(12))}
        record(EXPORTED, subject=SITE, by=by, data=said)
    page = open_page()
    log_in(page, made_up.post("audit_admin", hospital), site)
    page.goto("/log")
    cells = page.locator("tbody td")
    assert "第 11 项筛选" in " ".join(cells.all_inner_texts())
    cut = cells.evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.innerText)"
    )
    assert cut == []
    picture(page, "log-of-acts")
