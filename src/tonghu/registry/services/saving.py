"""Saving a card: a new version, its findings and typed columns in step; two tabs never overwrite each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.checks import check, rules_key, to_supplement
from tonghu.registry.content import Content, differences, open_
from tonghu.registry.models import Card, CardVersion, Origin
from tonghu.registry.services.comparing import RESTS_ON, among, ask_siblings
from tonghu.registry.services.entering import OnRecord, require_key, view_of
from tonghu.registry.services.findings import count_open, renew
from tonghu.registry.states import WORDS, State
from tonghu.registry.summary import facts
from tonghu.registry.supplement import item

#: What a version calls the archive month that it changed; no field of a page is called so.
ARCHIVE_MONTH: Final = "archive_month"
#: Names of the front page's fields that the hospital's view of the child repeats.
OF_THE_CHILD = frozenset(
    {
        "medical_record_no", "patient_name", "sex", "birth_date", "ethnicity", "nationality", "national_id",
        "current_address", "registered_address", "contact_phone", "home_phone",
    }
)  # fmt: skip


class Conflict(InputRefused):
    """Somebody saved the card meanwhile.

    Attributes:
        mine: what was to be saved, on the version that was on the screen.
        theirs: what stands now, and `version` its number.
        both: fields that both changed; empty where saving again on the newer version loses nothing.
    """

    def __init__(self, mine: Content, theirs: Content, version: int, both: list[str]) -> None:
        super().__init__(
            f"保存前，这份报告卡已有新的版本（第 {version} 版）。您填写的内容没有丢失：请对照后选择保留哪一个",
            f"The card got a newer version ({version}) meanwhile. Nothing of yours is lost: compare and choose",
        )
        self.mine, self.theirs, self.version, self.both = mine, theirs, version, both


class NotInHand(InputRefused):
    """The card is in a state in which nobody changes it."""

    def __init__(self, state: str) -> None:
        zh, en = WORDS[state]
        super().__init__(
            f"这份报告卡现在是“{zh}”，不能修改：请先撤回，或等退回",
            f"The card is “{en}” and cannot be changed now: withdraw it first, or wait until it is returned",
        )


@transaction.atomic
def save_card(
    *,
    card: int,
    based_on: int,
    by: Scope,
    front: Mapping[str, str] | None = None,
    supplement: Mapping[str, str] | None = None,
    origin: str = Origin.MANUAL,
    reason: str = "",
    batch: int | None = None,
    row: Content | None = None,
    brought_by: int | None = None,
    archive_month: date | None = None,
) -> Card:
    """Save changes of a card as its next version; without a difference nothing is written. Returns the card.

    Args:
        based_on: the version that was on the screen.
        front, supplement: texts by field code and by item; a blank one empties it.
        reason: kept with the history, where one is given.
        row: the file's own row that an import brings, in the card's layout; kept beside the version.
        brought_by: who uploaded that file, where `by` is somebody else: an author of what it changes too.
        archive_month: the first day of the month in which the record was archived, where it is to be another one.
            Whether the months are open, the caller asks (``archiving``).

    Raises:
        Conflict: the card has a newer version than `based_on`.
        NotInHand: its state does not allow changes.
        InputRefused: the card is not found, a field is unknown, or what names the stay would be missing.
        PermissionDenied: `by` may not.
    """
    check_may(by, ENTER)
    with acting_because(by, reason) if reason else nullcontext(by) as acting:
        held = lock(card)
        before = current(held)
        mine = _checked(before, dict(front or {}), dict(supplement or {}))
        if held.version != based_on:
            raise _conflict(held, based_on, before, dict(front or {}), dict(supplement or {}))
        changed = differences(before, mine)
        if archive_month and (held.archive_month_assumed or held.archive_month != archive_month):
            changed = [*changed, ARCHIVE_MONTH]
        if not changed:
            return held
        if not held.editable:
            raise NotInHand(held.state)
        write(
            [Change(held, mine, changed, row, archive_month)],
            by=acting,
            origin=origin,
            batch=batch,
            brought_by=brought_by,
        )
    held.refresh_from_db()
    return held


def lock(card: int) -> Card:
    """Return a card that the scope may change, locked; whoever comes second waits.

    Raises:
        InputRefused: there is none.
    """
    held = Card.objects.select_for_update(of=("self",), no_key=True).select_related("institution").filter(pk=card)
    found = held.first()
    if found is None:
        raise InputRefused("没有这份报告卡，或不在您的范围内", "There is no such card in your scope")
    return found


def current(card: Card) -> Content:
    """Return what a card says now."""
    return open_(CardVersion.objects.get(card=card, number=card.version).content)


@dataclass(frozen=True, slots=True)
class Change:
    """A locked card and what it is to say."""

    card: Card
    content: Content
    changed: list[str]
    row: Content | None = None
    archive_month: date | None = None


def write(
    changes: Sequence[Change], *, by: Scope, origin: str, batch: int | None = None, brought_by: int | None = None
) -> None:
    """Write the next version of locked cards in hand, their findings, typed columns and views of the child.

    However many cards there are, the statements are a handful, but where a child's own fields changed.

    Raises:
        OnRecord: a card would name the stay of another one.
        InputRefused: what names a stay would be missing.
    """
    today = timezone.localdate()
    said = {one.card.pk: facts(one.content, today, one.card.institution.region_code) for one in changes}
    for one in changes:
        require_key(one.content, said[one.card.pk])
    CardVersion.objects.bulk_create(
        CardVersion(
            card=one.card, institution_id=one.card.institution_id, number=one.card.version + 1, origin=origin,
            batch=batch, brought_by=brought_by, changed=one.changed, content=contents.seal(one.content),
            content_key=contents.key(one.content), row=contents.seal(one.row) if one.row else None,
        )
        for one in changes
    )  # fmt: skip
    point("registry.version_written")
    before = {one.card.record_number for one in changes}
    now = timezone.now()
    compared = among([(one.card.institution_id, one.card.pk, said[one.card.pk]) for one in changes])
    stands = renew(
        [
            (one.card, check(one.content, today, one.card.institution.region_code, others), one.changed)
            for one, others in zip(changes, compared, strict=True)
        ]
    )
    touched: set[str] = set()
    for one in changes:
        asked = rules_key(one.content.layout, today, one.card.institution.region_code)
        columns = {**said[one.card.pk].as_columns(), **count_open(stands[one.card.pk]), "rules_key": asked}
        columns["compared_at"] = now
        if one.archive_month:
            columns |= {ARCHIVE_MONTH: one.archive_month, "archive_month_assumed": False}
        columns["to_supplement"] = len(to_supplement(one.content, said[one.card.pk].scope_group, today))
        if _changed_any(one, OF_THE_CHILD):
            mends = one.card.view_id if _is_alone(one.card) else None
            view = view_of(one.card.institution_id, one.content, said[one.card.pk].record_number, by, corrects=mends)
            columns |= {"view_id": view.pk, "child_id": view.child_id}
        differing = {name: value for name, value in columns.items() if getattr(one.card, name) != value}
        for name, value in differing.items():
            setattr(one.card, name, value)
        touched |= {name.removesuffix("_id") for name in differing}
    if touched:
        _update([one.card for one in changes], sorted(touched))
    point("registry.card_written")
    for one in changes:
        one.card.version += 1
    telling = [one.card for one in changes if _changed_any(one, RESTS_ON)]
    if telling:
        ask_siblings(telling, key=f"{telling[0].pk}-{telling[0].version}", by=by, also=before)


def _is_alone(card: Card) -> bool:
    """Whether no other stay speaks of the card's view of the child: a correction of the card is one of the child."""
    of_record = Card.objects.filter(institution=card.institution_id, record_number=card.record_number)
    return not of_record.filter(view=card.view_id).exclude(pk=card.pk).exclude(state=State.VOIDED).exists()


def _changed_any(change: Change, fields: frozenset[str]) -> bool:
    """Whether one of these fields, by name, was changed."""
    known = hqms_fields.layout(change.content.layout).by_code
    return any(known[code].name in fields for code in change.changed if code in known)


def _update(cards: Sequence[Card], columns: list[str]) -> None:
    try:
        with transaction.atomic():
            Card.objects.bulk_update(cards, columns)
    except IntegrityError as fault:
        if "one_card_a_stay" not in str(fault):
            raise
        for card in cards:
            other = Card.objects.filter(
                institution=card.institution_id, record_number=card.record_number, discharge_at=card.discharge_at
            ).exclude(pk=card.pk)
            if met := other.first():
                raise OnRecord(met.pk) from fault
        raise


def _checked(before: Content, front: Mapping[str, str], supplement: Mapping[str, str]) -> Content:
    known = hqms_fields.layout(before.layout).by_code
    for code in front:
        if code not in known:
            raise InputRefused(
                f"{before.layout} 版首页没有字段 {code}", f"The {before.layout} layout has no field {code}"
            )
    for name in supplement:
        if item(name) is None:
            raise InputRefused(f"报告卡没有补录项 {name}", f"The card has no supplement item {name}")
    return before.with_changes(front, supplement)


def _conflict(
    card: Card, based_on: int, theirs: Content, front: dict[str, str], supplement: dict[str, str]
) -> Conflict:
    base = CardVersion.objects.filter(card=card, number=based_on).first()
    if base is None:
        raise InputRefused(f"这份报告卡没有第 {based_on} 版", f"The card has no version {based_on}")
    old = open_(base.content)
    mine = old.with_changes(front, supplement)
    both = sorted(set(differences(old, mine)) & set(differences(old, theirs)))
    return Conflict(mine, theirs, card.version, both)
