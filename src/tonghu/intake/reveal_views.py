"""A masked number of a row shown whole: who decides whether a row of unknown age is a child must read it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.intake import identity, queries
from tonghu.intake.access import UPLOAD
from tonghu.intake.events import BATCH
from tonghu.intake.looks import log_row
from tonghu.intake.matching import in_layout
from tonghu.intake.models import Batch, Row, State
from tonghu.patients.forms import ReasonForm
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.audit.access import REVEAL
from tonghu.platform.audit.acts import CHILD, log_reveal
from tonghu.registry.content import open_
from tonghu.registry.models import Card


@requires(REVEAL)
@never_cache
@require_http_methods(["GET", "POST"])
def whole(request: Request, pk: int, row: int, code: str) -> HttpResponse:
    """One masked field of a row whole, once, for a reason that the log keeps."""
    if not request.scope.may(UPLOAD):
        raise Http404
    batch = get_object_or_404(Batch, pk=pk, state=State.READY)
    held = get_object_or_404(Row, batch=batch, row=row)
    card = Card.objects.filter(pk=held.card or 0).first()
    layout = card.layout if card else batch.layout
    value = in_layout(open_(held.content), layout).get(code, "")
    masked = queries.shown(layout, code, value)
    if masked == value:  # nothing is hidden, or there is no such field
        raise Http404
    log_row(batch, held, card, by=request.scope)
    form, mark = ReasonForm(request.POST or None), ""
    if form.is_valid():
        what, reason = hqms_fields.layout(layout).by_code[code].name_zh, form.cleaned_data["reason"]
        subject = (CHILD, card.child_id) if card else (BATCH, batch.pk)
        try:
            # The row is gone after the import; the log says which it was.
            mark = log_reveal(
                what, subject=subject, reason=f"第 {row} 行：{reason}", by=request.scope,
                institution=batch.institution_id,
            ).text  # fmt: skip
        except InputRefused as refused:
            form.add_error("reason", in_words(refused))
    said: dict[str, Any] = {
        "batch": batch, "row": held, "identity": identity.opened(held.identity), "form": form, "mark": mark,
        "label": queries.label(layout, code, zh=(get_language() or "zh").startswith("zh")), "masked": masked,
        "value": value if mark else "",
    }  # fmt: skip
    return render(request, "intake/reveal.html", said)
