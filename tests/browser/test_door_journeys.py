"""The door in a real browser: one-time and recovery code, lock-out, posts, deputies, a session ending in mid-form."""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from psycopg.types.range import Range

import made_up
from tonghu.platform.accounts import second_factor
from tonghu.platform.accounts.models import Person, Post, Session
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.requirement("REG-02")
PASSWORD = "Hard-to-guess 7"
PICTURES = os.environ.get("TONGHU_PICTURES")


def with_password(held: Post) -> Person:
    with open_scope(system_scope("login")):
        held.person.set_password(PASSWORD)
        held.person.save()
    return held.person


def log_in(page: Page, person: Person, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.locator("#id_username").fill(person.username)
    page.locator("#id_password").fill(password)
    page.locator("main").get_by_role("button", name="登录").click()


def next_code(secret: str) -> str:
    """The code of the next step: unlike the one that set-up took it is unused, and it is taken now and for a minute."""
    return pyotp.TOTP(secret).at(int(time.time()) + second_factor.STEP_SECONDS)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_a_telephone_is_set_up_and_then_asked_for_and_a_recovery_code_stands_in(
    committed: None, page: Page, axe: Any
) -> None:
    officer = with_password(made_up.post("commission_officer", made_up.authority()))
    log_in(page, officer)
    expect(page).to_have_url(re.compile("/login/enrol$"))
    picture(page, "enrol")
    assert axe(page) == []
    secret = page.locator("main code").first.inner_text()
    page.get_by_label("手机上此刻显示的六位数字").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("恢复码")
    codes = page.locator("main code").all_inner_texts()
    assert len(codes) == 10
    picture(page, "recovery_codes")
    page.locator("main a.btn-primary").click()
    expect(page.locator(".who-name")).to_have_text(officer.name)

    page.locator(".who").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("main")).to_contain_text("您已退出登录")
    log_in(page, officer)
    page.get_by_label("动态验证码").fill("000000")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("不正确、已使用或已过期")
    page.get_by_label("动态验证码").fill(next_code(secret))
    page.keyboard.press("Enter")
    expect(page.locator(".who-name")).to_have_text(officer.name)

    page.goto("/account")
    expect(page.locator(".devices")).to_contain_text("Chrome · Linux")
    expect(page.locator("main")).to_contain_text("还剩 10 个恢复码")
    picture(page, "account")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing stands out to the right"
    page.locator(".who").click()
    page.get_by_role("button", name="退出登录").click()
    log_in(page, officer)
    page.get_by_label("动态验证码").fill(codes[0].lower())
    page.keyboard.press("Enter")
    expect(page.locator(".who-name")).to_have_text(officer.name)
    page.goto("/account")
    expect(page.locator("main")).to_contain_text("还剩 9 个恢复码")


def test_after_five_failures_the_name_is_locked_and_somebody_lifts_it(
    committed: None, open_page: Any, page: Page
) -> None:
    clerk = with_password(made_up.post("entry_clerk"))
    for _ in range(5):
        log_in(page, clerk, "wrong")
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("失败次数过多")
    log_in(page, clerk)
    expect(page.get_by_role("alert")).to_contain_text("失败次数过多")
    picture(page, "locked")

    admin = made_up.post("security_admin", clerk.institution)
    with_password(admin)
    with open_scope(system_scope("login")):
        secret, _sealed = second_factor.propose()
        assert second_factor.confirm(admin.person, secret, pyotp.TOTP(secret).now())
    at_the_desk = open_page()
    log_in(at_the_desk, admin.person)
    at_the_desk.get_by_label("动态验证码").fill(next_code(secret))
    at_the_desk.keyboard.press("Enter")
    expect(at_the_desk.locator(".who-name")).to_have_text(admin.person.name)
    at_the_desk.goto(f"/people/{clerk.pk}")
    at_the_desk.get_by_role("button", name="解除锁定").click()
    expect(at_the_desk.locator("main")).to_contain_text("锁定已解除")

    log_in(page, clerk)
    expect(page.locator(".who-name")).to_have_text(clerk.name)


def test_who_holds_several_posts_chooses_one_and_a_deputy_acts_for_the_days_that_were_said(
    committed: None, page: Page
) -> None:
    point = made_up.hospital("DOOR1", name="虚构第一医院")
    lead = made_up.post("point_lead", point, holder=made_up.person(point, name="虚构负责人"))
    clerk = made_up.post("entry_clerk", point, holder=made_up.person(point, name="虚构录入员"))
    deputy_head = made_up.post("responsible_deputy", point, holder=made_up.person(point, name="虚构副院长"))
    for one in (lead, clerk, deputy_head):
        with_password(one)
    log_in(page, lead.person)
    page.goto(f"/people/{clerk.person_id}")
    page.locator("main a[href$=deputy]").first.click()
    picker = page.locator("input[name=person]")
    picker.fill("虚构副院长")
    today = timezone.localdate()
    page.locator("[name=ends]").fill((today + timedelta(days=3)).isoformat())
    picture(page, "deputy")
    page.get_by_role("button", name="指定代理人").click()
    expect(page.locator("main")).to_contain_text("虚构副院长")

    page.locator(".who").click()
    page.get_by_role("button", name="退出登录").click()
    log_in(page, deputy_head.person)
    page.goto("/post")
    picture(page, "posts")
    expect(page.locator("main")).to_contain_text("数据录入员")
    page.locator("main").get_by_role("button", name=re.compile("数据录入员")).click()
    page.goto("/account")
    expect(page.locator(".who-post")).to_have_text("数据录入员")
    page.locator(".who").click()
    page.locator(".drop-item", has_text="分管负责同志").first.click()
    expect(page.locator(".who-post")).to_have_text("分管负责同志")

    with open_scope(system_scope("provisioning")):  # the days are over
        Post.objects.filter(deputy_for=clerk).update(valid=Range(empty=True))
    page.goto("/account")
    page.locator(".who").click()
    expect(page.locator(".drop-panel")).not_to_contain_text("数据录入员")


def test_a_session_that_ends_in_mid_form_keeps_what_was_typed(committed: None, page: Page) -> None:
    records = with_password(made_up.post("records_department", made_up.hospital("DOOR2", name="虚构第二医院")))
    log_in(page, records)
    page.goto("/children/new")
    page.locator("[name=patient_name]").fill("虚构小明")
    page.locator("[name=record_number]").fill("ZY20269999")
    with open_scope(system_scope("login")):
        Session.objects.filter(person=records).delete()
    page.locator("[name=record_number]").press("Control+Enter")
    expect(page).to_have_url(re.compile("/login"))
    page.locator("#id_username").fill(records.username)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile("/children/new$"))
    expect(page.locator("[name=patient_name]")).to_have_value("虚构小明")
    expect(page.locator("[name=record_number]")).to_have_value("ZY20269999")
    expect(page.locator("[data-draft-note]")).to_be_visible()
    picture(page, "draft_kept")


def test_a_page_that_is_not_there_keeps_the_menu(committed: None, page: Page, axe: Any) -> None:
    clerk = with_password(made_up.post("entry_clerk"))
    log_in(page, clerk)
    page.expected_complaints += ["404", "403"]  # type: ignore[attr-defined]
    page.goto("/nowhere")
    expect(page.locator("#side")).to_be_visible()
    picture(page, "not_found")
    assert axe(page) == []
    page.goto("/people")
    expect(page.locator("#side")).to_be_visible()
    picture(page, "forbidden")


def test_the_roles_are_read_group_by_group(committed: None, page: Page, axe: Any) -> None:
    log_in(page, with_password(made_up.post("entry_clerk")))
    page.goto("/people/roles")
    picture(page, "roles")
    expect(page.get_by_role("heading", name="医院与基层医疗机构")).to_be_visible()
    page.locator("#entry_clerk summary").click()
    expect(page.locator("#entry_clerk")).to_contain_text("依据")
    picture(page, "role_open")
    assert axe(page) == []
