"""What the reader is told while a part of the site is away."""

from __future__ import annotations

import errno
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest
from django.test import Client
from django.urls import path

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import public
from tonghu.platform.crypto.keys import KeysMissing
from tonghu.platform.operations import faults

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


FAULTS: dict[str, Exception] = {
    "away": OperationalError("connection refused 欧阳测童"),
    "closed": InterfaceError("connection already closed"),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "full-database": chained(OperationalError("could not extend file"), psycopg.errors.DiskFull("could not extend")),
    "keys": KeysMissing("密钥不可用", "The keys cannot be used"),
    "wrapped-keys": chained(RuntimeError("?"), KeysMissing("密钥不可用", "The keys cannot be used")),
    "ours": ZeroDivisionError("欧阳测童"),
    "deadlock": chained(OperationalError("deadlock"), psycopg.errors.DeadlockDetected("deadlock")),
    "refused": InputRefused("文件是空的，请重新导出", "The file is empty: export it again"),
}


@public
def fail(request: HttpRequest, name: str) -> None:
    raise FAULTS[name]


urlpatterns = [path("fail/<name>", fail), path("api/v1/fail/<name>", fail)]
handler500 = "tonghu.platform.operations.faults.server_error"


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("away", 503, ("暂时连不上数据库", "The database cannot be reached at the moment")),
        ("closed", 503, ("暂时连不上数据库", "The database cannot be reached at the moment")),
        ("full", 503, ("系统磁盘已满", "The site&#x27;s disk is full")),
        ("full-database", 503, ("系统磁盘已满", "The site&#x27;s disk is full")),
        ("keys", 503, ("读不到系统密钥", "The site&#x27;s keys cannot be read")),
        ("wrapped-keys", 503, ("读不到系统密钥", "The site&#x27;s keys cannot be read")),
        ("ours", 500, ("这一步没有成功", "This did not work")),
        ("deadlock", 500, ("这一步没有成功", "This did not work")),
        ("refused", 400, ("文件是空的，请重新导出", "The file is empty: export it again")),
    ],
)
def test_each_fault_is_said_in_the_readers_language(
    browser: Client, name: str, status: int, words: tuple[str, str]
) -> None:
    for language, said in zip(("zh-hans", "en"), words, strict=True):
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        answer = browser.get(f"/fail/{name}")
        assert answer.status_code == status
        page = answer.content.decode()
        assert said in page
        assert "欧阳测童" not in page
        assert answer["X-Request-ID"] in page
        assert ("Retry-After" in answer) == ("Refresh" in answer) == (status == 503)


def test_after_a_form_was_sent_it_says_that_nothing_was_saved_and_does_not_send_again(browser: Client) -> None:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = browser.post("/fail/away", {"name": "欧阳测童"})
    page = answer.content.decode()
    assert "What you just sent was not saved." in page
    assert "it is still in the form" in page
    assert "Refresh" not in answer
    assert answer["Retry-After"] == str(faults.RETRY_SECONDS)


def test_the_api_gets_a_problem_document(browser: Client) -> None:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = browser.get("/api/v1/fail/away")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:tonghu:problem:database_away", "code": "database_away",
        "title": "The database cannot be reached at the moment", "status": 503,
        "detail": "It usually comes back within a minute; this page tries again by itself.",
        "request_id": answer["X-Request-ID"],
    }  # fmt: skip


def test_a_fault_is_logged_by_its_kind_and_place(browser: Client, lines: Any) -> None:
    browser.get("/fail/ours")
    line = lines.of("fault")[0]
    assert line["kind"] == "fault"
    assert line["error"][0]["type"] == "builtins.ZeroDivisionError"
    assert line["request"] == lines.of("request")[0]["request"]
    assert "欧阳" not in lines.text


@pytest.mark.parametrize("depth", [7, 8])
def test_an_endless_chain_of_causes_ends(depth: int) -> None:
    error: Exception = OperationalError("away")
    for _ in range(depth):
        error = chained(DatabaseError("?"), error)
    assert faults.fault_of(error) is faults.OURS
    assert faults.fault_of(None) is faults.OURS


def test_a_script_that_asks_for_json_gets_the_sentence_to_show(browser: Client) -> None:
    said = browser.get("/fail/away", headers={"Accept": "application/json", "Accept-Language": "zh-CN"})
    assert said.status_code == 503
    assert said.json()["title"] == "暂时连不上数据库"
