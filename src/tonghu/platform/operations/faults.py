"""What the reader is told when a part of the site is away: what it is, that nothing was lost, and when to try again.

``server_error`` is Django's ``handler500``. The pages stand on their own: no database, no session, no shell.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Final

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import requires_csrf_token

from tonghu.errors import NO_ROOM, InputRefused
from tonghu.platform.crypto.keys import KeysMissing
from tonghu.platform.operations.logs import log

RETRY_SECONDS: Final = 15


@dataclass(frozen=True)
class Fault:
    """One kind of fault: a code for logs and machines, the status, and what the reader is told."""

    code: str
    status: int
    title: Promise
    text: Promise | str

    @property
    def passes(self) -> bool:
        """Whether waiting helps."""
        return self.status == 503


DATABASE_AWAY = Fault(
    "database_away", 503, _("The database cannot be reached at the moment"),
    _("It usually comes back within a minute; this page tries again by itself."),
)  # fmt: skip
DISK_FULL = Fault(
    "disk_full", 503, _("The site's disk is full"),
    _("Nothing can be saved until the operator has made room. What was saved before is safe."),
)  # fmt: skip
KEY_MISSING = Fault(
    "key_missing", 503, _("The site's keys cannot be read"),
    _("Encrypted particulars stay closed until the operator has put the key file back. Nothing is lost."),
)  # fmt: skip
OURS = Fault(
    "fault", 500, _("This did not work"),
    _("The fault is ours and has been noted. Go back and try again; if it stays, tell the operator the number below."),
)  # fmt: skip
#: A sentence for the person who asked; it comes with the exception.
REFUSED = Fault("refused", 400, _("This could not be done"), "")


def fault_of(error: BaseException | None) -> Fault:
    """Which fault an exception is, by itself or by what caused it."""
    seen = 0
    while error is not None and seen < 6:
        original = error.__cause__ or error.__context__
        state = getattr(error, "sqlstate", None) or getattr(original, "sqlstate", None) or ""
        if (isinstance(error, OSError) and error.errno in NO_ROOM) or state == "53100":
            return DISK_FULL
        if isinstance(error, KeysMissing):
            return KEY_MISSING
        if isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError) and not _is_statement(state):
            return DATABASE_AWAY
        error, seen = original, seen + 1
    return OURS


def _is_statement(state: str) -> bool:
    """Whether an operational error is about one statement (lock, time limit, deadlock), not about the server."""
    return state[:2] in ("55", "40") or state == "57014"


@requires_csrf_token
def server_error(request: HttpRequest, *_args: object) -> HttpResponse:
    """Answer for an exception that no view dealt with."""
    error = sys.exc_info()[1]
    if isinstance(error, InputRefused) and not isinstance(error, KeysMissing):
        chinese = (translation.get_language() or settings.LANGUAGE_CODE).startswith("zh")
        return _answer(request, replace(REFUSED, text=error.zh if chinese else error.en))
    fault = fault_of(error)
    log.error("fault", kind=fault.code, exc_info=error)
    return _answer(request, fault)


def _answer(request: HttpRequest, fault: Fault) -> HttpResponse:
    number = getattr(request, "request_id", "")
    # A page's own script that asks for JSON shows the sentence in its place.
    if request.path_info.startswith("/api/") or request.headers.get("Accept") == "application/json":
        problem = {
            "type": f"urn:tonghu:problem:{fault.code}", "title": str(fault.title), "status": fault.status,
            "code": fault.code, "detail": str(fault.text), "request_id": number,
        }  # fmt: skip
        response: HttpResponse = JsonResponse(
            problem, status=fault.status, content_type="application/problem+json",
            json_dumps_params={"ensure_ascii": False},
        )  # fmt: skip
    else:
        wrote = request.method not in ("GET", "HEAD")
        context = {"fault": fault, "wrote": wrote, "number": number, "retry": RETRY_SECONDS,
                   "language": translation.get_language() or settings.LANGUAGE_CODE}  # fmt: skip
        response = HttpResponse(render_to_string("operations/fault.html", context), status=fault.status)
    if fault.passes:
        response["Retry-After"] = str(RETRY_SECONDS)
        if request.method in ("GET", "HEAD"):
            response["Refresh"] = str(RETRY_SECONDS)
    return response
