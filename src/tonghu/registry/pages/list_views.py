"""The list of cards, and taking cards away: a right of its own, for a reason that the log and the file keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tonghu.codes.hqms_fields import LAYOUTS, layout
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.acts import log_export
from tonghu.registry import content as contents
from tonghu.registry.access import EXPORT, READ
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.pages import card_lists
from tonghu.registry.pages.export_form import ExportForm

#: So many cards fit into one file: more would keep the reader waiting without a sign of life.
EXPORT_LIMIT: Final = 5000
#: What the log of exports calls it; kept as it is, so not translated.
WHAT: Final = "报告卡"


@requires(READ)
@require_GET
def cards(request: Request) -> HttpResponse:
    """The cards in the reader's reach."""
    return render(
        request,
        "registry/cards.html",
        {"table": card_lists.table(request), "may_export": request.scope.may(EXPORT), "query": request.GET.urlencode()},
    )


@requires(EXPORT)
@require_http_methods(["GET", "POST"])
def export(request: Request) -> HttpResponse:
    """The chosen cards as a file in their layout, which can be corrected and imported again; watermarked."""
    rows, filters = card_lists.chosen(request)
    form = ExportForm(request.POST or None)
    counts = {each: rows.filter(layout=each).order_by()[: EXPORT_LIMIT + 1].count() for each in LAYOUTS}
    if form.is_valid():
        chosen = form.cleaned_data["layout"]
        if counts[chosen] > EXPORT_LIMIT:
            form.add_error(
                "layout", _("More than %(limit)s cards fit these filters. Narrow them.") % {"limit": EXPORT_LIMIT}
            )
        else:
            try:
                mark = log_export(
                    WHAT, count=counts[chosen], filters=filters, reason=form.cleaned_data["reason"],
                    permission=EXPORT, by=request.scope,
                )  # fmt: skip
            except InputRefused as refused:
                form.add_error("reason", in_words(refused))
            else:
                return _file(rows.filter(layout=chosen).order_by("pk"), chosen, mark.text)
    said = {"form": form, "counts": counts, "query": request.GET.urlencode(), "limit": EXPORT_LIMIT}
    return render(request, "registry/export.html", said)


def _file(rows: Iterable[Card], chosen: str, watermark: str) -> HttpResponse:
    out = io.StringIO()
    out.write("\ufeff")  # so that WPS and Excel read it as UTF-8
    lines = csv.writer(out)
    codes = [field.code for field in layout(chosen).fields]
    lines.writerow([watermark])
    lines.writerow(codes)
    for front in _fronts(rows):
        lines.writerow([_harmless(front.get(code, "")) for code in codes])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="cards-{chosen}-{timezone.localtime():%Y%m%d-%H%M%S}.csv"'
    return response


def _fronts(rows: Iterable[Card]) -> Iterator[dict[str, str]]:
    """What the front pages say, in the version that the reader sees."""
    for chunk in _chunks([card.pk for card in rows], 500):
        newest: dict[int, CardVersion] = {}
        for one in CardVersion.objects.filter(card__in=chunk).order_by("number"):
            newest[one.card_id] = one
        for pk in chunk:
            if pk in newest:
                yield dict(contents.open_(newest[pk].content).front)


def _chunks(numbers: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is kept as text; a dash alone is the front page's filler."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and len(cell) > 1) else cell
