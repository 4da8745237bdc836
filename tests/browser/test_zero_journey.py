"""A zero report beside a file that waits, in a real browser: the lead signs knowingly, the clerk imports knowingly."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

import made_up
from tonghu.platform.accounts.models import Post
from tonghu.platform.files import vault
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance import against_zero
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.tasks import nation

sys.path += [str(Path(__file__).parents[1] / "surveillance"), str(Path(__file__).parents[1] / "intake")]
from made_up_files import Hospital, a_hospital
from points_and_cards import point

PICTURES = os.environ.get("TONGHU_PICTURES")
LAST = Month.of(timezone.localdate()).plus(-1)

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
def hospital(committed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """A point whose file of last month waits for its confirmation."""
    monkeypatch.setattr(vault, "folder", lambda: tmp_path / "vault")
    made = a_hospital()
    point(made.institution)
    stay = made.page(P22=f"{LAST.first} 08:30", P25=f"{LAST.first + timedelta(days=7)} 09:00")
    made.checked(stay, month=LAST.first)
    return made


def test_a_lead_signs_beside_a_waiting_file_and_a_clerk_imports_it_all_the_same(
    hospital: Hospital, page: Page, site: str, axe: Any
) -> None:
    main = page.locator("main")
    lead = made_up.post("point_lead", hospital.institution)
    enter(page, site, lead)
    page.goto(f"/reporting/months/{LAST}/zero")
    expect(main).to_contain_text(f"{LAST} 有 1 份文件尚未导入")
    expect(main).to_contain_text("应报住院 1 次")
    picture(page, "zero-waiting")
    assert axe(page) == []
    page.get_by_role("button", name="签署").click()
    expect(page.locator(".field-error").first).to_be_visible()
    assert axe(page) == []
    page.get_by_label("我知道这些文件").check()
    page.get_by_label("原因").fill("文件选错归档月，是上月的病例")
    page.keyboard.press("Control+Enter")
    expect(main).to_contain_text("签署时有文件待确认，原因：文件选错归档月")
    picture(page, "zero-signed-beside")

    enter(page, site, hospital.clerk)
    page.goto("/imports")
    expect(main).to_contain_text("已签零报告的归档月")
    page.locator("table.rows tbody a").first.click()
    expect(main).to_contain_text(f"{LAST} 的零报告已由")
    picture(page, "import-into-zero")
    assert axe(page) == []
    page.get_by_role("button", name="仍然导入 1 次住院").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("已签零报告，仍要导入？")
    picture(page, "import-into-zero-asked")
    assert axe(page) == []
    dialog.get_by_role("button", name="仍然导入 1 次住院").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("正在导入")
    with hospital.acting():
        from tonghu.intake.models import Batch

        batch = Batch.objects.get()
    assert hospital.run(batch).counts["created"] == 1
    with open_scope(nation(system_scope("calendar"))) as by:
        assert against_zero.look(by) == 1

    enter(page, site, lead)
    page.goto("/reporting")
    expect(main).to_contain_text("零报告与报告卡矛盾")
    page.goto(f"/reporting/months/{LAST}")
    expect(main).to_contain_text("已有报告卡，按报告卡计")
    picture(page, "zero-contradicted")
    assert axe(page) == []

    enter(page, site, hospital.clerk)
    page.goto("/cards/new")
    expect(main).to_contain_text("已签零报告的归档月")
    picture(page, "new-card-zero-months")
    assert axe(page) == []
