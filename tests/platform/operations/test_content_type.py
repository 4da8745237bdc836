"""What Django could not begin to read is answered like everything else: by the site, not by the naked server."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from tonghu.platform.operations.content_type import REFUSED, settle

pytestmark = pytest.mark.django_db


def ask(path: str, content_type: str, method: str = "GET", body: bytes = b"") -> tuple[int, dict[str, str], str]:
    """Call the entry of the web server, as gunicorn does."""
    from tonghu.config.wsgi import application  # now: made earlier, it would not know the static files of this run

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "x=%41&q=a", "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    setup_testing_defaults(environ)
    begun: list[Any] = []
    said = b"".join(application(environ, lambda status, headers, *_more: begun.extend((status, headers)) or print))
    return int(begun[0][:3]), dict(begun[1]), said.decode()


CODECS = ["hex", "base64", "rot13", "utf-7", "utf-16", "gbk", "unicode_escape", "undefined", "none", "é"]
SPELLED = [*(f"text/plain; charset={codec}" for codec in CODECS), "a/b; x*=none''a", "a/b; charset*=hex''%41"]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's own connection stays open, as with Django's own client: the entry closes it around each request."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("said", SPELLED)
def test_text_that_is_not_utf8_is_refused_on_pages_and_in_the_api(said: str) -> None:
    for path, method in (("/login", "GET"), ("/login", "POST"), ("/api/v1/me", "GET"), ("/api/v1/oauth/token", "POST")):
        status, headers, body = ask(path, said, method)
        assert headers["X-Request-ID"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        if path.startswith("/api"):
            assert (status, headers["Content-Type"]) == (415, "application/problem+json")
            assert json.loads(body)["detail"] == "文本须为 UTF-8 编码（charset=UTF-8）。"
            assert json.loads(body)["request_id"] == headers["X-Request-ID"]
        else:
            assert status == 400
            assert "没有任何改动" in body


def test_nor_does_a_form_with_parts_reach_the_naked_server() -> None:
    part = b"--b\r\nContent-Disposition: form-data; name=\"username\"; x*=hex''%41\r\n\r\na\r\n--b--\r\n"
    assert ask("/login", "multipart/form-data; boundary=b; charset=hex", "POST", part)[0] == 400
    assert ask("/login", "multipart/form-data; boundary=b", "POST", part)[0] in (200, 403)


@pytest.mark.parametrize(
    "said",
    ["", "application/json", "application/json; charset=utf-8", 'a/b; charset="UTF8"', "a/b; charset=us-ascii",
     "multipart/form-data; boundary=xyz"],
)  # fmt: skip
def test_what_is_utf8_stays_as_it_is(said: str) -> None:
    environ = {"CONTENT_TYPE": said}
    settle(environ)
    assert environ == {"CONTENT_TYPE": said}
    assert ask("/login", said)[0] == 200
    assert ask("/static/none-such.css", "text/plain; charset=hex")[0] == 404


def test_what_is_set_aside_is_noted() -> None:
    environ = {"CONTENT_TYPE": "text/plain; charset=hex"}
    settle(environ)
    assert environ == {"CONTENT_TYPE": "text/plain", REFUSED: True}


def test_what_some_clients_say_of_ascii_by_habit_is_read_as_ours() -> None:
    environ = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=ISO-8859-1"}
    settle(environ)
    assert environ == {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    status, _headers, body = ask("/api/v1/oauth/token", "application/x-www-form-urlencoded; charset=ISO-8859-1", "POST")
    assert (status, json.loads(body)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/style",
        "/style/paper.docx",
        "/api/v1/openapi.json",
        "/none-such",
        "/api/v1/me",
        "/static/none-such.css",
    ],
)
def test_a_head_is_answered_as_its_get_without_the_body(path: str) -> None:
    asked, given = Client().head(path), Client().get(path)
    assert asked.status_code == given.status_code
    assert asked["Content-Type"] == given["Content-Type"]
    assert b"".join(asked) == b""
    if not given.streaming:
        assert abs(int(asked["Content-Length"]) - len(given.content)) < 10, "but for the token of a form"


def test_the_root_of_the_api_answers_as_the_api() -> None:
    for path in ("/api", "/api/"):
        assert Client().get(path)["Content-Type"] == "application/problem+json", path
    assert Client().get("/apiary")["Content-Type"].startswith("text/html")
