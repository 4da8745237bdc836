"""The token's address, asked with whatever may be sent: RFC 6749 errors, never a fault of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import docking
import made_up
from tonghu.platform.api import limits
from tonghu.platform.api.models import DockingToken
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-07")]
TOKEN = "/api/v1/oauth/token"
FORM = "application/x-www-form-urlencoded"
#: RFC 6749, section 5.2.
ERRORS = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
          "invalid_scope"}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    own = limits.number
    monkeypatch.setattr(limits, "number", lambda name, key: 10**6 if key == "calls" else own(name, key))
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def refused(answer: Any) -> str:
    """The error that a refusal names, in the shape that RFC 6749 gives it."""
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/json"
    said = answer.json()
    assert said["error"] in ERRORS
    assert ("WWW-Authenticate" in answer) == (answer.status_code == 401)
    assert answer["Cache-Control"] == "no-store"
    return str(said["error"])


def ask(body: bytes | str = "", *, query: str = "", basic: bytes | None = None, kind: str = FORM) -> Any:
    headers = {} if basic is None else {"Authorization": "Basic " + base64.b64encode(basic).decode()}
    return Client(headers=headers).post(TOKEN + query, body, content_type=kind)


GRANT = "grant_type=client_credentials"


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (f"{GRANT}&client_id=%00&client_secret=x", ""),
        (f"{GRANT}&client_id=x&client_secret=%00", ""),
        (f"{GRANT}&client_id=x&client_secret=x&scope=%00", ""),
        (f"{GRANT}%00&client_id=x&client_secret=x", ""),
        (b"\xff\xfe\xfd", ""),
        (GRANT.encode() + b"&client_id=\xff", ""),
        (f"{GRANT}&client_id=%FF%FE&client_secret=x", ""),
        (f"{GRANT}&client_id=%ED%A0%80&client_secret=x", ""),
        ("", f"?{GRANT}"),
        ("", f"?{GRANT}&client_id=x&client_secret=y"),
        (GRANT, f"?{GRANT}"),
        (GRANT, "?x=%00"),
        (GRANT, "?%"),
        ("", ""),
        (f"{GRANT}&{GRANT}", ""),
        (f"{GRANT}&client_id=a&client_id=b&client_secret=x", ""),
        ("grant_type", ""),
        ("=&=&&", ""),
        ("{}", ""),
        ("grant_type=client%20credentials", ""),
        (GRANT + "&a=" + "x" * 200_000, ""),
    ],
)
def test_what_cannot_be_a_request_for_a_token_is_said(body: bytes | str, query: str) -> None:
    assert refused(ask(body, query=query)) in ERRORS


def test_what_stands_in_the_address_is_never_taken() -> None:
    """RFC 6749, section 2.3.1: credentials in an address end up in logs."""
    client = docking.client(made_up.hospital(), "api.check")
    said = f"{GRANT}&client_id={client.client_id}&client_secret={docking.SECRET}"
    assert ask(said).status_code == 200
    assert refused(ask("", query=f"?{said}")) == "invalid_request"
    assert refused(ask(said, query=f"?{said}")) == "invalid_request"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "x" * 300])
def test_a_body_of_another_type_is_no_form(kind: str) -> None:
    assert refused(ask(GRANT, kind=kind)) == "invalid_request"


@pytest.mark.parametrize("basic", [b"\0:x", b"x:\0", b"\xff\xfe:x", b"%00:x", b"%FF:%FF", b"x", b"", b":", b"a:b:c"])
def test_credentials_of_any_bytes_are_just_wrong(basic: bytes) -> None:
    assert refused(ask(GRANT, basic=basic)) in ("invalid_client", "invalid_request")


WORDS = st.sampled_from(["grant_type", "client_credentials", "client_id", "client_secret", "scope", "state", "client"])
PIECES = st.one_of(
    WORDS.map(str.encode),
    st.sampled_from([b"=", b"&", b"%00", b"%", b"%FF", b"+", b";", b"[]", "童".encode(), b"\0", b"\xff"]),
    st.binary(max_size=6),
    st.text(max_size=6).map(lambda text: quote(text, errors="ignore").encode() or b"x"),
)
BODIES = st.lists(PIECES, max_size=14).map(b"".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES,
    query=st.one_of(st.just(b""), BODIES),
    basic=st.one_of(st.none(), BODIES),
    kind=st.sampled_from([FORM, FORM, FORM, "application/json", "multipart/form-data; boundary=x"]),
)
def test_whatever_is_sent_is_answered_as_rfc_6749_writes_it(
    body: bytes, query: bytes, basic: bytes | None, kind: str
) -> None:
    address = "?" + query.decode("latin-1").replace("#", "") if query else ""
    refused(ask(body, query=address, basic=basic, kind=kind))
    with open_scope(system_scope("docking")):
        assert not DockingToken.objects.exists()


def test_a_fuzzed_call_counts_and_the_next_right_one_works() -> None:
    client = docking.client(made_up.hospital(), "api.check")
    refused(ask(b"\0"))
    answer = ask(f"{GRANT}&client_id={client.client_id}&client_secret={docking.SECRET}")
    assert json.loads(answer.content)["token_type"] == "Bearer"
