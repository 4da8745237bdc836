"""The pages, as each post sees them."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from points_and_cards import cards, point

import made_up
from opened import opened
from tonghu.network.models import Institution, Region
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance import services
from tonghu.surveillance.board import wall
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import MonthLock, Point, ZeroReport

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

TODAY = timezone.localdate()
LAST = Month.of(TODAY).plus(-1)
BEFORE = LAST.plus(-1)  # always overdue


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("PAGE1", "510104", name="虚构第一儿童医院")
    point(made)
    return made


@pytest.fixture
def officer(db: None) -> Client:
    with open_scope(system_scope("migration")):
        for code, level, above, name in (("510100", 2, "510000", "成都市"), ("510104", 3, "510100", "锦江区")):
            Region.objects.create(code=code, level=level, parent_code=above, name=name, valid=made_up.ALWAYS)
    return made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))


@pytest.fixture
def centre(db: None) -> Client:
    return made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))


@pytest.fixture
def lead(hospital: Institution) -> Client:
    return made_up.browser(made_up.post("point_lead", hospital))


def text(client: Client, address: str, status: int = 200, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def test_a_hospital_sees_its_months_and_what_is_overdue(lead: Client, hospital: Institution) -> None:
    cards(hospital, BEFORE, 2)
    page = text(lead, "/reporting")
    assert "逾期未报齐" in page
    assert f"/reporting/months/{BEFORE}/zero" not in page, "a month with cards has no zero report"
    assert f"/reporting/months/{BEFORE.plus(-1)}/zero" in page
    assert "2</" in page.split("所处环节")[1], "two are drafts"
    assert str(LAST.plus(-20)) in text(lead, "/reporting", until=str(LAST.plus(-20)))


def test_months_before_it_joined_fold_and_those_with_cards_stay(db: None) -> None:
    young = made_up.hospital("PAGE3", "510104")
    point(young, start=LAST.plus(-1).first)
    cards(young, LAST.plus(-4), 3)
    page = text(made_up.browser(made_up.post("point_lead", young)), "/reporting")
    table, _sep, folded = page.partition("folded-months")
    assert str(LAST.plus(-4)) in table.split("<tbody>")[1]
    assert "不需报送" in table
    assert str(LAST.plus(-5)) not in table.split("<tbody>")[1]
    assert "其余 8 个月" in folded
    assert f"（{LAST.plus(-10)} 至 {LAST.plus(-2)}）" in folded


@pytest.mark.requirement("REG-09")
def test_the_months_of_the_back_file_are_on_the_board(hospital: Institution, lead: Client, centre: Client) -> None:
    old = Month(date(2018, 7, 1))
    cards(hospital, old, 2, reported=date(2020, 5, 31), archive_month_assumed=True)
    page = text(lead, "/reporting", until="2018-12")
    assert "2020-05-31" in page
    assert "2018-07" in page
    month = text(lead, f"/reporting/months/{old}")
    assert "2020-05-31" in month
    assert f"until={TODAY.year - 1}-12" in page, "every year is one step away"
    assert "不需报送" in page, "it was no point then"
    elder = made_up.hospital("PAGE4", "510105", name="虚构第四儿童医院")
    point(elder, start=date(2017, 1, 1))
    cards(elder, old, 2, reported=date(2020, 5, 31))
    cards(elder, old.plus(1), 1, reported=date(2020, 6, 2))
    wall = text(centre, "/reporting", until="2018-12", by="points", region="510000")
    row = wall.split("虚构第四儿童医院")[-1]
    said = {month: row.split(f'title="{month} · ')[1].split('"')[0] for month in ("2018-06", "2018-07", "2018-08")}
    assert "逾期" in said["2018-06"]
    assert "逾期" not in said["2018-07"]
    assert "2 天" in said["2018-08"]


def test_a_cell_leads_to_cards_only_where_a_reader_above_finds_some(centre: Client) -> None:
    owing = made_up.hospital("PAGE5", "510106", name="虚构第五儿童医院")
    held = point(owing, start=BEFORE.first)
    cards(owing, BEFORE, 3)
    cards(owing, LAST, 1, reported=LAST.first)
    cards(owing, LAST, 1)
    row = text(centre, "/reporting", by="points", region="510000").split("虚构第五儿童医院")[-1].split("</tr>")[0]
    leads = {month: row.split(f'title="{month} · ')[1].split('href="')[1].split('"')[0] for month in (BEFORE, LAST)}
    assert leads[BEFORE] == f"/reporting/points/{held.pk}", "nobody above sees a card that is not reported"
    assert leads[LAST].startswith("/reporting/cards?topic=reported")


def test_a_point_without_a_report_is_named_in_whole_words(centre: Client) -> None:
    point(made_up.hospital("PAGE6", "510106"), start=BEFORE.first)
    with override("en"), open_scope(system_scope("migration")):
        (line,) = wall([BEFORE], BEFORE.due + timedelta(days=7), region="510106")[0]
        assert line.cells[0] is not None
        assert line.cells[0].brief == "no report yet, 7 days overdue"


def test_a_clerk_sees_the_same_and_signs_nothing(hospital: Institution) -> None:
    clerk = made_up.browser(made_up.post("entry_clerk", hospital))
    assert "/zero" not in text(clerk, "/reporting")
    assert clerk.get(f"/reporting/months/{BEFORE}/zero").status_code == 403


def test_a_hospital_that_is_no_point_is_told_so(db: None) -> None:
    page = text(made_up.browser(made_up.post("point_lead")), "/reporting")
    assert "不是监测点" in page
    assert "不需报送" in page


@pytest.mark.requirement("REG-08")
def test_the_lead_signs_and_withdraws_on_the_pages(lead: Client) -> None:
    address = f"/reporting/months/{BEFORE}"
    assert "签署零报告" in text(lead, address)
    assert "总负责人" in text(lead, f"{address}/zero")
    page = lead.post(f"{address}/zero", follow=True).content.decode()
    assert f"已签署 {BEFORE} 的零报告" in page
    assert "零报告（迟签）" in page
    again = lead.post(f"{address}/zero").content.decode()
    assert "已经签署" in again
    with made_up.acting(made_up.post("point_lead", Institution.objects.get(code="PAGE1"))):
        held = ZeroReport.objects.get()
    assert "原因" in lead.post(f"/reporting/zero/{held.pk}/withdraw", {"reason": ""}).content.decode()
    page = lead.post(f"/reporting/zero/{held.pk}/withdraw", {"reason": "漏报一例"}, follow=True).content.decode()
    assert "漏报一例" in page
    assert "逾期缺报" in page
    assert str(BEFORE) in text(lead, "/history")


@pytest.mark.parametrize("said", ["2016-12", "2026-13", "x", "2999-01", "0000-00", "9999-12", "-1"])
def test_a_month_that_is_none_is_not_there(lead: Client, centre: Client, said: str) -> None:
    text(lead, f"/reporting/months/{said}", 404)
    assert lead.post(f"/reporting/months/{said}/zero", {"confirmed": "on"}).status_code == 404
    assert centre.post(f"/reporting/months/{said}/lock", {"reason": "x"}).status_code == 404
    for client in (lead, centre):  # a board goes on with the running month
        for address in ("/reporting?", "/reporting?by=points&", "/reporting/paper?by=points&"):
            assert client.get(f"{address}show=owing&month={said}&until={said}").status_code == 200


def test_a_city_sees_its_points_and_the_way_down_and_back(officer: Client, hospital: Institution) -> None:
    page = text(officer, "/reporting")
    assert "虚构第一儿童医院" in page
    assert "缺报" in page
    assert "上报进度：成都市" in page
    by_region = text(officer, "/reporting", by="regions")
    assert "region=510104" in by_region
    county = text(officer, "/reporting", region="510104")
    assert "虚构第一儿童医院" in county
    assert "region=510100" in county, "the way back"
    for out in ("510000", "330100", "x", "000000"):
        text(officer, "/reporting", 404, region=out)
    assert "虚构第一儿童医院" in text(officer, "/reporting", late="1", page="x")
    assert "没有监测点欠报" in text(officer, "/reporting", region="510105", late="1")


def test_a_cell_opens_the_point_where_there_is_nothing_to_open(officer: Client, hospital: Institution) -> None:
    with made_up.acting(made_up.post("point_lead", hospital)):
        number = Point.objects.get().pk
    assert f"/reporting/points/{number}" in text(officer, "/reporting")


def test_the_centre_sees_the_nation_as_tiles_and_goes_down(centre: Client, hospital: Institution) -> None:
    page = text(centre, "/reporting")
    assert 'class="tile tone-block"' in page
    assert "?region=510000" in page
    assert "无上报 · 逾期" in page, "the exceptions stand beside the map"
    assert "虚构第一儿童医院" in text(centre, "/reporting", by="points")
    assert "?region=510100" in text(centre, "/reporting", region="510000", by="regions")


@pytest.mark.requirement("REG-08")
def test_the_centre_locks_and_unlocks_a_month(centre: Client, hospital: Institution, lead: Client) -> None:
    address = f"/reporting/months/{BEFORE}"
    assert "锁定本月" in text(centre, address)
    page = centre.post(f"{address}/lock", {"note": "季度通报"}, follow=True).content.decode()
    assert "季度通报" in page
    assert str(BEFORE) in text(centre, "/history")
    assert "锁定" in text(lead, address)
    assert "锁定" in text(centre, "/reporting")
    assert lead.get(f"{address}/lock").status_code == 403
    with made_up.acting(made_up.post("point_lead", hospital)):
        held = MonthLock.objects.get()
    assert lead.get(f"/reporting/locks/{held.pk}/lift").status_code == 403
    later = timezone.now() + timedelta(hours=1)
    cards(hospital, BEFORE, 1, reported=later, created_at=later, changed_at=later)
    for which in ("?which=new", "?which=reported", ""):
        assert f'href="{address}/after{which}">1</a>' in text(centre, address)
    page = centre.post(f"/reporting/locks/{held.pk}/lift", {"reason": "发现批量错误"}, follow=True).content.decode()
    assert "已解锁" in page
    assert "锁定本月" in page


@pytest.mark.requirement("REG-02")
def test_points_are_listed_and_one_says_who_answers_for_it(officer: Client, hospital: Institution) -> None:
    lead = made_up.post("point_lead", hospital, holder=made_up.person(hospital, name="虚构总负责"))
    assert "虚构第一儿童医院" in text(officer, "/reporting/points")
    assert "虚构第一儿童医院" in text(officer, "/reporting/points", q="虚构第一", region="510104", state="current")
    for query in ({"state": "past"}, {"state": "future"}, {"region": "x"}, {"ground": "voluntary"}):
        assert "虚构第一儿童医院" not in text(officer, "/reporting/points", **query)
    with made_up.acting(lead):
        number = Point.objects.get().pk
    page = text(officer, f"/reporting/points/{number}")
    assert "虚构总负责" in page
    assert "尚无人员" in page, "no auditor, no clerk"
    assert "只应有一位" not in page
    made_up.post("point_lead", hospital)
    assert "只应有一位，请终止多余的岗位" in text(officer, f"/reporting/points/{number}")


@pytest.mark.requirement("REG-02")
def test_an_officer_makes_a_point_and_ends_it_on_the_pages(officer: Client) -> None:
    made_up.hospital("PAGE2", "510105", name="虚构第二医院")
    assert "PAGE2" in text(officer, "/reporting/points/new")
    said = {"institution": "PAGE2", "start": "2026-01-01", "ground": "voluntary", "note": "虚构文〔2026〕1号"}
    assert "虚构第二医院" in officer.post("/reporting/points/new", said, follow=True).content.decode()
    assert "已是监测点" in officer.post("/reporting/points/new", said).content.decode()
    wrong = officer.post("/reporting/points/new", {**said, "institution": "NOBODY"}).content.decode()
    assert "NOBODY" in wrong
    with made_up.acting(made_up.post("commission_officer", made_up.authority("health", "510100"))):
        number = Point.objects.get().pk
    ends = opened(officer, f"/reporting/points/{number}/end", last_day="2026-06-30", reason="停止收治")
    page = officer.post(f"/reporting/points/{number}/end", ends, follow=True).content.decode()
    assert "2026-06-30" in page
    assert "已终止" in page


def test_a_hospital_makes_no_point_and_a_county_none_elsewhere(lead: Client, hospital: Institution) -> None:
    assert lead.get("/reporting/points/new").status_code == 403
    far = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "330000")))
    with made_up.acting(made_up.post("point_lead", hospital)):
        number = Point.objects.get().pk
    text(far, f"/reporting/points/{number}", 404)
    assert far.get(f"/reporting/points/{number}/end").status_code == 404


def test_the_month_of_an_authority_is_a_sum(officer: Client, hospital: Institution) -> None:
    cards(hospital, BEFORE, 3, reported=BEFORE.due)
    page = text(officer, f"/reporting/months/{BEFORE}")
    assert "应报监测点" in page
    assert re.search(r"累计上报</dt><dd><a [^>]+>3</a>", page)


def test_zero_against_cards_is_said(lead: Client, hospital: Institution) -> None:
    with made_up.acting(made_up.post("point_lead", hospital)) as by:
        services.sign_zero(month=BEFORE, by=by)
    cards(hospital, BEFORE, 1, reported=date(2026, 1, 1))
    assert "矛盾" in text(lead, f"/reporting/months/{BEFORE}")
    assert "矛盾" in text(lead, "/reporting")


def test_who_reads_no_cards_is_led_to_points_alone(hospital: Institution) -> None:
    cards(hospital, BEFORE, 1, reported=BEFORE.due)
    group = made_up.post("leading_group_member", made_up.authority("leading_group", "510000"))
    page = text(made_up.browser(group), "/reporting")
    assert "/reporting/points/" in page
    assert "/cards?" not in page
    assert "应报监测点" in text(made_up.browser(group), "/")
    assert made_up.browser(group).get("/reporting/cards", {"topic": "all"}).status_code == 403


def test_the_lead_reads_that_the_zero_report_is_signed_and_not_that_cards_are_missing(
    hospital: Institution, lead: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made_up.acting(made_up.post("point_lead", hospital)) as by:
        for back in range(12):  # nothing older is owed
            services.sign_zero(month=LAST.plus(-back), by=by)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_said: LAST.due - timedelta(days=5))
    first = text(lead, "/")
    assert f"{TODAY} 已签署零报告。" in first
    assert "本月还没有报告卡" not in first
