"""Whose a text is after a change of it was taken back, and that the numbers of mends and of imports never meet."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

import made_up
from made_up_cards import Point, code, page
from tonghu.platform.accounts.models import Post
from tonghu.registry.models import Card, CardVersion, Finding, Origin
from tonghu.registry.rows import row_of
from tonghu.registry.services import bulk_mend, move, override, save_card, undo_mend
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WHY = "虚构的原因"
COST = code("cost_total")


def auditing(point: Point, role: str) -> Post:
    """The auditor's post of somebody who holds another one at the same hospital."""
    return made_up.post("auditor", point.hospital, holder=point.post(role).person)


def asked(card: Card, held: Post, act: str) -> str:
    """Why an act is refused; '' where it was done."""
    with made_up.acting(held) as by:
        return move(cards=[card.pk], act=act, by=by)[0].refused


def explained(card: Card, held: Post) -> int:
    """How many findings somebody explained."""
    with made_up.acting(held) as by:
        found = Finding.objects.filter(card=card, overridden_at=None).exclude(level="error")
        return override(findings=list(found.values_list("pk", flat=True)), reason=WHY, by=by)


def approved_by_sql_is_refused(card: Card, held: Post, why: str) -> None:
    with made_up.acting(held), pytest.raises(DatabaseError, match=why) as fault, transaction.atomic():
        Card.objects.filter(pk=card.pk).update(state="approved")
    assert fault.value.__cause__.sqlstate == "TH013"


def imported_and_undone(point: Point, card: Card, batch: int = 7) -> None:
    """By a third person: an import changes the home phone, and is taken back."""
    with point.acting("responsible_deputy", "registry.enter", "children.enter") as by:
        version = Card.objects.get(pk=card.pk).version
        phone = {code("home_phone"): "02811111111"}
        before = {code("home_phone"): current(Card.objects.get(pk=card.pk)).value(code("home_phone"))}
        save_card(card=card.pk, based_on=version, by=by, front=phone, origin=Origin.IMPORT, batch=batch)
        save_card(card=card.pk, based_on=version + 1, by=by, front=before, origin=Origin.UNDO, batch=batch)


def test_whose_text_an_undone_import_gives_back_does_not_approve_it(point: Point) -> None:
    card = point.card("records_department", home_phone="02822222222")
    with point.acting("entry_clerk") as by:
        phone = {code("home_phone"): page().front[code("home_phone")]}
        save_card(card=card.pk, based_on=1, by=by, front=phone)
    imported_and_undone(point, card)
    assert asked(card, point.post("records_department"), "submit") == ""
    writer = auditing(point, "entry_clerk")
    assert asked(card, writer, "approve") == "own"
    approved_by_sql_is_refused(card, writer, "nobody audits what they wrote")
    assert asked(card, point.post("auditor"), "approve") == ""


def test_whose_text_an_undone_bulk_mend_gives_back_is_its_author(point: Point) -> None:
    card = point.card("records_department")
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, by=by, front={COST: "1,000.00"})
    with point.acting("records_department") as by:
        undo_mend(batch=bulk_mend(rule="HQ021", by=by).batch, by=by)
        both = {point.post(role).person_id for role in ("records_department", "entry_clerk")}
        assert set(Card.objects.get(pk=card.pk).authors) == both


def test_who_writes_a_field_anew_is_its_author_alone(point: Point) -> None:
    """What was given back is overwritten: it is no longer anybody's but theirs."""
    card = point.card("records_department")
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, by=by, front={COST: "1,000.00"})
    with point.acting("records_department") as by:
        undo_mend(batch=bulk_mend(rule="HQ021", by=by).batch, by=by)
        save_card(card=card.pk, based_on=4, by=by, front={COST: "1000.00"})
        assert Card.objects.get(pk=card.pk).authors == [by.person]


@pytest.mark.parametrize("way", ["submitted", "explained"])
def test_who_asked_for_what_an_undo_gives_back_does_not_approve_it(point: Point, way: str) -> None:
    card = point.card("records_department", **({"home_phone": ""} if way == "explained" else {}))
    clerk, records = point.post("entry_clerk"), point.post("records_department")
    if way == "explained":
        assert explained(card, clerk)
    assert asked(card, clerk if way == "submitted" else records, "submit") == ""
    assert asked(card, records, "withdraw") == ""
    imported_and_undone(point, card)
    with point.acting("auditor"):
        assert clerk.person_id in Card.objects.get(pk=card.pk).requested_by
    if way == "explained":
        assert explained(card, records), "the import settled nothing: what it changed is explained anew"
    assert asked(card, records, "submit") == ""
    asker = auditing(point, "entry_clerk")
    assert asked(card, asker, "approve") == "requested"
    approved_by_sql_is_refused(card, asker, "nobody approves their own request")
    assert asked(card, point.post("auditor"), "approve") == ""


def test_a_mend_and_an_import_of_one_number_never_meet(point: Point) -> None:
    """Taking the mend back leaves what the import brought: it is still the row beside the card."""
    card = point.card("records_department", sex="女")
    with point.acting("entry_clerk") as by:
        done = bulk_mend(rule="HQ023", by=by)
        number = done.batch
        assert number > 0, "people read it"
        brought = {COST: "1000.01"}
        save_card(card=card.pk, based_on=2, by=by, front=brought, origin=Origin.IMPORT, batch=number)
        undo_mend(batch=number, by=by)
        said = row_of(card.pk).front
        assert said[COST] == "1000.01"
        mine = CardVersion.objects.filter(card=card).exclude(origin=Origin.IMPORT).exclude(batch=None)
        assert set(mine.values_list("origin", "batch")) == {("bulk", -number), ("undo", -number)}
