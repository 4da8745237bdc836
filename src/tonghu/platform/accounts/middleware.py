"""Opens the scope of every request: one transaction, held to the post that the person acts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from tonghu.platform.accounts import door
from tonghu.platform.accounts.access import access_of
from tonghu.platform.accounts.sign_in import open_request
from tonghu.platform.scope.scope import open_scope

API = "/api/"
#: What a bigint holds; the database refuses to look for more.
LARGEST: Final = 2**63 - 1


class ScopeMiddleware:
    """Wraps everything behind it in one transaction with the reader's scope; an error rolls the whole request back.

    But for a failed try at the door, which stays counted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info and not request.path_info.startswith(API):
            raise SuspiciousOperation("a NUL in the address")  # also where no view is: the page of a 404 looks it up
        door.begin()
        with transaction.atomic():
            scope = open_request(request)
            request.scope = scope  # type: ignore[attr-defined]
            if scope.person is not None and request.headers.get("X-Background") != "1":
                request.session.touch()  # type: ignore[attr-defined]  # of our own SessionStore
            with open_scope(scope, savepoint=False):
                response = self.get_response(request)
                if getattr(request, "failed", False) and not door.stands():
                    transaction.set_rollback(True)
        return response

    def process_view(self, request: HttpRequest, view: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        """Serve no view that does not say who may open it, and nothing with a NUL, which no text of ours holds.

        Raises:
            ImproperlyConfigured: the view has none of the decorators of ``accounts.access``.
            SuspiciousOperation: the address or a field of a form has a NUL, which the database would refuse, or the
                address has too many fields; 400, before the view has done anything.
            Http404: the address names a row by a number that no row can have.
        """
        if any(isinstance(number, int) and number > LARGEST for number in kwargs.values()):
            raise Http404
        _ = request.GET
        if not request.path_info.startswith(API) and _has_nul(request):  # the API says it itself
            raise SuspiciousOperation("a NUL in the address or a field")
        if access_of(view) is None:
            raise ImproperlyConfigured(f"{view.__module__}.{view.__qualname__} does not say who may open it")

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:  # noqa: ARG002 -- Django's signature
        """Remember that a view failed: Django turns the exception into a page before it reaches the transaction."""
        request.failed = True  # type: ignore[attr-defined]


def _has_nul(request: HttpRequest) -> bool:
    if "%00" in request.META.get("QUERY_STRING", ""):
        return True
    # Read already, for its CSRF token, within the limits of files.middleware.
    return any("\0" in text for name, said in request.POST.lists() for text in (name, *said))
