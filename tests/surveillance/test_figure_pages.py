"""The pages of figures and the first screens, as each post sees them; every figure opens the cards that make it."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from points_and_cards import cards, point
from test_figures import LAST, count, fill

import made_up
from tonghu.network.models import Institution
from tonghu.surveillance import behind, charts, figures, first_screen
from tonghu.surveillance.board import Cell
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-15")]

TODAY = timezone.localdate()


def said(page: str) -> str:
    """What a page says, without its links: a number in a sentence opens its cards."""
    return re.sub(r"</?a\b[^>]*>", "", page)


@pytest.fixture
def hospital(db: None) -> Institution:
    made = made_up.hospital("FIGP1", "510104", name="虚构第一儿童医院")
    point(made)
    return made


@pytest.fixture
def lead(hospital: Institution) -> Client:
    return made_up.browser(made_up.post("point_lead", hospital))


@pytest.fixture
def officer(db: None) -> Client:
    return made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510100")))


def text(client: Client, address: str, status: int = 200, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def figures_of(page: str) -> list[tuple[str, int]]:
    """Address and number of every figure that opens its cards."""
    found = re.findall(r'<a href="(/reporting/cards\?[^"]+)">([\d,]+)</a>', page)
    return [(unescape(url), int(number.replace(",", ""))) for url, number in found]


def test_every_figure_of_a_hospital_opens_the_cards_that_make_it(lead: Client, hospital: Institution) -> None:
    fill(hospital)
    seen = 0
    for address in ("/reporting/cases", "/reporting/quality"):
        for url, number in figures_of(text(lead, address)):
            assert text(lead, url).count("<tr data-card") == number, url
            seen += 1
    assert seen >= 12


def test_every_figure_of_a_region_opens_the_reported_cards_that_make_it(officer: Client, hospital: Institution) -> None:
    fill(hospital)
    assert "首次统计尚未完成" in text(officer, "/reporting/cases")
    count()
    for address in ("/reporting/cases", "/reporting/quality"):
        page = text(officer, address)
        assert "即时统计" in page
        found = figures_of(page)
        assert found
        for url, number in found:
            assert text(officer, url).count("<tr data-card") == number, url
    assert "四川" in text(officer, "/reporting/cases"), "where the children live"
    text(officer, "/reporting/cases", 404, region="330000")
    text(officer, "/reporting/cards", 404, topic="all", region="330000")


@pytest.mark.parametrize("topic", ["", "nobody", "age", "month", "problem"])
def test_a_figure_that_is_none_is_not_there(lead: Client, topic: str) -> None:
    text(lead, "/reporting/cards", 404, topic=topic, key="x")


def test_an_answer_that_is_nothing_is_said_and_not_drawn(lead: Client, hospital: Institution) -> None:
    cards(hospital, LAST, 3, problem_at_first=False)
    page = text(lead, "/reporting/quality")
    assert "没有一份在截止日期前上报" in page
    assert "最初和目前都没有错误" in page
    assert "data-vega" not in page.split("哪些规则")[0]


def test_a_hospital_without_cards_is_told_what_comes(lead: Client) -> None:
    assert "显示在这里" in text(lead, "/reporting/cases")
    assert "显示在这里" in text(lead, "/reporting/quality")


def test_points_are_compared_in_a_funnel(
    officer: Client, hospital: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "FEWEST", 2)
    cards(hospital, LAST, 6, reported=LAST.due, errors=1, problem_at_first=True)
    other = made_up.hospital("FIGP2", "510105", name="虚构第二医院")
    point(other)
    cards(other, LAST, 40, reported=LAST.due)
    count()
    page = text(officer, "/reporting/quality")
    assert "2 个监测点中有 1 个的错误多于" in page
    first, second = page.index("<td>虚构第一儿童医院</td>"), page.index("<td>虚构第二医院</td>")
    assert first < second, "the one with most errors first"
    heads = re.findall(r"<th[^>]*>([^<]*报告卡[^<]*)</th>", page)
    assert {"报告卡（含未上报）", "累计上报的报告卡"} <= {*heads}, "the two counts are called apart"
    assert "报告卡" not in heads


def test_the_limits_of_chance_narrow_with_the_number() -> None:
    few, many = charts.limits(20, 40), charts.limits(2000, 40)
    assert few[0] < many[0] < 40 < many[1] < few[1]
    assert charts.limits(20, 0) == (0, 0)


@pytest.mark.parametrize(("values", "scale"), [((0.0, 0.0), {"domain": [0, 10]}), ((0.0, 3.5), {"domainMin": 0})])
def test_nothing_everywhere_is_still_an_axis(values: tuple[float, float], scale: dict[str, Any]) -> None:
    months = ("2026-08", "2026-09")
    rows = [(month, value) for month, value in zip(months, values, strict=True)]
    bars = charts.by_month(rows, question="?", answer="", unit="%", figures=[]).picture.to_dict()
    lines = charts.before_and_after(
        [(month, value, value) for month, value in rows], question="?", answer="", unit="n", figures=[]
    ).picture.to_dict()
    assert [picture["encoding"]["y"]["scale"] for picture in (bars, lines)] == [scale, scale]


@pytest.mark.parametrize(
    ("topic", "key", "words"),
    [
        ("age", "00", "不满 1 岁"), ("age", "05", "5–9 岁"), ("group", "itp", "免疫性血小板减少症"),
        ("rule", "NO", "NO"), ("state", "x", "x"), ("month", "2026-10", "2026-10"),
        ("iccc", "01", "I 白血病、骨髓增殖性疾病和骨髓增生异常性疾病"), ("iccc", "", "不属 ICCC-3（血液病等）"),
    ],
)  # fmt: skip
def test_keys_are_said_in_words(topic: str, key: str, words: str) -> None:
    assert behind.name_of(topic, key) == words
    unknown = {behind.name_of("age", ""), behind.name_of("sex", "9"), behind.name_of("sex", "")}
    assert len(unknown) == 1
    assert behind.name_of("sex", "1") not in unknown
    assert behind.name_of("iccc", "99") not in ("99", behind.name_of("iccc", ""))


# --- first screens


def test_the_lead_is_told_whether_it_will_be_on_time_and_who_has_the_cards(lead: Client, hospital: Institution) -> None:
    before = Month.of(TODAY).plus(-2)
    for back in range(12):
        if Month.of(TODAY).plus(-back) != before:
            cards(hospital, Month.of(TODAY).plus(-back), 1, reported=min(TODAY, Month.of(TODAY).plus(-back).due))
    cards(hospital, before, 2, reported=before.due)
    cards(hospital, before, 3)
    cards(hospital, before, 1, state="submitted", waits_for="病理科")
    page = text(lead, "/")
    assert f"{before} 已过截止日" in page
    assert "能按时报齐吗" not in page
    assert "已逾期" in page
    assert "共 6 份，累计上报 2 份，未上报 4 份" in said(page)
    assert "数据审核员" in page
    assert "病理科" in page


def test_the_lead_is_told_what_the_centre_returned_of_whichever_month(lead: Client, hospital: Institution) -> None:
    """The first screen asks about one month; what came back of an earlier one is the point's to mend all the same."""
    long_ago = Month.of(TODAY).plus(-9)
    cards(hospital, long_ago, 1, reported=long_ago.due)
    assert "国家监测中心退回了" not in text(lead, "/")
    cards(hospital, long_ago, 2, reported=long_ago.due, state="returned_by_centre")
    (found,) = re.findall(r'国家监测中心退回了 <a href="([^"]+)">2</a> 份报告卡', text(lead, "/"))
    assert text(lead, unescape(found)).count("<tr data-card") == 2


def test_the_clerk_is_told_which_months_are_overdue(hospital: Institution) -> None:
    """An empty queue is not all: a month that nobody brought, and one that waits for others, are owed all the same."""
    last = Month.of(TODAY).plus(-2)
    for back in range(12):
        if Month.of(TODAY).plus(-back) != last:
            cards(hospital, Month.of(TODAY).plus(-back), 1, reported=min(TODAY, Month.of(TODAY).plus(-back).due))
    clerk = made_up.browser(made_up.post("entry_clerk", hospital))
    assert f"{(TODAY - last.due).days} 天：尚无该月的报告卡" in said(text(clerk, "/"))
    cards(hospital, last, 2)
    page = said(text(clerk, "/"))
    assert f"{last} 逾期 {(TODAY - last.due).days} 天：还有 2 份报告卡未上报。" in page
    auditor = made_up.browser(made_up.post("auditor", hospital))
    assert "还有 2 份报告卡未上报" in said(text(auditor, "/"))


def test_a_month_of_which_nothing_came_is_no_tick_for_the_lead(lead: Client, hospital: Institution) -> None:
    page = text(lead, "/")
    assert "已逾期" in page
    assert "all-well" not in page, "no green tick beside what is overdue"
    assert "还没有报告卡" in page


def test_the_forecast_goes_by_the_speed_of_the_last_week() -> None:
    month, today = Month(date(2026, 10, 1)), date(2026, 11, 5)

    def line(
        cards: int, reported: int, days: list[tuple[date, int]], today: date = today, state: str = "open"
    ) -> tuple[str, str]:
        one = Cell(
            institution=1, month=month, cards=cards, reported=reported, on_time=reported, assumed=0, state=state,
            days=(today - month.due).days, zero_on=None,
        )  # fmt: skip
        said = first_screen._line(one, first_screen._finish(one, days, today), today)
        return said["tone"], said["words"]

    assert line(30, 0, []) == ("ask", "最近七天没有上报，距截止还有 10 天。")
    assert line(30, 1, [(date(2026, 10, 29), 1)])[0] == "ask", "eight days ago is not lately"
    assert line(30, 30, [(today, 30)]) == ("done", "现有报告卡已全部上报，距截止还有 10 天。")
    assert line(0, 0, [])[0] == "quiet"
    assert line(17, 7, [(today, 7)]) == ("done", "能按时：照最近七天的速度，2026-11-15 报齐。")
    assert line(18, 7, [(today, 7)]) == ("ask", "不能按时：照最近七天的速度，要到 2026-11-16 才能报齐。")
    assert line(30, 1, [], date(2026, 10, 31))[0] == "quiet", "the month still runs"
    assert line(30, 1, [], date(2026, 11, 20), "overdue") == ("block", "已逾期 5 天。")


def test_a_clerk_and_an_auditor_keep_their_own_first_screen(hospital: Institution) -> None:
    for role in ("entry_clerk", "auditor"):
        assert "panel on-time" not in text(made_up.browser(made_up.post(role, hospital)), "/")
    assert "panel on-time" in text(made_up.browser(made_up.post("responsible_deputy", hospital)), "/")


def test_a_hospital_that_is_no_point_is_asked_nothing(db: None) -> None:
    assert "panel on-time" not in text(made_up.browser(made_up.post("point_lead")), "/")


def test_an_officer_sees_who_owes_and_what_changed(officer: Client, hospital: Institution) -> None:
    cards(hospital, LAST.plus(-1), 4, reported=TODAY)
    page = text(officer, "/")
    assert "虚构第一儿童医院 上报" in page
    assert "报告卡 4 份" in said(page)
    assert "应报监测点" in page


def test_the_centre_sees_the_nation_and_what_waits_to_be_verified(hospital: Institution) -> None:
    cards(hospital, LAST.plus(-1), 2, reported=TODAY)
    centre = made_up.browser(made_up.post("centre_officer", made_up.authority("centre", "000000")))
    page = text(centre, "/")
    assert "有 2 份已上报的报告卡待接收" in said(page)
    assert "?region=510000" in page


def test_figures_before_the_count_are_none(hospital: Institution) -> None:
    with made_up.acting(made_up.post("commission_officer", made_up.authority("health", "510000"))):
        assert figures.of_region("510000", TODAY) is None


@pytest.mark.parametrize("said", ["0000-00", "9999-12", "2026-13", "-1", "2016-12"])
@pytest.mark.parametrize("topic", ["month", "reported", "on_time", "problem", "problem_at_first"])
def test_no_card_is_behind_a_month_that_cannot_be(lead: Client, topic: str, said: str) -> None:
    text(lead, "/reporting/cards", 404, topic=topic, key=said)
