"""How a month of a point stands: every state of a cell, who sees it, and the sums."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from points_and_cards import at, cards, point

import made_up
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.surveillance import board, calendar, services
from tonghu.surveillance.board import Cell, Sum
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Arrival, ZeroReport

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

TODAY = date(2026, 11, 22)
OCTOBER = Month(date(2026, 10, 1))  # due on 15 November
MONTHS = calendar.shown(TODAY)


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("BOARD1", "510104")
    point(made)
    return made


@pytest.fixture
def lead(hospital: Institution) -> Post:
    return made_up.post("point_lead", hospital)


@pytest.fixture
def county(db: None) -> Post:
    return made_up.post("commission_officer", made_up.authority("health", "510104"))


def cell(held: Post, month: Month = OCTOBER, today: date = TODAY, institution: Institution | None = None) -> Cell:
    with made_up.acting(held):
        return board.cells_of((institution or held.institution).pk, calendar.shown(today), today)[month]


def zero(institution: Institution, month: Month, on: date) -> None:
    with open_scope(system_scope("migration")):
        ZeroReport.objects.create(
            institution=institution, archive_month=month.first, signed_at=at(on), signed_by=made_up.person(institution),
            signed_as="虚构",
        )  # fmt: skip


def test_nothing_yet_is_open_until_the_due_date_and_missing_from_the_day_after(lead: Post) -> None:
    on_the_day = cell(lead, today=date(2026, 11, 15))
    assert (on_the_day.state, on_the_day.tone) == ("open", "")
    day_after = cell(lead, today=date(2026, 11, 16))
    assert (day_after.state, day_after.days, day_after.tone) == ("missing", 1, "block")
    assert "缺报" in day_after.text


def test_the_due_date_ends_at_midnight_in_china(lead: Post, hospital: Institution) -> None:
    cards(hospital, OCTOBER, reported=at(date(2026, 11, 15), hour=23))
    found = cell(lead)
    assert (found.state, found.cards, found.reported, found.on_time, found.days) == ("on_time", 1, 1, 1, 0)
    cards(hospital, OCTOBER, reported=at(date(2026, 11, 16), hour=0))
    found = cell(lead)
    assert (found.state, found.cards, found.on_time, found.days, found.tone) == ("late", 2, 1, 1, "ask")


def test_what_is_not_reported_is_open_then_overdue(lead: Post, hospital: Institution) -> None:
    cards(hospital, OCTOBER, 2, reported=date(2026, 11, 3))
    cards(hospital, OCTOBER, 3)
    before = cell(lead, today=date(2026, 11, 15))
    assert (before.state, before.waiting, before.text) == ("open", 3, "2/5")
    after = cell(lead)
    assert (after.state, after.waiting, after.days, after.tone) == ("overdue", 3, 7, "block")


def test_a_running_month_is_open_whatever_came(lead: Post, hospital: Institution) -> None:
    month = Month.of(TODAY)
    cards(hospital, month, reported=TODAY)
    assert cell(lead, month).state == "open"


def test_a_zero_report_counts_from_the_day_it_was_signed(lead: Post, hospital: Institution) -> None:
    zero(hospital, OCTOBER, date(2026, 11, 15))
    assert cell(lead).state == "zero"
    zero(hospital, OCTOBER.plus(-1), date(2026, 10, 20))
    late = cell(lead, OCTOBER.plus(-1))
    assert (late.state, late.days, late.tone) == ("zero_late", 5, "ask")


def test_a_withdrawn_zero_report_counts_no_more(lead: Post, hospital: Institution) -> None:
    with made_up.acting(lead) as by:
        month = Month.of(date.today()).plus(-1)
        signed = services.sign_zero(month=month, by=by)
        services.withdraw_zero(report=signed, reason="有一例漏报", by=by)
        today = month.due + timedelta(days=1)
        assert board.cells_of(hospital.pk, calendar.shown(today), today)[month].state == "missing"


def test_cards_against_a_zero_report_are_said(lead: Post, hospital: Institution) -> None:
    zero(hospital, OCTOBER, date(2026, 11, 10))
    cards(hospital, OCTOBER, reported=date(2026, 11, 12))
    found = cell(lead)
    assert (found.state, found.contradicted, found.tone) == ("on_time", True, "ask")
    assert "零报告" in found.words


def test_no_zero_report_where_there_are_cards(lead: Post, hospital: Institution) -> None:
    month = Month.of(date.today()).plus(-1)
    cards(hospital, month)
    with made_up.acting(lead) as by, pytest.raises(Exception, match="已有 1 份"):
        services.sign_zero(month=month, by=by)


def test_assumed_months_are_marked_and_voided_cards_do_not_count(lead: Post, hospital: Institution) -> None:
    cards(hospital, OCTOBER, 2, reported=date(2026, 11, 3), archive_month_assumed=True)
    cards(hospital, OCTOBER, state="voided")
    found = cell(lead)
    assert (found.cards, found.assumed, found.state) == (2, 2, "on_time")
    assert "推定" in found.words


def test_a_card_that_moves_takes_its_count_along(lead: Post, hospital: Institution) -> None:
    held = cards(hospital, OCTOBER, 2)
    with open_scope(system_scope("migration")):
        Card.objects.filter(pk=held[0].pk).update(archive_month=OCTOBER.plus(-1).first, archive_month_assumed=True)
        Card.objects.filter(pk=held[1].pk).update(state="reported", first_reported_at=at(date(2026, 11, 14)))
    found = cell(lead)
    assert (found.cards, found.state, found.assumed) == (1, "on_time", 0)
    assert (cell(lead, OCTOBER.plus(-1)).cards, cell(lead, OCTOBER.plus(-1)).assumed) == (1, 1)
    with open_scope(system_scope("migration")):
        Card.objects.filter(pk=held[0].pk).update(state="voided")
    assert cell(lead, OCTOBER.plus(-1)).state == "missing"


def test_folding_changes_no_count_and_is_the_jobs_alone(lead: Post, hospital: Institution) -> None:
    held = cards(hospital, OCTOBER, 3)
    with open_scope(system_scope("migration")):
        for one in held:
            Card.objects.filter(pk=one.pk).update(state="reported", first_reported_at=at(date(2026, 11, 14)))
        rows = Arrival.objects.count()
    before = cell(lead)
    with made_up.acting(lead), pytest.raises(DatabaseError, match="for the job"), transaction.atomic():
        _fold()
    with open_scope(system_scope("summary")):
        assert _fold() == rows - 1
    assert cell(lead) == before
    with open_scope(system_scope("summary")):
        assert _fold() == 0


def test_a_point_owes_its_months_alone(db: None, county: Post) -> None:
    late_comer = made_up.hospital("BOARD2", "510104")
    point(late_comer, date(2026, 9, 2), date(2026, 10, 31))  # the last day of October is no day of it
    with made_up.acting(county):
        assert list(board.cells_of(late_comer.pk, MONTHS, TODAY)) == [Month(date(2026, 9, 1))]


def test_each_sees_the_points_of_its_own_scope(hospital: Institution, lead: Post, county: Post) -> None:
    other = made_up.hospital("BOARD3", "510105")
    far = made_up.hospital("BOARD4", "330102")
    for each in (other, far):
        point(each)
    city = made_up.post("commission_officer", made_up.authority("health", "510100"))
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    seen = {}
    for held in (lead, county, city, centre):
        with made_up.acting(held):
            lines, more = board.wall(MONTHS, TODAY)
            assert not more
            seen[held.role, held.institution.region_code] = {line.institution for line in lines}
    assert list(seen.values()) == [
        {hospital.pk}, {hospital.pk}, {hospital.pk, other.pk}, {hospital.pk, other.pk, far.pk},
    ]  # fmt: skip
    with open_scope(Scope(person=lead.person_id)):
        assert board.wall(MONTHS, TODAY) == ([], False)


def test_an_authority_sees_how_many_wait_and_none_of_the_cards(hospital: Institution, county: Post) -> None:
    cards(hospital, OCTOBER, 4)
    with made_up.acting(county):
        assert board.cells_of(hospital.pk, MONTHS, TODAY)[OCTOBER].waiting == 4
        assert not Card.objects.exists()


def test_the_wall_puts_the_worst_first_where_asked_and_turns_pages(hospital: Institution, county: Post) -> None:
    good = made_up.hospital("BOARD0", "510104")
    point(good, date(2026, 10, 1))
    cards(good, OCTOBER, reported=date(2026, 11, 1))
    with made_up.acting(county):
        assert [line.institution for line in board.wall(MONTHS, TODAY)[0]] == [hospital.pk, good.pk]
        lines, more = board.wall(MONTHS, TODAY, show="owing")
        assert ([line.institution for line in lines], more) == ([hospital.pk], False)
        assert board.wall(MONTHS, TODAY, page=2) == ([], False)
        assert board.wall(MONTHS, TODAY, region="510105") == ([], False)


def test_regions_are_summed_up(hospital: Institution, county: Post) -> None:
    other = made_up.hospital("BOARD5", "510104")
    point(other)
    cards(other, OCTOBER, 2, reported=date(2026, 11, 10))
    cards(other, OCTOBER, 1, reported=date(2026, 11, 17))
    cards(hospital, OCTOBER, 1)
    province = made_up.post("commission_officer", made_up.authority("health", "510000"))
    with made_up.acting(province):
        found = board.sums(MONTHS, TODAY, region="510000", digits=4)
        assert found["510100"][OCTOBER] == Sum(expected=2, late=1, overdue=1, cards=4, reported=3, on_time=2)
        assert found["510100"][OCTOBER].timeliness == 50
        assert found["510100"][OCTOBER].outstanding == 1
        assert board.sums(MONTHS, TODAY, region="510000", digits=0)["510000"] == found["510100"]
        assert Sum().timeliness is None


def _fold() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT surveillance.fold_arrivals()")
        return int(cursor.fetchone()[0])
