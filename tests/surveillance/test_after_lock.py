"""What changed after the lock: every version, act, new and first reported card since that moment, card by card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from points_and_cards import point

import made_up
from made_up_cards import Point, code
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import move, save_card
from tonghu.registry.services.explaining import STAYING, override
from tonghu.registry.states import ACTS
from tonghu.surveillance import after_lock, month_views, services
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import MonthLock, ZeroReport

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-08")]


@pytest.fixture
def here() -> Point:
    made = Point()
    point(made.hospital)
    return made


def locked(here: Point, card: Card) -> Month:
    month = Month(card.archive_month)
    with made_up.acting(here.centre()) as by:
        services.lock_month(month=month, by=by)
    return month


def report(here: Point, *cards: Card) -> None:
    for act, role in (("submit", "entry_clerk"), ("approve", "auditor"), ("report", "auditor")):
        with here.acting(role) as by:
            assert not any(one.refused for one in move(cards=[card.pk for card in cards], act=act, by=by))


def said(post: Post, address: str) -> str:
    answer = made_up.browser(post).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def listed(post: Post, month: Month, which: str = "") -> Iterator[tuple[str, str]]:
    """The cards of the page behind a number: record number, and the words of the line."""
    page = said(post, f"/reporting/months/{month}/after?which={which}")
    for line in page.split("<tr data-card>")[1:]:
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line.split("</tr>")[0]))
        yield re.findall(r"[A-Z]+\d{5,}", words)[0], words


def numbers(post: Post, month: Month) -> dict[str, int]:
    """What the month's page counts, by the list behind it; a number that opens other cards than it counts fails."""
    page = said(post, f"/reporting/months/{month}")
    found = {}
    for which, label in (("", "锁定后有变动"), ("new", "锁定后新增"), ("reported", "锁定后首次上报")):
        value = re.search(rf"<dt>{label}</dt><dd>(.*?)</dd>", page)
        assert value, label
        found[which] = int(re.sub(r"<[^>]+>", "", value[1]))
        assert found[which] == len(list(listed(post, month, which))), label
    return found


def test_versions_new_and_reported_cards_are_all_there_since_the_moment_of_the_lock(here: Point) -> None:
    draft, late, untouched = here.card(), here.card(), here.card()
    month = locked(here, draft)
    centre, lead = here.centre(), here.post("point_lead")
    assert numbers(lead, month) == {"": 0, "new": 0, "reported": 0}
    with here.acting("entry_clerk") as by:
        changes = {code("cost_total"): "999.00", code("patient_name"): "欧阳改名"}
        save_card(card=draft.pk, based_on=1, by=by, front=changes)
    new = here.card()
    assert numbers(lead, month) == {"": 2, "new": 1, "reported": 0}
    lines = dict(listed(lead, month))
    assert "版本 2" in lines[draft.record_number]
    assert "总费用" in lines[draft.record_number]
    assert "姓名" in lines[draft.record_number]
    assert here.post("entry_clerk").person.name in lines[draft.record_number], "by whom, within the hospital"
    assert "新建" in lines[new.record_number]
    assert untouched.record_number not in lines
    assert "欧阳改名" not in said(lead, f"/reporting/months/{month}"), "names of fields, not what stands in them"
    assert numbers(centre, month) == {"": 0, "new": 0, "reported": 0}, "nothing of it was reported"

    report(here, late, new)  # on the day of the lock, after its moment
    assert numbers(centre, month) == {"": 2, "new": 1, "reported": 2}
    assert numbers(lead, month) == {"": 3, "new": 1, "reported": 2}
    page = said(centre, f"/reporting/months/{month}")
    assert late.record_number in page
    assert new.record_number in page
    assert draft.record_number not in page
    told = dict(listed(centre, month))[late.record_number]
    assert "虚构人员" not in told, "above the hospital people are known by their role"


def test_a_void_and_a_return_are_changes_too_an_explanation_is_none(here: Point) -> None:
    explained, voided, back = (here.card() for _ in range(3))
    report(here, back)
    with open_scope(system_scope("migration")):
        finding = Finding.objects.create(
            card=explained, institution=here.hospital, rule="HQ021", rule_version=1, level="warning", column="P5"
        )
    month = locked(here, back)
    with here.acting("entry_clerk") as by:
        override(findings=[finding.pk], reason="虚构的理由", by=by)
        move(cards=[voided.pk], act="void", reason="重复录入", by=by)
    with made_up.acting(here.centre()) as by:
        move(cards=[back.pk], act="return_by_centre", reason="请核对", by=by)
    lines = dict(listed(here.post("point_lead"), month))
    assert "重复录入" in lines[voided.record_number]
    assert explained.record_number not in lines, "an explanation changes nothing of the month"
    assert "虚构的理由" in dict(listed(here.post("point_lead"), month, "routine"))[explained.record_number]
    assert "请核对" in dict(listed(here.centre(), month))[back.record_number]
    assert numbers(here.centre(), month)[""] == 1


def test_what_the_centre_accepts_fills_no_list_of_changes(here: Point) -> None:
    accepted, changed = here.card(), here.card()
    report(here, accepted, changed)
    month = locked(here, accepted)
    with made_up.acting(here.centre()) as by:
        move(cards=[accepted.pk, changed.pk], act="accept", by=by)
    with here.acting("entry_clerk") as by:
        move(cards=[changed.pk], act="revise", reason="家属更正", by=by)
    for post in (here.centre(), here.post("point_lead")):
        assert numbers(post, month) == {"": 1, "new": 0, "reported": 0}
        ((number, words),) = listed(post, month)
        assert number == changed.record_number
        assert ("正在更正" in words, "草稿" in words) == (post == here.centre(), post != here.centre())
        assert [number for number, _words in listed(post, month, "routine")] == [accepted.record_number]
        assert "另有 1 张报告卡仅流转" in said(post, f"/reporting/months/{month}")


def test_every_act_of_a_card_is_either_a_change_or_on_its_way() -> None:
    """A new act is to be sorted; what counts for the month's figures is never left out by mistake."""
    counted = {
        "report", "return_by_centre", "revise", "void", "void_reported", "restore", "restore_reported", "month"
    }  # fmt: skip
    assert counted.isdisjoint(after_lock.ROUTINE)
    assert counted | set(after_lock.ROUTINE) == set(ACTS) | set(STAYING)


def zeros(post: Post, month: Month) -> str:
    page = said(post, f"/reporting/months/{month}")
    value = re.search(r"<dt>锁定后签署、撤回或与报告卡矛盾的零报告</dt><dd>(.*?)</dd>", page)
    assert value
    shown = said(post, f"/reporting/months/{month}/after?which=zero")
    assert int(re.sub(r"<[^>]+>", "", value[1])) == shown.count("<tr data-zero>")
    return "".join(line.split("</tr>")[0] for line in shown.split("<tr data-zero>")[1:])


def test_zero_reports_signed_and_withdrawn_after_the_lock_stand_in_a_list_of_their_own(here: Point) -> None:
    month = Month.of(timezone.localdate()).plus(-2)
    lead, centre = here.post("point_lead"), here.centre()
    with made_up.acting(centre) as by:
        services.lock_month(month=month, by=by)
    assert not zeros(centre, month)
    form = said(lead, f"/reporting/months/{month}/zero")
    assert "已于" in form, "the form says that the month is locked"
    with made_up.acting(lead) as by:
        report = services.sign_zero(month=month, by=by)
    assert "签署了零报告" in zeros(centre, month)
    assert "虚构人员" not in zeros(centre, month), "above the hospital people are known by their role"
    assert lead.person.name in zeros(lead, month)
    assert "锁定" in said(lead, f"/reporting/zero/{report.pk}/withdraw")
    with made_up.acting(lead) as by:
        services.withdraw_zero(report=report, reason="发现漏报病例", by=by)
    assert "发现漏报病例" in zeros(centre, month)
    stranger = Point("510107")
    point(stranger.hospital)
    assert not zeros(stranger.post("point_lead"), month)


def test_a_zero_report_contradicted_after_the_lock_stands_there_too(here: Point) -> None:
    month = Month.of(timezone.localdate()).plus(-2)
    lead, centre = here.post("point_lead"), here.centre()
    with made_up.acting(lead) as by:
        report = services.sign_zero(month=month, by=by)
    with made_up.acting(centre) as by:
        services.lock_month(month=month, by=by)
    assert not zeros(centre, month), "signed before the lock"
    with open_scope(system_scope("migration")):
        ZeroReport.objects.filter(pk=report.pk).update(contradicted_at=timezone.now())
    shown = zeros(centre, month)
    assert "与零报告矛盾" in shown
    assert "签署了零报告" not in shown


def test_nothing_is_cut_without_a_word(here: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    first = here.card()
    month = locked(here, first)
    new = [here.card() for _ in range(3)]
    monkeypatch.setattr(month_views, "NAMED", 2)
    monkeypatch.setattr("tonghu.platform.components.table.Table.page", 2)
    lead = here.post("point_lead")
    page = said(lead, f"/reporting/months/{month}")
    assert page.count("<tr data-card>") == 2
    assert "锁定后变动的全部报告卡" in page
    browser = made_up.browser(lead)
    address, seen = f"/reporting/months/{month}/after", []
    while address:
        shown = browser.get(address).content.decode()
        seen += re.findall(r'<a href="/cards/(\d+)">', shown)
        further = re.search(r'rel="next" href="([^"]+)"', shown)
        address = f"/reporting/months/{month}/after{further[1].replace('&amp;', '&')}" if further else ""
    assert sorted(map(int, seen)) == sorted(card.pk for card in new)


def test_only_a_locked_month_has_such_a_page_and_only_its_cards_count(here: Point) -> None:
    card = here.card()
    month = Month(card.archive_month)
    lead = made_up.browser(here.post("point_lead"))
    assert lead.get(f"/reporting/months/{month}/after").status_code == 404
    locked(here, card)
    assert lead.get(f"/reporting/months/{month}/after?which=other").status_code == 404
    assert lead.get(f"/reporting/months/{month.plus(-1)}/after").status_code == 404
    elsewhere = Point("510107")
    there = elsewhere.card()
    with made_up.acting(here.post("point_lead")) as by:
        lock = MonthLock.objects.get()
        assert after_lock.counts(lock, by)[after_lock.ALL] == 0
        lock.locked_at -= timedelta(days=1)
        assert list(after_lock.changed(lock, by)) == [card]
    assert there.archive_month == card.archive_month
