"""The pages on notices, as a browser sees them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

import made_up
from opened import opened
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.notices.models import Message, Notice, Preference
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(db: None) -> Post:
    at = made_up.hospital()
    return made_up.post("auditor", at, holder=made_up.person(at, email="reader@example.org"))


@pytest.fixture
def browser(reader: Post) -> Client:
    return made_up.browser(reader)


def tell(held: Post, number: int = 7, url: str = "/notices/preferences") -> Notice:
    with open_scope(Scope(purpose="test")):
        return notify("jobs.failed", to=[held.person_id], data={"job": number, "kind": "jobs.tidy"}, url=url)[0]


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_notices_are_listed_unread_first_seen_in_the_menu_and_read_by_opening(reader: Post, browser: Client) -> None:
    assert "与您有关的事项会通知在这里" in text(browser, "/notices")
    notice = tell(reader)
    page = text(browser, "/notices")
    assert "任务未完成，请查看原因：清理过期的任务记录（编号 7）" in page
    assert '<span class="side-count">1</span>' in page
    assert "未读" in page
    answer = browser.get(f"/notices/{notice.pk}")
    assert (answer.status_code, answer["Location"]) == (302, "/notices/preferences")
    assert '<span class="side-count">1</span>' not in text(browser, "/notices")
    assert "清理过期" not in text(browser, "/notices?only=unread")


def test_the_first_screen_tells_the_newest_unread_ones_and_leads_a_post_without_work_to_its_pages(
    reader: Post, browser: Client
) -> None:
    assert "home-told" not in text(browser, "/")
    for number in range(7):
        tell(reader, number)
    page = text(browser, "/")
    assert "（编号 6）" in page
    assert "（编号 1）" not in page, "five are told, the list has all"
    assert "home-waiting" not in page.split("home-told")[1], "no second number of the same"
    guard = made_up.browser(made_up.post("security_admin", reader.institution))
    led = text(guard, "/")
    assert "home-duties" in led
    assert "人员与岗位" in led.split("home-duties")[1].split("</nav>")[0]


def test_a_notice_without_a_page_leads_back_to_the_list(reader: Post, browser: Client) -> None:
    assert browser.get(f"/notices/{tell(reader, url='').pk}")["Location"] == "/notices"


def test_all_are_read_at_once(reader: Post, browser: Client) -> None:
    for number in range(3):
        tell(reader, number)
    assert "已将 3 条通知标为已读" in browser.post("/notices/read", follow=True).content.decode()
    with made_up.acting(reader):
        assert not Notice.objects.filter(read_at=None).exists()


def test_a_notice_of_another_is_not_there(reader: Post) -> None:
    notice = tell(reader)
    client = made_up.browser(made_up.post("auditor", reader.institution))
    assert client.get(f"/notices/{notice.pk}").status_code == 404
    assert "清理过期" not in text(client, "/notices")
    with made_up.acting(reader):
        assert Notice.objects.get().read_at is None


def test_english_readers_are_told_in_english(reader: Post, browser: Client) -> None:
    tell(reader)
    browser.post("/language", {"language": "en"})
    page = text(browser, "/notices")
    assert "A job was not done, see why: Remove old records of jobs (number 7)" in page


def test_how_one_is_told_is_chosen_on_a_page(reader: Post, browser: Client) -> None:
    assert "reader@example.org" in text(browser, "/notices/preferences")
    others = opened(browser, "/notices/preferences", mail_accounts="at_once")
    browser.post("/notices/preferences", {**others, "mail_jobs": "sometimes"})
    with made_up.acting(reader):
        assert not Preference.objects.exists()
    said = {**others, "mail_jobs": "never"}
    assert "已保存" in browser.post("/notices/preferences", said, follow=True).content.decode()
    with made_up.acting(reader):
        assert Preference.objects.get(group="jobs").mail == "never"
    assert 'value="never" selected' in text(browser, "/notices/preferences")
    assert "没有邮箱地址" in text(made_up.browser(made_up.post("auditor")), "/notices/preferences")


def test_operators_see_what_waits_and_why_and_send_again(reader: Post, browser: Client) -> None:
    assert browser.get("/notices/outgoing").status_code == 403
    role = next((code for code, role in ROLES.items() if "notices.operate" in role.permissions), None)
    assert role, "some role watches what is sent"
    operator = made_up.browser(made_up.post(role))
    assert "还没有发送过消息" in text(operator, "/notices/outgoing")
    tell(reader)
    with open_scope(system_scope("notices")):
        Message.objects.update(
            state="failed", attempts=14, error_zh="邮件服务器没有应答", error_en="The mail server does not answer"
        )
    page = text(operator, "/notices/outgoing")
    assert "邮件服务器没有应答" in page
    assert "发送失败" in page
    assert "清理过期" not in page
    assert "1 条消息将重新发送" in operator.post("/notices/outgoing/again", follow=True).content.decode()
    with open_scope(system_scope("notices")):
        again = Message.objects.get()
        assert again.state == "waiting"
        assert again.due_at <= timezone.now()
    assert "等待中" in text(operator, "/notices/outgoing")
