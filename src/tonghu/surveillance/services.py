"""Every write of this room: points, zero reports, locks. Keyword-only, whole or not at all, in the name of `by`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.types.range import Range

from tonghu.errors import InputRefused
from tonghu.intake.importing import take_turn
from tonghu.network.models import Institution
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.events import SITE, acting_because, record
from tonghu.platform.scope.scope import Scope
from tonghu.platform.stale import merged
from tonghu.registry.locks import close
from tonghu.surveillance.access import LOCK, MANAGE, SIGN
from tonghu.surveillance.against_zero import require_settled
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.events import ADMITTED, ENDED, LIFTED, LOCKED, POINT, SIGNED, WITHDRAWN
from tonghu.surveillance.models import MonthLock, Point, ZeroReport
from tonghu.surveillance.queries import cards_of


@transaction.atomic
def admit_point(*, institution: Institution, start: date, ground: str, by: Scope, note: str = "") -> Point:
    """Make a hospital or primary-care institution a monitoring point from a day on.

    Raises:
        PermissionDenied: the post may not.
        InputRefused: it is an authority, or a point already then.
    """
    check_may(by, MANAGE)
    if institution.kind == Institution.Kind.AUTHORITY:
        raise InputRefused(
            f"{institution.name}是管理部门，不能作为监测点", f"{institution.name} is an authority and cannot be a point"
        )
    try:
        with transaction.atomic():
            point = Point.objects.create(
                institution=institution, valid=Range(start, None), ground=Point.Ground(ground), note=note.strip()
            )
    except IntegrityError as fault:
        if "point_once_at_a_time" not in str(fault):
            raise
        raise InputRefused(
            f"{institution.name}自 {start} 起的期间已是监测点，请先查看其起止日期",
            f"{institution.name} is a point on or after {start} already: see its dates",
        ) from fault
    said = {"start": start.isoformat(), "ground": point.ground}
    record(ADMITTED, subject=(POINT, point.pk), by=by, institution=institution.pk, data=said)
    return point


@transaction.atomic
def end_point(*, point: Point, last_day: date, reason: str, by: Scope, shown: Mapping[str, str] | None = None) -> Point:
    """Set the last day on which an institution is a point.

    Args:
        shown: which ``last_day`` whoever ends it saw; None where nothing was shown.

    Raises:
        PermissionDenied: the post may not.
        ChangedMeanwhile: somebody else set another day since.
        InputRefused: the day lies before its first, it has ended already, or no reason is given.
    """
    check_may(by, MANAGE)
    point = Point.objects.select_for_update().get(pk=point.pk)
    merged(held={"last_day": point.last_day}, shown=shown, wanted={"last_day": last_day})
    if point.valid.upper is not None and point.valid.upper <= timezone.localdate():
        raise InputRefused(f"已于 {point.last_day} 终止", f"It ended on {point.last_day} already")
    if point.valid.lower is not None and last_day < point.valid.lower:
        raise InputRefused(
            f"最后一天不能早于起始日 {point.valid.lower}",
            f"The last day cannot lie before the first, {point.valid.lower}",
        )
    with acting_because(by, reason) as because:
        point.valid = Range(point.valid.lower, last_day + timedelta(days=1))
        point.save(update_fields=["valid"])
        said = {"day": last_day.isoformat()}
        record(ENDED, subject=(POINT, point.pk), by=because, institution=point.institution_id, data=said)
    return point


@transaction.atomic
def sign_zero(*, month: Month, by: Scope, known: Iterable[int] = (), despite: str = "") -> ZeroReport:
    """Sign, for the point of the post, that a month had no case.

    Args:
        known: the numbers of the files of the month that whoever signs knows to wait, and says to be no cases of it.
        despite: why they are none.

    Raises:
        PermissionDenied: the post may not.
        FilesWait: other files of the month wait than those that are known.
        InputRefused: the month is not over, the point does not owe it, it has cards, or it is signed already; a file of
            it is being imported, or waits and no reason is given.
    """
    check_may(by, SIGN)
    if by.institution is None or by.person is None:
        raise InputRefused(
            "零报告由监测点签署，请切换到医院的岗位", "A zero report is signed by the point: act from a post there"
        )
    if month.last >= timezone.localdate():
        raise InputRefused(
            f"{month} 还没有结束，{month.plus(1).first} 起可以签署",
            f"{month} is not over: sign from {month.plus(1).first} on",
        )
    point = Point.objects.filter(institution=by.institution, valid__contains=month.last).first()
    if point is None:
        raise InputRefused(
            f"本单位在 {month} 不是监测点，无需报送", f"Your institution was no point in {month}: nothing is due"
        )
    take_turn(by.institution)  # no import of the hospital is confirmed, or writes, between the looks and the signature
    if cards := cards_of(by.institution, month):
        raise InputRefused(
            f"{month} 已有 {cards} 份报告卡，不能签署零报告；确无病例的请先作废这些报告卡",
            f"{month} has {cards} report cards, so it had cases: void them first if it had none",
        )
    despite = require_settled(by.institution, month, known=known, despite=despite)
    with acting_because(by, despite) if despite else nullcontext(by) as acting:
        try:
            with transaction.atomic():
                signed = ZeroReport.objects.create(
                    institution_id=by.institution, archive_month=month.first, signed_at=timezone.now(),
                    signed_by_id=by.person, signed_as=by.label[:200], despite=despite,
                )  # fmt: skip
        except IntegrityError as fault:
            if "zero_report_one_a_month" not in str(fault):
                raise
            raise InputRefused(f"{month} 的零报告已经签署", f"The zero report of {month} is signed already") from fault
        said = {"month": str(month)}
        record(SIGNED, subject=(POINT, point.pk), by=acting, institution=by.institution, data=said)
    return signed


@transaction.atomic
def withdraw_zero(*, report: ZeroReport, reason: str, by: Scope) -> ZeroReport:
    """Take a zero report back; it stays on record with the reason.

    Raises:
        PermissionDenied: the post may not.
        InputRefused: no reason is given, or it is withdrawn already.
    """
    check_may(by, SIGN)
    with acting_because(by, reason) as because:
        held = ZeroReport.objects.select_for_update().get(pk=report.pk)
        if held.withdrawn_at is not None:
            raise InputRefused("这份零报告已经撤回", "This zero report is withdrawn already")
        held.withdrawn_at, held.withdrawn_as = timezone.now(), by.label[:200]
        held.withdrawn_because = because.reason
        held.save(update_fields=["withdrawn_at", "withdrawn_as", "withdrawn_because"])
        month = Month(held.archive_month)
        point = Point.objects.filter(institution=held.institution_id, valid__contains=month.last).first()
        subject = (POINT, point.pk if point else held.institution_id)
        record(WITHDRAWN, subject=subject, by=because, institution=held.institution_id, data={"month": str(month)})
    return held


@transaction.atomic
def lock_month(*, month: Month, by: Scope, note: str = "") -> MonthLock:
    """Close a month of the nation for bulk undo; single corrections go on, versioned.

    Raises:
        PermissionDenied: the post may not.
        InputRefused: the month is not due yet, or locked already.
    """
    check_may(by, LOCK)
    if month.due >= timezone.localdate():
        raise InputRefused(
            f"{month} 的截止日是 {month.due}，之后才能锁定", f"{month} is due on {month.due}: lock it after that day"
        )
    close(month.first)
    try:
        with transaction.atomic():
            lock = MonthLock.objects.create(
                archive_month=month.first, locked_at=timezone.now(), locked_as=by.label[:200], note=note.strip()
            )
    except IntegrityError as fault:
        if "month_lock_one_a_month" not in str(fault):
            raise
        raise InputRefused(f"{month} 已经锁定", f"{month} is locked already") from fault
    record(LOCKED, subject=SITE, by=by, data={"month": str(month)})
    return lock


@transaction.atomic
def lift_lock(*, lock: MonthLock, reason: str, by: Scope) -> MonthLock:
    """Open a locked month again.

    Raises:
        PermissionDenied: the post may not.
        InputRefused: no reason is given, or it is open already.
    """
    check_may(by, LOCK)
    with acting_because(by, reason) as because:
        held = MonthLock.objects.select_for_update().get(pk=lock.pk)
        if held.lifted_at is not None:
            raise InputRefused("这个月份已经解锁", "This month is unlocked already")
        held.lifted_at, held.lifted_as, held.lifted_because = timezone.now(), by.label[:200], because.reason
        held.save(update_fields=["lifted_at", "lifted_as", "lifted_because"])
        record(LIFTED, subject=SITE, by=because, data={"month": str(Month(held.archive_month))})
    return held
