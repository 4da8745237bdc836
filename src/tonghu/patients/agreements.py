"""What families agree to, and letting another hospital see a child for a time.

A grant may rest on a consent; withdrawing that ends it at the same instant. Neither is ever erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Func
from django.utils import timezone
from django.utils.formats import date_format
from psycopg.types.range import TimestamptzRange

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients import purposes
from tonghu.patients.events import CONSENTED, GRANT_ENDED, GRANTED, WITHDRAWN
from tonghu.patients.identity import REFUSALS, refusal
from tonghu.patients.models import Child, Consent, Grant
from tonghu.platform.audit.acts import CHILD
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.scope.scope import Scope

#: First key of the advisory lock under which grants of a child take turns.
_LOCK: Final = 4_530


@transaction.atomic
def record_consent(
    *,
    child: Child,
    institution: int,
    purpose: str,
    given_by: str,
    by: Scope,
    start: datetime | None = None,
    end: datetime | None = None,
    relation: str = "",
    note: str = "",
) -> Consent:
    """Record what a family agreed to, from `start` (default: now) until `end` (exclusive; None: without end).

    Raises:
        InputRefused: no such purpose, nobody who gave it, the times are the wrong way round, or outside the scope.
    """
    start = start or timezone.now()
    if purpose not in purposes.purposes():
        raise InputRefused("没有这一项同意用途", "There is no such purpose of a consent")
    if not given_by.strip():
        raise InputRefused("请填写由谁同意", "Say who gave the consent")
    _check_times(start, end)
    try:
        with transaction.atomic():
            held = Consent.objects.create(
                child=child, institution_id=institution, purpose=purpose, given_by=given_by.strip(), relation=relation,
                valid=TimestamptzRange(start, end), note=note.strip(),
            )  # fmt: skip
    except DatabaseError as fault:
        raise refusal(fault) from fault
    record(CONSENTED, subject=(CHILD, child.pk), by=by, institution=institution, data={"purpose": purpose})
    return held


@transaction.atomic
def withdraw_consent(*, consent: Consent, reason: str, by: Scope) -> int:
    """Record that a family took its consent back; returns how many grants rested on it: all ended, whoever gave them.

    Raises:
        InputRefused: no reason, withdrawn already, or outside the scope.
    """
    with acting_because(by, reason) as because:
        held = Consent.objects.select_for_update().filter(pk=consent.pk).first()
        if held is None:
            raise InputRefused(*REFUSALS["TH002"])
        if held.withdrawn_at is not None:
            raise InputRefused(*REFUSALS["TH004"])
        grants = resting(held)
        held.withdrawn_at = timezone.now()
        held.save(update_fields=["withdrawn_at"])  # the database ends what rests on it
        of_child = {"subject": (CHILD, held.child_id), "by": because, "institution": held.institution_id}
        record(WITHDRAWN, **of_child, data={"purpose": held.purpose})  # type: ignore[arg-type]
        _record_ends(grants, because)
    return len(grants)


@dataclass(frozen=True, slots=True)
class Resting:
    """A grant that ends with what it rests on: whose record it opens, which institution gave it, to which hospital."""

    child: int
    given_by: int
    hospital: str


def resting(consent: Consent) -> list[Resting]:
    """Return the grants that rest on a consent now, also those of other hospitals, to the one that may withdraw it."""
    return _of_all("SELECT child_id, given_by_id, institution_id FROM resolver.resting(%s)", consent.pk)


def record_parted(one: int, other: int, *, by: Scope) -> None:
    """Record the end of each grant that the parting of two children has just ended, in the book of who gave it."""
    query = "SELECT child_id, given_by_id, institution_id FROM resolver.ended_by_parting(%s, %s)"
    _record_ends(_of_all(query, one, other), by)


def _of_all(query: str, *asked: int) -> list[Resting]:
    """Grants of which the database answers, whoever gave them."""
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        rows = cursor.fetchall()
    called = Institution.objects.in_bulk([to for _child, _giver, to in rows])
    return [Resting(child, giver, called[to].name) for child, giver, to in rows]


def _record_ends(grants: Iterable[Resting], by: Scope) -> None:
    for one in grants:
        record(GRANT_ENDED, subject=(CHILD, one.child), by=by, institution=one.given_by,
               data={"hospital": one.hospital})  # fmt: skip


@transaction.atomic
def let_see(
    *,
    child: Child,
    institution: int,
    given_by: int,
    ground: str,
    start: datetime,
    end: datetime,
    by: Scope,
    reference: str = "",
    consent: Consent | None = None,
) -> Grant:
    """Let another hospital see a child from `start` until `end` (exclusive).

    Args:
        consent: what it rests on, where the ground is a family's consent; the grant begins and ends within it.

    Raises:
        InputRefused: the times are the wrong way round, the ground needs a consent that stands and allows it, it goes
            to the giver itself, the same hospital is let see the child on the same ground at that time already, or the
            child is outside the scope of the giver.
    """
    _check_times(start, end)
    if institution == given_by:
        raise InputRefused("请选择另一家医院", "Choose another hospital")
    if consent is not None or ground == Grant.Ground.CONSENT:
        _check_consent(consent, child, end)
    span = TimestamptzRange(start, end)
    try:
        with transaction.atomic():
            held = Grant.objects.create(
                child=child, institution_id=institution, given_by_id=given_by, ground=ground,
                reference=reference.strip(), consent=consent, valid=span,
            )  # fmt: skip
            # Now that the walls let it pass: a stranger is not told what stands.
            _check_once(held, institution=institution, given_by=given_by, ground=ground, consent=consent)
    except DatabaseError as fault:
        raise refusal(fault) from fault
    if consent is not None:
        held.refresh_from_db(fields=["valid"])  # it begins no sooner than the consent
        start = held.valid.lower
    record(
        GRANTED, subject=(CHILD, child.pk), by=by, institution=given_by,
        data={"hospital": held.institution.name, "ground": ground, "start": _said(start), "end": _said(end)},
    )  # fmt: skip
    return held


@transaction.atomic
def end_grant(*, grant: Grant, reason: str, by: Scope) -> None:
    """End a grant now, before its time; one that has not begun never will.

    Raises:
        InputRefused: no reason, over already, or outside the scope.
    """
    with acting_because(by, reason) as because:
        held = Grant.objects.select_for_update().filter(pk=grant.pk).first()
        if held is None:
            raise InputRefused(*REFUSALS["TH002"])
        if _over(held):
            raise InputRefused(*REFUSALS["TH004"])
        Grant.objects.filter(pk=held.pk).update(valid=Func(F("valid"), function="scope.ended"))
        record(
            GRANT_ENDED, subject=(CHILD, held.child_id), by=because, institution=held.given_by_id,
            data={"hospital": held.institution.name},
        )  # fmt: skip


def _over(grant: Grant) -> bool:
    return grant.valid.upper is not None and grant.valid.upper <= timezone.now()


def _check_consent(consent: Consent | None, child: Child, end: datetime) -> None:
    same = consent is not None and Child.objects.filter(pk=consent.child_id).first()
    if consent is None or not same or same.group != child.group:
        raise InputRefused("请选择家属的同意", "Choose the family's consent that it rests on")
    if not consent.stands or not purposes.shares(consent.purpose):
        raise InputRefused(
            "这份同意已失效，或不包括向另一家医院提供资料",
            "This consent no longer holds, or does not allow sharing with another hospital",
        )
    if consent.valid.upper is not None and end > consent.valid.upper:
        until = _said(consent.valid.upper)
        raise InputRefused(
            f"家属的同意到 {until} 为止，开放查看不能更久：请提前截止日期",
            f"The family's consent ends at {until}, and the permission with it: choose an earlier end",
        )


def _check_once(new: Grant, **same: Any) -> None:
    """Ending a grant ends it: the same one is not held twice, also when it is asked for twice at the same moment."""
    with connection.cursor() as cursor:  # those about one child take turns, until the transaction ends
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, new.child_id % 2**31])
    held = Grant.objects.filter(child=new.child_id, valid__overlap=new.valid, **same).exclude(pk=new.pk)
    standing = held.exclude(valid__endswith__lte=timezone.now()).order_by("-valid").first()
    if standing is not None:
        until = _said(standing.valid.upper) if standing.valid.upper else None
        raise InputRefused(
            f"该医院已获准查看（{f'至 {until}' if until else '无截止时间'}），请先结束原有的开放，或另选时间",
            f"This hospital may see the child already ({f'until {until}' if until else 'without end'}): "
            "end that first, or choose another time",
        )


def _check_times(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise InputRefused("截止时间应晚于开始时间", "The end must come after the beginning")


def _said(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i")
