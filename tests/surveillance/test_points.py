"""Points, zero reports and locks: what is written, what is refused, and why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from psycopg.types.range import Range

import made_up
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import locks
from tonghu.surveillance import services
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import MonthLock, Point, ZeroReport

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
LAST = Month.of(TODAY).plus(-1)


@pytest.fixture
def hospital(db: None) -> Institution:
    return made_up.hospital("POINT1", "510104")


@pytest.fixture
def officer(db: None) -> Post:
    return made_up.post("commission_officer", made_up.authority("health", "510100"))


@pytest.fixture
def centre(db: None) -> Post:
    return made_up.post("centre_officer", made_up.authority("centre", "000000"))


@pytest.fixture
def lead(hospital: Institution) -> Post:
    return made_up.post("point_lead", hospital)


@pytest.fixture
def point(hospital: Institution, officer: Post) -> Point:
    with made_up.acting(officer) as by:
        return services.admit_point(institution=hospital, start=date(2025, 1, 1), ground="designated", by=by)


@pytest.mark.requirement("REG-02")
def test_an_officer_makes_a_hospital_a_point_and_ends_it(point: Point, officer: Post, hospital: Institution) -> None:
    with made_up.acting(officer) as by:
        assert Point.objects.get().valid.lower == date(2025, 1, 1)
        with pytest.raises(InputRefused, match="已是监测点"):
            services.admit_point(institution=hospital, start=date(2026, 1, 1), ground="voluntary", by=by)
        with pytest.raises(InputRefused, match="不能早于"):
            services.end_point(point=point, last_day=date(2024, 12, 31), reason="撤并", by=by)
        services.end_point(point=point, last_day=date(2025, 6, 30), reason="医院撤并", by=by)
        assert Point.objects.get().last_day == date(2025, 6, 30)
        with pytest.raises(InputRefused, match="已于"):
            services.end_point(point=point, last_day=date(2025, 7, 30), reason="再次", by=by)
        services.admit_point(institution=hospital, start=date(2025, 9, 1), ground="voluntary", by=by)
    with open_scope(system_scope("migration")):
        kinds = Event.objects.filter(kind__startswith="surveillance").order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["surveillance.admitted", "surveillance.ended", "surveillance.admitted"]


def test_an_authority_is_no_point_and_another_region_is_out_of_reach(officer: Post, lead: Post) -> None:
    with made_up.acting(officer) as by:
        with pytest.raises(InputRefused, match="管理部门"):
            services.admit_point(institution=officer.institution, start=TODAY, ground="designated", by=by)
        far = made_up.hospital(region="330102")
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            services.admit_point(institution=far, start=TODAY, ground="designated", by=by)
    with made_up.acting(lead) as by, pytest.raises(PermissionDenied):
        services.admit_point(institution=lead.institution, start=TODAY, ground="designated", by=by)


@pytest.mark.requirement("REG-08")
def test_a_lead_signs_that_there_was_no_case_and_withdraws_it(point: Point, lead: Post) -> None:
    with made_up.acting(lead) as by:
        signed = services.sign_zero(month=LAST, by=by)
        assert (signed.institution_id, signed.archive_month, signed.signed_by_id) == (
            lead.institution_id, LAST.first, lead.person_id,
        )  # fmt: skip
        assert "总负责人" in signed.signed_as
        with pytest.raises(InputRefused, match="已经签署"):
            services.sign_zero(month=LAST, by=by)
        with pytest.raises(InputRefused, match="原因"):
            services.withdraw_zero(report=signed, reason=" ", by=by)
        withdrawn = services.withdraw_zero(report=signed, reason="发现一例未归档", by=by)
        assert (withdrawn.withdrawn_because, withdrawn.withdrawn_as) == ("发现一例未归档", signed.signed_as)
        with pytest.raises(InputRefused, match="已经撤回"):
            services.withdraw_zero(report=signed, reason="再次撤回", by=by)
        services.sign_zero(month=LAST, by=by)
        assert ZeroReport.objects.filter(withdrawn_at=None).count() == 1


def test_no_zero_report_for_a_month_that_runs_or_is_not_owed(hospital: Institution, point: Point, lead: Post) -> None:
    with made_up.acting(lead) as by:
        with pytest.raises(InputRefused, match="还没有结束"):
            services.sign_zero(month=Month.of(TODAY), by=by)
        with pytest.raises(InputRefused, match="不是监测点"):
            services.sign_zero(month=Month(date(2024, 12, 1)), by=by)


def test_only_the_lead_signs_and_only_at_the_point(point: Point, hospital: Institution, officer: Post) -> None:
    for role in ("entry_clerk", "auditor", "responsible_deputy"):
        with made_up.acting(made_up.post(role, hospital)) as by, pytest.raises(PermissionDenied):
            services.sign_zero(month=LAST, by=by)
    with made_up.acting(officer, "surveillance.sign") as by, pytest.raises(InputRefused, match="监测点签署"):
        services.sign_zero(month=LAST, by=by)


@pytest.mark.requirement("REG-08")
def test_the_centre_locks_a_month_that_was_due_and_opens_it_again(centre: Post, officer: Post, lead: Post) -> None:
    month = Month.of(TODAY).plus(-3)
    with made_up.acting(centre) as by:
        lock = services.lock_month(month=month, by=by, note="年度汇总")
        with pytest.raises(InputRefused, match="已经锁定"):
            services.lock_month(month=month, by=by)
        with pytest.raises(InputRefused, match="之后才能锁定"):
            services.lock_month(month=Month.of(TODAY), by=by)
    with made_up.acting(lead):
        assert MonthLock.objects.get().archive_month == month.first
        assert locks.is_locked(lead.institution_id, month.last), "imports of the month are not undone now"
        assert not locks.is_locked(lead.institution_id, month.plus(1).first)
        assert locks.locked_since(lead.institution_id, month.last) == lock.locked_at
        assert locks.locked_since(lead.institution_id, month.plus(1).first) is None
    with made_up.acting(officer) as by, pytest.raises(PermissionDenied):
        services.lift_lock(lock=lock, reason="更正", by=by)
    with (
        made_up.acting(officer, "surveillance.lock") as by,
        pytest.raises(Exception, match="row-level security"),
        transaction.atomic(),
    ):
        services.lock_month(month=month.plus(-1), by=by)
    with made_up.acting(centre) as by:
        services.lift_lock(lock=lock, reason="发现批量错误", by=by)
        assert not locks.is_locked(lead.institution_id, month.first)
        assert locks.locked_since(lead.institution_id, month.first) is None
        with pytest.raises(InputRefused, match="已经解锁"):
            services.lift_lock(lock=lock, reason="再次", by=by)
        services.lock_month(month=month, by=by)


def test_a_point_owes_the_months_on_whose_last_day_it_stands(point: Point, lead: Post, officer: Post) -> None:
    with made_up.acting(officer) as by:
        services.end_point(point=point, last_day=LAST.last - timedelta(days=1), reason="停止监测", by=by)
        assert Point.objects.get().valid == Range(date(2025, 1, 1), LAST.last)
    with made_up.acting(lead) as by:
        with pytest.raises(InputRefused, match="不是监测点"):
            services.sign_zero(month=LAST, by=by)
        services.sign_zero(month=LAST.plus(-1), by=by)
