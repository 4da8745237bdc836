"""Makes the README's pictures of pages, from a demo site that is up: ``docs/images/queue.png``, ``board.png``.

::

    ./run demo --reset                                   # in one terminal
    .venv/bin/python tools/demo_pictures.py              # in another, from the project's folder
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
#: Who looks at which page, and the picture's name.
PICTURES: Final = (("h1.entry_clerk", "/cards/queue", "queue"), ("centre.centre_officer", "/reporting", "board"))


def main() -> int:
    """Take every picture; returns the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--address", default="http://127.0.0.1:8000")
    asked.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    arguments = asked.parse_args()
    chromium = os.environ.get("TONGHU_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for username, page, name in PICTURES:
            _take(browser, arguments.address, username, page, arguments.out / f"{name}.png")
        browser.close()
    return 0


def _take(browser: Browser, address: str, username: str, place: str, out: Path) -> None:
    """Log in as somebody of the demo and keep what a page shows at 1366×768, in Chinese."""
    password, code = _log_in(username)
    page = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=address
    ).new_page()  # fmt: skip
    page.goto(f"/login?next={place}")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    if code:
        page.wait_for_url("**/login/code**")
        page.fill("[name=code]", code)
        page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == place)  # the log-in names the place in its query
    page.wait_for_load_state("networkidle")
    page.screenshot(path=out)
    print(f"{username} {place} → {out}")


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
