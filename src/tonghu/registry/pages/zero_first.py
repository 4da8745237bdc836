"""A new card of a month that was signed as without a case: said beforehand, and made by a choice of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from tonghu.network.models import Institution
from tonghu.registry.content import Content
from tonghu.registry.summary import facts
from tonghu.registry.zero import ZEROS_SHOWN, Signed, signed_zero


def contradicted(request: HttpRequest, institution: Institution, content: Content, month: date | None) -> Signed | None:
    """Return the zero report that a card would contradict and of which the form does not say that it is known.

    It is of the chosen archive month or, where none was chosen, of the month of the discharge.
    """
    discharge = facts(content, timezone.localdate(), institution.region_code).discharge_at
    month = month or (timezone.localdate(discharge).replace(day=1) if discharge else None)
    held = signed_zero(institution.pk, [month]).get(month) if month else None
    return None if held is None or request.POST.get("_zero") == str(held.number) else held


def shown(request: HttpRequest, institution: Institution, asked: Signed | None) -> dict[str, Any]:
    """What the form shows of zero reports, and keeps of what was chosen."""
    known = request.POST.get("_zero", "") if asked is None else ""
    return {
        "zero": asked, "zero_known": known if known.isdecimal() else "",
        "zeros": list(signed_zero(institution.pk).values())[:ZEROS_SHOWN],
        "chosen_month": request.POST.get("_month", ""),
    }  # fmt: skip
