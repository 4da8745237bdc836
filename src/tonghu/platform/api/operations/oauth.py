"""The address where a docking client gets its token."""

from __future__ import annotations

from typing import Literal

from django.http import HttpResponse
from ninja import Router, Schema

from tonghu.platform.api import tokens
from tonghu.platform.api.gate import Request, public

router = Router(tags=["Credentials"])


class Token(Schema):
    """A token, for the header ``Authorization: Bearer``."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class TokenError(Schema):
    """An error as RFC 6749, section 5.2 writes it."""

    error: str
    error_description: str | None = None


_FORM = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": "client_credentials"},
                    "client_id": {"type": "string", "description": "Unless sent by HTTP Basic."},
                    "client_secret": {"type": "string", "description": "Unless sent by HTTP Basic."},
                },
            }
        }
    },
}


@router.post(
    "/oauth/token",
    response={200: Token, 400: TokenError, 401: TokenError},
    summary="Get a token",
    openapi_extra={"requestBody": _FORM},
)
@public
def token(request: Request) -> HttpResponse:
    """Client credentials (RFC 6749, section 4.4): id and secret by HTTP Basic, or in the form."""
    return tokens.answer(request)
