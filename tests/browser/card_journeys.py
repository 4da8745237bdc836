"""What the journeys through report cards share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

import made_up
from tonghu.platform.accounts.models import Post

#: Where pictures of the pages are kept, if somebody asks for them.
PICTURES = os.environ.get("TONGHU_PICTURES")


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of the page where somebody asked for them."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=whole)


def log_in(page: Page, held: Post, site: str) -> None:
    """Give the page's browser the session of a post."""
    session = made_up.browser(held).session
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or "", "url": site}])


def no_draft_is_left(page: Page) -> None:
    """Wait until the page's script has forgotten what was sent, a moment after the page says that it was.

    Asked from outside: the page's own policy lets nobody wait for a text that is to be evaluated in it.
    """
    for _ in range(150):
        if page.evaluate("Object.keys(sessionStorage).every((key) => !key.startsWith('draft:act:'))"):
            return
        page.wait_for_timeout(100)
    pytest.fail("what was sent is still kept")
