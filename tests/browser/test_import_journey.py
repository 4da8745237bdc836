"""A clerk brings the month's file: upload, look, decide, confirm, undo. All of it made up."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from card_journeys import log_in
from django.conf import settings
from playwright.sync_api import Page, expect

import made_up
import run_jobs
from made_up_cards import Point, identity_number
from made_up_cards import page as front_page
from tonghu import cli
from tonghu.intake.models import Batch
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs.models import Job
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

PICTURES = os.environ.get("TONGHU_PICTURES")


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """A made-up hospital's month."""
    file = tmp_path / "虚构医院-2026-10-出院病案首页.csv"
    made = "--rows 600 --seed 7 --month 2026-10 --in-scope 0.15 --encoding utf-8"
    assert cli.main(["synth", "--out", str(file), *made.split()]) == 0
    return file


@pytest.fixture
def clerk(committed: None, page: Page, site: str, month: Path) -> Post:
    """A clerk of the hospital whose file it is, logged in."""
    with month.open(encoding="utf-8") as rows:
        code = next(csv.DictReader(rows))["P900"]
    post = made_up.post("entry_clerk", made_up.hospital(code, "510104", name="虚构儿童医院"))
    session = made_up.browser(post).session
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": site}])
    return post


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asked for them."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def worked(clerk: Post, batch: Batch | None = None) -> Batch:
    """Run the job of an import, the last one where none is named, as a worker would."""
    with made_up.acting(clerk):
        batch = Batch.objects.get(pk=batch.pk) if batch else Batch.objects.latest("pk")
    assert run_jobs.run_one(batch.job or 0).state == "done"
    with made_up.acting(clerk):
        return Batch.objects.get(pk=batch.pk)


@pytest.mark.requirement("REG-06")
def test_a_month_is_brought_looked_at_confirmed_and_undone(clerk: Post, page: Page, month: Path, axe: Any) -> None:
    header, *others = csv.reader(month.read_text("utf-8-sig").splitlines())
    child = next(row for row in others if row[header.index("P321")].startswith("C91"))
    for name in ("P6", "P7", "P8"):
        child[header.index(name)] = ""  # nobody knows how old the child is
    with month.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *others])
    page.goto("/imports")
    assert axe(page) == []
    picture(page, "imports-empty")
    page.locator("#file").set_input_files(month)
    expect(page.locator("[data-drop-name]")).to_contain_text("虚构医院")
    picture(page, "imports-chosen")
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    picture(page, "import-checking")
    batch = worked(clerk)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待确认")
    with made_up.acting(clerk):
        mark = Job.objects.get(kind="intake.mark").pk
    assert run_jobs.run_one(mark).state == "done"
    take = page.get_by_role("button", name="下载标注工作簿")
    expect(take).to_be_visible(timeout=15_000)  # the page asks by itself whether it is made
    with page.expect_download() as taken:
        take.click()
    assert taken.value.suggested_filename.endswith(".xlsx")
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待确认")  # nobody is led away
    tops = page.locator(".tally > div").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert len(tops) == 7, "with those that wait and all together"
    assert len(set(tops)) == 1, "on one line"
    picture(page, "import-preview")
    assert axe(page) == []
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / "import-preview-full.png"), full_page=True)
    with made_up.acting(clerk):
        undetermined = batch.rows.filter(match="undetermined").count()
    if undetermined:
        page.get_by_role("link", name="去决定").click()
        picture(page, "import-rows-waiting")
        assert axe(page) == []
        page.locator("table.rows tbody a").first.click()
        expect(page.get_by_role("button", name="不满 20 岁")).to_be_visible()
        picture(page, "import-row-undetermined")
        for _each in range(undetermined):
            page.get_by_role("button", name="不满 20 岁").click()
    page.get_by_role("link", name="新的住院").click()
    picture(page, "import-rows")
    page.go_back()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在导入")
    picture(page, "import-confirming")
    worked(clerk)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("导入批次 2026-0001")
    picture(page, "import-confirmed")
    assert axe(page) == []
    with made_up.acting(clerk):
        made = Card.objects.count()
        assert made == Batch.objects.get(pk=batch.pk).counts["created"] > 20
    # The file again, corrected in one row: compared side by side.
    rows = list(csv.reader(month.read_text("utf-8").splitlines()))
    with made_up.acting(clerk):
        numbers = set(Card.objects.values_list("record_number", flat=True)[:2])
    at, total = rows[0].index("P3"), rows[0].index("P782")
    for row in rows[1:]:
        if row[at] in numbers:
            row[total] = "99999.00"
    month.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows), encoding="utf-8")
    page.goto("/imports")
    picture(page, "imports-list")
    page.locator("#file").set_input_files(month)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    worked(clerk)
    page.reload()
    page.get_by_role("link", name="与已有报告卡不同").click()
    picture(page, "import-rows-changed")
    page.locator("table.rows tbody a").first.click()
    expect(page.get_by_role("cell", name="99999.00")).to_be_visible()
    picture(page, "import-row-changed")
    assert axe(page) == []
    page.get_by_role("button", name="只补空项").click()
    page.goto("/imports")
    page.locator("table.rows tbody a").last.click()
    page.get_by_role("button", name="撤销这次导入").first.click()
    picture(page, "import-undo")
    page.get_by_role("dialog").get_by_role("button", name="撤销这次导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在撤销")
    with made_up.acting(clerk):
        job = Batch.objects.get(pk=batch.pk).job or 0
    assert run_jobs.run_one(job).state == "done"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已撤销")
    picture(page, "import-undone")
    with made_up.acting(clerk):
        assert Card.objects.filter(state="voided").count() == made


@pytest.mark.requirement("REG-06")
def test_a_file_that_cannot_be_used_is_said_in_one_line(clerk: Post, page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "错.csv"
    wrong.write_text("甲,乙\n1,2\n", encoding="utf-8")
    page.goto("/imports")
    page.locator("#file").set_input_files(wrong)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    worked(clerk)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("无法识别表头")
    picture(page, "import-refused")
    page.goto("/imports")
    wrong.write_text("", encoding="utf-8")
    page.locator("#file").set_input_files(wrong)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("alert").first).to_contain_text("文件是空的")
    picture(page, "imports-refused")


def bring(page: Page, file: Path, clerk: Post, month: str = "") -> Batch:
    """Upload a file and have it checked."""
    page.goto("/imports")
    page.locator("#file").set_input_files(file)
    if month:
        page.locator("[name=archive_month]").select_option(month)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
    batch = worked(clerk)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待确认")
    return batch


def written(file: Path, organisation: str, **changes: str) -> Path:
    """Three stays of the hospital, discharged in September 2026."""
    own = ({"medical_record_no": f"ZY{n}", "national_id": identity_number(n)} for n in range(3))
    pages = [front_page(org_code=organisation, **{**one, **changes}).front for one in own]
    lines = [",".join(pages[0]), *(",".join(one.values()) for one in pages)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.mark.requirement("REG-06")
def test_a_clerk_is_not_asked_twice_and_reads_beforehand_what_an_undo_leaves(
    committed: None, page: Page, site: str, tmp_path: Path, axe: Any
) -> None:
    point = Point()
    clerk = point.post("entry_clerk")
    log_in(page, clerk, site)
    file = written(tmp_path / "虚构-九月.csv", point.hospital.code)
    batch = bring(page, file, clerk, month="2026-08")
    warning = page.locator(".note-warning", has_text="出院晚于归档月")
    expect(warning).to_contain_text("3 行。请核对出院日期；若归档月 2026-08")
    picture(page, "import-wrong-month")
    assert axe(page) == []
    warning.get_by_role("link", name="查看这些行").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(3)
    picture(page, "import-wrong-month-rows")
    page.goto(f"/imports/{batch.pk}")
    page.get_by_role("button", name="放弃", exact=True).click()
    expect(page.locator("main")).to_contain_text("已放弃")
    bring(page, file, clerk, month="2026-09")
    expect(page.locator(".note-warning", has_text="归档月")).to_have_count(0)
    picture(page, "import-preview-three")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在导入")
    first = worked(clerk)
    # The hospital's system says something else now; the clerk keeps the cards, and is not asked again.
    other = written(tmp_path / "虚构-九月-再次.csv", point.hospital.code, discharge_ward="9")
    batch = bring(page, other, clerk, month="2026-09")
    page.get_by_role("link", name="与已有报告卡不同").click()
    page.locator("table.rows tbody a").first.click()
    keep = page.get_by_role("button", name="保留报告卡")
    page.keyboard.press(keep.get_attribute("data-key") or "")
    expect(page.get_by_text("第 1 行：保留报告卡")).to_be_visible()
    page.get_by_role("link", name="与已有报告卡不同").click()
    expect(page.locator("form.for-all")).to_contain_text("对还未决定的 2 行：")
    picture(page, "import-rows-some-decided")
    page.get_by_role("button", name="保留报告卡").click()
    expect(page.locator("form.for-all")).to_contain_text("这 3 行都已决定。")
    page.goto(f"/imports/{batch.pk}")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    picture(page, "import-kept")
    page.get_by_role("button", name="完成").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在导入")
    worked(clerk)
    batch = bring(page, other, clerk, month="2026-09")
    expect(page.locator("main")).to_contain_text("3 行此前已决定，计入“未变”")
    expect(page.get_by_role("link", name="导入批次 2026-0002")).to_be_visible()
    picture(page, "import-decided-before")
    assert axe(page) == []
    page.goto(f"/imports/{batch.pk}/rows/1")
    expect(page.locator("main")).to_contain_text("此前已在导入批次 2026-0002 中决定")
    picture(page, "import-row-decided-before")
    # A card that somebody writes on stays when the import is taken back: said before, with the card.
    with point.acting("entry_clerk") as by:
        card = Card.objects.order_by("pk")[0]
        save_card(card=card.pk, based_on=card.version, by=by, supplement={"laterality": "1"})
    page.goto(f"/imports/{first.pk}")
    stays = page.locator("section", has_text="撤销时，以下报告卡会保持原样")
    expect(stays.get_by_role("link", name=card.record_number)).to_be_visible()
    picture(page, "import-undo-forecast")
    page.get_by_role("button", name="撤销这次导入").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2")
    expect(dialog).to_contain_text("份保持原样，本页列出：导入后有人改动过")
    picture(page, "import-undo-dialog")
    assert axe(page) == []
    dialog.get_by_role("button", name="撤销这次导入").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在撤销")
    undone = worked(clerk, first)
    assert (undone.counts["voided"], undone.counts["kept"]) == (2, 1)
    page.reload()
    expect(page.locator("main")).to_contain_text("以下报告卡保留不动")
    picture(page, "import-undone-kept")
