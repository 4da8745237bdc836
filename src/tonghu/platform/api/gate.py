"""The gate that every operation stands behind: who may call it, under which scope it runs, and what undoes it.

An operation says who may call it with one of three decorators, below ``@router.get(...)``; one that says nothing is
answered to nobody, and fails a test. Example::

    @router.get("/jobs/{id}", response=JobOut)
    @requires(VIEW)
    def job(request: Request, id: int) -> JobOut: ...
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, TypeVar

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja.operation import Operation
from ninja.utils import check_csrf

from tonghu.platform.accounts.access import ASKED, Access, access_of, check_may
from tonghu.platform.accounts.models import Post
from tonghu.platform.api import idempotency
from tonghu.platform.api.callers import scope_of_client
from tonghu.platform.api.models import DockingClient
from tonghu.platform.api.problems import Refused
from tonghu.platform.scope.scope import Scope, open_scope

Function = TypeVar("Function", bound=Callable[..., Any])
_SAFE = ("GET", "HEAD", "OPTIONS")


class Request(HttpRequest):
    """What operations get: the scope is open; `docking` is the client that calls, None for somebody in a browser."""

    scope: Scope
    post: Post | None
    docking: DockingClient | None


def public(function: Function) -> Function:
    """Let anybody call the operation, without credentials too."""
    return _says(function, Access("public"))


def identified(function: Function) -> Function:
    """Let every person who has logged in, and every docking client, call the operation."""
    return _says(function, Access("signed_in"))


def requires(*permissions: str) -> Callable[[Function], Function]:
    """Let those call the operation whose post, or whose client, holds one of the permissions."""
    return lambda function: _says(function, Access("requires", permissions))


def _says(function: Function, access: Access) -> Function:
    ASKED.append(access)
    function.access = access  # type: ignore[attr-defined]
    return function


def guard(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Stand before an operation; ninja's decorator of mode ``view``, so that it comes before validation too."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    access = access_of(operation.view_func)
    wants_json = any(model.__ninja_param_source__ == "body" for model in operation.models)

    @wraps(run)
    def guarded(request: Request, **path: Any) -> HttpResponse:
        with _scope(request):
            try:
                _let_in(request, access)
                if wants_json and request.content_type != "application/json":
                    raise Refused("unsupported_media_type")
                if getattr(operation.view_func, "idempotent", False):
                    response = idempotency.once(request, operation, lambda: run(request, **path))
                else:
                    response = run(request, **path)
            except Exception as error:
                response = operation.api.on_exception(request, error)
        return _conditional(request, response)

    return guarded


def undo(request: HttpRequest) -> None:
    """Have everything undone that the call has done so far: its error is answered, so nobody else would notice it."""
    request.failed = True  # type: ignore[attr-defined]
    if connection.in_atomic_block:
        transaction.set_rollback(True)


def _scope(request: Request) -> AbstractContextManager[Any]:
    """The client's scope; that of the browser's post is open already."""
    if request.docking is None:
        return nullcontext()
    request.scope = scope_of_client(
        request.docking,
        purpose=f"{request.method} {request.path}"[:200],
        request=getattr(request, "request_id", ""),
    )
    return open_scope(request.scope, savepoint=False)


def _let_in(request: Request, access: Access | None) -> None:
    """Check that the caller may.

    Raises:
        Refused: nobody may, or not without credentials or the CSRF token. PermissionDenied: the right is missing.
    """
    if access is None:
        raise Refused("forbidden")
    by_session = request.docking is None and request.scope.person is not None
    if access.kind != "public" and request.docking is None and not by_session:
        raise Refused("unauthenticated")
    if by_session and request.method not in _SAFE and check_csrf(request) is not None:
        raise Refused("csrf")
    if access.kind == "requires":
        check_may(request.scope, *access.permissions)


def _conditional(request: Request, response: HttpResponse) -> HttpResponse:
    """A read that the caller has already: 304 without the body."""
    if request.method != "GET" or response.status_code != 200:
        return response
    etag = quote_etag(idempotency.hashed(response.content).hex()[:32])
    response["ETag"] = etag
    found = get_conditional_response(request, etag=etag, response=response)
    assert found is not None  # a response was given
    return found
