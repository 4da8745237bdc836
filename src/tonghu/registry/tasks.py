"""Jobs of this room: counts are folded, and cards in hand follow the rules when those change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from tonghu.network.models import Institution
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.scope.scope import Scope, open_scope
from tonghu.registry.checks import rules_key
from tonghu.registry.models import Card, Layout
from tonghu.registry.services.rechecking import recheck
from tonghu.registry.states import EDITABLE

#: So many cards are asked about in one transaction.
PORTION: Final = 200


@job("registry.fold", zh="归并报告卡计数", en="Add up the counts of cards", cron="23 18 * * *", system="summary")
def fold(run: Run) -> dict[str, Any]:
    """Make one row a hospital, month and state out of the changes of the day; nothing that is summed changes."""
    with open_scope(run.scope), connection.cursor() as cursor:
        cursor.execute("SELECT registry.fold_tally()")
        return {"removed": cursor.fetchone()[0]}


@job(
    "registry.recheck", zh="规则变动后重新核对报告卡", en="Check cards again after rules changed",
    cron="7 17 * * *", system="recheck",
)  # fmt: skip
def ask_all_again(run: Run) -> dict[str, Any]:
    """Ask the rules of today about every card in hand whose findings are of other rules; at 01:07 in China."""
    asked = changed = 0
    for by in at_each_hospital(run.scope):
        while cards := _outdated(by):
            with open_scope(by):
                changed += recheck(cards=cards, by=by)
            asked += len(cards)
            run.report(asked, None, "cards")
    return {"cards": asked, "changed": changed}


def at_each_hospital(scope: Scope) -> Iterator[Scope]:
    """The scope of a piece of the system at one institution after another."""
    with open_scope(scope):
        hospitals = list(Institution.objects.exclude(kind="authority").order_by("pk").values_list("pk", flat=True))
    for hospital in hospitals:
        yield replace(scope, institution=hospital)


def _outdated(by: Scope) -> list[int]:
    """Some cards in hand whose findings are of other rules than those of today."""
    with open_scope(by):
        region = Institution.objects.values_list("region_code", flat=True).get(pk=by.institution or 0)
        current = [rules_key(layout, timezone.localdate(), region) for layout in Layout.values]
        held = Card.objects.filter(institution=by.institution, state__in=EDITABLE).exclude(rules_key__in=current)
        return list(held.order_by("pk").values_list("pk", flat=True)[:PORTION])
