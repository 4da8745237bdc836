"""The list of cards, and taking cards away: a right of its own, for a reason that the log and the file keep."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.codes.hqms_fields import LAYOUTS
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.acts import log_export
from tonghu.registry.access import EXPORT, READ
from tonghu.registry.exporting import as_csv, as_xlsx
from tonghu.registry.pages import card_lists
from tonghu.registry.pages.export_form import ExportForm
from tonghu.registry.pages.trail import CARDS, of_list

#: So many cards fit into one file: more would keep the reader waiting without a sign of life.
EXPORT_LIMIT: Final = 5000
#: What the log of exports calls it; kept as it is, so not translated.
WHAT: Final = "报告卡"
#: Ending → who makes such a file, and what it is.
_KINDS: Final = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


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
    """The chosen cards as a file in their layout, which can be corrected and imported again; watermarked."""
    rows, filters = card_lists.chosen(request)
    counts = {each: rows.filter(layout=each).order_by()[: EXPORT_LIMIT + 1].count() for each in LAYOUTS}
    form = ExportForm(request.POST or None, initial={"layout": max(counts, key=lambda each: counts[each])})
    if form.is_valid():
        chosen = form.cleaned_data["layout"]
        if counts[chosen] > EXPORT_LIMIT:
            form.add_error(
                "layout", _("More than %(limit)s cards fit these filters. Narrow them.") % {"limit": EXPORT_LIMIT}
            )
        else:
            # Read once: what the log says of the file is what stands in it.
            taken = list(rows.filter(layout=chosen).order_by("pk").values_list("pk", "child_id", "institution_id"))
            try:
                mark = log_export(
                    WHAT, count=len(taken), filters=filters, reason=form.cleaned_data["reason"],
                    permission=EXPORT, by=request.scope, shown=[(child, place) for _pk, child, place in taken],
                )  # fmt: skip
            except InputRefused as refused:
                form.add_error("reason", in_words(refused))
            else:
                return _file([pk for pk, *_whose in taken], chosen, form.cleaned_data["kind"], mark.text)
    said = {"form": form, "counts": counts, "query": request.GET.urlencode(), "limit": EXPORT_LIMIT}
    return render(request, "registry/export.html", said)


def _file(numbers: list[int], chosen: str, kind: str, watermark: str) -> HttpResponse:
    make, content_type = _KINDS[kind]
    response = HttpResponse(make(numbers, chosen, watermark), content_type=content_type)
    name = f"cards-{chosen}-{timezone.localtime():%Y%m%d-%H%M%S}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
