"""The other stays of a record, beside what the rules find that compare stays: each opens by a link."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.platform.scope.scope import Scope
from tonghu.registry.checks import Found
from tonghu.registry.content import Content
from tonghu.registry.forms.findings import OtherStay
from tonghu.registry.models import Card
from tonghu.registry.seen import cards_seen
from tonghu.registry.services.comparing import comparing
from tonghu.registry.states import State
from tonghu.registry.summary import Summary, facts

#: So many other stays stand beside a finding, the newest.
SHOWN: Final = 5
#: A record has seldom more.
LOOKED_AT: Final = 50
#: What two stays have in common of which these rules speak; the others speak of all stays of the record.
COMMON: Final = {"HQ034": "discharge_at", "HQ035": "admission_count"}


def other_stays(
    found: Collection[Found], content: Content, *, card: int | None, institution: int, region: str, by: Scope
) -> Mapping[str, tuple[OtherStay, ...]]:
    """The stays that each rule means which compares them, as far as the reader sees them; of other rules nothing.

    Args:
        found: what the rules find on a content of the card.
        card: its number, which is none of the other stays; None where it is not entered yet.
        institution: the hospital whose record it is.
    """
    today = timezone.localdate()
    compared = {rule.reports for rule in comparing(content.layout, today, region).rules}
    named = compared & {one.rule for one in found}
    if not named:
        return {}
    said = facts(content, today, region)
    held = cards_seen(by).filter(institution=institution, record_number=said.record_number)
    rows = list(held.exclude(pk=card or 0).exclude(state=State.VOIDED).order_by("-discharge_at", "-pk")[:LOOKED_AT])
    return {rule: tuple(_stay(one) for one in _meant(rule, said, rows)[:SHOWN]) for rule in named}


def _meant(rule: str, said: Summary, rows: Sequence[Card]) -> Sequence[Card]:
    common = COMMON.get(rule)
    return [one for one in rows if not common or getattr(one, common) == getattr(said, common)]


def _stay(card: Card) -> OtherStay:
    words = _("stay %(count)s, %(begun)s to %(ended)s")
    text = words % {"count": card.admission_count or "—", "begun": _day(card.admission_at),
                    "ended": _day(card.discharge_at)}  # fmt: skip
    return OtherStay(reverse("registry:card", args=[card.pk]), text)


def _day(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else "—"
