"""A card on which rules find ten thousand things: it opens, is worked on, stays in the queue, and is said in numbers.

No rule book of today finds so much: 30 rules that exist are made to find something in every field of the layout while
that holds what it held at first. Everything behind that is the real thing: saving, findings, tally, pages.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.test import Client

import made_up
from made_up_cards import Point, code
from tonghu.codes.hqms_fields import layout
from tonghu.hqms import record
from tonghu.platform.scope.scope import system_scope
from tonghu.registry import checker
from tonghu.registry.content import Content
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import enter_card, mending, move, override, proposing, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

RULES = [f"HQ{n:03d}" for n in range(2, 32)]
FIELDS = [field.code for field in layout("2012").fields]
MANY = len(RULES) * len(FIELDS)
#: What a page of that size may take on two busy cores; a usual card takes a tenth of a second.
SECONDS = 20.0
NUMBER, LEFT = code("medical_record_no"), code("discharge_datetime")
WRONG = "？？"


@pytest.fixture
def point(db: None, monkeypatch: pytest.MonkeyPatch) -> Point:
    def many(
        raw: Mapping[str, str], layout: str, on: date, region: str | None = None, card: Any = None
    ) -> list[record.Finding]:
        return [
            record.Finding(
                column=field, fact=field, rule=rule, level="error" if n % 3 else "warning", value=raw[field],
                message_zh=f"“{raw[field]}”不对：应为规定的值", message_en=f"“{raw[field]}” is wrong",
            )
            for field in FIELDS if raw.get(field, "").endswith(WRONG)
            for n, rule in enumerate(RULES)
        ]  # fmt: skip

    monkeypatch.setattr(record, "check", many)
    return Point()


@pytest.fixture
def card(point: Point) -> Card:
    """A card all of whose fields are wrong but those by which it is known."""
    front = dict.fromkeys(FIELDS, f"1{WRONG}")
    front |= {code("patient_name"): f"欧阳{WRONG}", NUMBER: f"R1{WRONG}", LEFT: "2026-09-12 10:00"}
    with point.acting("entry_clerk") as by:
        return enter_card(institution=point.hospital, content=Content("2012", front, {}), by=by)


@contextmanager
def in_time() -> Any:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SECONDS


def page(browser: Client, address: str) -> str:
    with in_time():
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_it_is_kept_counted_and_consistent(point: Point, card: Card) -> None:
    with point.acting("entry_clerk"):
        held = Card.objects.get(pk=card.pk)
        assert Finding.objects.filter(card=card).count() == held.errors + held.warnings == MANY - len(RULES)
    assert [one.zh for _many, said in checker.problems(system_scope("checking")) for one in said] == []


def test_every_page_shows_it_and_counts_it(point: Point, card: Card) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    for address in (
        f"/cards/{card.pk}",
        "/cards/queue",
        "/cards/queue?by=card",
        "/cards",
        f"/cards/{card.pk}?rule=HQ005",
    ):
        said = page(clerk, address)
        assert card.record_number in said or "HQ005" in said
    assert f"另有 {MANY - len(RULES) - 300}" in page(clerk, f"/cards/{card.pk}"), (
        "the first stand there, the rest is counted"
    )
    auditor = made_up.browser(point.post("auditor"))
    assert card.record_number in page(auditor, f"/cards/{card.pk}")


def test_it_is_checked_as_somebody_types_saved_and_mended_field_by_field(point: Point, card: Card) -> None:
    clerk = made_up.browser(point.post("entry_clerk"))
    field = code("abo_group")
    with in_time():
        assert clerk.post(f"/cards/{card.pk}/check", {"_version": 1, field: "1"}).status_code == 200
    with in_time():
        answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", field: "1"})
    assert answer.status_code == 302
    with point.acting("entry_clerk") as by:
        held = Card.objects.get(pk=card.pk)
        assert (held.version, held.errors + held.warnings) == (2, MANY - 2 * len(RULES))
        assert [one.refused for one in move(cards=[card.pk], act="submit", by=by)] == ["errors"]
        with in_time():
            save_card(card=card.pk, based_on=2, front=dict.fromkeys(FIELDS, "1") | {LEFT: "2026-09-12 10:00"}, by=by)
        assert not Finding.objects.filter(card=card).exists()


def test_its_warnings_are_explained_together(point: Point, card: Card) -> None:
    with point.acting("entry_clerk") as by:
        warnings = list(Finding.objects.filter(card=card, level="warning").values_list("pk", flat=True))
        with in_time():
            override(findings=warnings, reason="虚构的原因", by=by)
        assert Card.objects.get(pk=card.pk).warnings == 0
    assert card.record_number in page(made_up.browser(point.post("entry_clerk")), f"/cards/{card.pk}")


def test_mending_it_together_is_left_to_a_job(point: Point, card: Card) -> None:
    """All its findings are put in line anew: more than a second of whoever waits for the page."""
    usual = point.card()
    rule = next(one for one in RULES if one in proposing.MENDABLE)
    with point.acting("entry_clerk") as by:
        assert mending.takes_long(rule=rule, cards=[card.pk], by=by)
        assert not mending.takes_long(rule=rule, cards=[usual.pk], by=by)
    clerk = made_up.browser(point.post("entry_clerk"))
    with in_time():
        answer = clerk.post(f"/cards/queue/mend/{rule}", {"card": [card.pk]})
    assert answer["Location"].startswith("/cards/queue/mending/")
