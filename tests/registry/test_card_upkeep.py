"""What keeps cards right by itself: findings follow the rules, counts are folded, whoever is concerned is told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

import made_up
from made_up_cards import Point, code
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import checks, tasks
from tonghu.registry.models import Card, Finding, Tally
from tonghu.registry.services import move, override, save_card
from tonghu.registry.services.rechecking import recheck

pytestmark = pytest.mark.django_db

WHY = "虚构的原因"


def tally(point: Point) -> dict[str, int]:
    with point.acting("auditor"):
        rows = Tally.objects.filter(institution=point.hospital).values("state").annotate(many=Sum("cards"))
        return {row["state"]: row["many"] for row in rows if row["many"]}


# --- the tally


@pytest.mark.requirement("REG-15")
def test_the_tally_is_the_count_after_every_change(point: Point) -> None:
    first, _second = point.card(), point.card(cost_total="900.00")
    assert tally(point) == {"draft": 2}
    with point.acting("entry_clerk") as by:
        move(cards=[first.pk], act="submit", by=by)
    assert tally(point) == {"draft": 1, "submitted": 1}
    with point.acting("auditor"):
        problems = Tally.objects.filter(institution=point.hospital, problem=True).aggregate(n=Sum("cards"))
    assert problems["n"] == 1


def test_folding_changes_no_sum_and_is_for_the_job_alone(point: Point) -> None:
    for card in (point.card(), point.card()):
        with point.acting("entry_clerk") as by:
            move(cards=[card.pk], act="submit", by=by)
    before = tally(point)
    with point.acting("auditor"):
        rows = Tally.objects.filter(institution=point.hospital).count()
        with pytest.raises(DatabaseError, match="sums up alone"), transaction.atomic():
            connection.cursor().execute("SELECT registry.fold_tally()")
    removed = tasks.fold(SimpleNamespace(scope=system_scope("summary")))["removed"]
    assert removed > 0
    assert tally(point) == before
    with point.acting("auditor"):
        assert Tally.objects.filter(institution=point.hospital).count() == 1 < rows


# --- notices


@pytest.mark.requirement("REG-05")
def test_whoever_wrote_what_comes_back_is_told_once_with_how_many(point: Point) -> None:
    cards = [point.card(), point.card()]
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk for card in cards], act="submit", by=by)
        clerk = by.person
    with point.acting("auditor") as by:
        move(cards=[card.pk for card in cards], act="return", reason=WHY, by=by)
    with point.acting("entry_clerk"):
        (told,) = Notice.objects.filter(person=clerk, kind="registry.returned")
        assert (told.data, told.url) == ({"count": 2}, "/cards/queue?kind=returned")


def test_what_the_centre_returns_is_told_to_clerk_and_auditor(point: Point) -> None:
    card = point.card()
    for role, act in (
        ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"),
        ("centre_officer", "return_by_centre"),
    ):  # fmt: skip
        with point.acting(role) as by:
            move(cards=[card.pk], act=act, reason=WHY, by=by)
    for role, kind, where in (
        ("entry_clerk", "registry.returned_by_centre", "/cards/queue?kind=returned"),
        ("auditor", "registry.audited_returned_by_centre", "/cards?state=returned_by_centre"),
    ):
        with point.acting(role) as by:
            (told,) = Notice.objects.filter(person=by.person, kind__contains="returned_by_centre")
            assert (told.kind, told.url) == (kind, where)
        page = made_up.browser(point.post(role)).get(where)
        assert page.status_code == 200, "who is told may open what it leads to"


# --- rules that change


@pytest.fixture
def another_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a rule finds something on every card."""
    real, key = checks.check, checks.rules_key

    def check(*asked: Any) -> list[checks.Found]:
        fresh = checks.Found(
            rule="NEW01",
            rule_version=1,
            level="error",
            column=code("abo_group"),
            value=None,
            message_zh="新",
            message_en="n",
        )
        return [*real(*asked), fresh]

    for room in ("entering", "saving", "rechecking"):
        monkeypatch.setattr(f"tonghu.registry.services.{room}.check", check)
        monkeypatch.setattr(f"tonghu.registry.services.{room}.rules_key", lambda *at: key(*at)[:-1] + "x")
    monkeypatch.setattr("tonghu.registry.tasks.rules_key", lambda *at: key(*at)[:-1] + "x")


@pytest.mark.requirement("REG-05")
def test_a_card_in_hand_is_asked_again_when_rules_change(point: Point, request: pytest.FixtureRequest) -> None:
    card, gone = point.card(current_address="武侯区虚构路1号"), point.card()
    with point.acting("entry_clerk") as by:
        move(cards=[gone.pk], act="submit", by=by)
        override(findings=[Finding.objects.get(card=card).pk], reason=WHY, by=by)
        assert recheck(cards=[card.pk, gone.pk], by=by) == 0
        request.getfixturevalue("another_rule")
        assert recheck(cards=[card.pk, gone.pk], by=by) == 1, "what was submitted keeps the findings that it had"
        assert (Card.objects.get(pk=card.pk).errors, Card.objects.get(pk=gone.pk).errors) == (1, 0)
        assert Finding.objects.get(card=card, rule="HQ027").overridden_reason == WHY


def test_what_rules_find_now_holds_a_card_that_would_have_gone_yesterday(
    point: Point, request: pytest.FixtureRequest
) -> None:
    card = point.card()
    request.getfixturevalue("another_rule")
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == "errors"
        assert Finding.objects.get(card=card).rule == "NEW01"


def test_every_night_cards_in_hand_follow_the_rules(point: Point, request: pytest.FixtureRequest) -> None:
    cards = [point.card(), point.card()]
    told: list[int] = []
    run = SimpleNamespace(scope=system_scope("recheck"), report=lambda done, _total, _unit: told.append(done))
    assert tasks.ask_all_again(run) == {"cards": 0, "changed": 0}
    request.getfixturevalue("another_rule")
    assert tasks.ask_all_again(run) == {"cards": 2, "changed": 2}
    assert told == [2]
    with point.acting("entry_clerk"):
        assert [Card.objects.get(pk=card.pk).errors for card in cards] == [1, 1]


def test_the_piece_that_asks_again_changes_no_card(point: Point) -> None:
    card = point.card()
    by = replace(system_scope("recheck"), institution=point.hospital.pk)
    with open_scope(by):
        assert card.authors == Card.objects.get(pk=card.pk).authors
        saved = save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        assert saved.authors == card.authors, "a piece of the system is nobody's author"
