"""Every bad file of the list, through the page as a clerk brings it: one clear Chinese answer, no fault of the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bad_files import AT_ONCE, CHECKED, BadFile, bad_files
from card_journeys import log_in, picture
from playwright.sync_api import Page, expect

import run_jobs
from made_up_cards import Point
from tonghu.intake.models import Batch, Row, State
from tonghu.registry.models import Card

pytestmark = pytest.mark.requirement("REG-06")


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def brought(page: Page, bad: BadFile, folder: Path) -> None:
    """Choose the file and press the button."""
    place = bad.content if isinstance(bad.content, Path) else folder / bad.name
    if isinstance(bad.content, bytes):
        place.write_bytes(bad.content)
    page.goto("/imports")
    page.locator("#file").set_input_files(place)
    page.get_by_role("button", name="上传并核对").click()


def answer(point: Point, page: Page, bad: BadFile, folder: Path) -> str:
    """What the page says of a file, whichever way it goes; '' where that is as it should be."""
    brought(page, bad, folder)
    if bad.where == AT_ONCE:
        said: Any = page.locator("[data-drop-error]")
    else:
        expect(page.get_by_role("heading", level=1)).to_contain_text("正在核对")
        with point.acting("entry_clerk"):
            batch = Batch.objects.latest("pk")
        assert run_jobs.run_one(batch.job or 0).state == "done"
        heading = page.get_by_role("heading", level=1)
        expect(heading).not_to_contain_text("正在核对")  # the page looks each second, and loads anew by itself
        said = page.get_by_role("alert").first if bad.where == CHECKED else page.locator("main")
    expect(said).to_be_visible()
    words = str(said.inner_text())
    picture(page, f"bad-{bad.name}")
    if bad.words not in words or "Traceback" in words:
        return f"{bad.name}: {words[:600]}"
    with point.acting("entry_clerk"):
        if bad.where == CHECKED and Row.objects.filter(batch=batch).exists():
            return f"{bad.name}: rows of a file that cannot be used"
    if bad.where == CHECKED and words.strip().count("\n") > 2:
        return f"{bad.name}: more than one line: {words}"
    return ""


def test_each_has_one_answer(point: Point, page: Page, site: str, tmp_path: Path) -> None:
    log_in(page, point.post("entry_clerk"), site)
    files = bad_files(point.hospital.code, tmp_path)
    wrong = [said for bad in files if (said := answer(point, page, bad, tmp_path))]
    assert wrong == [], "\n\n".join(wrong)
    with point.acting("entry_clerk"):
        states = list(Batch.objects.values_list("state", flat=True))
        assert states.count(State.REFUSED) == sum(bad.where == CHECKED for bad in files)
        assert not Card.objects.exists(), "nothing of any of them is imported before somebody confirms"
