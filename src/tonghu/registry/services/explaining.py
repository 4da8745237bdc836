"""Explaining what stays as it is, and asking whoever knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.models import Card, CardAct, Finding, Level
from tonghu.registry.services.findings import recount
from tonghu.registry.services.saving import NotInHand, lock
from tonghu.registry.void_requests import ASK_VOID, DECLINE_VOID

#: Acts that leave the state as it is; what a card's history says of them, past tense (zh, en).
OVERRIDE, REOPEN, ASK, ANSWER, MONTH = "override", "reopen", "ask", "answer", "month"
STAYING = {
    OVERRIDE: ("说明原因后保留", "explained a finding"),
    REOPEN: ("撤销说明", "took an explanation back"),
    ASK: ("请其他部门核实", "asked a department"),
    ANSWER: ("已得到答复", "got the answer"),
    MONTH: ("更正归档月", "corrected the archive month"),
    ASK_VOID: ("申请作废", "asked an auditor to void it"),
    DECLINE_VOID: ("没有同意作废", "declined to void it"),
}


class Explained(InputRefused):
    """A colleague gave a reason first: theirs stands, and whoever comes second is told both."""

    def __init__(self, finding: Finding, reason: str) -> None:
        given = CardAct.objects.filter(card=finding.card_id, act=OVERRIDE, about=_about(finding)).order_by("-pk")
        who = given.values_list("who", flat=True).first() or "—"
        super().__init__(
            f"规则 {finding.rule} 的问题已由 {who} 说明：“{finding.overridden_reason}”。您写的“{reason}”没有保留；"
            "如需改写，请先撤销原来的说明",
            f"What rule {finding.rule} found was explained by {who} first: “{finding.overridden_reason}”. Your reason, "
            f"“{reason}”, was not kept; to write another one take theirs back first",
        )


@transaction.atomic
def override(*, findings: Iterable[int], reason: str, by: Scope) -> int:
    """Let findings stand with a reason that the auditor sees; returns how many are explained now.

    Warnings and rarities only: an error is mended. The reason stands while nothing changes that the rule reads.

    Raises:
        InputRefused: no reason, an error among them, or one is not found in the scope.
        Explained: somebody else explained one of them already; nothing is written then.
        NotInHand: a card's state does not allow changes.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    with acting_because(by, reason):
        held, cards = _in_hand(findings)
        if any(one.level == Level.ERROR for one in held):
            raise InputRefused(
                "错误必须改正，不能只说明原因：请改正后再提交", "An error must be mended; a reason does not settle it"
            )
        said, now = reason.strip()[:400], timezone.now()
        for one in held:
            if one.overridden_at is not None and one.overridden_by != by.person:
                raise Explained(one, said)
        Finding.objects.filter(pk__in=[one.pk for one in held]).update(
            overridden_reason=said, overridden_by=by.person, overridden_at=now
        )
        _keep(held, cards, OVERRIDE, said)
        recount([card.pk for card in cards])
    return len(held)


@transaction.atomic
def reopen(*, findings: Iterable[int], by: Scope) -> int:
    """Take explanations back; returns how many findings are open again.

    Raises:
        InputRefused: one is not found in the scope.
        NotInHand: a card's state does not allow changes.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    held, cards = _in_hand(findings)
    held = [one for one in held if one.overridden_at is not None]
    Finding.objects.filter(pk__in=[one.pk for one in held]).update(
        overridden_reason="", overridden_by=None, overridden_at=None
    )
    _keep(held, cards, REOPEN, "")
    recount([card.pk for card in cards])
    return len(held)


@transaction.atomic
def ask_department(*, card: int, department: str, by: Scope, note: str = "") -> Card:
    """Say that a card waits for a department's answer; it steps out of the clerk's queue. Returns the card.

    Raises:
        InputRefused: no department is named, or the card is not found in the scope.
        NotInHand: the card's state does not allow changes.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    department = " ".join(department.split())[:40]
    if not department:
        raise InputRefused("请写明向哪个部门核实", "Say which department is asked")
    return _waits(card, department, " ".join(note.split())[:400], ASK)


@transaction.atomic
def answered(*, card: int, by: Scope, note: str = "") -> Card:
    """Say that the department answered; the card is in the queue again. Returns the card.

    Raises:
        InputRefused: the card is not found in the scope, or waits for nobody.
        NotInHand: the card's state does not allow changes.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    return _waits(card, "", " ".join(note.split())[:400], ANSWER)


def _waits(number: int, department: str, note: str, act: str) -> Card:
    card = lock(number)
    if not card.editable:
        raise NotInHand(card.state)
    asked = department or card.waits_for
    if not asked:
        raise InputRefused("这份报告卡没有在等待答复", "The card waits for nobody's answer")
    card.waits_for, card.waits_note, card.changed_at = department, note if department else "", timezone.now()
    card.save(update_fields=["waits_for", "waits_note", "changed_at"])
    CardAct.objects.create(
        card=card, institution_id=card.institution_id, version=card.version, act=act, from_state=card.state,
        to_state=card.state, about=asked, reason=note,
    )  # fmt: skip
    return card


def _in_hand(findings: Iterable[int]) -> tuple[list[Finding], list[Card]]:
    """Findings and their cards, locked in one order."""
    wanted = sorted(set(findings))
    of = set(Finding.objects.filter(pk__in=wanted).values_list("card", flat=True))
    cards = list(Card.objects.select_for_update(no_key=True).filter(pk__in=of).order_by("pk"))
    held = list(Finding.objects.filter(pk__in=wanted, card__in=cards).order_by("pk"))
    if len(held) < len(wanted):
        raise InputRefused(
            "有的问题已不存在（报告卡刚刚改过），请刷新后再说明",
            "Some of the findings are gone, as the card was just changed: look again",
        )
    for card in cards:
        if not card.editable:
            raise NotInHand(card.state)
    return held, cards


def _keep(findings: Sequence[Finding], cards: Sequence[Card], act: str, reason: str) -> None:
    Card.objects.filter(pk__in=[card.pk for card in cards]).update(changed_at=timezone.now())
    by_number = {card.pk: card for card in cards}
    CardAct.objects.bulk_create(
        CardAct(
            card_id=one.card_id, institution_id=one.institution_id, version=by_number[one.card_id].version, act=act,
            from_state=by_number[one.card_id].state, to_state=by_number[one.card_id].state,
            about=_about(one), reason=reason,
        )
        for one in findings
    )  # fmt: skip


def _about(finding: Finding) -> str:
    """How an act names the finding that it is about."""
    return f"{finding.rule} {finding.column}".strip()[:40]
