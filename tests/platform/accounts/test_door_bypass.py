"""Ways around the door: a count that an error takes back, a log-in that is half done when the password changes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from test_accounts_door import NEW, PASSWORD, enrol, kinds, knock, link_for, now_code, with_password

import made_up
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts import door_views, log_in
from tonghu.platform.accounts.links import issue_link
from tonghu.platform.accounts.models import LogInGuard, OneTimeLink, Person
from tonghu.platform.crypto import hashing, keys
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
LOCKED = "失败次数过多"


@pytest.fixture
def clerk() -> Person:
    return with_password(made_up.post("entry_clerk", made_up.hospital("H1")))


@pytest.fixture
def officer() -> Person:
    return with_password(made_up.post("commission_officer", made_up.authority()))


def browser() -> Client:
    return Client(raise_request_exception=False)


# --- the count stands ---------------------------------------------------------------------------------------------


def test_an_address_with_too_many_fields_is_refused_before_anything_is_tried(clerk: Person) -> None:
    trick = "/login?" + "a&" * 1001
    for password in ("wrong", PASSWORD):
        answer = browser().post(trick, {"username": clerk.username, "password": password, "next": "/"})
        assert answer.status_code == 400, "the right password opens nothing either"
    assert browser().get(trick).status_code == 400
    assert kinds(clerk) == [], "no password was looked at"


def break_down(*_said: Any, **_more: Any) -> None:
    raise RuntimeError("made up")


def test_what_fails_after_a_try_takes_no_count_back(clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_views, "render", break_down)
    for _ in range(5):
        assert knock(browser(), clerk.username, "wrong").status_code == 500
    monkeypatch.undo()
    assert kinds(clerk) == ["wrong_password"] * 5 + ["locked"]
    assert LOCKED in knock(browser(), clerk.username).content.decode()


def test_nor_at_the_code_nor_inside(officer: Person, clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(officer)
    half, inside = browser(), browser()
    knock(half, officer.username)
    knock(inside, clerk.username)
    monkeypatch.setattr(door_views, "render", break_down)
    monkeypatch.setattr("tonghu.platform.accounts.account_views.render", break_down)
    wrong = {"old": "wrong", "new": NEW, "again": NEW}
    for client, address, said in (
        (half, "/login/code", {"code": "ABCD-EFGH-JKMN"}),
        (inside, "/account/password", wrong),
        (inside, "/account/recovery", {"password": "wrong"}),
        (inside, "/login/enrol", {"password": "wrong"}),
    ):
        assert client.post(address, said).status_code == 500
    assert kinds(officer) == ["wrong_code"]
    assert kinds(clerk) == ["logged_in"] + ["wrong_password"] * 3


def test_the_try_of_whoever_issued_a_link_stays_noted(clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = made_up.post("security_admin", clerk.institution)
    with made_up.acting(admin) as by:
        token = issue_link(person=clerk, by=by)
    maker = made_up.browser(admin)
    maker.raise_request_exception = False
    monkeypatch.setattr(door_views, "render", break_down)
    assert maker.get(f"/activate/{token}").status_code == 500
    assert kinds(clerk) == ["link_issued", "link_refused"]


def test_an_error_without_a_try_still_takes_everything_back(clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    knock(browser(), clerk.username, "wrong")
    client = browser()
    knock(client, clerk.username)
    monkeypatch.setattr("tonghu.platform.accounts.account_views.redirect", break_down)
    assert client.post("/account/language", {"language": "en"}).status_code == 500
    with open_scope(system_scope("login")):
        assert Person.objects.get(pk=clerk.pk).language == "zh-hans"


# --- a log-in that is half done -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lost_telephone", [True, False])
def test_a_reset_ends_log_ins_that_are_half_done(officer: Person, lost_telephone: bool) -> None:
    secret = enrol(officer)
    thief = Client()
    assert knock(thief, officer.username)["Location"] == "/login/code"
    token = link_for(officer, without_second_factor=lost_telephone)
    owner = Client()
    step = owner.post(f"/activate/{token}", {"new": NEW, "again": NEW})["Location"]
    assert step == ("/login/enrol" if lost_telephone else "/login/code")
    assert thief.get("/login/enrol")["Location"] == "/login"
    assert thief.post("/login/code", {"code": now_code(secret)})["Location"] == "/login"
    assert thief.get("/people").status_code == 302
    assert "logged_in" not in kinds(officer)
    assert owner.get(step).status_code == 200, "the owner's own way goes on"


def test_a_telephone_that_is_being_set_up_by_a_thief_is_not_taken_after_the_reset(officer: Person) -> None:
    thief = Client()
    assert knock(thief, officer.username)["Location"] == "/login/enrol"
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", thief.get("/login/enrol").content.decode())
    Client().post(f"/activate/{link_for(officer)}", {"new": NEW, "again": NEW})
    assert thief.post("/login/enrol", {"code": now_code(secret)})["Location"] == "/login"
    assert "second_factor_set" not in kinds(officer)


def test_a_new_password_ends_half_done_log_ins_other_devices_and_links(clerk: Person) -> None:
    secret = enrol(clerk)
    here, there, half = Client(), Client(), Client()
    for client in (here, there):
        with open_scope(system_scope("login")):
            client.force_login(clerk)
    assert knock(half, clerk.username)["Location"] == "/login/code"
    token = link_for(clerk)
    assert len(log_in.devices(clerk)) == 2
    assert here.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert here.get("/account").status_code == 200
    assert len(log_in.devices(clerk)) == 1, "what is signed out is not listed"
    assert half.post("/login/code", {"code": now_code(secret)})["Location"] == "/login"
    assert Client().get(f"/activate/{token}").status_code == 404, "a link of before opens the account no more"
    with open_scope(system_scope("login")):
        assert not OneTimeLink.objects.filter(person=clerk).exists()


# --- what tries are counted under ---------------------------------------------------------------------------------


def test_a_new_key_lifts_no_lock_and_counts_on(clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        knock(Client(), clerk.username, "wrong")
    for _ in range(3):
        knock(Client(), "nobody-at-all", "wrong")
    ring = keys.keyring().with_new("hash", lead=timedelta())
    assert ring.writer("hash") != keys.keyring().writer("hash")
    monkeypatch.setattr(hashing, "keyring", lambda: ring)
    assert LOCKED in knock(Client(), clerk.username).content.decode()
    with open_scope(system_scope("login")):
        assert books.is_locked(clerk.username)
    knock(Client(), "nobody-at-all", "wrong")
    assert LOCKED in knock(Client(), "nobody-at-all", "wrong").content.decode()
    with open_scope(system_scope("login")):
        books.forget_failures(clerk.username)
    assert knock(Client(), clerk.username).status_code == 302
    with open_scope(system_scope("login")):
        assert LogInGuard.objects.count() == 2, "one row a name and one for the address, whatever the key"


def test_names_take_turns_by_what_tells_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of one key begin alike, with the number of the key."""
    numbers = {books.turn_of(books.keys_of("name", f"name{number}")) for number in range(100)}
    assert len({number >> 16 for number in numbers}) > 90
    assert all(-(2**31) <= number < 2**31 for number in numbers)
