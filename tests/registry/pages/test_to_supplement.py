"""Cards to supplement: counted, listed, offered what earlier stays knew, told before they are submitted together."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

import made_up
from made_up_cards import Point
from tonghu.patients.merges import merge
from tonghu.platform.scope.scope import system_scope
from tonghu.registry.checker import problems
from tonghu.registry.models import Card
from tonghu.registry.pages.opening import Opened
from tonghu.registry.services import move
from tonghu.registry.services.rechecking import recheck

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WHOLE = {
    "topography": "C42.1", "histology": "9811", "behaviour": "3", "basis": "7", "first_diagnosis_date": "2026-09-07",
    "case_status": "1", "laterality": "0",
}  # fmt: skip
OLDER = {**WHOLE, "first_diagnosis_date": "2026-08-07"}
#: The stay before: another discharge of the same record.
BEFORE = {"discharge_datetime": "2026-08-12 10:00", "admission_datetime": "2026-08-07 20:46", "admission_count": "1"}


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def asked(point: Point, card: Card) -> int:
    with point.acting("entry_clerk"):
        return Card.objects.get(pk=card.pk).to_supplement


def test_what_is_asked_is_counted_and_follows_what_is_saved(point: Point, clerk: Client) -> None:
    card = point.card()
    assert asked(point, card) == 5
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", "topography": "C42.1", "histology": "9811"})
    assert asked(point, card) == 3
    clerk.post(f"/cards/{card.pk}/save", {"_version": 2, "_act": "save", "topography": ""})
    assert asked(point, card) == 4
    assert asked(point, point.card(supplement=WHOLE)) == 0
    died = point.card(discharge_disposition="5", supplement=WHOLE)
    assert asked(point, died) == 2, "the cause of death, its code and its name"


def test_the_checker_finds_a_wrong_count_and_a_check_by_other_rules_counts_anew(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        Card.objects.filter(pk=card.pk).update(to_supplement=0, rules_key="older")
        recheck(cards=[card.pk], by=by)
    assert asked(point, card) == 5
    with point.acting("entry_clerk"):
        Card.objects.filter(pk=card.pk).update(to_supplement=1)
    said = [one.zh for _n, found in problems(system_scope("checking")) for one in found]
    assert said == ["待补充的项目记为 1 项，实为 5 项"]


def test_the_queue_lists_them_and_goes_from_one_to_the_next(point: Point, clerk: Client) -> None:
    first, whole, last = point.card(), point.card(supplement=WHOLE), point.card()
    page = clerk.get("/cards/queue")
    assert "待补充 2" in text(page)
    listed = clerk.get("/cards/queue?kind=supplement").content.decode()
    assert f"/cards/{whole.pk}?" not in listed
    assert f"/cards/{first.pk}?kind=supplement" in listed
    form = clerk.get(f"/cards/{first.pk}?kind=supplement").content.decode()
    assert f'href="/cards/{last.pk}?kind=supplement" data-key="j"' in form
    assert "data-supplements" in form
    answer = clerk.post(f"/cards/{first.pk}/save", {"_version": 1, "_kind": "supplement", **WHOLE})
    assert answer["Location"] == f"/cards/{last.pk}?kind=supplement"
    assert "待补充 1" in text(clerk.get("/cards/queue"))


def test_what_lacks_stands_beside_the_findings(point: Point, clerk: Client) -> None:
    card = point.card()
    said = text(clerk.get(f"/cards/{card.pk}"))
    assert "待补充 5 项：" in said
    checked = text(clerk.post(f"/cards/{card.pk}/check", {"_version": 1, **WHOLE}))
    assert "待补充" not in checked
    assert "没有发现问题" in checked
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="submit", by=by)
    auditor = made_up.browser(point.post("auditor"))
    assert "待补充 5 项：" in text(auditor.get(f"/cards/{card.pk}")), "a blank supplement holds nobody up, but is seen"


def test_the_bulk_submission_says_how_many_lack_something_and_lets_the_clerk_choose(
    point: Point, clerk: Client
) -> None:
    point.card()
    whole = point.card(supplement=WHOLE)
    page = clerk.get("/cards/queue")
    assert "其中 1 份补充项目未填齐" in text(page)
    shown = re.findall(r'name="card" value="([^"]+)"><button class="btn btn-quiet">([^<]+)<', page.content.decode())
    assert [said for _cards, said in shown] == ["只提交补充齐全的 1 份", "仍然提交全部 2 份"]
    assert shown[0][0] == f"{whole.pk}:1"
    clerk.post("/cards/queue/submit", {"card": shown[0][0]})
    assert "只提交" not in text(clerk.get("/cards/queue"))
    clerk.post("/cards/queue/submit", {"card": shown[1][0]})
    with point.acting("entry_clerk"):
        assert {card.state for card in Card.objects.all()} == {"submitted"}, "no rule makes it a condition"


def test_where_all_are_whole_there_is_nothing_to_choose(point: Point, clerk: Client) -> None:
    point.card(supplement=WHOLE)
    page = text(clerk.get("/cards/queue"))
    assert "提交 1 份" in page
    assert "补充项目未填齐" not in page


def test_lists_are_narrowed_and_first_screens_count(point: Point, clerk: Client) -> None:
    lacking, whole = point.card(), point.card(supplement=WHOLE)
    said = clerk.get("/cards?supplement=lacking").content.decode()
    assert (lacking.record_number in said, whole.record_number in said) == (True, False)
    said = clerk.get("/cards?supplement=whole").content.decode()
    assert (lacking.record_number in said, whole.record_number in said) == (False, True)
    assert "1 份待补充" in text(clerk.get("/"))
    with point.acting("entry_clerk") as by:
        move(cards=[lacking.pk, whole.pk], act="submit", by=by)
    auditor = made_up.browser(point.post("auditor"))
    assert "其中 1 份补充项目未填齐" in text(auditor.get("/"))
    listed = auditor.get("/cards?state=submitted&supplement=lacking").content.decode()
    assert (lacking.record_number in listed, whole.record_number in listed) == (True, False)


def test_what_earlier_stays_knew_is_taken_with_one_key_also_of_merged_records(point: Point, clerk: Client) -> None:
    before = point.card(medical_record_no="RA1", national_id="-", supplement=OLDER, **BEFORE)
    now = point.card(medical_record_no="RB1", national_id="-")
    assert "data-takes-known" not in clerk.get(f"/cards/{now.pk}").content.decode()
    with made_up.acting(point.post("records_department")) as by:
        merge(
            kept=Card.objects.get(pk=before.pk).child,
            merged=Card.objects.get(pk=now.pk).child,
            reason="同一患儿",
            by=by,
        )
    with point.acting("entry_clerk") as by:
        known = Opened(Card.objects.select_related("child", "institution").get(pk=now.pk), by).offered
    assert known == {**OLDER, "case_status": "2"}, "what an earlier stay dates was known before this one"
    page = clerk.get(f"/cards/{now.pk}")
    assert "填入以前住院已知的 7 项" in text(page)
