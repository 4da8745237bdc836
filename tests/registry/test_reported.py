"""Those above a hospital see the version that was reported, until the hospital reports the next one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

import made_up
from made_up_cards import Point, code
from tonghu.network.models import Institution
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.checker import problems
from tonghu.registry.models import Card, CardAct, CardVersion, Finding, ReportedCard, SeenCard
from tonghu.registry.services import move, override, save_card
from tonghu.surveillance import figures
from tonghu.surveillance.tasks import nation

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-10")]

#: What the hospital corrects after it reported: another boy's name, another group.
CHANGED = {
    code("sex"): "1", code("patient_name"): "欧阳改名", code("national_id"): "", code("birth_date"): "2018-09-25",
    code("age_years"): "7", code("other_diagnosis_1_code"): "D69.300", code("pathology_1_morphology_code"): "",
}  # fmt: skip
WHY = "病理会诊后更正"


@contextmanager
def summing_up() -> Iterator[Scope]:
    with open_scope(nation(system_scope("summary"))) as scope:
        yield scope


def reported(point: Point, **changes: str) -> Card:
    card = point.card(**changes)
    on(point, card, ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    return card


def on(point: Point, card: Card, *steps: tuple[str, str]) -> None:
    for role, act in steps:
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by, reason=WHY)
            assert not answer.refused, answer.zh


def corrected(point: Point, changes: dict[str, str] | None = None) -> Card:
    """A card that the centre returned and of which the hospital saved another version."""
    card = reported(point)
    on(point, card, ("centre_officer", "return_by_centre"))
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front=changes or CHANGED, by=by)
    return card


def seen(card: Card) -> SeenCard:
    return SeenCard.objects.get(pk=card.pk)


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


@pytest.fixture(params=["centre", "county"])
def above(request: pytest.FixtureRequest, point: Point) -> Any:
    """Whoever reads from above: the centre, and the officer of the hospital's county."""
    if request.param == "centre":
        return point.centre()
    return made_up.post("commission_officer", made_up.authority("health", point.hospital.region_code))


def test_columns_stay_as_reported_while_the_hospital_corrects(point: Point, above: Any) -> None:
    card = corrected(point)
    with made_up.acting(above):
        one = seen(card)
        assert (one.sex, one.age_years, one.scope_group, one.version) == ("2", 9, "malignant", 1)
        assert (one.in_correction, one.state) == (True, "returned_by_centre")
        assert not Card.objects.filter(pk=card.pk).exists(), "the newer columns are behind the wall"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM registry_card_event WHERE pgh_obj_id = %s AND version > 1", [card.pk])
            assert cursor.fetchone() == (0,), "and so is their history"
        assert [one.number for one in CardVersion.objects.filter(card=card.pk)] == [1]
    with point.acting("entry_clerk"):
        own = seen(card)
        assert (own.sex, own.version, own.in_correction) == ("1", 2, False)
        assert not ReportedCard.objects.exists()
        assert SeenCard.objects.count() == Card.objects.count() == 1


def test_the_state_follows_and_the_new_version_takes_over_when_it_is_reported(point: Point, above: Any) -> None:
    card = corrected(point, {code("abo_group"): "1", code("sex"): "1", code("national_id"): "510107201609250036"})
    on(point, card, ("entry_clerk", "submit"))
    with made_up.acting(above):
        assert (seen(card).state, seen(card).sex) == ("submitted", "2")
    on(point, card, ("auditor", "approve"), ("auditor", "report"))
    with made_up.acting(above):
        assert (seen(card).state, seen(card).sex, seen(card).version) == ("reported", "1", 2)
        assert not seen(card).in_correction
        assert Card.objects.filter(pk=card.pk).exists()
        assert not ReportedCard.objects.exists()


def test_a_card_that_was_never_reported_is_nobodys_above(point: Point, above: Any) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
    with made_up.acting(above):
        assert not SeenCard.objects.exists()


def test_lists_the_card_and_exports_say_what_was_reported(point: Point, above: Any) -> None:
    card = corrected(point)
    reader = made_up.browser(above)
    listed = text(reader.get("/cards"))
    assert "欧阳测童" in listed or "欧阳" in listed
    assert "改名" not in listed
    assert "正在更正" in listed
    page = text(reader.get(f"/cards/{card.pk}"))
    assert "改名" not in page
    assert "C91.000" in page
    assert "D69.300" not in page
    assert "正在更正" in page
    assert card.record_number not in text(reader.get("/cards?group=itp"))
    assert card.record_number in text(reader.get("/cards?group=malignant"))
    own = text(made_up.browser(point.post("entry_clerk")).get(f"/cards/{card.pk}"))
    assert "改名" in own


def test_an_export_from_above_carries_the_reported_version(point: Point) -> None:
    from tonghu.registry.exporting import as_csv
    from tonghu.registry.pages.card_lists import cards

    card = corrected(point)
    with made_up.acting(point.centre()) as by:
        numbers = list(cards(by).values_list("pk", flat=True))
        rows = list(csv.reader(io.StringIO(as_csv(numbers, "2012", "w").decode("utf-8-sig"))))
    assert numbers == [card.pk]
    assert rows[2][rows[1].index(code("sex"))] == "2"


def test_figures_of_regions_count_what_was_reported(point: Point) -> None:
    corrected(point)
    with summing_up():
        figures.count(timezone.localdate())
    with made_up.acting(point.centre()):
        held = figures.of_region("000000", timezone.localdate())
    assert held is not None
    assert held.of("group") == {"malignant": 1}
    assert held.of("sex") == {"2": 1}
    assert held.of("age") == {"05": 1}
    with point.acting("entry_clerk") as by:
        own = figures.of_hospital(by.institution or 0, timezone.localdate())
    assert own.of("sex") == {"1": 1}


def test_reasons_above_are_those_of_the_reported_version(point: Point) -> None:
    """A finding that the reported version explains stays explained above, whatever is found on the newer one."""
    card = point.card(other_diagnosis_1_code="C91.000", pathology_1_morphology_code="")
    with point.acting("entry_clerk") as by:
        found = list(Finding.objects.filter(card=card.pk, level="warning").values_list("pk", flat=True))
        assert found
        override(findings=found, reason="外院病理", by=by)
    on(
        point, card, ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"),
        ("centre_officer", "return_by_centre"),
    )  # fmt: skip
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("pathology_1_morphology_code"): "M98210/3"}, by=by)
    with made_up.acting(point.centre()):
        assert not Finding.objects.filter(card=card.pk).exists()
        assert CardAct.objects.filter(card=card.pk, act="override").exists()
    assert "外院病理" in text(made_up.browser(point.centre()).get(f"/cards/{card.pk}"))


def test_a_card_in_correction_is_consistent_to_the_checker(point: Point) -> None:
    card = corrected(point)
    with open_scope(system_scope("checking")):
        assert not [one for _cards, found in problems(system_scope("checking")) for one in found if one.card == card.pk]


def test_nobody_writes_what_was_reported(point: Point) -> None:
    from django.db import DatabaseError, transaction

    card = corrected(point)
    for role in ("entry_clerk", "centre_officer"):
        for change in ("UPDATE registry_reportedcard SET sex = '1'", "DELETE FROM registry_reportedcard"):
            with point.acting(role), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)
    with point.acting("centre_officer"):
        assert seen(card).sex == "2"
        assert Institution.objects.filter(pk=seen(card).institution_id).exists()
