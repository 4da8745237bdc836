"""What the first screen tells of notices: the newest unread ones, in words."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tonghu.platform.notices.kinds import sentence
from tonghu.platform.notices.queries import count_unread, newest_unread
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart

#: So many are told; the list behind them has all.
TOLD = 5


def told(by: Scope) -> dict[str, Any] | None:
    """The newest unread notices; nothing where there is none."""
    held = newest_unread(by, TOLD)
    if not held:
        return None
    lines = [(one.created_at, sentence(one.kind, one.data), reverse("notices:open", args=[one.pk])) for one in held]
    return {"lines": lines, "unread": count_unread(by)}


PARTS = (FirstPart("notices/first.html", told, permission=None, order=90, covers=("notices:mine",)),)
