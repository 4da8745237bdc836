"""What the journeys through report cards share."""

from __future__ import annotations

import os
from pathlib import Path

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
