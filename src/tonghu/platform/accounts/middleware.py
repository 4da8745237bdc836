"""Opens the scope of every request: one transaction, held to the post that the person acts from."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tonghu.platform.accounts.models import Person
from tonghu.platform.accounts.sign_in import open_request
from tonghu.platform.scope.scope import open_scope

#: Answered without a transaction: they must answer while the database is away.
WITHOUT_SCOPE = ("/healthz",)


class ScopeMiddleware:
    """Wraps everything behind it in one transaction with the reader's scope; an error rolls the whole request back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in WITHOUT_SCOPE:
            return self.get_response(request)
        with transaction.atomic():
            scope = open_request(request)
            request.scope = scope  # type: ignore[attr-defined]
            if isinstance(request.user, Person):
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = translation.get_language()
            with open_scope(scope):
                response = self.get_response(request)
                if getattr(request, "failed", False):
                    transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:  # noqa: ARG002 -- Django's signature
        """Remember that a view failed: Django turns the exception into a page before it reaches the transaction."""
        request.failed = True  # type: ignore[attr-defined]
