"""OAuth 2.0 client credentials (RFC 6749, section 4.4) on oauthlib: a client's secret against a short-lived token."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from oauthlib.oauth2 import (
    BackendApplicationServer,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    RequestValidator,
)

from tonghu.platform.accounts.door import Door
from tonghu.platform.api import limits
from tonghu.platform.api.callers import allowed_from, digest
from tonghu.platform.api.keeping import rests
from tonghu.platform.api.models import DockingClient, DockingToken
from tonghu.platform.scope.scope import open_scope, system_scope

#: What RFC 6749 asks for, and nothing else.
FORM: Final = "application/x-www-form-urlencoded"
#: Said to whoever has the secret; ASCII, as RFC 6749 wants it.
RESTS: Final = (
    "Whoever kept this client has left the post and the institution has no docking engineer: "
    "its overall lead renews the secret under Docking clients (/docking)"
)


def seconds() -> int:
    """Return how long a token lasts."""
    return limits.number("credentials", "token_minutes") * 60


class _Validator(RequestValidator):  # type: ignore[misc]  # oauthlib ships no types
    """Answers oauthlib's questions for one request; a client's rights are those that it was issued with."""

    def __init__(self, address: str | None) -> None:
        self.address = address

    def authenticate_client(self, request: Any, *_args: Any, **_kwargs: Any) -> bool:
        name, secret = _credentials(request)
        held = DockingClient.objects.select_related("institution").filter(client_id=name).first()
        # Compared in any case: an unknown client takes as long as a wrong secret.
        right = hmac.compare_digest(bytes(held.secret_digest) if held else b"\0" * 32, digest(secret))
        if held is None or not right or not held.holds() or not allowed_from(held, self.address):
            return False
        if rests(held):
            raise InvalidClientError(RESTS)
        request.client = held
        return True

    def validate_grant_type(self, _name: str, grant_type: str, *_args: Any, **_kwargs: Any) -> bool:
        return grant_type == "client_credentials"

    def get_default_scopes(self, _name: str, request: Any, *_args: Any, **_kwargs: Any) -> list[str]:
        return list(request.client.permissions)

    def validate_scopes(
        self, _name: str, scopes: list[str], client: DockingClient, _request: Any, *_args: Any, **_kwargs: Any
    ) -> bool:
        # A token is the whole client: asking for less than it holds would be granted more, so it is refused.
        return set(scopes) == set(client.permissions)

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_args: Any, **_kwargs: Any) -> None:
        now = timezone.now()
        DockingToken.objects.filter(client=request.client, expires__lte=now).delete()
        DockingToken.objects.create(
            client=request.client, digest=digest(token["access_token"]), expires=now + timedelta(seconds=seconds())
        )


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a request for a token: the token, or an error as RFC 6749 writes it."""
    server = BackendApplicationServer(
        _Validator(Door.of(request).address),
        token_expires_in=lambda _request: seconds(),
        token_generator=lambda _request: secrets.token_urlsafe(32),
    )
    sent = {"Content-Type": FORM, "Authorization": request.headers.get("Authorization", "")}
    try:
        form = _form(request)
        with open_scope(system_scope("docking"), savepoint=False):
            headers, body, status = server.create_token_response(
                request.build_absolute_uri(request.path), request.method, form, sent
            )
    except OAuth2Error as wrong:  # oauthlib answers some of its own errors and raises the others
        headers, body, status = wrong.headers, wrong.json, wrong.status_code
    response = HttpResponse(body, status=status, content_type="application/json")
    response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
    if status == 401:
        response["WWW-Authenticate"] = headers.get("WWW-Authenticate", 'Basic realm="tonghu"')
    return response


def _form(request: HttpRequest) -> str:
    """Return the body of a request for a token, once it can be one.

    Raises:
        InvalidRequestError: something stands in the address, or the body is no form, or holds what no text of ours can.
    """
    if request.META.get("QUERY_STRING"):
        raise InvalidRequestError("Nothing may stand in the address: send it in the body")
    if request.content_type != FORM:
        raise InvalidRequestError(f"The body is not {FORM}")
    try:
        said = request.body.decode("ascii")
        pairs = parse_qsl(said, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:  # UnicodeDecodeError is one
        raise InvalidRequestError("The body is no form in UTF-8, percent-encoded, of 20 fields at most") from None
    if any("\0" in name + value for name, value in pairs):
        raise InvalidRequestError("The character U+0000 stands for nothing here")
    return said


def _credentials(request: Any) -> tuple[str, str]:
    """Client id and secret, by HTTP Basic or in the form; empty where there are none."""
    kind, _blank, said = (request.headers.get("Authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return request.client_id or "", request.client_secret or ""
    try:
        name, _colon, secret = base64.b64decode(said.strip(), validate=True).decode().partition(":")
        name, secret = unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):  # no base64, no UTF-8, or something else than ASCII where base64 should be
        return "", ""
    return ("", "") if "\0" in name + secret else (name, secret)
