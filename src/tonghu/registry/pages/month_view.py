"""The archive month of one card, corrected from its form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request, requires
from tonghu.registry.access import ENTER
from tonghu.registry.months import read_month
from tonghu.registry.pages import working
from tonghu.registry.pages.opening import in_hand
from tonghu.registry.pages.posting import number
from tonghu.registry.pages.telling import refusal_in_words
from tonghu.registry.services import correct_month


@requires(ENTER)
@require_POST
def month(request: Request, pk: int) -> HttpResponse:
    """Correct the archive month; what is typed on the form stays in its draft."""
    in_hand(pk, request.scope)
    said = request.POST.get("month", "").strip()
    reason = request.POST.get("typed", "").strip()
    try:
        wanted = read_month(said)
        correct_month(card=pk, month=wanted, based_on=number(request, 0), reason=reason, by=request.scope)
    except InputRefused as refused:
        messages.error(request, refusal_in_words(refused))
    else:
        messages.success(request, _("The archive month is %(month)s now.") % {"month": f"{wanted:%Y-%m}"})
    return redirect(reverse("registry:card", args=[pk]) + working.place(request).query)
