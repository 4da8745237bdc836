"""Whom an act concerns is told: cards that came back, once for all that came back together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from django.urls import reverse

from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify
from tonghu.registry.models import Card

RETURNED: Final = declare(
    "registry.returned", group="reporting", mail=Mail.AT_ONCE,
    zh="审核员退回了 {count} 份报告卡，请修改后重新提交",
    en="The auditor returned {count} report card(s): mend them and submit again",
)  # fmt: skip
RETURNED_BY_CENTRE: Final = declare(
    "registry.returned_by_centre", group="reporting", mail=Mail.AT_ONCE,
    zh="国家监测中心退回了 {count} 份报告卡，请修改后重新提交",
    en="The national centre returned {count} report card(s): mend them and submit again",
)  # fmt: skip


def tell(kind: str, cards: Sequence[Card], *, key: str) -> None:
    """Tell everybody who wrote something of these cards, and who audited it, how many came back.

    Args:
        key: of the act, so that each is told once.
    """
    concerned = Counter(
        person
        for card in cards
        for person in {*card.authors, *([card.audited_by] if card.audited_by else [])}
    )  # fmt: skip
    where = reverse("registry:queue") + "?kind=returned"
    for person, count in sorted(concerned.items()):
        notify(kind, to=[person], data={"count": count}, url=where, key=f"{key}-{person}")
