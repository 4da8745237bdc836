"""The correction queue, bulk mends, the audit desk, the centre's list, the list of cards with its search and export."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

import made_up
from made_up_cards import Point, code, page
from opened import of_button
from run_jobs import entries, run_one
from tonghu.hqms.reading import open_file
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import first_screen, menu, tasks
from tonghu.registry.auditing import sample
from tonghu.registry.forms import lists
from tonghu.registry.models import Card, Finding
from tonghu.registry.pages import card_lists, looking, working
from tonghu.registry.seen import newest_contents
from tonghu.registry.services import ask_department, enter_card, mending, move, save_card
from tonghu.registry.services.saving import current

pytestmark = pytest.mark.django_db

AGE = code("age_years")


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


@pytest.fixture
def auditor(point: Point) -> Client:
    return made_up.browser(point.post("auditor"))


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def pressed(client: Client, page: str, action: str) -> Any:
    """What comes of the button of a page that posts to `action`, with what its form carries."""
    return client.post(action, of_button(client, page, action), follow=True)


def states(point: Point, *cards: Card) -> list[str]:
    with point.acting("entry_clerk"):
        return [Card.objects.get(pk=card.pk).state for card in cards]


def submit(point: Point, *cards: Card) -> None:
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk for card in cards], act="submit", by=by)


# --- the queue -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_the_queue_counts_by_rule_and_leads_from_card_to_card(point: Point, clerk: Client) -> None:
    both = point.card(age_years="12", registered_address="武侯区虚构路1号")
    age = point.card(age_years="13")
    point.card()
    said = text(clerk.get("/cards/queue"))
    assert "年龄应为入院时的周岁" in said
    assert "可以一起提交" in said
    with point.acting("entry_clerk") as by:
        counts = {row.rule: row.cards for row in working.by_rule(by)}
        assert counts["HQ051"] == 2
        assert counts["HQ097"] == 1
        place = working.Place(by, "HQ051", "")
        assert (place.left, place.time_left) == (2, "")
        assert place.url(None) == f"/cards/{both.pk}?rule=HQ051"
        assert place.url(both) == place.url(both, back=True) == f"/cards/{age.pk}?rule=HQ051", "round and round"
    assert clerk.get("/cards/queue/start?rule=HQ097")["Location"] == f"/cards/{both.pk}?rule=HQ097"
    assert clerk.get("/cards/queue/start?rule=HQ999")["Location"] == "/cards/queue?rule=HQ999"


def test_all_done_is_said(point: Point, clerk: Client) -> None:
    assert "全部完成" in text(clerk.get("/cards/queue"))
    assert "没有被退回的" in text(clerk.get("/cards/queue?kind=returned"))
    assert "没有等待其他科室" in text(clerk.get("/cards/queue?kind=waits&by=card"))


def test_what_is_ready_is_submitted_together(point: Point, clerk: Client) -> None:
    clean, wrong = [point.card(), point.card()], point.card(age_years="12")
    answer = pressed(clerk, "/cards/queue", "/cards/queue/submit")
    assert "2 份报告卡" in text(answer)
    assert states(point, *clean, wrong) == ["submitted", "submitted", "draft"]
    assert "没有可处理的" in text(clerk.post("/cards/queue/submit", follow=True))


def test_more_than_one_press_submits_are_counted_and_submitted_press_by_press(
    point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is ready is counted in all, also where a press takes fewer; first those whose supplement is whole."""
    monkeypatch.setattr("tonghu.registry.pages.queue_views.MOST_AT_ONCE", 2)
    cards = [point.card() for _ in range(5)]
    with open_scope(system_scope("migration")):
        Card.objects.filter(pk__in=[card.pk for card in cards]).update(to_supplement=0)
        Card.objects.filter(pk__in=[cards[0].pk, cards[1].pk]).update(to_supplement=1)
    said = text(clerk.get("/cards/queue"))
    for address, number in (("?kind=ready", 5), ("?kind=ready&amp;supplement=lacking", 2)):
        [words] = re.findall(rf'<a href="{re.escape(address)}">([^<]*)</a>', said)
        assert re.findall(r"\d+", words) == [str(number)], words
        listed = text(clerk.get(f"/cards/queue{html.unescape(address)}"))
        assert listed.count("<tr data-card") == number, address
    assert "一次最多提交 2 份" in said
    assert "提交 2 份</button>" in said
    assert "提交 5 份" not in said
    answer = pressed(clerk, "/cards/queue", "/cards/queue/submit")
    assert "2 份报告卡" in text(answer)
    assert states(point, *cards) == ["draft", "draft", "submitted", "submitted", "draft"], "those that are whole first"
    rest = text(clerk.get("/cards/queue"))
    assert "3 份没有查出问题" in rest


def test_the_months_say_how_far_they_are(point: Point) -> None:
    cards = [point.card(), point.card(age_years="12"), point.card()]
    submit(point, cards[0])
    with point.acting("entry_clerk") as by:
        [month] = working.months(by, timezone.localdate() - timedelta(days=400))
        assert (month.cards, month.out, month.submitted, month.in_hand, month.problems) == (3, 1, 1, 2, 1)
        assert month.beyond == 33


def test_every_number_of_a_month_opens_as_many_cards(point: Point, clerk: Client) -> None:
    """Beside them stand a card of another month, a voided one and another hospital's."""
    for _ in range(3):
        point.card()
    point.card(age_years="12")
    for role, acts in (
        ("entry_clerk", ("submit",)), ("auditor", ("submit", "approve")),
        ("centre_officer", ("submit", "approve", "report", "accept")),
    ):  # fmt: skip
        for _ in range(1 if role == "centre_officer" else 2 if role == "auditor" else 3):
            card = point.card()
            for act in acts:
                who = {"submit": "entry_clerk", "accept": "centre_officer"}.get(act, "auditor")
                with point.acting(who) as by:
                    assert move(cards=[card.pk], act=act, by=by)[0].refused == ""
    gone = point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[gone.pk], act="void", by=by, reason="虚构的原因")
    point.card(discharge_datetime="2026-10-12 10:00")
    Point().card()
    said = text(clerk.get("/cards/queue"))
    block = next(each for each in said.split('<div class="month">')[1:] if "<strong>2026-09</strong>" in each)
    figures = [
        (int(count), html.unescape(url))
        for url, count in re.findall(r'<a href="(/reporting/cards[^"]*)">(\d+)</a>', block.split("</dl>")[0])
    ]
    assert [count for count, _url in figures] == [10, 4, 1, 3, 2, 1], "cards, in hand, with errors, and on their way"
    for count, url in figures:
        opened = text(clerk.get(url))
        found = set(re.findall(r'href="/cards/(\d+)["?]', opened.split("<tbody")[1].split("</tbody>")[0]))
        assert len(found) == count, url


def test_every_number_below_the_first_screens_opens_as_many_cards(point: Point, clerk: Client) -> None:
    for _ in range(3):
        point.card()
    back, asked, *approved = [point.card() for _ in range(4)]
    with point.acting("entry_clerk") as by:
        assert all(not one.refused for one in move(cards=[back.pk, *(one.pk for one in approved)], act="submit", by=by))
        ask_department(card=asked.pk, department="虚构病理科", by=by)
    with point.acting("auditor") as by:
        assert move(cards=[back.pk], act="return", by=by, reason="虚构的原因")[0].refused == ""
        assert all(not one.refused for one in move(cards=[one.pk for one in approved], act="approve", by=by))
    for reader, words in (
        (clerk, ("可以提交", "被退回", "等")),
        (made_up.browser(point.post("auditor")), ("已审核通过",)),
    ):
        more = "".join(part.split("</p>")[0] for part in text(reader.get("/")).split('class="today-more">')[1:])
        links = [(html.unescape(url), said) for url, said in re.findall(r'<a href="([^"]+)">([^<]+)</a>', more)]
        for word in words:
            url, said = next((url, said) for url, said in links if word in said)
            rows = text(reader.get(url)).split("<tbody")[1].split("</tbody>")[0]
            assert len(set(re.findall(r'href="/cards/(\d+)["?]', rows))) == int(re.findall(r"\d+", said)[0]) > 0, said


def test_what_is_not_counted_to_the_end_says_so(point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that stops is no figure: the first screens, the tabs and the menu say that there are more."""
    monkeypatch.setattr(working, "MOST_COUNTED", 2)
    monkeypatch.setattr(menu, "MOST_COUNTED", 2)
    for _ in range(2):
        point.card(cost_total="900.00")
    page = clerk.get("/").content.decode()
    assert '?by=card">2</a>' in page
    assert '<span class="side-count">2</span>' in page
    point.card(cost_total="900.00")
    page = clerk.get("/").content.decode()
    assert '?by=card">2+</a>' in page
    assert '<span class="side-count">2+</span>' in page
    assert "<b>2+</b>" in clerk.get(reverse("registry:queue")).content.decode()


def test_who_has_typed_what_is_asked_once_a_page(point: Point, clerk: Client) -> None:
    card = point.card(age_years="12")
    for url in ("/cards/queue", "/cards/queue?kind=typed", "/cards/queue?by=card", "/", f"/cards/{card.pk}?kind=typed"):
        with CaptureQueriesContext(connection) as asked:
            assert clerk.get(url).status_code == 200
        assert sum("drafts_told" in each["sql"] for each in asked.captured_queries) == 1, url
    with CaptureQueriesContext(connection) as asked:
        clerk.post(f"/cards/{card.pk}/save", {"_version": "1", AGE: "9", "_kind": "typed"})
    assert sum("drafts_told" in each["sql"] for each in asked.captured_queries) == 1, "saving, and where to go on"


# --- bulk mends ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_a_bulk_mend_is_seen_done_and_undone(point: Point, clerk: Client) -> None:
    cards = [point.card(age_years="12"), point.card(age_years="13"), point.card(age_years="14")]
    said = text(clerk.get("/cards/queue/mend/HQ051"))
    assert "<del>12</del>" in said
    assert "<ins>9</ins>" in said
    answer = clerk.post("/cards/queue/mend/HQ051", {"card": [cards[0].pk, cards[1].pk, "x"]}, follow=True)
    assert "已改正 2 份" in text(answer)
    with point.acting("entry_clerk"):
        assert [Card.objects.get(pk=card.pk).errors for card in cards] == [0, 0, 1]
    url = text(answer).split('action="/cards/queue/undo/')[1].split('"')[0]
    answer = clerk.post(f"/cards/queue/undo/{url}", follow=True)
    assert "2 份已恢复原样" in text(answer)
    with point.acting("entry_clerk"):
        assert [Card.objects.get(pk=card.pk).errors for card in cards] == [1, 1, 1]
    assert "note-error" in text(clerk.post(f"/cards/queue/undo/{url}", follow=True))
    assert "note-error" in text(clerk.post("/cards/queue/mend/HQ051", {}, follow=True))


def test_a_large_mend_is_done_by_a_job_and_taken_back_by_one(
    point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields of the child take long: beyond a few cards a job does them, in portions, with one number to undo."""
    monkeypatch.setattr(mending, "AT_ONCE_OF_CHILD", 2)
    monkeypatch.setattr(tasks, "MENDED_TOGETHER", 2)
    address = code("current_address")
    cards = [point.card(current_address="成都市武侯区虚构路1号") for _ in range(5)]
    answer = clerk.post("/cards/queue/mend/HQ027", {"card": [card.pk for card in cards]})
    page = answer["Location"]
    assert page.startswith("/cards/queue/mending/")
    assert "正在批量改正" in text(clerk.get(page))
    assert said_of(point, cards, address) == {"成都市武侯区虚构路1号"}, "nothing is done before the job runs"
    job = run_one(entries()[-1])
    assert (job.state, job.result) == ("done", {"mended": 5, "left": 0})
    assert said_of(point, cards, address) == {"四川省成都市武侯区虚构路1号"}
    done = text(clerk.get(page))
    assert "已改正 5 份" in done
    undo = done.split('action="/cards/queue/undo/')[1].split('"')[0]
    with point.acting("entry_clerk") as by:  # somebody changes one of them meanwhile
        save_card(card=cards[0].pk, based_on=2, front={address: "四川省成都市武侯区虚构路2号"}, by=by)
    assert clerk.post(f"/cards/queue/undo/{undo}")["Location"] == page
    assert "正在撤销批量改正" in text(clerk.get(page))
    job = run_one(entries()[-1])
    assert (job.state, job.result) == ("done", {"as_before": 4, "left": 1, "locked": 0, "withdrawn": 0})
    assert said_of(point, cards, address) == {"成都市武侯区虚构路1号", "四川省成都市武侯区虚构路2号"}
    assert "4 份已恢复原样" in text(clerk.get(page))
    assert clerk.get("/cards/queue/mending/999999").status_code == 404


def test_a_large_mend_that_is_begun_again_changes_nothing_twice(point: Point) -> None:
    cards = [point.card(age_years="12") for _ in range(3)]
    numbers = [card.pk for card in cards]
    with point.acting("entry_clerk") as by:
        batch = mending.next_batch()
        assert mending.mend_some(rule="HQ051", batch=batch, cards=numbers, by=by) == numbers
        assert mending.mend_some(rule="HQ051", batch=batch, cards=numbers, by=by) == []
        assert mending.keep_mended(rule="HQ051", batch=batch, by=by) == 3
        assert sorted(mending.undo_some(batch=batch, cards=numbers, by=by)) == numbers
        assert mending.undo_some(batch=batch, cards=numbers, by=by) == []
        assert {card.version for card in Card.objects.filter(pk__in=numbers)} == {3}


def said_of(point: Point, cards: list[Card], column: str) -> set[str]:
    with point.acting("entry_clerk"):
        return {current(Card.objects.get(pk=card.pk)).value(column) for card in cards}


def test_a_rule_that_proposes_nothing_has_no_bulk_mend(point: Point, clerk: Client) -> None:
    assert clerk.get("/cards/queue/mend/HQ001").status_code == 404
    assert "没有可以自动改正的" in text(clerk.get("/cards/queue/mend/HQ051"))


# --- entering by hand ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-06")
def test_a_card_is_entered_by_hand_with_the_same_form(point: Point, clerk: Client) -> None:
    form = text(clerk.get("/cards/new"))
    assert point.hospital.code in form
    assert "data-finding" not in form, "what is not typed yet is no fault"
    assert 'id="id_A11"' in form
    typed = {
        "A11": "单新",
        "A48": "ZY77",
        "A13": "2020-05-06",
        "A12C": "1",
        "B15": "2026-10-03 09:00",
        "C03C": "C91.000",
    }
    typed["_begun"] = "7d9e6c1a-0000-4000-8000-000000000001"
    assert clerk.post("/cards/new/draft", {"_layout": "2020", **typed}).status_code == 204
    assert 'value="单新"' not in text(clerk.get("/cards/new")), "another one begins"
    assert f'?draft={typed["_begun"]}">单新 · ZY77</a>' in text(clerk.get("/cards/new"))
    assert 'value="单新"' in text(clerk.get(f"/cards/new?draft={typed['_begun']}"))
    assert "HQ" in text(clerk.post("/cards/new/check", {"_layout": "2020", "B12": "2026-10-04 09:00", **typed}))
    answer = clerk.post("/cards/new/enter", {"_layout": "2020", "_month": "2026-10", **typed})
    with point.acting("entry_clerk"):
        card = Card.objects.select_related("view").get(record_number="ZY77")
    assert answer["Location"] == f"/cards/{card.pk}"
    assert (card.layout, card.archive_month_assumed, card.view.patient_name) == ("2020", False, "单新")
    assert "单新" not in text(clerk.get("/cards/new")), "the draft is gone"
    again = clerk.post("/cards/new/enter", {"_layout": "2020", **typed})
    assert again.status_code == 422
    assert f"/cards/{card.pk}" in text(again), "one card a stay: it leads there"
    clerk.post("/cards/new/discard", {"_begun": typed["_begun"]})
    assert "单新" not in text(clerk.get("/cards/new"))
    assert 'id="id_P4"' in text(clerk.get("/cards/new?layout=2012"))


def test_what_a_new_card_lacks_is_said_and_nothing_typed_is_lost(point: Point, clerk: Client) -> None:
    answer = clerk.post("/cards/new/enter", {"_layout": "2020", "A11": "单新", "_month": "next"})
    assert answer.status_code == 422
    assert "归档月“next”不是年-月" in text(answer)
    assert 'value="单新"' in text(answer)
    for month, why in (("2016-12", "早于 2017-01"), ("2031-02", "还没有到")):
        typed = {"_layout": "2020", "A11": "单新", "A48": "ZY78", "B15": "2026-10-04 09:00", "_month": month}
        answer = clerk.post("/cards/new/enter", typed)
        assert (answer.status_code, why in text(answer)) == (422, True)
    answer = clerk.post("/cards/new/enter", {"_layout": "no such", "A11": "单新"})
    assert "病案号" in text(answer)
    officer = made_up.browser(made_up.post("entry_clerk", made_up.hospital()))
    assert officer.get("/cards/new/row", {"stem": "procedure_3"}).status_code == 200


# --- the audit desk --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_the_desk_shows_the_oldest_first_and_marks_what_was_changed_much(point: Point, auditor: Client) -> None:
    changed, plain = point.card(), point.card()
    with point.acting("entry_clerk") as by:
        front = {code("cost_self_pay"): "310.00", code("coder"): "壬", code("quality_nurse"): "癸"}
        save_card(card=changed.pk, based_on=1, front=front, by=by)
    submit(point, changed, plain)
    said = text(auditor.get("/cards/audit"))
    assert said.index(changed.record_number) < said.index(plain.record_number)
    assert "row-ask" in said
    with point.acting("auditor"):
        assert looking.changed_fields([changed.pk, plain.pk]) == {changed.pk: 3}
        assert looking.changed_fields([]) == {}
    home = text(auditor.get("/"))
    assert "改了 3 个字段" in home or "3 个字段" in home


def test_clean_cards_are_approved_together_after_the_sample(point: Point, auditor: Client) -> None:
    clean = [point.card() for _ in range(5)]
    supplemented = point.card()
    with point.acting("entry_clerk") as by:
        save_card(card=supplemented.pk, based_on=1, supplement={"grade": "9"}, by=by)
    mended = point.card(age_years="12")
    with point.acting("entry_clerk") as by:
        save_card(card=mended.pk, based_on=1, front={AGE: "9"}, by=by)
    submit(point, *clean, supplemented, mended)
    with point.acting("auditor") as by:
        numbers = set(looking.clean(by).values_list("pk", flat=True))
        assert numbers == {card.pk for card in (*clean, supplemented)}
        drawn = sample(sorted(numbers), timezone.localdate(), by.person or 0)
    assert len(drawn) == 3
    assert "先看随机抽出" in text(auditor.get("/cards/audit"))
    all_of_them = {"card": " ".join(f"{card.pk}:{card.version}" for card in (*clean, supplemented))}
    assert "请先看完" in text(auditor.post("/cards/audit/clean", all_of_them, follow=True))
    for pk in drawn:
        auditor.get(f"/cards/{pk}")
    assert "6 份报告卡" in text(pressed(auditor, "/cards/audit", "/cards/audit/clean"))
    assert states(point, *clean, supplemented, mended) == ["approved"] * 6 + ["submitted"]
    answer = pressed(auditor, "/cards/audit", "/cards/audit/report")
    assert "6 份报告卡" in text(answer)
    assert states(point, clean[0], mended) == ["reported", "submitted"]


def test_a_whole_page_is_picked_after_the_sample_of_it(point: Point, auditor: Client) -> None:
    cards = [point.card() for _ in range(6)]
    submit(point, *cards)
    numbers = [card.pk for card in cards]
    with point.acting("auditor") as by:
        drawn = sample(numbers, timezone.localdate(), by.person or 0)
    for pk in drawn[:2]:
        auditor.get(f"/cards/{pk}")
    picked = {"card": [f"{pk}:1" for pk in numbers]}
    said = text(auditor.post("/cards/audit/picked", picked, follow=True))
    which = next(card.record_number for card in cards if card.pk == drawn[2])
    here = said.split("请先看完")[1].split("</p>")[0]
    assert f">{which}</a>" in here, "it says which, and leads there"
    assert f'href="/cards/{drawn[2]}?list=picked' in here
    assert states(point, *cards) == ["submitted"] * 6
    auditor.get(f"/cards/{drawn[2]}")
    auditor.post("/cards/audit/picked", picked)
    assert states(point, *cards) == ["approved"] * 6


def test_an_auditor_picks_clean_cards_by_hand(point: Point, auditor: Client) -> None:
    clean = [point.card() for _ in range(3)]
    mended = point.card(age_years="12")
    with point.acting("entry_clerk") as by:
        save_card(card=mended.pk, based_on=1, front={AGE: "9"}, by=by)
    with point.acting("auditor", "registry.enter", "children.enter") as by:
        own = enter_card(institution=point.hospital, content=page(medical_record_no="R-OWN", national_id=""), by=by)
        Finding.objects.filter(card=own).delete()
        Card.objects.filter(pk=own.pk).update(errors=0, warnings=0, confirms=0)
        Card.objects.filter(pk=own.pk).update(state="submitted")
    elsewhere = Point("330106").card()
    submit(point, *clean, mended)
    said = text(auditor.get("/cards/audit"))
    for card in clean:
        assert f'name="card" value="{card.pk}:1"' in said
    for card in (mended, own):
        assert card.record_number in said
        assert f'name="card" value="{card.pk}:' not in said, "only what is clean, and of somebody else, can be picked"
    picked = [*(f"{card.pk}:{card.version}" for card in (clean[0], clean[2], mended, own, elsewhere)), "x", "1", "1:x"]
    assert "请先看完" in text(auditor.post("/cards/audit/picked", {"card": picked}, follow=True))
    assert states(point, *clean) == ["submitted"] * 3, "picking is no way round the sample"
    for card in (clean[0], clean[2]):
        auditor.get(f"/cards/{card.pk}")
    answer = text(auditor.post("/cards/audit/picked", {"card": picked}, follow=True))
    assert "2 份报告卡" in answer
    assert "3 份所选" in answer
    assert states(point, *clean, mended, own) == ["approved", "submitted", "approved", "submitted", "submitted"]
    assert "note-" in text(auditor.post("/cards/audit/picked", {}, follow=True))


def test_what_was_looked_at_is_a_version_and_what_came_back_is_not_clean(point: Point, auditor: Client) -> None:
    seen, back = point.card(), point.card()
    submit(point, seen, back)
    for card in (seen, back):
        auditor.get(f"/cards/{card.pk}")
    with point.acting("auditor") as by:
        move(cards=[back.pk], act="return", by=by, reason="补录项不对")
    with point.acting("entry_clerk") as by:
        move(cards=[seen.pk], act="withdraw", by=by)
        for card in (seen, back):
            save_card(card=card.pk, based_on=1, supplement={"laterality": "2"}, by=by)
    submit(point, seen, back)
    with point.acting("auditor") as by:
        assert list(looking.clean(by)) == [seen], "what came back is looked at by itself"
    assert "/cards/audit/clean" not in text(auditor.get("/cards/audit")), "its second version nobody looked at"
    assert "请先看完" in text(auditor.post("/cards/audit/clean", {"card": f"{seen.pk}:2"}, follow=True))
    auditor.post("/cards/audit/picked", {"card": [f"{seen.pk}:2", f"{back.pk}:2"]})
    assert states(point, seen, back) == ["submitted"] * 2
    auditor.get(f"/cards/{seen.pk}")
    pressed(auditor, "/cards/audit", "/cards/audit/clean")
    assert states(point, seen, back) == ["approved", "submitted"]


def test_a_sample_is_a_twentieth_and_the_same_all_day() -> None:
    today = timezone.localdate()
    cards = list(range(1, 201))
    assert len(sample(cards, today, 1)) == 10
    assert sample(cards, today, 1) == sample(cards[::-1], today, 1)
    assert sample(cards, today, 1) != sample(cards, today, 2)
    kept = set(sample(cards, today, 1)) & set(sample(cards[:150], today, 1))
    assert kept == set(sample(cards, today, 1)) & set(cards[:150]), "an approved card does not change the draw"
    assert sample([7], today, 1) == [7]
    assert sample([], today, 1) == []


def test_an_auditor_goes_from_card_to_card(point: Point, auditor: Client) -> None:
    first, second = point.card(), point.card()
    submit(point, first, second)
    said = text(auditor.get(f"/cards/{first.pk}"))
    assert f'href="/cards/{second.pk}"' in said
    assert (
        auditor.post(f"/cards/{first.pk}/act", {"_version": 1, "_act": "approve"})["Location"] == f"/cards/{second.pk}"
    )
    answer = auditor.post(f"/cards/{second.pk}/act", {"_version": 1, "_act": "return", "typed": "请补病理号"})
    assert answer["Location"] == "/cards/audit"
    assert "请补病理号" in text(made_up.browser(point.post("entry_clerk")).get(f"/cards/{second.pk}"))


# --- the centre ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-05")
def test_the_centre_accepts_and_returns(point: Point, auditor: Client) -> None:
    cards = [point.card() for _ in range(3)]
    submit(point, *cards)
    with point.acting("auditor") as by:
        move(cards=[card.pk for card in cards], act="approve", by=by)
        move(cards=[card.pk for card in cards], act="report", by=by)
    centre = made_up.browser(point.centre())
    said = text(centre.get("/cards/received"))
    assert point.hospital.name in said
    assert "首次上报" in said
    assert cards[0].record_number in text(centre.get(f"/cards/received?institution={point.hospital.code}"))
    assert cards[0].record_number in text(centre.get(f"/cards/received?institution={point.hospital.pk}"))
    assert cards[0].record_number not in text(centre.get("/cards/received?institution=nobody"))
    page = text(centre.get(f"/cards/{cards[0].pk}"))
    assert "四川省成都市武侯区虚构路1号" not in page, "an address is masked above the hospital"
    answer = centre.post(f"/cards/{cards[0].pk}/act", {"_version": 1, "_act": "return_by_centre", "reason": "重复"})
    assert answer["Location"] == f"/cards/{cards[1].pk}"
    centre.post("/cards/received/accept", {"card": [f"{card.pk}:1" for card in cards]})
    assert states(point, *cards) == ["returned_by_centre", "accepted", "accepted"]
    clerk = made_up.browser(point.post("entry_clerk"))
    assert cards[0].record_number in text(clerk.get("/cards/queue?kind=returned&by=card"))
    clerk.post(f"/cards/{cards[1].pk}/act", {"_version": 1, "_act": "revise", "reason": "病理后到"})
    clerk.post(f"/cards/{cards[1].pk}/save", {"_version": 1, "grade": "9"})
    with point.acting("auditor") as by:
        move(cards=[cards[1].pk], act="approve", by=by)
        move(cards=[cards[1].pk], act="report", by=by)
    assert "接收后更正" in text(centre.get("/cards/received"))


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_is_filtered_and_searched(point: Point, clerk: Client) -> None:
    first, second = point.card(patient_name="单小雪"), point.card(age_years="12", patient_name="曾大宝")
    submit(point, first)

    def listed(query: str) -> list[bool]:
        said = text(clerk.get(f"/cards?{query}"))
        return [f"/cards/{card.pk}?list=cards" in said for card in (first, second)]

    assert listed("") == [True, True]
    assert listed("state=submitted") == [True, False]
    assert listed("problem=errors") == [False, True]
    assert listed("problem=none") == [True, False]
    assert listed("month=2026-09") == listed("month=2026-9") == listed("month=2026年9月") == listed("month=202609")
    assert listed("month=2026-09") == [True, True]
    assert listed("month=2026-08") == [False, False]
    page = text(clerk.get("/cards"))
    assert 'name="month" value="" maxlength="100" placeholder="如 2026-09"' in page
    for unread in ("九月", "2026-13", "2026"):
        said = text(clerk.get(f"/cards?month={unread}"))
        assert f"归档月“{unread}”无法识别：请填写年份和月份，如 2026-09" in said
        assert f'/cards/{first.pk}"' not in said
    assert listed("group=malignant") == [True, True]
    assert listed("group=itp") == [False, False]
    assert listed("iccc=011") == [True, True]
    assert listed(f"q={second.record_number}") == [False, True]
    assert listed("q=单小雪") == [True, False]
    assert listed("q=zengdabao") == [False, True]
    assert listed("q=nobody") == [False, False]


def test_no_card_is_taken_away_by_a_month_that_cannot_be_read(point: Point) -> None:
    point.card()
    with point.acting("point_lead") as by:
        request = RequestFactory().get("/cards/export", {"month": "九月"})
        request.scope = by  # type: ignore[attr-defined]
        rows, said = card_lists.chosen(request)  # type: ignore[arg-type]
        assert (rows.count(), said) == (0, "month=九月")


def test_the_search_box_finds_a_card_by_its_record_number(point: Point, clerk: Client) -> None:
    card = point.card()
    assert f'href="/cards/{card.pk}"' in text(clerk.get("/search", {"q": card.record_number}))
    assert f'href="/cards/{card.pk}"' not in text(clerk.get("/search", {"q": card.record_number + "0"}))
    stranger = made_up.browser(Point().post("entry_clerk"))
    assert f'href="/cards/{card.pk}"' not in text(stranger.get("/search", {"q": card.record_number}))
    assert f'href="/cards/{card.pk}"' not in text(clerk.get("/search", {"q": "9" * 40}))


@pytest.mark.requirement("REG-06")
def test_an_export_has_its_reason_and_can_be_read_again(point: Point, tmp_path: Path) -> None:
    cards = [point.card(patient_name="=单小雪"), point.card()]
    records = made_up.browser(point.post("records_department"))
    assert "2012 版：2 份" in text(records.get("/cards/export"))
    assert records.post("/cards/export", {"layout": "2012"}).status_code == 200, "no reason, no file"
    answer = records.post("/cards/export", {"layout": "2012", "reason": "与临床核对"})
    assert answer["Content-Disposition"].startswith("attachment")
    file = tmp_path / "cards.csv"
    file.write_bytes(answer.content)
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert "与临床核对" in lines[0][0]
    assert len(lines) == 2 + len(cards)
    assert lines[2][lines[1].index("P4")] == "'=单小雪", "no spreadsheet takes a name for a formula"
    with open_scope(system_scope("chain")):
        taken = Event.objects.get(kind="children.exported")
    assert (taken.institution_id, taken.reason) == (point.hospital.pk, "与临床核对")
    assert taken.data == {"what": "报告卡", "count": 2, "children": sorted(card.child_id for card in cards)}
    read = open_file(file, lambda said: said.strip().upper() in {"P900", "P3", "P4"})
    assert "P321" in [str(cell).strip() for cell in read.header], "the watermark is no header"
    assert text(records.post("/cards/export?q=ZZ", {"layout": "2020", "reason": "与临床核对"})).count("\n") == 2


# --- lists behind code fields ----------------------------------------------------------------------------------------


def test_codes_are_found_by_code_name_and_initials_in_what_the_hospital_writes(point: Point, clerk: Client) -> None:
    point.card()
    point.card(other_diagnosis_1_name="急淋")
    point.card(other_diagnosis_1_name="急淋")
    lists._held.clear()

    def found(kind: str, typed: str) -> str:
        return text(clerk.get(f"/cards/codes/{kind}", {"q": typed, "id": "id_P321-list"}))

    assert 'data-value="Z51.100" data-name="肿瘤化学治疗疗程"' in found("icd10", "z511")
    assert 'data-value="Z51.100"' in found("icd10", "化学治疗")
    assert 'data-value="Z51.100"' in found("icd10", "zlhx")
    assert 'data-value="41.3100"' in found("icd9cm3", "gscc")
    assert 'id="id_P321-list-1"' in found("icd10", "z51")
    assert 'data-value="C42.1"' in found("topography", "骨髓")
    assert "M98210/3" in found("morphology", "9821")
    assert 'data-value="2" data-name="女' in found("RC001", "nv")
    assert 'data-value="NB:L1"' in found("stage-041", "")
    assert "NB:L1" not in found("stage-011", "")
    assert "data-value" not in found("icd10", "no such thing")
    assert clerk.get("/cards/codes/RC999").status_code == 404
    assert "choice" in text(clerk.get("/cards/codes/RC001", {"q": "1", "id": '"><b>'}))
    stranger = made_up.browser(Point().post("entry_clerk"))
    assert "Z51.100" not in text(stranger.get("/cards/codes/icd10", {"q": "z511"})), "pairs are a hospital's own"
    with point.acting("entry_clerk") as by:
        [commonest] = [each for each in lists.pairs(newest_contents(by=by))["icd10"] if each.code == "C91.000"]
        assert commonest.zh == "急性淋巴细胞白血病"
    officer = made_up.browser(made_up.post("commission_officer", made_up.authority("health", "510000")))
    assert "Z51.100" not in text(officer.get("/cards/codes/icd10", {"q": "z511"}))


def test_many_cards_cost_no_more_questions_than_few(point: Point, clerk: Client) -> None:
    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as said:
            assert clerk.get(address).status_code == 200
        return len(said)

    point.card(age_years="12")
    asked("/cards")  # what the diagnosis is called is known from now on
    few = [asked(address) for address in ("/cards", "/cards/queue", "/cards/queue?by=card")]
    for _ in range(12):
        point.card(age_years="12")
    assert [asked(address) for address in ("/cards", "/cards/queue", "/cards/queue?by=card")] == few


# --- the first screens -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("REG-15")
def test_the_first_screens_say_what_to_do_next(point: Point, clerk: Client, auditor: Client) -> None:
    nothing = text(clerk.get("/"))
    assert "全部完成" not in nothing, "nothing came yet"
    assert "导入当月出院数据后，新的报告卡会出现在这里" in nothing
    assert "全部完成" in text(auditor.get("/"))
    wrong, clean = point.card(age_years="12"), point.card()
    home = text(clerk.get("/"))
    assert "年龄应为入院时的周岁" in home
    assert f'href="/cards/{wrong.pk}"' in home, "one button: continue"
    assert "1 份可以提交" in home
    submit(point, clean)
    home = text(auditor.get("/"))
    assert f'href="/cards/{clean.pk}"' in home
    assert "与原始行一致" in home
    with point.acting("auditor") as by:
        move(cards=[clean.pk], act="approve", by=by)
    assert "等待上报" in text(auditor.get("/"))


def test_a_post_at_no_hospital_has_no_queue_of_its_own() -> None:
    with made_up.acting(made_up.post("centre_officer", made_up.authority("centre", "000000"))) as by:
        assert first_screen.clerk(by) is None
        assert first_screen.auditor(by) is None
    with override("en"):
        assert first_screen.title_of("HQ051").isascii()
        assert first_screen.title_of("no such rule") == "no such rule"
