"""The archive month of a card that is there: corrected with a reason, as a version that is audited like any other."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.locks import hold_open, locked_among
from tonghu.registry.models import Card, CardAct
from tonghu.registry.months import require_month
from tonghu.registry.services.explaining import MONTH
from tonghu.registry.services.moving import why
from tonghu.registry.services.saving import NotInHand, lock, save_card


@transaction.atomic
def correct_month(*, card: int, month: date, based_on: int, reason: str, by: Scope) -> Card:
    """Say in which month the record of a card in hand was archived; returns the card.

    It is a version of its own, so that whoever said the month does not approve it. One that was assumed is settled so,
    also where it was right. The calendar counts the card in its new month, by the day on which it was first reported:
    at its hospital at once, for those above once this version is reported.

    Args:
        month: its first day.
        based_on: the version that was on the screen.

    Raises:
        InputRefused: there is no such month, the card's or the new one is locked, the card got a newer version, there
            is nothing to correct, no reason is given, or there is no such card.
        NotInHand: its state does not allow changes.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    require_month(month)
    held = lock(card)
    if held.version != based_on:
        raise InputRefused(*why("newer", held.version))
    if not held.editable:
        raise NotInHand(held.state)
    before = held.archive_month
    if before == month and not held.archive_month_assumed:
        raise InputRefused(f"归档月已经是 {month:%Y-%m}", f"The archive month is {month:%Y-%m} already")
    if not reason.strip():
        raise InputRefused("请填写更正归档月的原因", "Say why the archive month is corrected")
    hold_open({before, month})
    if shut := sorted(locked_among(held.institution_id, {before, month})):
        said = [f"{one:%Y-%m}" for one in shut]
        raise InputRefused(
            f"{'、'.join(said)} 已锁定：已有的报告卡不能移出锁定的月份，也不能移入；请联系国家监测中心解锁",
            f"{', '.join(said)}: locked. No card is moved out of a locked month or into it; ask the centre to unlock",
        )
    saved = save_card(card=card, based_on=based_on, by=by, reason=reason, archive_month=month)
    CardAct.objects.create(
        card=saved, institution_id=saved.institution_id, version=saved.version, act=MONTH, from_state=saved.state,
        to_state=saved.state, about=f"{before:%Y-%m} → {month:%Y-%m}", reason=reason.strip()[:400],
    )  # fmt: skip
    return saved
