"""What pages ask about notices and what is sent; answered within the scope that is open."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min

from tonghu.platform.notices.kinds import GROUPS, kinds
from tonghu.platform.notices.models import Message, Notice, Preference
from tonghu.platform.scope.scope import Scope


def count_unread(scope: Scope) -> int:
    """Count a reader's unread notices; for the shell."""
    return Notice.objects.filter(person=scope.person, read_at=None).count() if scope.person else 0


def newest_unread(scope: Scope, most: int) -> list[Notice]:
    """Return a reader's newest unread notices."""
    held = Notice.objects.filter(person=scope.person, read_at=None) if scope.person else Notice.objects.none()
    return list(held.order_by("-pk")[:most])


def preferences_of(scope: Scope) -> dict[str, Preference]:
    """Return what a reader chose, by group."""
    return {one.group: one for one in Preference.objects.filter(person=scope.person)}


def wishes_of(scope: Scope) -> dict[str, str | bool]:
    """Return how a reader wants every group, as the form names it: '' where they chose nothing, each kind as declared.

    SMS only where a kind of the group can go so.
    """
    chosen = preferences_of(scope)
    wishes: dict[str, str | bool] = {}
    for group in GROUPS:
        held = chosen.get(group)
        wishes[f"mail_{group}"] = held.mail if held else ""
        if any(kind.sms for kind in kinds().values() if kind.group == group):
            wishes[f"sms_{group}"] = bool(held and held.sms)
    return wishes


def outgoing() -> list[dict[str, Any]]:
    """Return how what is sent stands: for each channel and state how many, since when, and the last error."""
    rows = Message.objects.values("channel", "state").annotate(
        count=Count("pk"), since=Min("due_at"), error_zh=Max("error_zh"), error_en=Max("error_en")
    )
    return [dict(row) for row in rows.order_by("channel", "state")]
