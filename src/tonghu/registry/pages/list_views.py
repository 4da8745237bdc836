"""The list of cards, and taking cards away: a right of its own, for a reason that the log and the file keep."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.codes.hqms_fields import LAYOUTS
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.files.models import StoredFile
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.states import LIVE
from tonghu.platform.jobs.views import progress_of
from tonghu.registry.access import EXPORT, READ
from tonghu.registry.models import CardExport
from tonghu.registry.pages import card_lists
from tonghu.registry.pages.export_form import ExportForm
from tonghu.registry.pages.trail import CARDS, of_list
from tonghu.registry.services import exports

#: So many cards fit into one file: more would need more memory than a worker should take for it.
EXPORT_LIMIT: Final = 5000
#: So many are written while the reader waits, in less than a second; more are written by a job.
AT_ONCE: Final = 200


@requires(READ)
@require_GET
def cards(request: Request) -> HttpResponse:
    """The cards in the reader's reach."""
    table = card_lists.table(request, of_list(request, CARDS).card_url)
    said = {"table": table, "may_export": request.scope.may(EXPORT), "query": request.GET.urlencode()}
    return render(request, "registry/cards.html", said)


@requires(EXPORT)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponse:
    """The chosen cards as a file in their layout, which can be corrected and imported again; watermarked.

    Few come as the answer; many are written in the background, and the answer leads to where they can be taken.
    """
    rows, filters = card_lists.chosen(request)
    counts = {each: rows.filter(layout=each).order_by()[: EXPORT_LIMIT + 1].count() for each in LAYOUTS}
    form = ExportForm(request.POST or None, initial={"layout": max(counts, key=lambda each: counts[each])})
    if form.is_valid():
        layout, reason = form.cleaned_data["layout"], form.cleaned_data["reason"]
        said = {"layout": layout, "kind": form.cleaned_data["kind"], "filters": filters, "reason": reason}
        if counts[layout] > EXPORT_LIMIT:
            form.add_error(
                "layout", _("More than %(limit)s cards fit these filters. Narrow them.") % {"limit": EXPORT_LIMIT}
            )
        else:
            try:
                if counts[layout] > AT_ONCE:
                    numbers = rows.filter(layout=layout).order_by("pk").values_list("pk", flat=True)[:EXPORT_LIMIT]
                    return redirect("registry:exported", exports.ask(cards=numbers, by=request.scope, **said).pk)
                return _file(exports.make(cards=rows, by=request.scope, **said))
            except InputRefused as refused:
                form.add_error("reason", in_words(refused))
    shown = {"form": form, "counts": counts, "query": request.GET.urlencode(), "limit": EXPORT_LIMIT}
    return render(request, "registry/export.html", shown)


@requires(EXPORT)
@require_GET
def exported(request: Request, pk: int) -> HttpResponse:
    """How far one's own export is; when it is written, the way to its file."""
    wanted = get_object_or_404(CardExport, pk=pk, person=request.scope.person)
    own = Job.objects.select_related("progress").filter(person=request.scope.person, kind="registry.export")
    job = get_object_or_404(own, key=exports.job_key(pk))
    made = (job.result or {}).get("file")
    chinese = (get_language() or "zh").startswith("zh")
    said = {
        "export": wanted, "count": len(wanted.cards), "progress": progress_of(job, request),
        "ended": job.state not in LIVE, "error": job.error_zh if chinese else job.error_en,
        "file": StoredFile.objects.filter(pk=made or 0).defer("key").first(),
    }  # fmt: skip
    return render(request, "registry/exported.html", said)


def _file(made: exports.Made) -> HttpResponse:
    response = HttpResponse(made.plain, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response
