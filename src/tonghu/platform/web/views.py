"""The shell's own pages: language, search, help, the style page."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from tonghu.platform.accounts.access import Request, public
from tonghu.platform.web import helping
from tonghu.platform.web.search import LIMIT, LIMIT_IN_BOX
from tonghu.platform.web.search import search as find


@public
@require_POST
def language(request: Request) -> HttpResponse:
    """Keep the reader's choice of language in a cookie and on the person, and lead back."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(_back(request))
    if wanted in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS
        )
    return response


@public
@require_GET
def search(request: Request) -> HttpResponse:
    """What the reader's post may see of whatever matches; the box asks with htmx and gets a part of a page."""
    text = request.GET.get("q", "")[:60]
    in_box = request.headers.get("HX-Request") == "true"
    found = find(request.scope, text, LIMIT_IN_BOX if in_box else LIMIT)
    template = "web/parts/search_found.html" if in_box else "web/search.html"
    return render(request, template, {"found": found, "search_text": text.strip()})


@public
@require_GET
def help_page(request: Request, topic: str) -> HttpResponse:
    """The help on one page; htmx gets the part for the side sheet."""
    text = helping.text(topic, request.LANGUAGE_CODE)
    if text is None:
        raise Http404
    template = "web/parts/help.html" if request.headers.get("HX-Request") == "true" else "web/help.html"
    return render(request, template, {"text": text, "topic": topic})


@public
@require_GET
def style(request: Request) -> HttpResponse:
    """Every component in every state."""
    return render(request, "web/style.html", {})


def _back(request: HttpRequest) -> str:
    """Where the reader came from, as long as it is on this site."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else "/"
