"""Mending many cards at once, where a rule knows what is right (``proposing``): done as one, and taken back as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import F, Q, Sum

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import record
from tonghu.platform.scope.scope import Scope
from tonghu.registry.access import ENTER
from tonghu.registry.content import Content, differences, open_
from tonghu.registry.events import CARDS, MENDED, UNDONE
from tonghu.registry.locks import hold_open, locked_among
from tonghu.registry.models import Card, CardAct, CardVersion, Origin
from tonghu.registry.services.mend_fates import (
    MAY_BE_UNDONE,
    OUT_OF_HAND,
    Fate,
    Standing,
    outcomes,
    shut_months,
    standing,
    written,
)
from tonghu.registry.services.moving import move
from tonghu.registry.services.proposing import MOST, current_of, open_of, proposals_of
from tonghu.registry.services.saving import OF_THE_CHILD, Change, write
from tonghu.registry.states import EDITABLE, State

#: More than these are done by a job, with progress: a card whose child's own fields change takes some ten milliseconds,
#: another some three.
AT_ONCE_OF_CHILD: Final = 60
AT_ONCE: Final = 250
#: Every finding of these cards is put in line anew, some ten thousandths of a second each.
FINDINGS_AT_ONCE: Final = 6000
#: Cards that a mend may write.
IN_HAND: Final = Q(state__in=EDITABLE)


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of a bulk mend or of taking one back.

    Attributes:
        batch: its number, by which it is taken back.
        cards: the cards that were changed.
        left: cards that were not: changed meanwhile, no longer in hand, or nothing certain is known.
        locked: the cards whose archive month is locked, so that nothing is taken back in bulk: of a mend those of
            `cards`, of an undo those of `left`.
        withdrawn: how many of `cards` an undo withdrew first, because they were submitted.
    """

    batch: int
    cards: tuple[int, ...]
    left: tuple[int, ...]
    locked: tuple[int, ...] = ()
    withdrawn: int = 0


@transaction.atomic
def bulk_mend(*, rule: str, by: Scope, cards: Iterable[int] | None = None, most: int = MOST) -> Mended:
    """Write what a rule proposes, each card a version of its own with the number of the batch.

    Raises:
        InputRefused: the rule proposes nothing on these cards.
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    wanted = None if cards is None else list(dict.fromkeys(cards))
    batch = next_batch()
    done = mend_some(rule=rule, batch=batch, cards=wanted, most=most, by=by)
    if not done:
        raise InputRefused("没有可以确定改法的报告卡", "No card has a mend that is certain")
    keep_mended(rule=rule, batch=batch, by=by)
    left = tuple(card for card in wanted or () if card not in done)
    return Mended(batch, tuple(done), left, tuple(in_locked_months(cards=done, by=by)))


@transaction.atomic
def mend_some(*, rule: str, batch: int, cards: Iterable[int] | None, by: Scope, most: int = MOST) -> list[int]:
    """Do a part of a bulk mend; returns the cards that were changed. What is mended is not mended again.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    changes = []
    for card, before, proposals in proposals_of(rule, by, cards, most, _locked):
        after = _with(before, {one.column: one.after for one in proposals})
        if changed := differences(before, after):
            changes.append(Change(card, after, changed))
    if changes:
        write(changes, by=by, origin=Origin.BULK, batch=stored(batch))
    return [change.card.pk for change in changes]


def mend_portion(*, rule: str, batch: int, cards: Sequence[int], by: Scope) -> list[int]:
    """:func:`mend_some` for a job: where one card cannot be written (it would name another one's stay), the others are.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    return _one_by_one(lambda some: mend_some(rule=rule, batch=batch, cards=some, by=by), cards)


def undo_portion(*, batch: int, cards: Sequence[int], by: Scope) -> list[int]:
    """:func:`undo_some` for a job, likewise.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    return _one_by_one(lambda some: undo_some(batch=batch, cards=some, by=by), cards)


def _one_by_one(write_some: Callable[[Sequence[int]], list[int]], cards: Sequence[int]) -> list[int]:
    """Write cards together; where that is refused one after the other, those that are refused left as they are."""
    try:
        return write_some(cards)
    except InputRefused:
        done: list[int] = []
        for card in cards:
            with suppress(InputRefused):
                done += write_some([card])
        return done


def keep_mended(*, rule: str, batch: int, by: Scope) -> int:
    """Note in the log that a bulk mend is done; returns how many cards it changed."""
    assert by.institution is not None
    made = written(stored(batch), by)
    count = made.values("card").distinct().count()
    if count:
        record(MENDED, subject=(CARDS, by.institution), by=by, data={"rule": rule, "count": count, "batch": batch})
    return count


def takes_long(*, rule: str, cards: Sequence[int], by: Scope) -> bool:
    """Whether a bulk mend of these cards keeps somebody waiting for more than about a second."""
    codes = {
        field.code
        for layout in hqms_fields.LAYOUTS
        for field in hqms_fields.layout(layout).fields
        if field.name in OF_THE_CHILD
    }
    of_child = open_of(rule, by).filter(card__in=cards, column__in=codes).exists()
    return _share(cards, AT_ONCE_OF_CHILD if of_child else AT_ONCE) > 1


def undo_takes_long(*, batch: int, by: Scope) -> bool:
    """The same of taking a bulk mend back."""
    made = written(stored(batch), by)
    return _share(list(made.values_list("card", flat=True)), AT_ONCE_OF_CHILD) > 1


def _share(cards: Sequence[int], at_once: int) -> float:
    """How much of what is done while somebody waits these cards and their findings are."""
    open_ones = Sum(F("errors") + F("warnings") + F("confirms"))
    findings: int = Card.objects.filter(pk__in=cards).aggregate(n=open_ones)["n"] or 0
    return len(cards) / at_once + findings / FINDINGS_AT_ONCE


@transaction.atomic
def undo_mend(*, batch: int, by: Scope) -> Mended:
    """Take a bulk mend back: every text that it put right and that nobody changed since is as it was before.

    A card that was submitted and that the centre does not hold is withdrawn first, and nobody submits it again but a
    person. Cards of a locked archive month stay as they are.

    Raises:
        InputRefused: there is none of that number in the scope, or nothing of it is left to take back.
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    made = mended_cards(batch=batch, by=by)
    done = undo_portion(batch=batch, cards=made, by=by)
    left = [card for card in made if card not in done]
    stays = {one.card: one.fate for one in outcomes(stored(batch), by)}
    locked = [card for card in left if stays[card] == Fate.LOCKED]
    if not done and locked:
        raise InputRefused(
            f"{len(locked)} 份报告卡的归档月已锁定，不能整批撤销；个别报告卡仍可逐张更正",
            f"{len(locked)} card(s) are of a locked month: no bulk undo. Single cards can still be corrected",
        )
    if not done and (gone := sum(stays[card] in OUT_OF_HAND for card in left)):
        raise InputRefused(
            f"{gone} 份报告卡已送审、审核通过、上报或作废，不能整批撤销；请逐张撤回，或请审核员退回后更正",
            f"{gone} card(s) were handed on, approved, reported or voided: no bulk undo. "
            "Withdraw them one by one, or have the auditor return them, and correct them",
        )
    if not done:
        raise InputRefused(
            "这批改正已经撤销，或所改内容后来又被修改", "It was taken back already, or all of it was changed since"
        )
    keep_undone(batch=batch, count=len(done), by=by)
    return Mended(batch, tuple(done), tuple(left), tuple(locked), withdrawn(batch=batch, by=by))


def in_locked_months(*, cards: Sequence[int], by: Scope) -> list[int]:
    """Return those of the cards whose archive month is locked."""
    assert by.institution is not None
    months = dict(Card.objects.filter(pk__in=cards).values_list("pk", "archive_month"))
    locked = locked_among(by.institution, months.values())
    return [card for card in cards if months.get(card) in locked]


def kept_locked(*, batch: int, by: Scope) -> list[int]:
    """The cards on which a bulk mend stands, and which an undo leaves because their archive month is locked."""
    return [one.card for one in outcomes(stored(batch), by) if one.fate == Fate.LOCKED]


def withdrawn(*, batch: int, by: Scope) -> int:
    """How many cards were withdrawn when a bulk mend was taken back."""
    acts = CardAct.objects.filter(institution=by.institution, batch=stored(batch), act="withdraw")
    return acts.filter(card__in=mended_cards(batch=batch, by=by)).values("card").distinct().count()


def mended_cards(*, batch: int, by: Scope) -> list[int]:
    """The cards that a bulk mend changed.

    Raises:
        InputRefused: there is no bulk mend of that number in the scope.
    """
    made = written(stored(batch), by)
    cards = list(made.order_by("card").values_list("card", flat=True).distinct())
    if not cards:
        raise InputRefused(f"没有第 {batch} 号批量改正", f"There is no bulk mend {batch}")
    return cards


@transaction.atomic
def undo_some(*, batch: int, cards: Sequence[int], by: Scope) -> list[int]:
    """Take back what a bulk mend did with some cards; returns those that are as before. A second time changes nothing.

    A card of a locked archive month stays as it is; one that was submitted is withdrawn first.

    Raises:
        PermissionDenied: `by` may not enter cards.
    """
    check_may(by, ENTER)
    of_batch = written(stored(batch), by).filter(card__in=cards)
    held = _locked(list(of_batch.values_list("card", flat=True)), MAY_BE_UNDONE)
    hold_open(card.archive_month for card in held.values())
    shut = shut_months(by, (card.archive_month for card in held.values()))
    held = {number: card for number, card in held.items() if card.archive_month not in shut}
    mends = of_batch.filter(card__in=held)
    stands = standing(mends, stored(batch))
    earlier = {card: number - 1 for card, number in mends.values_list("card", "number")}
    before = {
        one.card_id: open_(one.content)
        for one in CardVersion.objects.filter(card__in=earlier, number__in=set(earlier.values()))
        if one.number == earlier[one.card_id]
    }
    now = current_of(held.values())
    changes = []
    for version, number in mends.order_by("card").values_list("pk", "card"):
        columns = [column for column, said in stands[version].items() if said == Standing.STANDS]
        after = _with(now[number], {column: before[number].value(column) for column in columns})
        if changed := differences(now[number], after):
            changes.append(Change(held[number], after, changed))
    if sent := [change.card for change in changes if change.card.state == State.SUBMITTED]:
        move(cards=[card.pk for card in sent], act="withdraw", by=by, batch=stored(batch))
        for card in sent:
            card.refresh_from_db(fields=["state"])
    if changes:
        write(changes, by=by, origin=Origin.UNDO, batch=stored(batch))
    return [change.card.pk for change in changes]


def keep_undone(*, batch: int, count: int, by: Scope) -> None:
    """Note in the log that a bulk mend was taken back."""
    assert by.institution is not None
    record(UNDONE, subject=(CARDS, by.institution), by=by, data={"count": count, "batch": batch})


def next_batch() -> int:
    """Return the number of the next bulk mend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registry_mend_number')")
        return int(cursor.fetchone()[0])


def stored(batch: int) -> int:
    """How versions hold the number of a bulk mend: below zero, so that no import has it."""
    return -batch


def _locked(numbers: Sequence[int], free: Q = IN_HAND) -> dict[int, Card]:
    """Those of the cards that are free to be written, those in hand, locked in one order."""
    held = Card.objects.select_for_update(of=("self",), no_key=True).select_related("institution")
    return {card.pk: card for card in held.filter(free, pk__in=numbers).order_by("pk")}


def _with(content: Content, texts: dict[str, str]) -> Content:
    """A content with texts put into the page or the supplement, wherever their columns belong."""
    of_page = hqms_fields.layout(content.layout).by_code
    front = {column: text for column, text in texts.items() if column in of_page}
    return content.with_changes(front, {column: text for column, text in texts.items() if column not in of_page})
