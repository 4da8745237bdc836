"""The door: password, one-time code, recovery code, lock-out, links, sessions; and that it tells a stranger nothing."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

import made_up
from run_jobs import run_one
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import log_in, second_factor
from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.links import issue_link
from tonghu.platform.accounts.models import (
    LogInEvent,
    LogInGuard,
    OneTimeLink,
    Person,
    Post,
    RecoveryCode,
    SecondFactor,
    Session,
)
from tonghu.platform.accounts.sessions import SessionStore, digest
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.notices import of_accounts
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db

PASSWORD = "Hard-to-guess 7"
NEW = "Another-one 88"


def with_password(held: Post) -> Person:
    with open_scope(system_scope("login")):
        held.person.set_password(PASSWORD)
        held.person.save()
    return held.person


@pytest.fixture
def clerk() -> Person:
    return with_password(made_up.post("entry_clerk", made_up.hospital("H1")))


@pytest.fixture
def officer() -> Person:
    return with_password(made_up.post("commission_officer", made_up.authority()))


def knock(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login", {"username": username, "password": password}, **more)


def kinds(person: Person | None) -> list[str]:
    with open_scope(system_scope("login")):
        return list(LogInEvent.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def enrol(person: Person) -> str:
    """Set one-time codes up with the code of the step before, so that the one of now is not used yet."""
    with open_scope(system_scope("login")):
        secret, sealed = second_factor.propose()
        assert second_factor.proposed(sealed) == secret
        assert second_factor.confirm(person, secret, pyotp.TOTP(secret).at(int(time.time()) - 300)) is None
        assert second_factor.confirm(person, secret, pyotp.TOTP(secret).at(int(time.time()) - 30))
    return secret


def now_code(secret: str) -> str:
    return pyotp.TOTP(secret).now()


# --- password ---------------------------------------------------------------------------------------------------------


def test_a_clerk_of_one_hospital_gets_in_with_a_password_and_is_noted(clerk: Person) -> None:
    client = Client()
    answer = knock(client, clerk.username.upper(), headers={"User-Agent": "Browser 1"}, REMOTE_ADDR="10.0.0.9")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/account").status_code == 200
    assert kinds(clerk) == ["logged_in"]
    with open_scope(system_scope("login")):
        event = LogInEvent.objects.get(person=clerk)
    assert (event.address, event.agent) == ("10.0.0.9", "Browser 1")


def test_who_is_in_is_led_on_and_only_within_the_site(clerk: Person) -> None:
    client = Client()
    assert knock(client, clerk.username, QUERY_STRING="next=/people/roles")["Location"] == "/people/roles"
    assert client.get("/login?next=/people/roles")["Location"] == "/people/roles"
    assert client.get("/login?next=https://elsewhere.example/")["Location"] == "/"


def test_a_page_leads_a_stranger_to_the_log_in_and_back(clerk: Person) -> None:
    assert Client().get("/account?x=1")["Location"] == "/login?next=/account%3Fx%3D1"
    assert Client().post("/account/device")["Location"] == "/login?next="
    for sent_from, onward in {
        "http://testserver/account/password?x=1#top": "/account/password%3Fx%3D1", "http://elsewhere.example/a": "",
        "http://testserver": "", "//": "", "http://testserver//elsewhere.example/": "//elsewhere.example/",
    }.items():  # fmt: skip
        again = Client().post("/account/password", headers={"Referer": sent_from})
        assert again["Location"] == f"/login?next={onward}", sent_from
    part = Client().get("/account", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (401, "/login")


def answers(person: Person) -> dict[str, bytes]:
    """What the page says to a try with each kind of name, without what differs by chance."""
    with open_scope(system_scope("login")):
        suspended = with_password(made_up.post("auditor"))
        Person.objects.filter(pk=suspended.pk).update(is_active=False)
    tries = {
        "wrong password": (person.username, "wrong"),
        "unknown name": ("nobody-at-all", PASSWORD),
        "suspended": (suspended.username, PASSWORD),
        "not activated": (made_up.person().username, PASSWORD),
    }
    said = {}
    for kind, (username, password) in tries.items():
        page = knock(Client(), username, password).content
        said[kind] = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"', b"", page)
        said[kind] = said[kind].replace(username.encode(), b"NAME").replace(b'value="NAME"', b"")
    return said


def test_wrong_unknown_suspended_and_not_activated_are_answered_alike(clerk: Person) -> None:
    said = answers(clerk)
    assert "用户名或密码不正确" in said["wrong password"].decode()
    assert len(set(said.values())) == 1


def test_an_unknown_name_costs_the_hash_that_a_known_one_costs(clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing is proved by counting the costly work, which a busy machine does not blur."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hashed: list[str] = []
    true_encode, true_verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher, "encode", lambda self, *said: (hashed.append("x"), true_encode(self, *said))[1]
    )
    monkeypatch.setattr(
        Argon2PasswordHasher, "verify", lambda self, *said: (hashed.append("x"), true_verify(self, *said))[1]
    )
    for username in (clerk.username, "nobody-at-all", made_up.person().username):
        hashed.clear()
        log_in.try_password(username=username, password="wrong", door=books.Door())
        assert hashed == ["x"], username


def test_a_try_with_an_unknown_name_is_noted_without_the_name() -> None:
    knock(Client(), "my-password-by-mistake", "x")
    assert kinds(None) == ["wrong_password"]
    with open_scope(system_scope("login")):
        assert "my-password" not in str(LogInEvent.objects.values().get())


# --- lock-out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
def test_five_failures_lock_a_name_whether_it_exists_or_not(clerk: Person, known: bool) -> None:
    username = clerk.username if known else "nobody-at-all"
    start = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(4):
            assert "不正确" in knock(Client(), username, "wrong").content.decode()
        assert "失败次数过多，请在 10:15 之后再试" in knock(Client(), username, "wrong").content.decode()
        clock.shift(timedelta(minutes=14, seconds=59))
        assert "失败次数过多" in knock(Client(), username).content.decode(), "also with the right password"
        clock.shift(timedelta(seconds=1))
        assert (knock(Client(), username).status_code == 302) is known
    if known:
        assert kinds(clerk) == ["wrong_password"] * 5 + ["locked", "logged_in"]


def told(person: Person) -> list[str]:
    """What the job tells somebody now, and what was told before."""
    if of_accounts.waiting():
        with open_scope(system_scope("notices")) as scope:
            asked = enqueue("notices.door", by=scope)
        ended = run_one(asked.pk)
        assert ended.state == Job.State.DONE, ended.error_place
    with open_scope(system_scope("notices")):
        return [str(notice.kind) for notice in Notice.objects.filter(person=person).order_by("pk")]


def test_a_lock_is_told_once_and_after_the_request(clerk: Person) -> None:
    for name in (clerk.username, "nobody-at-all"):
        for _ in range(7):
            knock(Client(), name, "wrong")
    with open_scope(system_scope("notices")):
        assert not Notice.objects.exists(), "nothing that a stranger could time"
    assert told(clerk) == ["accounts.locked"]
    assert told(clerk) == ["accounts.locked"]
    with open_scope(system_scope("notices")):
        assert Notice.objects.count() == 1


def test_every_try_costs_the_same_whether_the_name_exists_or_not(clerk: Person) -> None:
    """Statements of the whole request, through the whole way into the lock and behind it."""

    def costs(username: str) -> list[int]:
        said = []
        for _ in range(8):
            with CaptureQueriesContext(connection) as asked:
                knock(Client(), username, "wrong")
            said.append(len(asked))
        return said

    suspended = with_password(made_up.post("auditor"))
    with open_scope(system_scope("login")):
        Person.objects.filter(pk=suspended.pk).update(is_active=False)
    invited = made_up.person()
    names = [clerk.username, "nobody-at-all", suspended.username, invited.username, "", "x" * 150]
    costs("first-of-all")  # what is read once for each process
    said = {name: costs(name) for name in names if name}
    assert len({tuple(one) for one in said.values()}) == 1, said


def test_failures_far_apart_do_not_add_up(clerk: Person) -> None:
    start = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(8):
            assert "不正确" in knock(Client(), clerk.username, "wrong").content.decode()
            clock.shift(timedelta(minutes=15, seconds=1))


def test_getting_in_begins_the_count_anew_and_says_what_failed_before(clerk: Person) -> None:
    knock(Client(), clerk.username)
    for _ in range(4):
        knock(Client(), clerk.username, "wrong")
    client = Client()
    knock(client, clerk.username)
    assert "登录失败 4 次" in client.get("/account").content.decode()
    for _ in range(4):
        assert "失败次数过多" not in knock(Client(), clerk.username, "wrong").content.decode()


def test_a_hundred_failures_from_one_address_lock_the_address(clerk: Person) -> None:
    door = books.Door("10.0.0.66")
    with open_scope(system_scope("login")):
        for n in range(rules.number("address_failures")):
            books.count_failure(f"name{n}", None, door)
        assert books.locked_until(clerk.username, door)
        assert not books.locked_until(clerk.username, books.Door("10.0.0.67"))


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(rf: Any) -> None:
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 10.1.1.1")
    assert books.Door.of(request).address == "127.0.0.1"
    with override_settings(HTTPS=True):
        assert books.Door.of(request).address == "10.1.1.1"
    assert books.Door.of(rf.get("/", REMOTE_ADDR="no address")).address is None


# --- one-time codes ---------------------------------------------------------------------------------------------------


def test_an_officer_who_sees_many_hospitals_sets_up_codes_before_getting_in(officer: Person) -> None:
    client = Client()
    assert knock(client, officer.username, QUERY_STRING="next=/people")["Location"] == "/login/enrol"
    assert client.get("/people").status_code == 302, "the password alone opens nothing"
    page = client.get("/login/enrol").content.decode()
    assert "<svg" in page
    assert "<script>" not in page
    assert "style=" not in page[page.index("<svg") : page.index("</svg>")]
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", page)
    assert "与此二维码不符" in client.post("/login/enrol", {"code": "000000"}).content.decode()
    done = client.post("/login/enrol", {"code": now_code(secret)})
    codes = re.findall(r"<code>([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})</code>", done.content.decode())
    assert len(set(codes)) == rules.number("recovery_codes")
    assert 'href="/people"' in done.content.decode()
    assert client.get("/people").status_code == 200
    assert kinds(officer) == ["second_factor_set", "logged_in"]
    with open_scope(system_scope("login")):
        assert SecondFactor.objects.get(person=officer).secret == secret
        assert not any(code.replace("-", "") in str(RecoveryCode.objects.values_list()) for code in codes)


def test_a_reload_of_the_set_up_shows_a_fresh_secret_and_the_old_one_holds_no_more(officer: Person) -> None:
    client = Client()
    knock(client, officer.username)
    first, second = (
        re.findall(r"<code>([A-Z2-7]{32})</code>", client.get("/login/enrol").content.decode())[0] for _ in range(2)
    )
    assert first != second
    assert client.post("/login/enrol", {"code": now_code(first)}).status_code == 200
    assert kinds(officer) == []


def test_with_codes_set_up_the_password_is_followed_by_a_code(officer: Person) -> None:
    secret = enrol(officer)
    client = Client()
    assert knock(client, officer.username)["Location"] == "/login/code"
    assert client.get("/login/enrol")["Location"] == "/login/code", "a stolen password sets up no telephone"
    assert client.get("/login/code").status_code == 200
    assert "不正确、已使用或已过期" in client.post("/login/code", {"code": "12345６"}).content.decode()
    assert client.post("/login/code", {"code": now_code(secret)})["Location"] == "/"
    assert client.get("/people").status_code == 200
    assert kinds(officer) == ["wrong_code", "logged_in"]


def test_a_code_is_taken_once(officer: Person) -> None:
    secret = enrol(officer)
    code = now_code(secret)
    for expected in (302, 200):
        client = Client()
        knock(client, officer.username)
        assert client.post("/login/code", {"code": code}).status_code == expected


def test_wrong_codes_lock_like_wrong_passwords(officer: Person) -> None:
    secret = enrol(officer)
    client = Client()
    knock(client, officer.username)
    for _ in range(5):
        said = client.post("/login/code", {"code": "000000"}).content.decode()
    assert "失败次数过多" in said
    assert "失败次数过多" in client.post("/login/code", {"code": now_code(secret)}).content.decode()


def test_the_way_from_password_to_code_is_open_for_five_minutes(officer: Person) -> None:
    secret = enrol(officer)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Client()
        knock(client, officer.username)
        clock.shift(timedelta(minutes=5, seconds=1))
        assert client.post("/login/code", {"code": now_code(secret)})["Location"] == "/login"
        assert client.get("/login/enrol")["Location"] == "/login"


def test_a_recovery_code_stands_in_once(officer: Person) -> None:
    enrol(officer)
    with open_scope(system_scope("login")):
        (code, *others) = second_factor.fresh_recovery_codes(officer)
    for expected in (302, 200):
        client = Client()
        knock(client, officer.username)
        assert client.post("/login/code", {"code": code.lower()}).status_code == expected
    assert "recovery_used" in kinds(officer)
    with open_scope(system_scope("login")):
        assert second_factor.recovery_codes_left(officer) == len(others)


def test_a_post_that_asks_for_codes_is_not_entered_without_one_even_in_an_open_session(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    higher = made_up.post("commission_officer", made_up.authority(), holder=clerk)
    assert "数据录入员" in client.get("/account").content.decode()
    assert client.get("/people").status_code == 403, "the clerk's post is the only one that holds without a code"
    assert client.post("/post", {"post": higher.pk, "next": "/people"})["Location"] == "/login/enrol"
    assert client.get("/people")["Location"] == "/post?next=/people", "chosen, and without effect"
    with open_scope(system_scope("login")):
        clerk.set_password(PASSWORD)
    assert "请输入密码" in client.get("/login/enrol").content.decode()
    assert "密码不正确" in client.post("/login/enrol", {"password": "wrong"}).content.decode()
    assert client.post("/login/enrol", {"password": PASSWORD})["Location"] == "/login/enrol"
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", client.get("/login/enrol").content.decode())
    before = client.session.session_key
    assert 'href="/people"' in client.post("/login/enrol", {"code": now_code(secret)}).content.decode()
    assert client.session.session_key != before
    assert client.get("/people").status_code == 200


def test_a_code_given_later_opens_the_post_that_asks_for_it(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    secret = enrol(clerk)
    higher = made_up.post("commission_officer", made_up.authority(), holder=clerk)
    assert client.post("/post", {"post": higher.pk, "next": "/people"})["Location"] == "/login/code"
    assert client.post("/login/code", {"code": now_code(secret)})["Location"] == "/people"
    assert client.get("/people").status_code == 200


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_a_session_planted_before_log_in_does_not_become_the_persons(clerk: Person, officer: Person) -> None:
    for person, secret in ((clerk, None), (officer, enrol(officer))):
        victim = Client()
        victim.get("/post")
        planted = SessionStore()
        planted["planted"] = "by a stranger"
        planted.create()
        victim.cookies["tonghu_session"] = planted.session_key
        knock(victim, person.username)
        if secret:
            assert victim.session.session_key != planted.session_key
            between = victim.session.session_key
            victim.post("/login/code", {"code": now_code(secret)})
            assert victim.session.session_key != between
        assert victim.session.session_key != planted.session_key
        assert "planted" not in victim.session
        thief = Client()
        thief.cookies["tonghu_session"] = planted.session_key
        assert thief.get("/account").status_code == 302


def test_the_database_keeps_a_hash_of_the_sessions_key(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    with open_scope(system_scope("login")):
        row = Session.objects.get(person=clerk)
    assert row.pk == digest(client.session.session_key)
    thief = Client()
    thief.cookies["tonghu_session"] = row.pk
    assert thief.get("/account").status_code == 302


def test_a_session_ends_when_idle_and_after_its_whole_length(clerk: Person) -> None:
    start = datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Client()
        knock(client, clerk.username)
        for _ in range(23):  # 11½ hours of somebody who is there
            clock.shift(timedelta(minutes=29))
            assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert client.get("/account").status_code == 200
        clock.move_to(start + timedelta(hours=12, seconds=1))
        assert client.get("/account").status_code == 302, "twelve hours are over"
        assert "上次登录已结束" in client.get("/login").content.decode()
        knock(client, clerk.username)
        clock.shift(timedelta(minutes=30, seconds=1))
        assert client.get("/account").status_code == 302, "thirty minutes idle"


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(clerk: Person) -> None:
    start = datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Client()
        knock(client, clerk.username)
        for _ in range(2):
            clock.shift(timedelta(minutes=14))
            assert client.get("/account", headers={"X-Background": "1"}).status_code == 200
        clock.shift(timedelta(minutes=3))
        assert client.get("/account").status_code == 302


def test_what_is_over_is_cleared_away_by_the_next_log_in(clerk: Person, officer: Person) -> None:
    knock(Client(), clerk.username)
    knock(Client(), "nobody-at-all")
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC)):
        knock(Client(), clerk.username)
    with open_scope(system_scope("login")):
        assert Session.objects.filter(person=clerk).count() == 1
        assert not LogInGuard.objects.exists()


def test_devices_are_listed_and_others_signed_out(clerk: Person, officer: Person) -> None:
    one, two, three = Client(), Client(), Client()
    for client, agent in ((one, "Browser 1"), (two, "Browser 2"), (three, "Browser 3")):
        knock(client, clerk.username, headers={"User-Agent": agent})
    page = one.get("/account").content.decode()
    assert all(agent in page for agent in ("Browser 1", "Browser 2", "Browser 3"))
    one.post("/account/device", {"device": digest(two.session.session_key)})
    assert two.get("/account").status_code == 302
    assert three.get("/account").status_code == 200
    assert "已退出 1 台设备" in one.post("/account/device", {"others": "1"}, follow=True).content.decode()
    assert three.get("/account").status_code == 302
    assert one.get("/account").status_code == 200
    assert kinds(clerk)[-2:] == ["device_ended", "device_ended"]


def test_nobody_signs_out_a_device_of_somebody_else(clerk: Person, officer: Person) -> None:
    theirs = made_up.browser(made_up.post("auditor"))
    mine = Client()
    knock(mine, clerk.username)
    mine.post("/account/device", {"device": digest(theirs.session.session_key)})
    assert theirs.get("/account").status_code == 200


def test_log_out_ends_the_session_at_the_server(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    key = client.session.session_key
    assert "您已退出登录" in client.post("/logout", follow=True).content.decode()
    thief = Client()
    thief.cookies["tonghu_session"] = key
    assert thief.get("/account").status_code == 302
    assert kinds(clerk) == ["logged_in", "logged_out"]


# --- one's own account ------------------------------------------------------------------------------------------------


def test_a_new_password_signs_the_other_devices_out(clerk: Person) -> None:
    here, there = Client(), Client()
    knock(here, clerk.username)
    knock(there, clerk.username)
    wrong = {"old": "wrong", "new": NEW, "again": NEW}
    assert "密码不正确" in here.post("/account/password", wrong).content.decode()
    assert "两次输入不一致" in here.post("/account/password", {**wrong, "again": "other"}).content.decode()
    weak = {"old": PASSWORD, "new": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"}
    assert "至少使用" in here.post("/account/password", weak).content.decode()
    assert here.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert knock(Client(), clerk.username, NEW).status_code == 302


def test_the_old_password_cannot_be_tried_out_in_an_open_session(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    for _ in range(5):
        client.post("/account/password", {"old": "wrong", "new": NEW, "again": NEW})
    answer = client.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert "密码不正确" in answer.content.decode(), "the name is locked"


def test_new_recovery_codes_ask_for_the_password_and_replace_the_old(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    enrol(clerk)
    with open_scope(system_scope("login")):
        (old, *_rest) = second_factor.fresh_recovery_codes(clerk)
    assert "密码不正确" in client.post("/account/recovery", {"password": "wrong"}).content.decode()
    shown = client.post("/account/recovery", {"password": PASSWORD}).content.decode()
    assert len(re.findall(r"<code>[A-Z2-9-]{14}</code>", shown)) == 10
    with open_scope(system_scope("login")):
        assert not second_factor.use_recovery_code(clerk, old)
    assert "还剩 10 个恢复码" in client.get("/account").content.decode()


def test_the_language_follows_the_person_to_every_device(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    client.post("/account/language", {"language": "en"})
    assert "My account" in client.get("/account").content.decode()
    client.post("/account/language", {"language": "xx"})
    elsewhere = Client()
    assert "登录" in elsewhere.get("/login").content.decode()
    knock(elsewhere, clerk.username)
    assert "My account" in elsewhere.get("/account").content.decode()


# --- posts ------------------------------------------------------------------------------------------------------------


def test_with_several_posts_one_is_chosen_and_the_pages_follow_it(clerk: Person) -> None:
    lead = made_up.post("point_lead", made_up.hospital(), holder=clerk)
    with open_scope(system_scope("login")):
        first = Post.objects.get(person=clerk, role="entry_clerk")
    client = Client()
    knock(client, clerk.username)
    assert client.get("/people")["Location"] == "/post?next=/people"
    page = client.get("/post").content.decode()
    assert "数据录入员" in page
    assert "监测点总负责人" in page
    assert client.post("/post", {"post": lead.pk, "next": "/people"})["Location"] == "/people"
    assert client.get("/people").status_code == 200
    client.post("/post", {"post": first.pk})
    assert client.get("/people").status_code == 403


@pytest.mark.parametrize("said", ["0", "x", ""])
def test_a_post_that_one_does_not_hold_is_not_chosen(clerk: Person, said: str) -> None:
    client = Client()
    knock(client, clerk.username)
    other = made_up.post("point_lead")
    for post in (said, str(other.pk)):
        answer = client.post("/post", {"post": post}, follow=True)
        assert "您今天没有这一岗位" in answer.content.decode()


def test_a_form_still_open_in_another_tab_is_refused_after_the_post_was_changed(clerk: Person) -> None:
    lead = made_up.post("point_lead", made_up.hospital(), holder=clerk)
    client = Client(enforce_csrf_checks=True)

    def token(page: Any) -> str:
        return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[0]

    form = {"username": clerk.username, "password": PASSWORD, "csrfmiddlewaretoken": token(client.get("/login"))}
    assert client.post("/login", form).status_code == 302
    old = token(client.get("/account"))
    assert client.post("/post", {"post": lead.pk, "csrfmiddlewaretoken": old}).status_code == 302
    assert client.post("/account/language", {"language": "en", "csrfmiddlewaretoken": old}).status_code == 403
    fresh = token(client.get("/account"))
    assert client.post("/account/language", {"language": "en", "csrfmiddlewaretoken": fresh}).status_code == 302


def test_somebody_without_a_post_gets_in_and_sees_nothing() -> None:
    person = made_up.person()
    with open_scope(system_scope("login")):
        person.set_password(PASSWORD)
        person.save()
    client = Client()
    knock(client, person.username)
    assert "您今天没有岗位" in client.get("/post").content.decode()
    assert client.get("/people").status_code == 403


# --- links ------------------------------------------------------------------------------------------------------------


def link_for(person: Person, role: str = "security_admin", **more: Any) -> str:
    with made_up.acting(made_up.post(role, person.institution)) as by:
        return issue_link(person=person, by=by, **more)


def test_a_person_is_activated_by_a_link_once() -> None:
    held = made_up.post("entry_clerk")
    with open_scope(system_scope("login")):
        held.person.set_unusable_password()
        held.person.save()
    token = link_for(held.person, "point_lead")
    client = Client()
    page = client.get(f"/activate/{token}").content.decode()
    assert held.person.username in page
    assert "至少使用" in client.post(f"/activate/{token}", {"new": "a" * 11, "again": "a" * 11}).content.decode()
    answer = client.post(f"/activate/{token}", {"new": NEW, "again": NEW})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/account").status_code == 200
    again = Client().post(f"/activate/{token}", {"new": PASSWORD, "again": PASSWORD})
    assert again.status_code == 404
    assert "链接已失效" in again.content.decode()
    assert kinds(held.person)[-3:] == ["link_issued", "link_used", "logged_in"]


def test_a_link_lasts_its_time_and_one_never_issued_is_answered_like_one_that_is_over(clerk: Person) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        token = link_for(clerk)
        clock.shift(timedelta(hours=24) - timedelta(seconds=1))
        assert Client().get(f"/activate/{token}").status_code == 200
        clock.shift(timedelta(seconds=1))
        over, never = Client().get(f"/activate/{token}"), Client().get("/activate/never-issued")
        assert over.status_code == never.status_code == 404
        assert log_in_used(token) is None


def log_in_used(token: str) -> Person | None:
    from tonghu.platform.accounts.links import use_link

    return use_link(token=token, password=NEW, door=books.Door())


def test_a_new_link_ends_the_one_before(clerk: Person) -> None:
    first, second = link_for(clerk), link_for(clerk)
    assert Client().get(f"/activate/{first}").status_code == 404
    assert Client().get(f"/activate/{second}").status_code == 200
    with open_scope(system_scope("login")):
        assert OneTimeLink.objects.filter(person=clerk).count() == 1
        assert second not in str(OneTimeLink.objects.values().get())


def test_a_reset_signs_out_lifts_the_lock_and_leaves_the_telephone(officer: Person) -> None:
    secret = enrol(officer)
    inside = Client()
    knock(inside, officer.username)
    inside.post("/login/code", {"code": now_code(secret)})
    for _ in range(5):
        knock(Client(), officer.username, "wrong")
    token = link_for(officer)
    client = Client()
    assert client.post(f"/activate/{token}", {"new": NEW, "again": NEW})["Location"] == "/login/code"
    assert inside.get("/account").status_code == 302


def test_a_reset_for_a_lost_telephone_sets_codes_up_anew(officer: Person) -> None:
    enrol(officer)
    token = link_for(officer, without_second_factor=True)
    client = Client()
    assert client.post(f"/activate/{token}", {"new": NEW, "again": NEW})["Location"] == "/login/enrol"
    with open_scope(system_scope("login")):
        assert not second_factor.enrolled(officer)


def test_an_address_with_a_nul_is_refused_before_the_database_is_asked(client: Client) -> None:
    assert client.get("/login?next=%00").status_code == 400


def test_whoever_issued_a_link_does_not_use_it_and_its_owner_is_told(clerk: Person) -> None:
    assert knock(Client(), clerk.username).status_code == 302, "an account in use"
    admin = made_up.post("security_admin", clerk.institution)
    with made_up.acting(admin) as by:
        token = issue_link(person=clerk, by=by)
    maker = made_up.browser(admin)
    for answer in (
        maker.get(f"/activate/{token}"),
        maker.post(f"/activate/{token}", {"new": NEW, "again": NEW}),
    ):
        assert answer.status_code == 403
        assert "只能由其本人设置密码" in answer.content.decode()
    assert knock(Client(), clerk.username).status_code == 302, "the password is the old one"
    assert kinds(clerk)[1:4] == ["link_issued", "link_refused", "link_refused"]
    with open_scope(system_scope("login")):
        assert set(LogInEvent.objects.filter(person=clerk, kind="link_refused").values_list("done_by", flat=True)) == {
            admin.person_id
        }
    owner = Client()
    assert owner.post(f"/activate/{token}", {"new": NEW, "again": NEW}).status_code == 302, "the link still held"
    assert told(clerk) == [
        "accounts.link_issued", "accounts.link_refused", "accounts.link_refused", "accounts.link_used"
    ]  # fmt: skip
    page = owner.get("/account").content.decode()
    assert "签发人自己打开了一次性链接" in page
    assert f"办理人：{admin.person.name}" in page
    auditor = made_up.browser(made_up.post("audit_admin", clerk.institution))
    assert "签发人自己打开了一次性链接" in auditor.get(f"/people/{clerk.pk}").content.decode()


def test_setting_codes_up_anew_asks_for_the_password_each_time_and_soon_again(clerk: Person) -> None:
    client = Client()
    knock(client, clerk.username)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:

        def confirm() -> None:
            assert client.post("/login/enrol", {"password": PASSWORD})["Location"] == "/login/enrol"

        confirm()
        (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", client.get("/login/enrol").content.decode())
        assert client.post("/login/enrol", {"code": now_code(secret)}).status_code == 200
        assert "may_enrol" not in client.session
        assert "请输入密码" in client.get("/login/enrol").content.decode()
        confirm()
        clock.shift(timedelta(minutes=5, seconds=1))
        assert "请输入密码" in client.get("/login/enrol").content.decode(), "somebody else may sit there by now"
