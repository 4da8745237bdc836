"""Asking an auditor to void a card that was reported, and the auditor's no. Voiding itself is a move (``moving``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import transaction

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import AUDIT, ENTER
from tonghu.registry.events import CARD, VOID_ASKED, VOID_DECLINED
from tonghu.registry.models import Card, CardAct
from tonghu.registry.notices import tell_of_request, tell_of_settled
from tonghu.registry.services.moving import refusal, why
from tonghu.registry.services.saving import lock
from tonghu.registry.states import Act
from tonghu.registry.void_requests import ASK_VOID, DECLINE_VOID, VOIDS, open_requests

#: Whoever asks need not be somebody who may void it.
_ASKED_OF: Final[Act] = replace(VOIDS, not_by_authors=False)


def may_be_asked(card: Card, by: Scope, seen: int | None = None) -> str:
    """Return why nobody can ask to void a card now, a code of ``moving.REFUSALS``; '' where one can."""
    return refusal(card, _ASKED_OF, by, seen)


@transaction.atomic
def ask_void(*, card: int, version: int, reason: str, by: Scope) -> CardAct:
    """Ask the auditors of the hospital to void a card that was reported; returns the request.

    Args:
        version: the newest one when the page was opened.

    Raises:
        InputRefused: no reason; the card is not found in the scope, has another version or state by now, was never
            reported, or somebody asked already.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    with acting_because(by, reason) as acting:
        held = lock(card)
        if refused := may_be_asked(held, by, version):
            raise InputRefused(*why(refused, held.version))
        if there := open_requests().filter(card=held).first():
            raise InputRefused(
                f"{there.who} 已申请作废这份报告卡，等待审核员处理",
                f"{there.who} asked already; it waits for an auditor",
            )
        asked = _keep(held, ASK_VOID, reason)
        record(VOID_ASKED, subject=(CARD, held.pk), by=acting, institution=held.institution_id)
        tell_of_request(held, asked)
    return asked


@transaction.atomic
def decline_void(*, card: int, request: int, reason: str, by: Scope) -> CardAct:
    """Say no to a request, with a reason that whoever asked is told; returns the act.

    Args:
        request: which one the reader saw.

    Raises:
        InputRefused: no reason, or the request waits no more: settled, or the card has another version or state.
        PermissionDenied: `by` may not.
    """
    check_may(by, AUDIT)
    with acting_because(by, reason) as acting:
        held = lock(card)
        asked = open_requests().filter(card=held, pk=request).first()
        if asked is None:
            raise InputRefused(
                "这项作废申请已不在等待处理：可能已有人处理，或报告卡已改为新的一版或换了状态",
                "This request waits no more: somebody settled it, or the card has another version or state by now",
            )
        if asked.person_id == by.person:
            raise InputRefused(*why("void_own"))
        declined = _keep(held, DECLINE_VOID, reason)
        record(VOID_DECLINED, subject=(CARD, held.pk), by=acting, institution=held.institution_id)
        tell_of_settled([asked], voided=False, key=f"act-{declined.pk}")
    return declined


def _keep(card: Card, act: str, reason: str) -> CardAct:
    return CardAct.objects.create(
        card=card, institution_id=card.institution_id, version=card.version, act=act, from_state=card.state,
        to_state=card.state, reason=reason.strip()[:400],
    )  # fmt: skip
