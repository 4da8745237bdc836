"""What readers are told on the way of a card: whose it is, who did what, why it came back, how many there are."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.test import Client, RequestFactory

import made_up
from made_up_cards import Point, code, page
from run_jobs import entries, run_one
from tonghu.platform.components.table import Column, Table
from tonghu.platform.dated import settings
from tonghu.registry import auditing
from tonghu.registry.models import Card
from tonghu.registry.pages import looking, mend_views, working
from tonghu.registry.pages.pace import Pace
from tonghu.registry.services import enter_card, mending, move, override, proposing, save_card
from tonghu.registry.services.saving import current

pytestmark = pytest.mark.django_db

WHY = "虚构的退回原因"


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def words(answer: Any) -> str:
    """The page without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", text(answer)).split())


def done(point: Point, card: Card, *acts: tuple[str, str]) -> None:
    for role, act in acts:
        with point.acting(role) as by:
            assert move(cards=[card.pk], act=act, by=by, reason=WHY)[0].refused == ""


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


@pytest.fixture
def auditor(point: Point) -> Client:
    return made_up.browser(point.post("auditor"))


# --- who, and why ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_people_of_ones_own_institution_have_names_those_of_others_posts(point: Point, clerk: Client) -> None:
    """In the history, over a returned card and beside an answer: one rule."""
    card = point.card()
    done(point, card, ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    done(point, card, ("centre_officer", "return_by_centre"))
    centre = made_up.browser(point.centre())
    here, there = words(clerk.get(f"/cards/{card.pk}")), words(centre.get(f"/cards/{card.pk}"))
    post, hospital, office = "数据录入员", point.hospital.name, "国家监测中心工作人员"
    name = point.post("entry_clerk").person.name
    assert f"{name} · {post}" in here
    assert f"{office} · {point.centre().institution.name}" in here
    assert f"{name} · {office}" not in here, "an officer of the centre is a post to the hospital"
    assert f"{post} · {hospital}" in there
    assert f"{name} · {office}" in there
    assert f"{name} · {post}" not in there
    assert f"{post} · {hospital}" in there.split("第 1 版")[1][:160], "who wrote it, not who reported it"


@pytest.mark.requirement("REG-05")
def test_why_a_card_came_back_stands_above_it_until_it_is_settled(point: Point, auditor: Client) -> None:
    card = point.card()
    done(point, card, ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    done(point, card, ("centre_officer", "return_by_centre"), ("entry_clerk", "submit"))
    said = text(auditor.get(f"/cards/{card.pk}"))
    above = said.split('<div class="panel"')[0]
    assert "国家中心退回" in above
    assert WHY in above
    done(point, card, ("auditor", "approve"), ("auditor", "report"), ("centre_officer", "accept"))
    assert "note-warning" not in text(auditor.get(f"/cards/{card.pk}"))


@pytest.mark.requirement("REG-05")
def test_what_came_back_or_was_changed_comes_first_on_the_desk(point: Point, auditor: Client) -> None:
    plain, changed, back = point.card(), point.card(age_years="12"), point.card()
    supplemented = point.card(supplement={"grade": "9"})
    with point.acting("entry_clerk") as by:
        save_card(card=changed.pk, based_on=1, front={code("age_years"): "9"}, by=by)
        save_card(card=supplemented.pk, based_on=1, supplement={"grade": "1"}, by=by)
    done(point, back, ("entry_clerk", "submit"), ("auditor", "return"))
    for card in (plain, supplemented, changed, back):
        done(point, card, ("entry_clerk", "submit"))
    said = text(auditor.get("/cards/audit"))
    order = sorted((plain, supplemented, changed, back), key=lambda card: said.index(f'<a href="/cards/{card.pk}">'))
    assert order == [changed, back, plain, supplemented]
    assert "aria-sort" not in said, "no column is what it is ordered by"
    assert "先列退回过或手工改过的" in said
    assert "2026-09-12" in said, "when the child was discharged"
    assert "审核退回" in said
    assert f'href="/cards/{changed.pk}">开始审核' in said, "the button begins with it"
    with point.acting("auditor"):
        assert looking.came_back([card.pk for card in order]) == {back.pk: "returned"}
    assert f'href="/cards/{back.pk}" data-key="j"' in text(auditor.get(f"/cards/{changed.pk}"))
    assert f'href="/cards/{plain.pk}" data-key="j"' in text(auditor.get(f"/cards/{back.pk}"))
    home = text(auditor.get("/"))
    assert home.index(f"/cards/{back.pk}") < home.index(f"/cards/{plain.pk}")


@pytest.mark.requirement("REG-05")
def test_who_asked_for_the_approval_is_told_why_there_is_no_button(point: Point) -> None:
    mine, explained, other = point.card("records_department"), point.card(home_phone=""), point.card()
    post = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    with point.acting("entry_clerk") as by:
        found = [one.pk for one in explained.findings.all()]
        override(findings=found, reason="家中无电话", by=by)
        move(cards=[mine.pk], act="submit", by=by)
    with point.acting("records_department") as by:
        move(cards=[other.pk], act="submit", by=by)
    browser = made_up.browser(post)
    page = text(browser.get(f"/cards/{mine.pk}"))
    assert "这一版由您提交，或其中有您说明的原因，须由另一位审核员审核" in page
    assert 'name="_act" value="approve"' not in page
    assert "您提交过或说明过原因" in text(browser.get("/cards/audit"))
    assert "须由另一位审核员" in text(
        browser.post(f"/cards/{mine.pk}/act", {"_version": 1, "_act": "approve"}, follow=True)
    )
    with point.acting("auditor"):
        assert Card.objects.get(pk=mine.pk).state == "submitted"


@pytest.mark.requirement("REG-05")
def test_a_withdrawn_card_still_says_why_it_came_back(point: Point, clerk: Client) -> None:
    card = point.card()
    done(point, card, ("entry_clerk", "submit"), ("auditor", "return"), ("entry_clerk", "submit"))
    done(point, card, ("entry_clerk", "withdraw"))
    notes = text(clerk.get(f"/cards/{card.pk}")).split('class="card-notes"')[1].split("<nav")[0]
    assert "审核退回" in notes
    assert WHY in notes
    fresh = point.card()
    assert WHY not in text(clerk.get(f"/cards/{fresh.pk}"))


@pytest.mark.requirement("REG-05")
def test_what_is_done_with_many_cards_is_asked_in_numbers(point: Point, auditor: Client) -> None:
    """Count, months, the sample, warnings kept, supplements that are not whole: before approving and reporting."""
    september = [point.card() for _ in range(2)]
    with point.acting("entry_clerk") as by:
        october = enter_card(institution=point.hospital, content=page(), by=by, archive_month=date(2026, 10, 1))
    cards = [*september, october]
    for card in cards:
        done(point, card, ("entry_clerk", "submit"))
    picked = {"card": [f"{card.pk}:{card.version}" for card in cards]}
    first = words(auditor.post("/cards/audit/picked/ask", picked))
    assert "已看 0 / 3" in first
    assert "一起审核通过" not in first
    for card in cards:
        auditor.get(f"/cards/{card.pk}")
    asked = words(auditor.post("/cards/audit/picked/ask", picked))
    assert "3 份无问题的报告卡审核通过" in asked
    assert "2 份，归档月 2026-09" in asked
    assert "1 份，归档月 2026-10" in asked
    assert "3/3 份抽查样本已看过" in asked
    assert "无 其中说明原因后保留的警告" in asked
    assert "3 份补充项目未填齐" in asked
    with point.acting("auditor"):
        assert {card.state for card in Card.objects.all()} == {"submitted"}, "nothing is done yet"
    assert asked.split("一起审核通过")[1].split("上报之前")[0] in words(auditor.get("/cards/audit"))
    for card in cards:
        done(point, card, ("auditor", "approve"))
    report = words(auditor.get("/cards/audit")).split("上报国家监测中心？")[1]
    assert "2 份，归档月 2026-09" in report
    assert "1 份，归档月 2026-10" in report
    assert "3 份补充项目未填齐，将按现状上报" in report
    assert "没有" in words(auditor.post("/cards/audit/picked/ask", {"card": []}))


@pytest.mark.requirement("REG-05")
def test_who_submits_a_card_is_told_that_its_supplement_is_not_whole(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert 'data-foot-lacks="待补充 %s 项" title="去填第一个空白的补充项目；不填也可以提交。">' in said
    assert "（不填也可以提交）" in said
    checked = clerk.post(f"/cards/{card.pk}/check", {"_version": "1", code("age_years"): "8"})
    assert "（不填也可以提交）" in text(checked)
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": "1", code("age_years"): "9"}, follow=True)
    with point.acting("entry_clerk"):
        held = Card.objects.get(pk=card.pk)
    assert held.state == "submitted", "it keeps nobody"
    assert f"补充项目还有 {held.to_supplement} 项未填" in words(answer)


def test_the_share_that_is_looked_at_is_a_dated_rule() -> None:
    rule = {one.name: one for one in settings(auditing.RULES)}
    assert rule["sampling"].verified == "own"
    today = date(2026, 11, 22)
    assert len(auditing.sample(range(1000), today, 1)) == 1000 // rule["sampling"]["one_in"]
    assert len(auditing.sample(range(10), today, 1)) == rule["sampling"]["at_least"]
    with pytest.raises(KeyError, match="2019-12-31"):
        auditing.sample([1], date(2019, 12, 31), 1)


# --- from card to card -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_the_message_says_whose_card_was_submitted(point: Point, clerk: Client) -> None:
    first, second = point.card(age_years="12", patient_name="虚构甲"), point.card(age_years="12")
    answer = clerk.post(
        f"/cards/{first.pk}/save", {"_version": "1", "_rule": "", "_kind": "", code("age_years"): "9"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == f"/cards/{second.pk}"
    assert f"已提交审核：{first.record_number} 虚构甲" in text(answer)


@pytest.mark.requirement("REG-05")
def test_after_the_last_card_of_a_rule_the_others_are_told(point: Point, clerk: Client) -> None:
    age, province = point.card(age_years="12"), point.card(registered_address="武侯区虚构路1号")
    answer = clerk.post(
        f"/cards/{age.pk}/save", {"_version": "1", "_rule": "HQ051", code("age_years"): "9"}, follow=True
    )
    said = text(answer)
    assert answer.redirect_chain[-1][0] == "/cards/queue?rule=HQ051"
    assert "全部完成" not in said
    assert "这类问题已全部处理：年龄应为入院时的周岁" in said
    assert "还有 1 份报告卡有其他问题" in said
    assert f'href="/cards/{province.pk}"' in said
    clerk.post(f"/cards/{province.pk}/save", {"_version": "1", code("registered_address"): "四川省成都市虚构路1号"})
    assert "全部完成" in text(clerk.get("/cards/queue?rule=HQ051"))


def test_no_column_stands_empty_where_no_pace_is_known(
    point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point.card(age_years="12")
    said = text(clerk.get("/cards/queue"))
    assert ">预计用时</th>" not in said
    assert "提交约十份后" in said
    monkeypatch.setattr(working, "pace", lambda _by: Pace(3, 0.5))
    said = text(clerk.get("/cards/queue"))
    assert ">预计用时</th>" in said
    assert "提交约十份后" not in said
    assert "约需工作 30 秒" in said
    assert ">级别</th>" in said


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_lists_name_the_diagnosis_and_the_hospital_and_count(point: Point, clerk: Client) -> None:
    cards = [point.card(), point.card(principal_diagnosis_code="C91.000", principal_diagnosis_name="虚构名称的白血病")]
    named = '<span>虚构名称的白血病</span> <code class="meta">C91.000</code>'
    said = text(clerk.get("/cards"))
    assert named in said
    assert '<span>肿瘤化学治疗疗程</span> <code class="meta">Z51.100</code>' in said
    assert "共 2 行" in said
    assert "共 1 行" in text(clerk.get("/cards", {"q": cards[0].record_number}))
    done(point, cards[0], ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    elsewhere = Point("330106")
    done(elsewhere, elsewhere.card(), ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    centre = made_up.browser(point.centre())
    assert "<span>肿瘤化学治疗疗程</span> <code" in text(centre.get("/cards/received"))
    assert "共 2 行" in text(centre.get("/cards/received"))
    for typed in (str(point.hospital.pk), point.hospital.code, point.hospital.name):
        said = text(centre.get("/cards", {"institution": typed}))
        assert "共 1 行" in said, typed
        assert f'name="institution" value="{point.hospital.name}"' in said, "the name, whatever a link carries"
    assert "没有符合" in text(centre.get("/cards", {"institution": "没有这家医院"}))


def test_a_list_that_is_longer_says_so_and_counts_no_further(point: Point) -> None:
    for _ in range(2):
        point.card()
    rows = [{"name": str(n)} for n in range(3)]
    request: Any = RequestFactory().get("/")
    table = Table(request=request, name="x", rows=rows, columns=(Column("name", "n"),), order="name", key="name")
    assert (table.in_all, table.more_than) == (None, 0), "nothing is counted unasked"
    table = Table(
        request=request, name="x", rows=rows, columns=(Column("name", "n"),), order="name", key="name", count_to=2
    )
    assert (table.in_all, table.more_than) == (3, 2)
    with point.acting("entry_clerk"):
        held = Table(request=request, name="x", rows=Card.objects.all(), columns=(), order="pk", page=1, count_to=1)
        assert (held.in_all, held.more_than) == (2, 1)
        assert "共 1 行以上" in words(render(request, held))


def render(request: Any, table: Table) -> HttpResponse:
    return HttpResponse(
        Template("{% load components %}{% table table %}").render(RequestContext(request, {"table": table}))
    )


def test_the_names_of_diagnoses_cost_one_question_and_none_once_they_are_known(point: Point, clerk: Client) -> None:
    point.card(principal_diagnosis_code="", principal_diagnosis_name="")
    assert "共 1 行" in text(clerk.get("/cards")), "a card without a diagnosis is no fault"


# --- all cards of a rule ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_all_cards_of_a_rule_are_mended_by_a_job_and_taken_back(
    point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mend_views, "MOST", 2)
    monkeypatch.setattr(mending, "AT_ONCE_OF_CHILD", 2)
    cards = [point.card(age_years="12") for _ in range(5)]
    elsewhere = Point("330106").card(age_years="12")
    said = text(clerk.get("/cards/queue/mend/HQ051"))
    assert said.count('name="card"') == 2
    assert said.count("<td>欧阳测童</td>") == 2, "whose they are"
    assert "data-ticks-all" in said
    assert "共有 5 份" in said
    page = clerk.post("/cards/queue/mend/HQ051", {"all": "1"})["Location"]
    assert page.startswith("/cards/queue/mending/")
    with point.acting("entry_clerk"):
        assert set(Card.objects.filter(pk__in=[card.pk for card in cards]).values_list("version", flat=True)) == {1}
    job = run_one(entries()[-1])
    assert (job.state, job.result) == ("done", {"mended": 5, "left": 0})
    undo = text(clerk.get(page)).split('action="/cards/queue/undo/')[1].split('"')[0]
    clerk.post(f"/cards/queue/undo/{undo}")
    assert run_one(entries()[-1]).result == {"as_before": 5, "left": 0, "locked": 0, "withdrawn": 0}
    with point.acting("entry_clerk"):
        ages = {current(card).value(code("age_years")) for card in Card.objects.all()}
    assert ages == {"12"}
    with made_up.acting(made_up.post("entry_clerk", elsewhere.institution)):
        assert Card.objects.get(pk=elsewhere.pk).version == 1


def test_all_of_a_rule_that_finds_nothing_is_said(point: Point, clerk: Client) -> None:
    point.card()
    assert "没有" in text(clerk.post("/cards/queue/mend/HQ051", {"all": "1"}, follow=True))
    with point.acting("entry_clerk") as by:
        assert proposing.cards_of_rule(rule="HQ096", by=by) == []


# --- clean cards -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-15")
def test_the_number_of_clean_cards_opens_them_and_is_not_what_one_press_takes(
    point: Point, auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = [point.card() for _ in range(3)]
    for card in clean:
        done(point, card, ("entry_clerk", "submit"))
    back = point.card()
    done(point, back, ("entry_clerk", "submit"), ("auditor", "return"), ("entry_clerk", "submit"))
    monkeypatch.setattr(looking, "MOST_AT_ONCE", 2)
    for address in ("/", "/cards/audit"):
        links = re.findall(r'<a [^>]*href="([^"]*clean=yes)"[^>]*>([^<]*)</a>', text(auditor.get(address)))
        assert [re.findall(r"\d+", said) for _url, said in links] == [["3"]], address
    listed = text(auditor.get("/cards/audit?clean=yes"))
    assert listed.count("<tr data-card") == 3
    assert text(auditor.get("/cards/audit")).count("<tr data-card") == 4
    assert back.record_number not in listed.split("<tbody>")[1].split("</tbody>")[0]
    assert "一次通过等待最久的 2 份" in listed
    assert "一起通过 2 份" in listed
    # From card to card the narrowed desk stays narrowed.
    first = re.findall(r'href="(/cards/\d+\?[^"]*clean=yes[^"]*)"', listed)
    assert len(first) == 3
