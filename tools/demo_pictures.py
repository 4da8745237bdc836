"""Makes the pictures of pages in the READMEs and in the guide of report cards, from a demo site that is up.

::

    ./run demo --reset                                   # in one terminal
    .venv/bin/python tools/demo_pictures.py              # in another, from the project's folder

Nothing is saved, submitted or returned on the way.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from browser_fonts import font_settings

ROOT: Final = Path(__file__).resolve().parent.parent


def nothing(_page: Page) -> None:
    """The page as it opens."""


def first_card(page: Page) -> None:
    """Open the first card of the queue."""
    page.get_by_role("link", name="继续").first.click()
    page.locator("#findings").wait_for()


def a_reason(page: Page) -> None:
    """Ask for the reason of a warning on the first card that has one."""
    page.locator("tr, li").filter(has_text="请核对或说明").get_by_role("link").first.click()
    page.locator("[data-override]").first.click()
    page.get_by_role("dialog").wait_for()


def audited(page: Page) -> None:
    """Open the first card of the auditor's desk."""
    page.locator("main table a").first.click()
    page.get_by_role("button", name="审核通过").first.wait_for()


def returning(page: Page) -> None:
    """Ask for the reason of a return."""
    audited(page)
    page.keyboard.press("r")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("2")


#: Who looks at which page, the picture's name, and what is done before it is taken.
PICTURES: Final[tuple[tuple[str, str, str, Callable[[Page], None]], ...]] = (
    ("h1.entry_clerk", "/cards/queue", "queue", nothing),
    ("centre.centre_officer", "/reporting", "board", nothing),
    ("h1.entry_clerk", "/", "cards-home", nothing),
    ("h1.entry_clerk", "/cards/queue", "cards-queue", nothing),
    ("h1.entry_clerk", "/cards/queue", "cards-mend", first_card),
    ("h1.entry_clerk", "/cards/queue", "cards-reason", a_reason),
    ("h1.auditor", "/cards/audit", "cards-audit", nothing),
    ("h1.auditor", "/cards/audit", "cards-audit-card", audited),
    ("h1.auditor", "/cards/audit", "cards-audit-return", returning),
)


def main() -> int:
    """Take every picture; returns the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--address", default="http://127.0.0.1:8000")
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    arguments = asked.parse_args()
    chromium = os.environ.get("TONGHU_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"],
            env={**os.environ, **font_settings(Path(folder))},
        )  # fmt: skip
        for username in dict.fromkeys(one[0] for one in PICTURES):
            page = _logged_in(browser, arguments.address, username)
            for _who, place, name, act in (one for one in PICTURES if one[0] == username):
                page.goto(place)
                page.wait_for_load_state("networkidle")
                act(page)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=arguments.out / f"{name}.png")
                print(f"{username} {place} → {name}.png")
        browser.close()
    return 0


def _logged_in(browser: Browser, address: str, username: str) -> Page:
    """A page of 1366×768, in Chinese, of somebody of the demo."""
    password, code = _log_in(username)
    page = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=address
    ).new_page()  # fmt: skip
    page.goto("/login?next=/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    if code:
        page.wait_for_url("**/login/code**")
        page.fill("[name=code]", code)
        page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not urlsplit(url).path.startswith("/login"))
    if urlsplit(page.url).path == "/post":  # who holds several posts chooses one
        page.locator("main form button").first.click()
        page.wait_for_url(lambda url: urlsplit(url).path != "/post")
    return page


def _log_in(username: str) -> tuple[str, str]:
    """The password and the one-time code of this moment, '' where none is asked for."""
    home = {"TONGHU_HOME": os.environ.get("TONGHU_HOME", str(ROOT / "var" / "demo"))}
    said = subprocess.run(
        [sys.executable, "-m", "tonghu", "site", "logins"], capture_output=True, text=True, check=True,
        env={**os.environ, **home},
    ).stdout  # fmt: skip
    row = re.search(rf"{re.escape(username)} +(\d{{6}}|—)$", said, re.MULTILINE)
    password = re.search(r"password: (\S+)", said)
    assert row, f"{username} is nobody of this demo"
    assert password
    return password[1], row[1].strip("—")


if __name__ == "__main__":
    sys.exit(main())
