"""The cards that an import made, or that it changed: what the numbers of its page lead to."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tonghu.intake import queries
from tonghu.intake.access import UPLOAD
from tonghu.intake.models import Batch
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components.table import Column, Table
from tonghu.registry.pages.card_lists import group_name, state_mark


@requires(UPLOAD)
@require_GET
def cards(request: Request, pk: int, name: str) -> HttpResponse:
    """The cards of one count of an import, as they are now; nobody is named, as on the import's own page."""
    batch = get_object_or_404(Batch, pk=pk)
    if name not in queries.LISTED:
        raise Http404
    of_it = queries.written(batch, name)
    table = Table(
        request=request, name="import-cards", rows=of_it, order="pk",
        columns=(
            Column("record_number", _("Record number"), kind="code", sort=None, fixed=True,
                   link=lambda card: reverse("registry:card", args=[card.pk])),
            Column("discharge_at", _("Discharge"), kind="date", sort=None),
            Column("archive_month", _("Archive month"), value=lambda card: f"{card.archive_month:%Y-%m}", sort=None),
            Column("scope_group", _("Group"), value=lambda card: group_name(card.scope_group), sort=None),
            Column("state", _("State"), value=state_mark, kind="mark", sort=None),
            Column("errors", _("Errors"), kind="number", sort=None),
        ),
        caption=_("Report cards"), empty=_("There is nothing here yet."), total=of_it.count(),
    )  # fmt: skip
    titles = {
        "created": _("Cards that import %(label)s made"),
        "updated": _("Cards that import %(label)s changed"),
    }
    said = {"batch": batch, "table": table, "title": titles[name] % {"label": batch.label}}
    return render(request, "intake/cards.html", said)
