"""Saving a card: a new version, its findings and typed columns in step; two tabs never overwrite each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

from django.db import IntegrityError, transaction
from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import acting_because
from tonghu.platform.scope.scope import Scope
from tonghu.registry import content as contents
from tonghu.registry.access import ENTER
from tonghu.registry.checks import check
from tonghu.registry.content import Content, differences, open_
from tonghu.registry.models import Card, CardVersion, Origin
from tonghu.registry.services.entering import OnRecord, require_key, view_of
from tonghu.registry.services.findings import count_open, renew
from tonghu.registry.summary import facts

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
        label = Card.State(state)
        super().__init__(
            f"这份报告卡现在是“{_zh(label)}”，不能修改：请先撤回，或等退回",
            f"The card is {_en(label)} and cannot be changed now: withdraw it first, or wait until it is returned",
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
) -> Card:
    """Save changes of a card as its next version; without a difference nothing is written. Returns the card.

    Args:
        based_on: the version that was on the screen.
        front, supplement: texts by field code and by item; a blank one empties it.
        reason: kept with the history, where one is given.

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
        if not changed:
            return held
        if not held.editable:
            raise NotInHand(held.state)
        write(held, mine, changed, by=acting, origin=origin, batch=batch)
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


def write(
    card: Card, content: Content, changed: list[str], *, by: Scope, origin: str, batch: int | None = None
) -> None:
    """Write the next version of a locked card, its findings, its typed columns and the child's view."""
    today, region = timezone.localdate(), card.institution.region_code
    said = facts(content, today, region)
    require_key(content, said)
    CardVersion.objects.create(
        card=card, institution_id=card.institution_id, number=card.version + 1, origin=origin, batch=batch,
        changed=changed, content=contents.seal(content), content_key=contents.key(content),
    )  # fmt: skip
    columns = {**said.as_columns(), **count_open(renew(card, check(content, today, region), changed))}
    names = {field.code: field.name for field in hqms_fields.layout(content.layout).fields}
    if OF_THE_CHILD & {names.get(code) for code in changed}:
        view = view_of(card.institution_id, content, by)
        columns |= {"view_id": view.pk, "child_id": view.child_id}
    differing = {name: value for name, value in columns.items() if getattr(card, name) != value}
    if differing:
        try:
            with transaction.atomic():
                Card.objects.filter(pk=card.pk).update(**differing)
        except IntegrityError as fault:
            if "one_card_a_stay" not in str(fault):
                raise
            other = Card.objects.get(
                institution=card.institution_id, record_number=said.record_number, discharge_at=said.discharge_at
            )
            raise OnRecord(other.pk) from fault
    card.refresh_from_db()


def _checked(before: Content, front: Mapping[str, str], supplement: Mapping[str, str]) -> Content:
    known = hqms_fields.layout(before.layout).by_code
    for code in front:
        if code not in known:
            raise InputRefused(
                f"{before.layout} 版首页没有字段 {code}", f"The {before.layout} layout has no field {code}"
            )
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


def _zh(state: str) -> str:
    return {
        "draft": "草稿", "submitted": "已提交", "returned": "审核退回", "approved": "审核通过", "reported": "已上报",
        "returned_by_centre": "国家中心退回", "accepted": "国家中心已接收", "voided": "已作废",
    }[str(state)]  # fmt: skip


def _en(state: str) -> str:
    return str(state).replace("_", " ")
