"""Reminders: who is told, on which days, and once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from points_and_cards import at, cards, point

import made_up
from tonghu.network.models import Institution
from tonghu.platform.notices.kinds import kinds
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance import reminding
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import ZeroReport
from tonghu.surveillance.tasks import nation

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

OCTOBER = Month(date(2026, 10, 1))
DUE = OCTOBER.due
ROLES = ("point_lead", "entry_clerk", "records_department", "responsible_deputy", "auditor")


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("REMIND1", "510104")
    point(made, date(2026, 10, 1))
    for role in ROLES:
        made_up.post(role, made)
    return made


def remind(today: date) -> int:
    with open_scope(nation(system_scope("calendar"))):
        return reminding.remind(today)


def told() -> list[tuple[str, str]]:
    """Role and sentence of everything that people were told."""
    with open_scope(system_scope("migration")):
        return sorted(
            (notice.person.posts.get().role, kinds()[notice.kind].sentence(notice.data))
            for notice in Notice.objects.filter(kind__startswith="surveillance").select_related("person")
        )


def test_before_the_due_date_those_who_do_the_work_are_told_once(hospital: Institution) -> None:
    cards(hospital, OCTOBER, 2, reported=date(2026, 11, 2))
    cards(hospital, OCTOBER, 3)
    made_up_clerks = 2  # the cards were made in the name of two more clerks
    assert remind(DUE - timedelta(days=5)) == 4 + made_up_clerks
    assert remind(DUE - timedelta(days=5)) == 0
    assert {role for role, _said in told()} == {"point_lead", "entry_clerk", "records_department", "auditor"}
    assert told()[0][1].startswith("2026-10 的病例 2026-11-15 截止（还有 5 天）：累计上报 2 份，未上报 3 份")


@pytest.mark.parametrize("days", [6, 4, 3, 1, -2, -4, -7])
def test_on_other_days_nobody_is_told(hospital: Institution, days: int) -> None:
    assert remind(DUE - timedelta(days=days)) == 0


def test_after_it_the_deputy_is_told_too(hospital: Institution) -> None:
    assert remind(DUE + timedelta(days=1)) == 5
    assert ("responsible_deputy", "2026-10 的病例已逾期 1 天：累计上报 0 份，未上报 0 份，尚未报齐") in told()
    assert "auditor" in {role for role, _said in told()}, "who approves and reports"


def test_officers_are_told_how_many_of_their_points_owe_something(hospital: Institution) -> None:
    here = made_up.post("commission_officer", made_up.authority("health", "510100"))
    made_up.post("commission_officer", made_up.authority("health", "330000"))
    remind(DUE + timedelta(days=1))
    assert not [role for role, _said in told() if role == "commission_officer"]
    remind(DUE + timedelta(days=5))
    assert [said for role, said in told() if role == "commission_officer"] == [
        "2026-10 逾期 5 天：辖区内仍有 1 个监测点欠报"
    ]
    with open_scope(system_scope("migration")):
        assert Notice.objects.get(kind="surveillance.region_overdue").person_id == here.person_id


def test_who_has_finished_or_signed_is_left_in_peace(hospital: Institution) -> None:
    cards(hospital, OCTOBER, 1, reported=date(2026, 11, 2))
    other = made_up.hospital("REMIND2", "510104")
    point(other, date(2026, 10, 1))
    lead = made_up.post("point_lead", other)
    with open_scope(system_scope("migration")):
        ZeroReport.objects.create(
            institution=other, archive_month=OCTOBER.first, signed_at=at(date(2026, 11, 3)), signed_by=lead.person,
            signed_as="虚构",
        )  # fmt: skip
    assert remind(DUE) == 0
    assert remind(DUE + timedelta(days=1)) == 0


def test_before_the_reporting_began_nobody_is_told(hospital: Institution) -> None:
    assert remind(date(2020, 1, 15)) == 0
