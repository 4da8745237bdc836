"""Stands before the request's transaction: language, size, caller and pace of every call; one shape for every error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tonghu.platform.accounts.door import Door
from tonghu.platform.api import limits, rates
from tonghu.platform.api.callers import client_of
from tonghu.platform.api.problems import CONTENT_TYPE, KINDS, Refused, problem, refusal
from tonghu.platform.operations.content_type import REFUSED

PREFIX: Final = "/api/"
TOKEN: Final = "/api/v1/oauth/token"  # noqa: S105 -- an address
#: Errors of Django's own, before an operation is found: status to kind.
_STATUS: Final = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ApiMiddleware:
    """Lets everything but ``/api/`` through untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not f"{request.path_info}/".startswith(PREFIX):
            return self.get_response(request)
        language = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self._answer(request)
        response["Content-Language"] = language
        response["Vary"] = "Accept-Language, Authorization, Cookie"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            _check_text(request)
            _check_size(request)
            address = rates.of_address(Door.of(request).address)
            rates.count(address, "rate.address")
            request.docking = None  # type: ignore[attr-defined]
            if request.path_info == TOKEN:
                rates.count(f"token:{address}", "rate.token")
            elif client := client_of(request):
                request.docking = client  # type: ignore[attr-defined]
                rates.count(f"client:{client.pk}", "rate.client")
            elif person := request.session.get(SESSION_KEY):
                rates.count(f"person:{person}", "rate.person")
        except Refused as refused:
            return refusal(request, refused)
        return _in_shape(request, self.get_response(request))


def _check_text(request: HttpRequest) -> None:
    if REFUSED in request.META:
        raise Refused(
            "unsupported_media_type", "文本须为 UTF-8 编码（charset=UTF-8）。", "Text is UTF-8 (charset=UTF-8)."
        )


def _check_size(request: HttpRequest) -> None:
    largest = limits.number("body", "bytes")
    said = request.META.get("CONTENT_LENGTH") or "0"
    if not said.isdecimal():
        raise Refused("bad_request")
    if len(said) > 15 or int(said) > largest:
        raise Refused("too_large", f"内容最多 {largest} 字节。", f"A body has at most {largest} bytes.")


def _in_shape(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer itself; an error page of Django's, in the shape of the API's errors."""
    kind = _STATUS.get(response.status_code)
    said = response.get("Content-Type", "")
    if kind is None or said.startswith((CONTENT_TYPE, "application/json")):
        return response
    allow = {"Allow": response["Allow"]} if "Allow" in response else {}
    return problem(request, KINDS[kind], headers=allow)
