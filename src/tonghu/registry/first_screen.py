"""The first screens of the clerk and of the auditor: this month's number, what is wrong, one button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from tonghu.platform.components.figures import figure
from tonghu.platform.components.parts import Level
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart
from tonghu.registry.access import AUDIT, ENTER
from tonghu.registry.auditing import many_changes
from tonghu.registry.forms.titles import title_of
from tonghu.registry.models import Card
from tonghu.registry.pages import looking, working
from tonghu.registry.seen import show_names
from tonghu.registry.void_requests import requests_at

#: So many rules and cards are named; the list behind them has all.
NAMED = 6
#: Months whose progress the clerk sees.
MONTHS_SHOWN = timedelta(days=100)


def clerk(by: Scope) -> dict[str, Any] | None:
    """How many cards are left, grouped by what is wrong."""
    if by.institution is None:
        return None
    place = working.Place(by, "", "")
    rules = working.by_rule(by)
    return {
        "place": place,
        "left": place.left,
        "first": place.url(None),
        "ready": working.counted(working.ready(by, place.told)),
        "returned": working.counted(working.queue(by, kind="returned")),
        "waits": working.counted(working.queue(by, kind="waits")),
        "to_supplement": working.counted(working.queue(by, kind="supplement")),
        "rules": [{"row": row, "title": title_of(row.rule), "level": Level(row.level)} for row in rules[:NAMED]],
        "more_rules": max(0, len(rules) - NAMED),
        "months": [
            {
                "month": month,
                "out": figure(month.out, working.behind("out", month)),
                "all": figure(month.cards, working.behind("month", month)),
            }
            for month in working.months(by, timezone.localdate() - MONTHS_SHOWN)[:2]
        ],
        "import_url": _import_url(),
    }  # fmt: skip


def auditor(by: Scope) -> dict[str, Any] | None:
    """The cards that wait, the oldest first; which were changed most; what is clean; what may be reported."""
    if by.institution is None:
        return None
    waiting = looking.to_audit(by)
    mine = looking.by_need(looking.auditable(by))
    oldest: list[Card] = list(mine.order_by("need", "pk")[:NAMED])
    called = show_names(oldest, "今日待办", by=by)
    changed, many = looking.changed_fields([card.pk for card in oldest]), many_changes(timezone.localdate())
    return {
        "waiting": working.counted(waiting),
        "oldest": [
            (card, called.get(card.pk, ""), changed.get(card.pk, 0), changed.get(card.pk, 0) >= many) for card in oldest
        ],
        "clean": working.counted(looking.clean(by)),
        "to_supplement": working.counted(waiting.filter(to_supplement__gt=0)),
        "approved": working.counted(looking.approved(by)),
        "to_void": working.counted(requests_at(by)),
    }


def _import_url() -> str:
    try:
        return reverse("intake:imports")
    except NoReverseMatch:  # a site without the room that takes files
        return ""


PARTS = (
    FirstPart("registry/first_clerk.html", clerk, permission=ENTER, order=10, covers=("registry:queue",)),
    FirstPart("registry/first_auditor.html", auditor, permission=AUDIT, order=20, covers=("registry:audit",)),
)
