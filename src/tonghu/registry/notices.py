"""Whom an act concerns is told: cards that came back, once for all that came back together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from django.db.models import Q
from django.urls import reverse

from tonghu.network.region_range import NATION, covered
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.accounts.sign_in import posts_in_effect
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.access import AUDIT, VERIFY
from tonghu.registry.models import Card, CardAct
from tonghu.registry.states import State

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
#: To those who verify at the centre: what they hold counts no more.
VOIDED: Final = declare(
    "registry.voided", group="reporting", mail=Mail.AT_ONCE,
    zh="一家监测点作废了 {count} 份已上报的报告卡，不再计入病例",
    en="A point voided {count} report card(s) that you hold: they count as cases no more",
)  # fmt: skip
RESTORED: Final = declare(
    "registry.restored", group="reporting", mail=Mail.AT_ONCE,
    zh="一家监测点恢复了 {count} 份作废过的已上报报告卡，重新计入病例",
    en="A point restored {count} report card(s) that it had voided: they count as cases again",
)  # fmt: skip
#: To whoever wrote it: it is in their hand again.
RESTORED_HERE: Final = declare(
    "registry.restored_here", group="reporting", mail=Mail.AT_ONCE,
    zh="审核员恢复了您填写的 {count} 份已上报报告卡，请核对后重新提交",
    en="The auditor restored {count} reported card(s) that you wrote: check them and submit them again",
)  # fmt: skip
#: To the auditors of the point, and back to whoever asked.
VOID_ASKED: Final = declare(
    "registry.void_asked", group="reporting", mail=Mail.AT_ONCE,
    zh="有人申请作废 {count} 份已上报的报告卡，请审核员处理",
    en="Somebody asks to void {count} reported card(s): an auditor decides",
)  # fmt: skip
VOID_DONE: Final = declare(
    "registry.void_done", group="reporting", mail=Mail.AT_ONCE,
    zh="审核员同意了您的申请，作废了 {count} 份报告卡",
    en="The auditor agreed to your request and voided {count} report card(s)",
)  # fmt: skip
VOID_DECLINED: Final = declare(
    "registry.void_declined", group="reporting", mail=Mail.AT_ONCE,
    zh="审核员没有同意您作废 {count} 份报告卡的申请，原因写在报告卡上",
    en="The auditor declined your request to void {count} report card(s); why stands on the card",
)  # fmt: skip
#: To whoever asked for it: the page where it can be taken.
EXPORTED: Final = declare(
    "registry.exported", group="jobs", mail=Mail.NEVER,
    zh="您要导出的 {count} 份报告卡已写成文件，可以下载",
    en="The file with the {count} report card(s) that you export is ready for download",
)  # fmt: skip
#: For whoever audited them: another one mends.
OF_AUDITED: Final = {
    RETURNED: declare(
        "registry.audited_returned", group="reporting", mail=Mail.AT_ONCE,
        zh="您审核的 {count} 份报告卡被退回，录入员将修改",
        en="{count} report card(s) that you audited were returned: the clerk will mend them",
    ),
    RETURNED_BY_CENTRE: declare(
        "registry.audited_returned_by_centre", group="reporting", mail=Mail.AT_ONCE,
        zh="国家监测中心退回了 {count} 份您审核的报告卡，录入员将修改",
        en="The national centre returned {count} report card(s) that you audited: the clerk will mend them",
    ),
}  # fmt: skip


def tell(kind: str, cards: Sequence[Card], *, key: str) -> None:
    """Tell everybody who wrote something of these cards, and who audited it, how many came back; of voided and restored
    ones those who verify at the centre.

    Who wrote is led to their queue, who audited to the list: nobody audits what they wrote.

    Args:
        key: of the act, so that each is told once.
    """
    queue, listed = reverse("registry:queue") + "?kind=", reverse("registry:cards") + "?state="
    wrote = Counter(person for card in cards for person in set(card.authors))
    if kind in (VOIDED, RESTORED):
        found = f"{listed}{State.VOIDED if kind == VOIDED else ''}&institution={cards[0].institution.code}"
        url = reverse("registry:card", args=[cards[0].pk]) if len(cards) == 1 else found
        notify(kind, to=_who_verify(), data={"count": len(cards)}, url=url, key=key)
        for person, count in sorted(wrote.items() if kind == RESTORED else ()):
            notify(RESTORED_HERE, to=[person], data={"count": count}, url=url, key=f"{key}-{person}")
        return
    state = State.RETURNED_BY_CENTRE if kind == RETURNED_BY_CENTRE else State.RETURNED
    audited = Counter(card.audited_by for card in cards if card.audited_by)
    for told, where, people in ((kind, queue + "returned", wrote), (OF_AUDITED[kind], listed + state, audited)):
        for person, count in sorted(people.items()):
            notify(told, to=[person], data={"count": count}, url=where, key=f"{key}-{person}")


def tell_of_request(card: Card, asked: CardAct) -> None:
    """Tell the auditors of a card's hospital that somebody asks to void it: those who may, where there are such."""
    hospital = Q(institution=card.institution_id)
    at_work = [person for person in _who_may(AUDIT, hospital) if person != asked.person_id]
    able = [person for person in at_work if person not in {*card.authors, *card.requested_by}]
    url = reverse("registry:card", args=[card.pk])
    notify(VOID_ASKED, to=able or at_work, data={"count": 1}, url=url, key=f"act-{asked.pk}")


def tell_of_settled(requests: Iterable[CardAct], *, voided: bool, key: str) -> None:
    """Tell whoever asked to void cards what the auditor decided."""
    for asked in requests:
        if asked.person_id is not None:
            url = reverse("registry:card", args=[asked.card_id])
            kind = VOID_DONE if voided else VOID_DECLINED
            notify(kind, to=[asked.person_id], data={"count": 1}, url=url, key=f"{key}-{asked.card_id}")


def _who_verify() -> list[int]:
    """Those who hold a post today that verifies reported cards."""
    return _who_may(VERIFY, Q())


def _who_may(permission: str, where: Q) -> list[int]:
    """Those who can act today from a post with a permission; whoever tells them need not see them."""
    roles = [code for code, role in ROLES.items() if permission in role.permissions]
    low, high = covered(NATION)
    with open_scope(replace(system_scope("telling"), region_from=low, region_to=high)):
        held = posts_in_effect().filter(where, role__in=roles)
        return sorted(set(held.values_list("person_id", flat=True)))
