"""Cards of one record are compared anew when one of them comes, changes or goes; cheaply, and once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import made_up
from made_up_cards import Point, code, page
from run_jobs import entries, run_one, seen
from tonghu.platform.jobs.models import Job
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import comparing, move, rechecking, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]

ON = date(2026, 11, 22)
RECORD = "R0000COMP"
NAME = page().front[code("patient_name")]


def stay(point: Point, **changes: str) -> Card:
    """A stay of one record; of one child, unless something else is said."""
    return point.card(**{"medical_record_no": RECORD, "national_id": "510107201609250028", **changes})


def found(point: Point, card: Card) -> set[str]:
    with point.acting("entry_clerk"):
        return set(Finding.objects.filter(card=card.pk).values_list("rule", flat=True))


def run_all() -> list[Job]:
    """Run the jobs that compare and wait."""
    waiting = [number for number in entries() if seen(number).state == "waiting"]
    return [run_one(number) for number in waiting if seen(number).kind == "registry.compare"]


def fresh(point: Point, card: Card) -> Card:
    with point.acting("entry_clerk"):
        return Card.objects.get(pk=card.pk)


def test_a_second_stay_of_the_same_number_is_found_on_both(point: Point) -> None:
    first = stay(point, admission_count="1")
    assert found(point, first) == set()
    before = fresh(point, first).compared_at
    second = stay(point, admission_count="1")
    assert "HQ035" in found(point, second)
    assert found(point, first) == set(), "not yet: a job asks"
    (job,) = run_all()
    assert (job.state, (job.result or {})["changed"]) == ("done", 1)
    assert found(point, first) == {"HQ035"}
    held = fresh(point, first)
    assert held.errors == 1
    assert held.compared_at is not None
    assert before is not None
    assert held.compared_at > before


def test_the_sibling_is_well_again_when_the_other_is_mended(point: Point) -> None:
    first, second = stay(point, admission_count="1"), stay(point, admission_count="1")
    run_all()
    with point.acting("entry_clerk") as by:
        save_card(card=second.pk, based_on=1, front={code("admission_count"): "2"}, by=by)
    assert found(point, first) == {"HQ035"}
    run_all()
    assert found(point, first) == set()
    assert fresh(point, first).errors == 0


def test_a_record_number_that_is_corrected_tells_the_record_it_leaves(point: Point) -> None:
    first, second = stay(point, admission_count="1"), stay(point, admission_count="1")
    run_all()
    with point.acting("entry_clerk") as by:
        save_card(card=second.pk, based_on=1, front={code("medical_record_no"): "R0000OTHER"}, by=by)
    run_all()
    assert found(point, first) == set()


def test_a_voided_card_is_no_stay_and_comes_back_as_one(point: Point) -> None:
    first, second = stay(point, admission_count="1"), stay(point, admission_count="1")
    run_all()
    for act, there in (("void", set()), ("restore", {"HQ035"})):
        with point.acting("entry_clerk") as by:
            move(cards=[second.pk], act=act, by=by, reason="重复录入")
        run_all()
        assert found(point, first) == there


def test_a_change_that_compares_nothing_asks_for_nothing(point: Point) -> None:
    first, second = stay(point, admission_count="1"), stay(point, admission_count="2")
    run_all()
    asked = len(entries())
    with point.acting("entry_clerk") as by:
        save_card(card=second.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
    alone = point.card()
    assert len(entries()) == asked
    assert found(point, first) == found(point, alone) == set()


def test_nobody_submits_a_card_that_was_not_compared(point: Point) -> None:
    first = stay(point, admission_count="1")
    stay(point, admission_count="1")
    with point.acting("entry_clerk") as by:
        (answer,) = move(cards=[first.pk], act="submit", by=by)
    assert answer.refused == "errors"


def test_the_night_finds_what_a_lost_job_left(point: Point) -> None:
    first = stay(point, admission_count="1")
    stay(point, admission_count="1")
    with point.acting("entry_clerk"):
        Card.objects.filter(pk=first.pk).update(compared_at=None)
    with point.acting("entry_clerk") as by:
        waiting = list(comparing.uncompared(by.institution or 0).values_list("pk", flat=True))
        assert first.pk in waiting
        assert rechecking.compare(cards=waiting, by=by) == 1
    assert found(point, first) == {"HQ035"}


def test_comparing_again_reads_no_card_whole_and_changes_nothing(point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [stay(point, admission_count="1" if n < 2 else str(n)) for n in range(6)]
    run_all()
    before = [found(point, card) for card in cards]

    def never(_sealed: bytes) -> Any:
        raise AssertionError("a card was opened")

    monkeypatch.setattr(rechecking, "open_", never)
    with point.acting("entry_clerk") as by, CaptureQueriesContext(connection) as asked:
        assert rechecking.compare(cards=[card.pk for card in cards], by=by) == 0
    assert len(asked) <= 12, [query["sql"] for query in asked]
    assert [found(point, card) for card in cards] == before


@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_the_rules_that_compare_read_nothing_that_only_the_page_knows(layout: str) -> None:
    """What a card's columns know is all that they need: else they could not be asked without opening the card."""
    rules = comparing.comparing(layout, ON, "510104")
    facts = {name for name, fact in rules.schema.facts.items() if fact.by == "file"}
    assert {rule.reports for rule in rules.rules} == {"HQ034", "HQ035", "HQ041", "HQ042"}
    for rule in rules.rules:
        assert rules.facts_read[rule.id] <= facts | comparing.KNOWN, rule.id


@pytest.mark.parametrize(
    "change",
    [
        {"sex": "1"}, {"patient_name": "欧阳他童", "national_id": ""}, {"birth_date": "2016-09-26", "national_id": ""},
        {"admission_datetime": "2026-09-10 20:46"}, {"admission_count": "1"},
    ],
    ids=lambda change: "-".join(change),
)  # fmt: skip
def test_asked_without_opening_a_card_says_what_it_says_opened(point: Point, change: dict[str, str]) -> None:
    first = stay(point, admission_count="1")
    second = stay(point, **{"admission_count": "2", **change})
    with point.acting("entry_clerk") as by:
        for card in (first, second):
            held = Card.objects.select_related("institution").get(pk=card.pk)
            (others,) = comparing.among([(held.institution_id, held.pk, held)])
            region = held.institution.region_code
            quick = comparing.found_without_opening(held, others, ON, region)
            rechecking.recheck(cards=[card.pk], by=by)
            rules = {rule.reports for rule in comparing.comparing(held.layout, ON, region).rules}
            whole = set(Finding.objects.filter(card=card.pk, rule__in=rules).values_list("rule", "column"))
            assert quick == whole


def test_names_are_counted_on_cards_not_on_what_the_hospital_knows_by_now(point: Point) -> None:
    """A mistyped record number brings another name: the hospital's view of the child follows the newest row."""
    first = stay(point, admission_count="1", national_id="-")
    second = stay(point, admission_count="2", national_id="-", patient_name="欧阳他童")
    run_all()
    assert fresh(point, first).view_id == fresh(point, second).view_id, "the birth date is the same: one child"
    assert "HQ041" in found(point, first) & found(point, second)
    with point.acting("entry_clerk") as by:
        save_card(card=second.pk, based_on=1, front={code("patient_name"): NAME}, by=by)
    run_all()
    assert "HQ041" not in found(point, first) | found(point, second)


def test_another_child_under_a_record_number_renames_no_card(point: Point) -> None:
    first = stay(point, admission_count="1", national_id="-")
    other = {"patient_name": "虚构另", "birth_date": "2015-05-05", "national_id": "-"}
    second = stay(point, admission_count="2", **other)
    third = point.card(medical_record_no="R0000ELSE", **other)
    run_all()
    assert len({fresh(point, card).child_id for card in (first, second, third)}) == 3
    assert "HQ041" in found(point, first) & found(point, second)
    clerk = made_up.browser(point.post("entry_clerk"))
    for card, name in ((first, NAME), (second, "虚构另")):
        shown = clerk.get(f"/cards/{card.pk}").content.decode()
        assert name in shown[shown.index("<h1") : shown.index("</h1>")]
        assert name in clerk.get("/cards").content.decode()
    # The same by hand: a correction moves the third card to the record of the first child.
    with point.acting("entry_clerk") as by:
        save_card(card=third.pk, based_on=1, front={code("medical_record_no"): RECORD}, by=by)
        assert fresh(point, third).child_id == fresh(point, second).child_id
        # And the only card of a child is the child's correction: no question, nobody new.
        mended = {code("patient_name"): "虚构童二", code("birth_date"): "2014-01-01"}
        save_card(card=first.pk, based_on=1, front=mended, by=by)
        held = Card.objects.select_related("view").get(pk=first.pk)
        assert (held.view_id, held.view.patient_name) == (fresh(point, first).view_id, "虚构童二")
        assert held.child_id == first.child_id


def test_what_the_first_comparison_finds_counts_as_there_at_first(point: Point) -> None:
    """An imported row is compared by a job after it is in: the share at first and the share now ask the same rules."""
    first, later = stay(point, admission_count="1"), stay(point, admission_count="2")
    with point.acting("entry_clerk"):
        Card.objects.filter(pk=first.pk).update(compared_at=None)  # as an import leaves it
    with point.acting("entry_clerk") as by:
        save_card(card=later.pk, based_on=1, front={code("admission_count"): "1"}, by=by)
    run_all()
    held = fresh(point, first)
    assert (held.errors, held.problem_at_first) == (1, True), "what it is now it was at first"
    assert fresh(point, later).problem_at_first is False, "it was compared when it was entered, and changed since"
