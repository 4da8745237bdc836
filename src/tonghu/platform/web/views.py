"""The shell's own pages: language, search, help, the style page."""

from __future__ import annotations

import io
from functools import cache

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tonghu.platform.accounts.access import Request, public
from tonghu.platform.components import undo
from tonghu.platform.onward import next_page, page_before
from tonghu.platform.web import helping, samples
from tonghu.platform.web.search import LIMIT, LIMIT_IN_BOX
from tonghu.platform.web.search import search as find


@public
@require_POST
def language(request: Request) -> HttpResponse:
    """Keep the reader's choice of language in a cookie and on the person, and lead back."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(next_page(request))
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
@require_http_methods(["GET", "POST"])
def style(request: Request) -> HttpResponse:
    """Every component in every state; what is posted here changes nothing."""
    if request.method == "POST":
        if "undo" in request.GET:
            messages.info(request, _("The line is back."))
        else:
            undo.offer(request, _("One line removed."), reverse("web:style") + "?undo=1")
        return redirect("web:style")
    context = {
        "table": samples.table(request),
        "empty_table": samples.table(request, 0, "sample-empty"),
        "form": samples.SampleForm(),
        "wrong_form": samples.form_with_errors(),
        "findings": samples.findings(),
        "events": samples.events(),
        "changes": samples.changes(),
        "progresses": samples.progresses(),
        "confirm": samples.confirm(),
        "chart": samples.chart(),
        "province_map": samples.province_map(),
        "city_map": samples.city_map(),
        "tones": (("block", _("block")), ("ask", _("ask")), ("done", _("done")), ("quiet", _("quiet"))),
        "masked_name": samples.MASKED_NAME,
        "born": samples.TODAY.replace(year=2023, month=7),
        "today": samples.TODAY,
    }
    return render(request, "web/style.html", context)


@public
@require_GET
def style_paper(request: Request, kind: str) -> HttpResponseBase:
    """The style page's table and chart as a paper, ``pdf`` or ``docx``."""
    if kind not in ("pdf", "docx"):
        raise Http404
    made = _paper(request.LANGUAGE_CODE, kind)
    return FileResponse(io.BytesIO(made), as_attachment=True, filename=f"tonghu-style.{kind}")


@cache
def _paper(language: str, kind: str) -> bytes:
    """The paper, which is always the same: made once, since it takes a second and strangers may ask for it."""
    from tonghu.platform.documents.pdf import pdf  # heavy: only where a paper is made
    from tonghu.platform.documents.word import word

    paper = samples.paper(language)
    return pdf(paper) if kind == "pdf" else word(paper)


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """The answer to a form whose token is missing or old: what happened, and that nothing typed is lost.

    A request behind the page says it in a header: the page that asked says it to the reader itself.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"X-Form-Expired": "1"})
    return render(request, "403_csrf.html", {"back": page_before(request)}, status=403)
