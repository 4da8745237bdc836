"""The outermost middleware: gives every request an id, measures it, logs it, and answers probes without the rest."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from tonghu.platform.operations import metrics
from tonghu.platform.operations.endpoints import PROBES
from tonghu.platform.operations.logs import log

#: Sent after every measured request: route, method, status, queries. The tests hold routes to their budgets by it.
measured = Signal()
#: A proxy or a caller may have a number of their own; anything but a UUID could be an identity.
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Statements:
    """Counts the SQL statements of one request, and the seconds that they took."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - begun


class RequestMiddleware:
    """Stands before everything else, so that its time and its statements are the whole request's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if probe := PROBES.get(request.path_info):
            return probe(request)
        if request.path_info.startswith(settings.STATIC_URL):
            return self.get_response(request)
        number = str(uuid.uuid4())  # never the caller's: it stands in history, logs and watermarks, told apart for good
        request.request_id = number  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=number)
        statements, begun, worked = _Statements(), time.perf_counter(), time.thread_time()
        with connection.execute_wrapper(statements):
            response = _bare(request, self.get_response) if request.method == "HEAD" else self.get_response(request)
        seconds = time.perf_counter() - begun
        response["X-Request-ID"] = number
        if settings.SERVER_TIMING:
            processor = (time.thread_time() - worked) * 1000
            response["Server-Timing"] = (
                f"app;dur={seconds * 1000:.1f}, cpu;dur={processor:.1f}, sql;dur={statements.seconds * 1000:.1f}"
                f";desc={statements.count}"
            )
        self._note(request, response.status_code, seconds, statements.count)
        return response

    def _note(self, request: HttpRequest, status: int, seconds: float, queries: int) -> None:
        given = request.headers.get("X-Request-ID", "")
        route = route_of(request)
        method = request.method if request.method in _METHODS else "OTHER"
        metrics.observe(route=route, method=method, status=status, seconds=seconds, queries=queries)
        log.info(
            "request", route=route, method=method, status=status, ms=round(seconds * 1000, 1), queries=queries,
            person=getattr(getattr(request, "scope", None), "person", None),
            **({"caller": given} if _ID.fullmatch(given) else {}),
        )  # fmt: skip
        measured.send(sender=None, route=route, method=method, status=status, queries=queries)


def _bare(request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """Answer a HEAD as its GET, whatever methods a view names, without the body (RFC 9110, section 9.3.2)."""
    request.method = "GET"
    try:
        response = get_response(request)
    finally:
        request.method = "HEAD"
    if isinstance(response, StreamingHttpResponse):
        response.close()
        response.streaming_content = ()
    else:
        response["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


_METHODS: Final = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")


def route_of(request: HttpRequest) -> str:
    """The name of the address, never the address itself: ``patients:child``, or ``unmatched``."""
    match = request.resolver_match
    if match is None:
        return "unmatched"
    return match.view_name or "unnamed"


def current_request_id() -> str | None:
    """The id of the request that is being answered, for records that name what caused them."""
    number: str | None = structlog.contextvars.get_contextvars().get("request")
    return number
