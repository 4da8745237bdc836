"""The same call twice, with its ``Idempotency-Key``: one effect, one answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from ninja import Router, Schema
from ninja.responses import Status

import docking
import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.api.application import Api
from tonghu.platform.api.gate import Request, identified
from tonghu.platform.api.idempotency import idempotent
from tonghu.platform.api.models import KeptAnswer
from tonghu.platform.crypto.box import key_number
from tonghu.platform.scope.scope import open_scope, system_scope

router = Router()
slow = threading.Event()


class Named(Schema):
    """What the operation takes."""

    name: str


@router.post("/places", response={201: dict[str, Any]})
@idempotent
@identified
def make_place(request: Request, body: Named) -> Any:
    """Make an institution up."""
    if slow.is_set():
        time.sleep(0.3)
    if body.name == "refused":
        raise InputRefused("不行", "no")
    if body.name == "plain":
        return HttpResponse("{}", status=418, content_type="application/json")
    return Status(201, {"id": made_up.hospital(name=body.name).pk, "name": body.name})


_api = Api("0", "repeated")
_api.add_router("", router)


class Urls:
    """Addresses of an API with one operation that may be repeated."""

    urlpatterns = [path("api/v1/", _api.addresses())]  # noqa: RUF012


@pytest.fixture(autouse=True)
def _addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=Urls):
        yield


def ask(client: Client, key: str | None, name: str = "虚构医院甲") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/places", json.dumps({"name": name}), content_type="application/json", headers=headers)


def made(name: str = "虚构医院甲") -> int:
    return Institution.objects.filter(name=name).count()


@pytest.fixture
def system() -> Client:
    return docking.system(docking.client(made_up.hospital()))


@pytest.mark.django_db
def test_the_same_call_has_one_effect_and_one_answer(system: Client) -> None:
    first, second = ask(system, "a-key-of-mine"), ask(system, "a-key-of-mine")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    with open_scope(system_scope("provisioning")):
        assert made() == 1


@pytest.mark.django_db
def test_without_a_key_each_call_counts(system: Client) -> None:
    assert ask(system, None).json() != ask(system, None).json()
    assert ask(system, "one-key-here").json() != ask(system, "another-key").json()


@pytest.mark.django_db
def test_a_key_for_another_call_is_a_conflict(system: Client) -> None:
    ask(system, "a-key-of-mine")
    answer = ask(system, "a-key-of-mine", "虚构医院乙")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    with open_scope(system_scope("provisioning")):
        assert made("虚构医院乙") == 0


@pytest.mark.django_db
def test_keys_of_others_are_others(system: Client) -> None:
    post = made_up.post("entry_clerk")
    other = docking.system(docking.client(post.institution))
    answers = [ask(one, "a-key-of-mine").json()["id"] for one in (system, other, made_up.browser(post))]
    assert len(set(answers)) == 3


@pytest.mark.django_db
def test_an_answer_kept_under_one_post_is_never_given_to_another_of_the_same_person() -> None:
    clerk = made_up.post("entry_clerk")
    elsewhere = made_up.post("entry_clerk", holder=clerk.person)
    here, there = made_up.browser(clerk), made_up.browser(elsewhere)
    first, other = ask(here, "a-key-of-mine"), ask(there, "a-key-of-mine")
    assert (first.status_code, other.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in other
    assert first.json()["id"] != other.json()["id"]
    assert ask(here, "a-key-of-mine").json() == first.json(), "each post gets its own again"
    assert ask(there, "a-key-of-mine").json() == other.json()
    with made_up.acting(clerk):
        assert KeptAnswer.objects.count() == 1, "the wall says so too"
        assert not KeptAnswer.objects.filter(post=elsewhere).update(status=200)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["short", "x" * 81, "with blank", "钥匙钥匙钥匙钥匙", "a;b,c'd\"e"])
def test_keys_of_no_use(system: Client, key: str) -> None:
    answer = ask(system, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "status"), [("refused", 422), ("plain", 418)])
def test_an_error_is_not_kept(system: Client, name: str, status: int) -> None:
    assert ask(system, "a-key-of-mine", name).status_code == status
    assert ask(system, "a-key-of-mine", name).status_code == status
    assert ask(system, "a-key-of-mine").status_code == 201, "mended and sent again under the same key"


@pytest.mark.django_db
def test_the_answer_is_kept_sealed(system: Client) -> None:
    ask(system, "a-key-of-mine")
    with open_scope(system_scope("migration")), connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM api_keptanswer")
        (sealed,) = cursor.fetchone()
        assert "虚构".encode() not in bytes(sealed)
        assert key_number(bytes(sealed)) >= 1
        assert KeptAnswer.objects.get().answer.startswith("{")


def test_two_at_the_same_moment(committed: None, django_db_blocker: Any) -> None:
    token = docking.token(docking.client(made_up.hospital()))

    def caller(_number: int) -> Any:
        with django_db_blocker.unblock():
            try:
                return ask(Client(headers={"Authorization": f"Bearer {token}"}), "a-key-of-mine")
            finally:
                connection.close()

    slow.set()
    try:
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(caller, range(4)))
    finally:
        slow.clear()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    with open_scope(system_scope("provisioning")):
        assert made() == 1
