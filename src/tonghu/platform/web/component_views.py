"""What components ask the server for: the entries of a code list, and keeping a choice of columns."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tonghu.platform.accounts.access import public
from tonghu.platform.components import codes
from tonghu.platform.components.table import COOKIE
from tonghu.platform.onward import next_page

_NAME = re.compile(r"[a-z0-9_-]{1,60}", re.ASCII)


@public
@require_GET
def code_choices(request: HttpRequest, list_id: str) -> HttpResponse:
    """The entries that fit ``q``; code lists are public, so nobody needs to have logged in."""
    if not codes.known(list_id):
        raise Http404
    prefix = request.GET.get("id", "")
    found = codes.find(list_id, request.GET.get("q", "")[:100])
    response = render(
        request,
        "components/code_choices.html",
        {"found": found, "prefix": prefix if re.fullmatch(r"[\w-]{1,80}", prefix) else "choice"},
    )
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


@public
@require_POST
def columns(request: HttpRequest, name: str) -> HttpResponse:
    """Keep which columns of a table this browser shows, and lead back to it."""
    response = HttpResponseRedirect(next_page(request))
    chosen = request.POST.getlist("column")
    if _NAME.fullmatch(name) and all(_NAME.fullmatch(column) for column in chosen):
        response.set_cookie(
            COOKIE.format(name),
            ".".join(chosen),
            max_age=365 * 86400,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )
    return response
