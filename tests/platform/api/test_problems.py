"""Every error has one shape, in the caller's language, and undoes what the call had done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, override_settings
from ninja import Router
from ninja.errors import HttpError
from pydantic_core import core_schema

import docking
import made_up
from tonghu.config.api import api, make
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.api import limits, wording
from tonghu.platform.api.application import Api
from tonghu.platform.api.gate import Request, public
from tonghu.platform.api.problems import KINDS, Item, Refused, is_harmless
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
CHECK = "/api/v1/rules/check"


@pytest.fixture
def system() -> Client:
    return docking.system(docking.client(made_up.hospital(), "api.check", "children.read"))


def said(answer: Any) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:tonghu:problem:{body['code']}"
    assert body["request_id"] == answer["X-Request-ID"]
    assert body["title"]
    assert body["detail"]
    return body


def test_no_credentials(client: Client) -> None:
    answer = client.get("/api/v1/me")
    assert said(answer)["code"] == "unauthenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="tonghu"'
    assert answer["Content-Language"] == "zh-hans"


def test_the_right_is_named(client: Client) -> None:
    answer = docking.system(docking.client(made_up.hospital())).get("/api/v1/children?q=x")
    assert (answer.status_code, said(answer)["code"]) == (403, "forbidden")
    assert "查看患儿" in said(answer)["detail"]


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "zh-hans"), ("en", "en"), ("en-GB,zh;q=0.5", "en"), ("zh-CN", "zh-hans"), ("fr, de", "zh-hans"),
        ("*;;q", "zh-hans"),
    ],
)  # fmt: skip
def test_the_callers_language(client: Client, asked: str, language: str) -> None:
    answer = client.get("/api/v1/me", headers={"Accept-Language": asked})
    assert answer["Content-Language"] == language
    assert said(answer)["title"] == ("Credentials are needed" if language == "en" else "需要身份凭证")
    assert "Accept-Language" in answer["Vary"]


def test_a_choice_on_the_site_comes_before_the_browsers_language(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert client.get("/api/v1/me", headers={"Accept-Language": "zh"})["Content-Language"] == "en"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/v1/", 404, "not_found"),
        ("get", "/api/v2/me", 404, "not_found"),
        ("post", "/api/v1/me", 405, "method_not_allowed"),
        ("delete", "/api/v1/children/1", 405, "method_not_allowed"),
    ],
)
def test_addresses_that_are_none(system: Client, method: str, path: str, status: int, code: str) -> None:
    answer = getattr(system, method)(path)
    assert (answer.status_code, said(answer)["code"]) == (status, code)
    if status == 405:
        assert answer["Allow"] == "GET"


def test_another_host_is_no_reason_for_a_page(system: Client) -> None:
    assert said(system.get("/api/v1/regions", headers={"Host": "evil.example"}))["code"] == "bad_request"


def test_pages_keep_their_own_errors(client: Client) -> None:
    assert client.get("/nothing")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "body",
    [
        "{", "nonsense", '{"layout": NaN}', '{"layout": "2012", "layout": "2020"}', "[" * 100_000, "1" * 5_000,
        b"\xff\xfe", '{"a": ' * 3000,
    ],
)  # fmt: skip
def test_what_is_no_json(system: Client, body: str | bytes) -> None:
    answer = system.post(CHECK, body, content_type="application/json")
    assert (answer.status_code, said(answer)["code"]) == (400, "not_json")


@pytest.mark.parametrize("body", [{"layout": "2012", "record": {"P5": "a\0b"}}, {"record": {"\0": "x"}}, ["\0"]])
def test_the_character_that_the_database_does_not_take(system: Client, body: Any) -> None:
    answer = system.post(CHECK, json.dumps(body), content_type="application/json")
    assert (answer.status_code, said(answer)["code"]) == (400, "bad_request")
    assert "U+0000" in said(answer)["detail"]
    assert said(system.get("/api/v1/children", {"q": "\0"}))["code"] == "bad_request"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_other_content_types(system: Client, content_type: str) -> None:
    answer = system.post(CHECK, b'{"layout": "2012", "record": {}}', content_type=content_type)
    assert (answer.status_code, said(answer)["code"]) == (415, "unsupported_media_type")


def test_what_is_wrong_and_where(system: Client) -> None:
    body = {"layout": "2013", "on": "2026-02-30", "record": {"P5": 1, "a/b~c": None}, "extra": "x"}
    answer = system.post(CHECK, json.dumps(body), content_type="application/json", headers={"Accept-Language": "en"})
    assert (answer.status_code, said(answer)["code"]) == (422, "invalid")
    items = {one["pointer"]: one for one in said(answer)["errors"]}
    assert items["#/layout"]["message"] == "It must be one of '2012' or '2020'"
    assert items["#/on"]["code"].startswith("date")
    assert items["#/on"]["value"] == "2026-02-30"
    assert items["#/record/P5"]["message"] == "This should be text"
    assert "#/record/a~1b~0c" in items
    assert items["#/extra"]["message"] == "There is no such field: leave it out"
    assert "value" not in items["#/extra"]
    wrong = system.get("/api/v1/institutions", {"limit": "999", "region": "张三"})
    items = {one["parameter"]: one for one in said(wrong)["errors"]}
    assert items["limit"]["message"] == "不得大于 200"
    assert items["limit"]["value"] == "999"
    assert "张三" not in wrong.content.decode()


@pytest.mark.parametrize(
    "number", ["510104201903010024", "13800001234", "张三", "zhangsan", "028-85551234", "85551234"]
)
def test_what_may_be_somebodys_is_not_repeated(system: Client, number: str) -> None:
    for path in (f"/api/v1/children/{number}x", f"/api/v1/jobs/-{number}", f"/api/v1/regions?on={number}"):
        answer = system.get(path)
        assert answer.status_code == 422
        assert number not in answer.content.decode()


def test_values_that_may_be_repeated() -> None:
    assert all(map(is_harmless, (True, 999_999, -5, "12", "2026-13-45", "-1")))
    assert not any(map(is_harmless, (10**6, "1234567", "20261345", 1.5, None, {"a": 1}, "x", "１２")))
    assert Item("x", "y", value=None).as_dict() == {"code": "x", "message": "y"}


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from schemas(value)


#: What pydantic may say of each kind of schema that our operations take.
SAYS = {
    "str": {"string_type", "string_too_short", "string_too_long", "string_pattern_mismatch", "string_unicode"},
    "int": {"int_type", "int_parsing", "int_parsing_size", "int_from_float", "greater_than_equal", "less_than_equal"},
    "date": {"date_type", "date_parsing"},
    "literal": {"literal_error"},
    "dict": {"dict_type", "too_long"},
    "model": {"model_type", "model_attributes_type", "missing", "extra_forbidden"},
    "model-fields": {"missing", "extra_forbidden"},
}
SILENT = {"nullable", "default", "model-field", "function-wrap", "function-before", "definitions", "definition-ref",
          "any", "function-after", "lax-or-strict", "union"}  # fmt: skip


def test_whatever_pydantic_says_of_our_operations_has_words() -> None:
    for path, operation in api.operations():
        for model in operation.models:
            for node in schemas(model.__pydantic_core_schema__):
                kind = node.get("type")
                if kind in SAYS:
                    assert SAYS[kind] <= set(wording.WORDS), f"{path}: {kind}"
                elif isinstance(kind, str) and hasattr(core_schema, f"{kind.replace('-', '_')}_schema"):
                    assert kind in SILENT, f"{path}: say in SAYS what pydantic says of {kind}"


def test_words_are_filled_and_there_are_some_for_everything() -> None:
    assert wording.in_words("string_too_long", {"max_length": 5}) == "最多 5 个字符"
    assert wording.in_words("some_new_type", {}) == "内容不符合接口文档"
    for zh, en in wording.WORDS.values():
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert not re.search(r"[\u4e00-\u9fff]", en)
        assert re.findall(r"{\w+}", zh) == re.findall(r"{\w+}", en)


def test_kinds_are_said_in_both_languages() -> None:
    for kind in KINDS.values():
        assert kind.zh
        assert kind.en
        assert bool(kind.do_zh) == bool(kind.do_en)


# --- bodies


def test_a_body_that_is_too_large_is_not_read(system: Client) -> None:
    largest = limits.number("body", "bytes")
    answer = system.post(CHECK, b" " * (largest + 1), content_type="application/json")
    assert (answer.status_code, said(answer)["code"]) == (413, "too_large")
    assert str(largest) in said(answer)["detail"]
    for length in ("9" * 40, "-1", "x"):
        refused = system.post(CHECK, b"{}", content_type="application/json", CONTENT_LENGTH=length)
        assert refused.status_code in (400, 413)


# --- what is undone


def failing() -> Api:
    router = Router()

    @router.post("/fails")
    @public
    def fails(request: Request, how: str) -> HttpResponse:
        with open_scope(system_scope("provisioning")):
            Institution.objects.filter(code="UNDO1").update(name="half done")
        errors = {
            "refused": InputRefused("不行", "no"), "kind": Refused("conflict"), "denied": PermissionDenied("nein"),
            "http": HttpError(400, "english"), "away": OperationalError("gone"), "fault": ZeroDivisionError("secret"),
        }  # fmt: skip
        if how == "sql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
        if how == "kept":
            return HttpResponse("{}", content_type="application/json")
        raise errors[how]

    @router.get("/silent")
    def silent(request: Request) -> None:
        raise AssertionError("nobody gets here")

    made = Api("0", "failing")
    made.add_router("", router)
    return made


class Urls:
    """Addresses of an API that fails in every way."""

    from django.urls import path

    urlpatterns = [path("api/v1/", failing().addresses())]  # noqa: RUF012
    handler500 = "tonghu.platform.operations.faults.server_error"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("refused", 422, "refused"), ("kind", 409, "conflict"), ("denied", 403, "forbidden"),
        ("http", 400, "bad_request"), ("away", 503, "database_away"), ("fault", 500, "fault"), ("sql", 500, "fault"),
    ],
)  # fmt: skip
@override_settings(ROOT_URLCONF=Urls)
def test_an_error_undoes_the_whole_call(how: str, status: int, code: str) -> None:
    place = made_up.hospital("UNDO1")
    client = Client(raise_request_exception=False)
    answer = client.post(f"/api/v1/fails?how={how}")
    assert (answer.status_code, said(answer)["code"]) == (status, code)
    assert "secret" not in answer.content.decode()
    assert "english" not in answer.content.decode()
    assert ("Retry-After" in answer) == (status == 503)
    with open_scope(system_scope("provisioning")):
        place.refresh_from_db()
    assert place.name != "half done"


@override_settings(ROOT_URLCONF=Urls)
def test_without_an_error_it_stands() -> None:
    place = made_up.hospital("UNDO1")
    assert Client().post("/api/v1/fails?how=kept").status_code == 200
    with open_scope(system_scope("provisioning")):
        place.refresh_from_db()
    assert place.name == "half done"


@override_settings(ROOT_URLCONF=Urls)
def test_an_operation_that_says_nothing_answers_nobody() -> None:
    for client in (
        Client(),
        made_up.browser(made_up.post("point_lead")),
        docking.system(docking.client(made_up.hospital())),
    ):
        assert said(client.get("/api/v1/silent"))["code"] == "forbidden"


def test_a_session_writes_with_its_csrf_token_alone() -> None:
    post = made_up.post("entry_clerk")
    browser = made_up.browser(post)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    body = json.dumps({"layout": "2012", "record": {}})
    answer = strict.post(CHECK, body, content_type="application/json")
    assert (answer.status_code, said(answer)["code"]) == (403, "csrf")
    strict.get("/account")
    token = strict.cookies["csrftoken"].value
    assert strict.post(CHECK, body, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 200
    client = docking.system(docking.client(post.institution, "api.check"), enforce_csrf_checks=True)
    assert client.post(CHECK, body, content_type="application/json").status_code == 200, "no session, no token needed"


def test_the_api_is_made_anew_the_same() -> None:
    assert [path for path, _ in make("other").operations()] == [path for path, _ in api.operations()]
