"""Explanations stand as they were when the card was submitted; what older sites hold is put right when they upgrade."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

import made_up
from made_up_cards import Point, code
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import checker
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services import bulk_mend, move, override, save_card, undo_mend

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-05")]

WHY = "虚构的原因"


@pytest.fixture
def point(committed: None) -> Point:
    return Point()


def owner(*statements: str) -> None:
    """Change what neither the application nor a trigger would."""
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        for one in statements:
            cursor.execute(one)


def submitted(point: Point) -> Card:
    """With a finding that the records department explained."""
    card = point.card("records_department", home_phone="")
    with point.acting("records_department") as by:
        found = list(Finding.objects.filter(card=card).exclude(level="error").values_list("pk", flat=True))
        assert found, "there is something to explain"
        override(findings=found, reason=WHY, by=by)
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
    return card


def test_nothing_is_explained_on_a_submitted_card(point: Point) -> None:
    card = submitted(point)
    with point.acting("entry_clerk") as by:
        mine = Finding.objects.filter(card=card)
        with pytest.raises(DatabaseError, match="not in hand") as fault, transaction.atomic():
            mine.update(overridden_reason=WHY, overridden_by=by.person, overridden_at=timezone.now())
        assert fault.value.__cause__.sqlstate == "TH014"
        with pytest.raises(DatabaseError, match="not in hand"), transaction.atomic():
            mine.update(overridden_reason="", overridden_by=None, overridden_at=None)
        with pytest.raises(DatabaseError, match="not in hand"), transaction.atomic():
            Finding.objects.create(
                card=card, institution=card.institution, rule="HQ999", rule_version=1, level="warning",
                overridden_reason=WHY, overridden_by=by.person, overridden_at=timezone.now(),
            )  # fmt: skip


def test_the_approval_asks_the_findings_themselves(point: Point) -> None:
    """However an explanation came in: who gave it approves nothing."""
    card = submitted(point)
    clerk = point.post("entry_clerk")
    owner(f"UPDATE registry_finding SET overridden_by = {clerk.person_id} WHERE card_id = {card.pk}")
    both = made_up.post("auditor", point.hospital, holder=clerk.person)
    with made_up.acting(both) as by:
        assert by.person not in Card.objects.get(pk=card.pk).requested_by
        with pytest.raises(DatabaseError, match="nobody approves what they explained"), transaction.atomic():
            move(cards=[card.pk], act="approve", by=by)
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""


def test_an_older_site_gets_authors_requesters_and_numbers(point: Point) -> None:
    upgrade = import_module("tonghu.registry.migrations.0011_given_back")
    card = point.card("records_department")
    clerk, records = point.post("entry_clerk"), point.post("records_department")
    with made_up.acting(clerk) as by:
        save_card(card=card.pk, based_on=1, by=by, front={code("cost_total"): "1,000.00"})
    with made_up.acting(records) as by:
        batch = bulk_mend(rule="HQ021", by=by).batch
        undo_mend(batch=batch, by=by)
    owner(  # as it was before
        f"UPDATE registry_card SET authors = ARRAY[{records.person_id}], requested_by = '{{}}' WHERE id = {card.pk}",
        upgrade.SHARED_NUMBERS,
    )
    with made_up.acting(records):
        numbers = CardVersion.objects.filter(card=card).order_by("number").values_list("batch", flat=True)
        assert list(numbers) == [None, None, batch, batch]
    owner(upgrade.GIVEN_BACK, *upgrade.OWN_NUMBERS)
    with made_up.acting(records):
        assert list(numbers.all()) == [None, None, -batch, -batch]
        assert clerk.person_id in Card.objects.get(pk=card.pk).authors
    assert [said for _many, said in checker.problems(system_scope("checking")) if said] == []
