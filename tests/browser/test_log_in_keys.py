"""The log-in by keyboard: Enter leads to the password, and from there in."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_enter_in_the_last_field_logs_in(committed: None, page: Page) -> None:
    page.goto("/login")
    expect(page.locator("form kbd")).to_have_count(0)
    page.locator("#id_username").fill("nobody.at.all")
    page.keyboard.press("Enter")
    expect(page.locator("#id_password")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"^\s*用户名或密码不正确"))
