"""Findings as they are stored, explained and taken up again."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from made_up_cards import Point, code
from tonghu.errors import InputRefused
from tonghu.hqms import record
from tonghu.registry import checks
from tonghu.registry.content import Content
from tonghu.registry.models import Card, CardAct, Finding
from tonghu.registry.services import NotInHand, answered, ask_department, move, override, reopen, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WHY = "与病历核对无误（虚构）"


@pytest.fixture
def warned(point: Point) -> Card:
    """A card with a warning (HQ027: address without province) and nothing else."""
    card = point.card(current_address="武侯区虚构路1号")
    assert (card.errors, card.warnings) == (0, 1)
    return card


def the_warning(card: Card) -> Finding:
    return Finding.objects.get(card=card, rule="HQ027")


def test_a_warning_that_is_explained_no_longer_holds_the_card(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        assert move(cards=[warned.pk], act="submit", by=by)[0].refused == "warnings"
        assert override(findings=[the_warning(warned).pk], reason=WHY, by=by) == 1
        found = the_warning(warned)
        assert (found.overridden_reason, found.overridden_by) == (WHY, by.person)
        assert Card.objects.get(pk=warned.pk).warnings == 0
        assert move(cards=[warned.pk], act="submit", by=by)[0].refused == ""
    with point.acting("auditor"):
        act = CardAct.objects.get(card=warned, act="override")
        assert (act.reason, act.about, act.from_state) == (WHY, f"HQ027 {code('current_address')}", "draft")


def test_an_explanation_survives_what_its_rule_does_not_read(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        override(findings=[the_warning(warned).pk], reason=WHY, by=by)
        save_card(card=warned.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        assert the_warning(warned).overridden_reason == WHY
        saved = save_card(card=warned.pk, based_on=2, front={code("current_address"): "武侯区虚构路2号"}, by=by)
        assert (saved.warnings, the_warning(warned).overridden_reason) == (1, "")


def test_what_is_mended_is_gone_with_its_explanation(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        override(findings=[the_warning(warned).pk], reason=WHY, by=by)
        front = {code("current_address"): "四川省成都市武侯区虚构路1号"}
        save_card(card=warned.pk, based_on=1, front=front, by=by)
        assert not Finding.objects.filter(card=warned).exists()


def test_an_explanation_can_be_taken_back(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        override(findings=[the_warning(warned).pk], reason=WHY, by=by)
        assert reopen(findings=[the_warning(warned).pk], by=by) == 1
        assert Card.objects.get(pk=warned.pk).warnings == 1


def test_an_error_is_not_explained_away_by_services_nor_by_sql(point: Point) -> None:
    card = point.card(cost_total="900.00")
    with point.acting("entry_clerk") as by:
        wrong = Finding.objects.filter(card=card, level="error").first()
        with pytest.raises(InputRefused, match="must be mended"):
            override(findings=[wrong.pk], reason=WHY, by=by)
        with pytest.raises(DatabaseError, match="no_error_is_overridden"), transaction.atomic():
            connection.cursor().execute(
                "UPDATE registry_finding SET overridden_at = now(), overridden_reason = 'x', overridden_by = %s "
                "WHERE id = %s",
                [by.person, wrong.pk],
            )


def test_nobody_explains_a_finding_without_a_name(point: Point, warned: Card) -> None:
    """The database knows who explained what, so that they do not approve it."""
    explain = "UPDATE registry_finding SET overridden_at = now(), overridden_reason = 'x'{} WHERE id = %s"
    with point.acting("entry_clerk"):
        pk = the_warning(warned).pk
        with pytest.raises(DatabaseError, match="an_override_names_who"), transaction.atomic():
            connection.cursor().execute(explain.format(""), [pk])
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(explain.format(", overridden_by = 1"), [pk])


def test_a_reason_is_needed_and_says_something(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by, pytest.raises(InputRefused, match="reason"):
        override(findings=[the_warning(warned).pk], reason=" ", by=by)


def test_nobody_explains_on_a_card_that_left_their_hand(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        found = the_warning(warned).pk
        override(findings=[found], reason=WHY, by=by)
        move(cards=[warned.pk], act="submit", by=by)
        with pytest.raises(NotInHand, match="已提交"):
            reopen(findings=[found], by=by)
        with pytest.raises(NotInHand):
            ask_department(card=warned.pk, department="病理科", by=by)


def test_a_finding_that_is_gone_or_anothers_is_said(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk"):
        found = the_warning(warned).pk
    with Point().acting("entry_clerk") as by, pytest.raises(InputRefused, match="gone"):
        override(findings=[found], reason=WHY, by=by)
    with point.acting("auditor") as by, pytest.raises(PermissionDenied):
        override(findings=[found], reason=WHY, by=by)


def test_a_department_is_asked_and_answers(point: Point, warned: Card) -> None:
    with point.acting("entry_clerk") as by:
        with pytest.raises(InputRefused, match="which department"):
            ask_department(card=warned.pk, department="  ", by=by)
        card = ask_department(card=warned.pk, department="病理科", note="请补病理号", by=by)
        assert (card.waits_for, card.waits_note) == ("病理科", "请补病理号")
        card = answered(card=warned.pk, note="已补", by=by)
        assert (card.waits_for, card.waits_note) == ("", "")
        acts = CardAct.objects.filter(card=warned).order_by("pk").values_list("act", "about", "reason")
        assert list(acts) == [("ask", "病理科", "请补病理号"), ("answer", "病理科", "已补")]
        with pytest.raises(InputRefused, match="nobody's answer"):
            answered(card=warned.pk, by=by)


@pytest.mark.requirement("REG-05")
def test_a_card_is_compared_with_the_others_of_its_record(point: Point) -> None:
    """As the rows of a file are: an admission count used twice, another sex, a readmission before the discharge."""
    first = point.card(medical_record_no="R-SAME")
    second = point.card(
        medical_record_no="R-SAME", sex="1", national_id="510107201609250010",
        admission_datetime="2026-09-11 08:00", discharge_datetime="2026-09-20 10:00", length_of_stay_days="9",
    )  # fmt: skip
    with point.acting("entry_clerk") as by:
        rules = set(Finding.objects.filter(card=second).values_list("rule", flat=True))
        assert {"HQ035", "HQ041", "HQ042"} <= rules
        front = {code("admission_count"): "2", code("sex"): "2", code("national_id"): "510107201609250028"}
        front |= {code("admission_datetime"): "2026-09-15 08:00", code("length_of_stay_days"): "5"}
        save_card(card=second.pk, based_on=1, front=front, by=by)
        rules = set(Finding.objects.filter(card=second).values_list("rule", flat=True))
        assert not {"HQ034", "HQ035", "HQ042"} & rules
        assert not Finding.objects.filter(card=first).exists(), "the one that came first is as it was"


def test_a_voided_card_is_no_other_card_of_the_record(point: Point) -> None:
    first = point.card(medical_record_no="R-SAME")
    with point.acting("entry_clerk") as by:
        move(cards=[first.pk], act="void", reason=WHY, by=by)
    second = point.card(medical_record_no="R-SAME")
    with point.acting("entry_clerk"):
        assert not Finding.objects.filter(card=second, rule="HQ035").exists()


def test_warming_up_leaves_nothing_to_compile_for_the_first_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judges of cards are others than those of files: both are ready before the first page is asked for."""
    on = date(2026, 11, 22)
    monkeypatch.setattr(record, "_checkers", {})
    record._checker.cache_clear()
    checks.warm(on)

    def compile_again(*_: object) -> None:
        raise AssertionError("a judge is compiled although it was warm")

    monkeypatch.setattr(record, "finding_judge", compile_again)
    monkeypatch.setattr(record.RuleSet, "for_record", compile_again)
    for layout in ("2012", "2020"):
        checks.check(Content(layout), on)
        checks.missing(Content(layout), on, "510107")
