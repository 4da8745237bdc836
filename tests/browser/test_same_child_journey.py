"""One child under two record numbers, seen by whoever decides: two rows of a file, and a card that is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

import made_up
import run_jobs
from made_up_cards import Point, code, identity_number
from made_up_cards import page as front_page
from tonghu.intake.models import Batch
from tonghu.registry.models import Card

NUMBER, BORN = identity_number(77), "2016-09-25"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def a_file(folder: Path, point: Point, *records: str) -> Path:
    """A file with a stay of the child under each record number."""
    rows = [
        dict(front_page(org_code=point.hospital.code, medical_record_no=record, national_id=NUMBER).front)
        for record in records
    ]
    file = folder / "虚构.csv"
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.mark.requirement("REG-06")
def test_of_two_rows_of_one_stay_one_is_left_out(point: Point, page: Page, site: str, axe: Any, tmp_path: Path) -> None:
    clerk = point.post("entry_clerk")
    log_in(page, clerk, site)
    page.goto("/imports")
    page.locator("#file").set_input_files(a_file(tmp_path, point, "ZY0001", "BA0777"))
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    with made_up.acting(clerk):
        batch = Batch.objects.get()
    assert run_jobs.run_one(batch.job or 0).state == "done"
    page.goto(f"/imports/{batch.pk}/rows/2")
    expect(page.locator(".note-warning")).to_contain_text("病案号不同")
    expect(page.get_by_role("heading", level=2, name="文件中的两行")).to_be_visible()
    expect(page.get_by_role("cell", name="ZY0001")).to_be_visible()
    assert axe(page) == []
    picture(page, "import-row-same-child")
    page.get_by_role("button", name="同一次住院：不导入这一行").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待确认")


@pytest.mark.requirement("REG-06")
def test_a_card_beside_one_that_may_be_of_the_stay_is_entered_with_a_reason(
    point: Point, page: Page, site: str, axe: Any
) -> None:
    there = point.card(medical_record_no="0001231", national_id=NUMBER)
    log_in(page, point.post("entry_clerk"), site)
    page.expected_complaints += ["422"]  # type: ignore[attr-defined]
    page.goto("/cards/new?layout=2012")
    typed = {
        "patient_name": "虚构新", "medical_record_no": "BA0777", "birth_date": BORN, "national_id": NUMBER,
        "admission_datetime": "2026-09-07 20:46", "discharge_datetime": "2026-09-12 10:00",
    }  # fmt: skip
    for name, text in typed.items():
        page.locator(f"#id_{code(name)}").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("link", name="0001231")).to_have_attribute("href", f"/cards/{there.pk}")
    reason = page.get_by_label("是另一次住院，原因")
    expect(reason).to_be_focused()
    assert axe(page) == []
    picture(page, "clerk-new-near")
    reason.fill("两个院区，各住一次")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("BA0777")
    with point.acting("entry_clerk"):
        assert Card.objects.count() == 2
