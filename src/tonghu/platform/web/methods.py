"""The page where an address that only takes a form is opened by hand, by a bookmark or after a log-in.

Django answers such a request with nothing at all, and the browser shows a page of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve


class MethodMiddleware:
    """Puts words, and the way to the page of the form, into a bare 405; the API has its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "GET" or not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = render(request, "405.html", {"above": _above(request.path_info)}, status=405)
        page["Allow"] = response["Allow"]
        return page


def _above(address: str) -> str:
    """Return the nearest address above that is one of ours: a form's is below its page's (``/cards/7/save``)."""
    while address.strip("/"):
        address = address.rstrip("/").rpartition("/")[0]
        try:
            resolve(address or "/")
        except Resolver404:
            continue
        return address or "/"
    return "/"
