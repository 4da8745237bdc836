"""Docking clients: who gets one, with which rights, how it gets its token, and how it ends."""

from __future__ import annotations

import base64
import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from psycopg.types.range import Range

import docking
import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.services import end_post
from tonghu.platform.api import keeping, services
from tonghu.platform.api.models import DockingClient, DockingToken
from tonghu.platform.api.queries import clients, for_clients, state_of
from tonghu.platform.audit.history import event_models
from tonghu.platform.audit.models import Event
from tonghu.platform.notices.kinds import kinds
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-07")]
TOKEN = "/api/v1/oauth/token"


@pytest.fixture
def hospital() -> Institution:
    return made_up.hospital("DOCK1", "510104", made_up=False)


@pytest.fixture
def lead(hospital: Institution) -> Post:
    return made_up.post("point_lead", hospital)


def issued(at: Institution, by: Post, **more: Any) -> services.Issued:
    values: dict[str, Any] = {
        "name": "虚构 HIS", "environment": "live", "permissions": ["api.check"], "networks": [],
        "starts": timezone.localdate(), "ends": timezone.localdate() + timedelta(days=30),
    }  # fmt: skip
    with made_up.acting(by) as scope:
        return services.issue(institution=at, by=scope, **values | more)


def ask(client_id: str, secret: str, *, basic: bool = False, address: str = "127.0.0.1", **more: str) -> Any:
    form = {"grant_type": "client_credentials", **more}
    headers = {}
    if basic:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    else:
        form |= {"client_id": client_id, "client_secret": secret}
    body = "&".join(f"{key}={value}" for key, value in form.items())
    return Client(headers=headers, REMOTE_ADDR=address).post(
        TOKEN, body, content_type="application/x-www-form-urlencoded"
    )


@pytest.mark.parametrize("basic", [True, False])
def test_from_the_secret_to_an_answer(hospital: Institution, lead: Post, basic: bool) -> None:
    given = issued(hospital, lead)
    answer = ask(given.client.client_id, given.secret, basic=basic)
    said = answer.json()
    assert (answer.status_code, said["token_type"], said["expires_in"], said["scope"]) == (
        200,
        "Bearer",
        900,
        "api.check",
    )
    assert answer["Cache-Control"] == "no-store"
    with open_scope(system_scope("docking")):
        (kept,) = DockingToken.objects.filter(client=given.client)
        held = DockingClient.objects.get(pk=given.client.pk)
    assert said["access_token"].encode() not in bytes(kept.digest)
    assert given.secret.encode() not in bytes(held.secret_digest)
    system = Client(headers={"Authorization": f"bearer {said['access_token']}"})
    assert system.get("/api/v1/me").json()["client"]["name"] == "虚构 HIS"
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        late = system.get("/api/v1/me")
        assert (late.status_code, late.json()["code"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in late["WWW-Authenticate"]
        ask(given.client.client_id, given.secret)
    with open_scope(system_scope("docking")):
        assert DockingToken.objects.filter(client=given.client).count() == 1, "what has expired is removed"


@pytest.mark.parametrize(
    ("client_id", "secret", "more", "status", "error"),
    [
        ("", "", {}, 401, "invalid_client"),
        ("tonghu-0000000000000000", "x", {}, 401, "invalid_client"),
        (None, "wrong", {}, 401, "invalid_client"),
        (None, None, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (None, None, {"scope": "children.read"}, 400, "invalid_scope"),
    ],
)  # fmt: skip
def test_no_token_for(
    hospital: Institution, lead: Post, client_id: str | None, secret: str | None, more: dict[str, str], status: int,
    error: str,
) -> None:  # fmt: skip
    given = issued(hospital, lead)
    answer = ask(given.client.client_id if client_id is None else client_id, secret or given.secret, **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("WWW-Authenticate" in answer) == (status == 401)


def test_credentials_that_cannot_be_read_are_none() -> None:
    for said in ("Basic ===", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic", "Bearer x"):
        answer = Client(headers={"Authorization": said}).post(
            TOKEN, "grant_type=client_credentials", content_type="application/x-www-form-urlencoded"
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), said
    assert Client().post(TOKEN, "{}", content_type="application/json").status_code == 400


def test_a_client_calls_from_its_addresses_alone(hospital: Institution, lead: Post) -> None:
    given = issued(hospital, lead, networks=["10.1.2.0/24", " 2001:db8::1 ", ""])
    assert given.client.networks == ["10.1.2.0/24", "2001:db8::1/128"]
    assert ask(given.client.client_id, given.secret, address="10.1.3.1").status_code == 401
    token = ask(given.client.client_id, given.secret, address="10.1.2.9").json()["access_token"]
    for address, status in {
        "10.1.2.200": 200, "::ffff:10.1.2.3": 200, "2001:db8::1": 200, "10.1.3.1": 403, "127.0.0.1": 403, "": 403,
    }.items():  # fmt: skip
        answer = Client(headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR=address).get("/api/v1/me")
        assert answer.status_code == status, address
        if status == 403:
            assert answer.json()["code"] == "address_not_allowed"


def test_a_new_secret_ends_the_old_one_and_its_tokens(hospital: Institution, lead: Post) -> None:
    given = issued(hospital, lead)
    token = ask(given.client.client_id, given.secret).json()["access_token"]
    with made_up.acting(lead) as by:
        fresh = services.renew(client=given.client, reason="人员变动", by=by)
    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/me").status_code == 401
    assert ask(given.client.client_id, given.secret).status_code == 401
    assert ask(given.client.client_id, fresh.secret).status_code == 200


def test_an_ended_client_is_refused_at_once_and_for_good(hospital: Institution, lead: Post) -> None:
    given = issued(hospital, lead)
    token = ask(given.client.client_id, given.secret).json()["access_token"]
    with made_up.acting(lead) as by:
        services.end(client=given.client, reason="合同到期", by=by)
        assert state_of(clients().get(pk=given.client.pk)) == "past"
        with pytest.raises(InputRefused, match="ended"):
            services.end(client=given.client, reason="again", by=by)
        with pytest.raises(InputRefused, match="ended"):
            services.renew(client=given.client, reason="again", by=by)
    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/me").status_code == 401
    assert ask(given.client.client_id, given.secret).status_code == 401


def test_one_that_has_not_begun_can_be_ended(hospital: Institution, lead: Post) -> None:
    soon = timezone.localdate() + timedelta(days=3)
    given = issued(hospital, lead, starts=soon, ends=soon)
    with made_up.acting(lead) as by:
        assert state_of(given.client) == "future"
        services.end(client=given.client, reason="不用了", by=by)
        assert state_of(clients().get(pk=given.client.pk)) == "past"


def test_every_act_stands_in_history_and_log(hospital: Institution, lead: Post) -> None:
    given = issued(hospital, lead)
    with made_up.acting(lead) as by:
        services.renew(client=given.client, reason="人员变动", by=by)
        services.end(client=given.client, reason="合同到期", by=by)
    history = next(model for model in event_models() if model._meta.db_table == "api_dockingclient_event")
    with made_up.acting(lead):
        rows = list(history.objects.filter(pgh_obj=given.client.pk).order_by("pgh_id"))
    assert [(row.pgh_label, row.pgh_reason) for row in rows] == [
        ("insert", ""), ("update", "人员变动"), ("update", "合同到期"),
    ]  # fmt: skip
    assert not hasattr(rows[0], "secret_digest")
    with open_scope(system_scope("migration")):
        kinds = list(Event.objects.filter(subject_kind="docking_client").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["api.issued", "api.renewed", "api.ended"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"permissions": ["accounts.appoint"]}, "does not use these rights"),
        ({"permissions": ["no.such"]}, "does not use these rights"),
        ({"permissions": ["children.read"]}, "addresses"),
        ({"permissions": ["children.read"], "networks": ["10.0.0.1"], "environment": "test"}, "test client"),
        ({"networks": ["10.0.0.300"]}, "no network address"),
        ({"name": "  "}, "name is needed"),
        ({"starts": date(2020, 1, 1)}, "before today"),
        ({"ends": date(2020, 1, 1)}, "before the first"),
        ({"ends": date(2099, 1, 1)}, "at most 400 days"),
    ],
)
def test_credentials_that_are_not_issued(hospital: Institution, lead: Post, more: dict[str, Any], why: str) -> None:
    with pytest.raises(InputRefused, match=why):
        issued(hospital, lead, **more)


def test_who_may_issue_and_for_whom(hospital: Institution) -> None:
    with pytest.raises(PermissionDenied):
        issued(hospital, made_up.post("entry_clerk", hospital))
    with pytest.raises(InputRefused, match="not in your scope"):
        issued(made_up.hospital(), made_up.post("point_lead", hospital))
    given = issued(hospital, made_up.post("security_admin", hospital), permissions=[]).client
    with made_up.acting(made_up.post("point_lead")) as by:
        assert not clients().exists()
        with pytest.raises(DockingClient.DoesNotExist):
            services.end(client=given, reason="made up", by=by)
    county = made_up.post("security_admin", made_up.authority("health", "510000"))
    with made_up.acting(county) as by:
        services.end(client=given, reason="made up", by=by)


def test_a_test_client_sees_no_real_patient_whatever_stands_in_its_row(hospital: Institution) -> None:
    given = docking.client(hospital, "children.read", "api.check", "no.longer", environment="test")
    said = docking.system(given).get("/api/v1/me").json()
    assert [right["code"] for right in said["permissions"]] == ["api.check"]
    unreal = docking.client(made_up.hospital(), "children.read", environment="test")
    assert len(docking.system(unreal).get("/api/v1/me").json()["permissions"]) == 1


def test_a_client_is_given_nothing_that_no_operation_asks_for() -> None:
    assert set(for_clients()) == {"api.check", "audit.read", "children.read"}


# --- who answers for one when its keeper leaves


def leaves(post: Post, by: Post) -> None:
    """Have a post end with yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    with made_up.acting(by) as scope:
        end_post(post=post, last_day=yesterday, reason="调离", by=scope)


def told() -> list[tuple[int, str, str]]:
    """Who was told what of docking clients, and where it leads."""
    with open_scope(system_scope("notices")):
        found = Notice.objects.filter(kind="api.keeper_left").order_by("pk")
        return [(one.person_id, kinds()[one.kind].sentence(one.data), one.url) for one in found]


def test_credentials_rest_when_their_keeper_leaves_until_a_successor_renews_the_secret(
    hospital: Institution, lead: Post
) -> None:
    given, security = issued(hospital, lead), made_up.post("security_admin", hospital)
    assert keeping.tell() == 0
    leaves(lead, security)
    answer = ask(given.client.client_id, given.secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "has no docking engineer: its overall lead renews the secret" in answer.json()["error_description"]
    assert "error_description" not in ask(given.client.client_id, "wrong").json(), "to whoever has the secret alone"
    successor = made_up.post("point_lead", hospital)
    assert keeping.tell() == 2
    assert keeping.tell() == 0, "each once"
    (_admin, (person, said, url)) = told()
    assert (person, url) == (successor.person_id, f"/docking/{given.client.pk}")
    assert said.startswith(f"第 {given.client.pk} 号对接凭证的经办人已离任")
    browser = made_up.browser(successor)
    assert "待接管" in browser.get("/docking").content.decode()
    assert "已离任，但仍知道密钥" in browser.get(url).content.decode()
    _id, fresh = secret_on(browser.post(f"{url}/renew", {"reason": "接任"}).content.decode())
    assert ask(given.client.client_id, fresh).status_code == 200
    assert ask(given.client.client_id, given.secret).status_code == 401
    for shown in (browser.get("/docking"), browser.get(url)):
        assert "待接管" not in shown.content.decode()


def test_a_docking_engineer_keeps_credentials_alive_and_the_lead_is_told_all_the_same(
    hospital: Institution, lead: Post
) -> None:
    given, security = issued(hospital, lead), made_up.post("security_admin", hospital)
    engineer = made_up.post("docking_engineer", hospital)
    made_up.post("docking_engineer", made_up.hospital())
    leaves(lead, security)
    assert ask(given.client.client_id, given.secret).status_code == 200
    assert keeping.tell() == 1
    leaves(engineer, security)
    assert ask(given.client.client_id, given.secret).status_code == 401, "one of another hospital does not count"


def test_who_issued_from_above_keeps_what_they_issued_as_long_as_their_post_reaches_it(hospital: Institution) -> None:
    commission = made_up.authority("health", "510000")
    above = made_up.post("security_admin", commission)
    given = issued(hospital, above, permissions=[])
    assert ask(given.client.client_id, given.secret).status_code == 200
    leaves(above, made_up.post("security_admin", commission))
    elsewhere = made_up.authority("health", "330000")
    made_up.post("security_admin", elsewhere, holder=above.person)
    assert ask(given.client.client_id, given.secret).status_code == 401


def test_a_deputy_of_an_ended_post_is_no_docking_engineer(hospital: Institution, lead: Post) -> None:
    given, security = issued(hospital, lead), made_up.post("security_admin", hospital)
    ended = made_up.post("docking_engineer", hospital, valid=Range(None, timezone.localdate()))
    made_up.post("docking_engineer", hospital, deputy_for=ended)
    leaves(lead, security)
    assert ask(given.client.client_id, given.secret).status_code == 401


def test_nobody_makes_another_the_keeper_by_sql(hospital: Institution, lead: Post) -> None:
    given, other = issued(hospital, lead), made_up.person(hospital)
    with made_up.acting(lead), pytest.raises(DatabaseError, match="another actor"), transaction.atomic():
        DockingClient.objects.filter(pk=given.client.pk).update(kept_by=other)


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("lead", {"kept_by": None}),
        ("security", {"kept_by": ...}),  # themselves, who may not renew it
        ("lead of before", {"kept_by": ...}),
        ("lead of before", {"secret_digest": b"known"}),
    ],
)
def test_the_keeper_changes_with_the_secret_and_not_without(
    hospital: Institution, lead: Post, who: str, change: dict[str, Any]
) -> None:
    given = issued(hospital, lead)
    role = "security_admin" if who == "security" else "point_lead"
    post = lead if who == "lead" else made_up.post(role, hospital)
    values = {name: post.person if value is ... else value for name, value in change.items()}
    with made_up.acting(post), pytest.raises(DatabaseError, match="renews the secret"), transaction.atomic():
        DockingClient.objects.filter(pk=given.client.pk).update(**values)


def test_a_keeper_who_comes_back_and_leaves_again_is_told_again(hospital: Institution, lead: Post) -> None:
    given, security = issued(hospital, lead), made_up.post("security_admin", hospital)
    leaves(lead, security)
    assert keeping.tell() == 1
    back = made_up.post("point_lead", hospital, holder=lead.person, valid=Range(timezone.localdate(), None))
    with made_up.acting(back) as by:
        services.renew(client=given.client, reason="回任", by=by)
    assert keeping.tell() == 0
    leaves(back, security)
    assert keeping.tell() == 1
    assert [person for person, _said, _url in told()] == [security.person_id] * 2


def test_a_keeper_who_comes_back_and_leaves_again_without_renewing_is_told_again(
    hospital: Institution, lead: Post
) -> None:
    issued(hospital, lead)
    security = made_up.post("security_admin", hospital)
    leaves(lead, security)
    assert keeping.tell() == 1
    back = made_up.post("point_lead", hospital, holder=lead.person, valid=Range(timezone.localdate(), None))
    assert keeping.tell() == 0
    leaves(back, security)
    made_up.post("point_lead", made_up.hospital(), holder=lead.person)
    assert keeping.tell() == 1
    assert keeping.tell() == 0, "each once; a post elsewhere is none from which they kept it"


# --- the pages


@pytest.mark.requirement("NET-09")
def test_who_can_hand_no_right_on_is_told_who_can_and_why(hospital: Institution, lead: Post) -> None:
    page = made_up.browser(made_up.post("security_admin", hospital)).get("/docking/new").content.decode()
    assert 'name="permissions"' not in page
    assert "谁都只能交出自己岗位持有的权限" in page
    assert "本单位的监测点总负责人" in page
    assert "谁都只能交出" not in made_up.browser(lead).get("/docking/new").content.decode()


def secret_on(page: str) -> tuple[str, str]:
    shown = re.findall(r"<dd><code[^>]*>([^<]+)</code>", page)
    return html.unescape(shown[0]), html.unescape(shown[1])


def test_the_pages_from_issue_to_end(hospital: Institution, lead: Post) -> None:
    browser = made_up.browser(lead)
    form = {
        "institution": "DOCK1", "name": "<b>HIS</b>", "environment": "live", "permissions": ["children.read"],
        "networks": "127.0.0.1", "starts": timezone.localdate().isoformat(), "ends": timezone.localdate().isoformat(),
    }  # fmt: skip
    refused = browser.post("/docking/new", {**form, "networks": ""}).content.decode()
    assert "必须登记调用方的网络地址" in refused
    page = browser.post("/docking/new", form).content.decode()
    client_id, secret = secret_on(page)
    assert ask(client_id, secret).status_code == 200
    with made_up.acting(lead):
        made = clients().get(client_id=client_id)
    shown = browser.get(f"/docking/{made.pk}").content.decode()
    assert secret not in shown
    assert "查看患儿" in shown
    assert "127.0.0.1/32" in shown
    assert "&lt;b&gt;HIS" in shown
    assert "<b>HIS" not in shown
    assert client_id in browser.get("/docking", {"q": client_id}).content.decode()
    assert client_id not in browser.get("/docking", {"q": "nothing"}).content.decode()
    assert "请写明原因" in browser.post(f"/docking/{made.pk}/renew", {"reason": "1"}).content.decode()
    _id, fresh = secret_on(browser.post(f"/docking/{made.pk}/renew", {"reason": "遗失"}).content.decode())
    assert ask(client_id, fresh).status_code == 200
    over = browser.post(f"/docking/{made.pk}/end", {"reason": "停用"}, follow=True).content.decode()
    assert "不再接受其调用" in over
    assert f"/docking/{made.pk}/end" not in over
    assert ask(client_id, fresh).status_code == 401


def test_one_that_never_began_has_no_days(hospital: Institution, lead: Post) -> None:
    soon = timezone.localdate() + timedelta(days=3)
    given = issued(hospital, lead, starts=soon, ends=soon, permissions=[])
    browser = made_up.browser(lead)
    assert "只有每个凭证都有的权限" in browser.get(f"/docking/{given.client.pk}").content.decode()
    browser.post(f"/docking/{given.client.pk}/end", {"reason": "不用了"})
    assert "—" in browser.get(f"/docking/{given.client.pk}").content.decode()
