"""A hospital that lets another see a child opens that child's cards as they were reported, from–until, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

import made_up
from made_up_cards import Point, code, page
from tonghu.patients.agreements import end_grant, let_see
from tonghu.patients.models import Grant
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.registry.models import Card, CardAct, CardVersion, Finding, ReportedCard, SeenCard
from tonghu.registry.seen import cards_seen
from tonghu.registry.services import enter_card, move, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
DOCUMENT = "510107201609250028"
REPORT = (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))


def stay(point: Point, minute: int, document: str = DOCUMENT, **changes: str) -> Card:
    """A stay of a child at a hospital."""
    said = {"national_id": document, "medical_record_no": f"N{minute}", **changes}
    with point.acting("entry_clerk") as by:
        front = page(discharge_datetime=f"2026-09-12 10:{minute}", **said)
        return enter_card(institution=point.hospital, content=front, by=by)


def act(point: Point, card: Card, *steps: tuple[str, str]) -> None:
    for role, wanted in steps:
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=wanted, by=by, reason="虚构原因")
            assert not answer.refused, (wanted, answer.refused)


@contextmanager
def reading(point: Point, *more: str) -> Iterator[Scope]:
    """Whoever reads at the hospital that receives the child, with every right over cards of a hospital."""
    with point.acting("auditor", "children.read", "registry.enter", *more) as by:
        yield by


class Two:
    """A child reported by one hospital and received by another, where it has no card yet; a third that knows it too."""

    def __init__(self) -> None:
        self.giver, self.third = Point("510104"), Point("510105")
        self.receiver = Point("330102")
        self.reported, self.draft = stay(self.giver, 12), stay(self.giver, 14)
        self.elsewhere = stay(self.third, 16)
        self.another = stay(self.giver, 18, "510107201609250044")
        for point, card in ((self.giver, self.reported), (self.third, self.elsewhere), (self.giver, self.another)):
            act(point, card, *REPORT)

    def let_see(self, start: float = -1, end: float = 1) -> Grant:
        """Let the receiver see the child, from–until in hours from now."""
        now, by_whom = timezone.now(), made_up.post("point_lead", self.giver.hospital)
        with made_up.acting(by_whom) as by:
            return let_see(
                child=self.reported.child, institution=self.receiver.hospital.pk, given_by=self.giver.hospital.pk,
                ground="referral", start=now + timedelta(hours=start), end=now + timedelta(hours=end), by=by,
            )  # fmt: skip

    def seen(self) -> set[int]:
        with reading(self.receiver):
            return set(SeenCard.objects.values_list("pk", flat=True))


@pytest.fixture
def two(db: None) -> Two:
    return Two()


def test_reported_cards_of_the_child_open_and_close_on_the_instant(two: Two) -> None:
    assert two.seen() == set()
    two.let_see(-2, -1)
    two.let_see(1, 2)
    assert two.seen() == set(), "one is over, one has not begun"
    grant = two.let_see(-0.5, 0.5)
    assert two.seen() == {two.reported.pk}, "no draft, no other hospital's, no other child's"
    with made_up.acting(made_up.post("point_lead", two.giver.hospital)) as by:
        end_grant(grant=grant, reason="转诊已结束", by=by)
    assert two.seen() == set()


def test_it_closes_within_a_transaction_that_is_open(two: Two) -> None:
    two.let_see(-1, 2 / 3600)
    with reading(two.receiver), connection.cursor() as cursor:
        assert SeenCard.objects.count() == 1
        cursor.execute("SELECT pg_sleep(2.1)")
        assert SeenCard.objects.count() == 0


def test_it_takes_the_right_to_see_cards_and_goes_to_one_hospital(two: Two) -> None:
    two.let_see()
    with two.receiver.acting("auditor") as by:
        scope = Scope(institution=by.institution, permissions=frozenset({"children.read"}), purpose="test")
    with open_scope(scope):
        assert not SeenCard.objects.exists()
    with reading(two.third):
        assert set(SeenCard.objects.values_list("pk", flat=True)) == {two.elsewhere.pk}


def test_nothing_around_a_card_opens_and_nothing_can_be_done_with_it(two: Two) -> None:
    act(two.giver, two.reported, ("centre_officer", "return_by_centre"))
    with two.giver.acting("entry_clerk") as by:
        save_card(card=two.reported.pk, based_on=1, front={code("patient_name"): "虚构改名"}, by=by)
    two.let_see()
    with reading(two.receiver, "registry.report", "registry.verify") as by:
        assert not Card.objects.exists(), "the version in hand stays the hospital's"
        assert [one.version for one in ReportedCard.objects.all()] == [1]
        assert [one.number for one in CardVersion.objects.all()] == [1]
    act(two.giver, two.reported, *REPORT)
    with reading(two.receiver, "registry.report", "registry.verify") as by:
        assert [one.number for one in CardVersion.objects.all()] == [2], "not what it said before"
        assert not CardAct.objects.exists()
        assert not Finding.objects.exists()
        assert not cards_seen(by).exists(), "lists and exports stay the own hospital's"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM registry_card_event")
            assert cursor.fetchone() == (0,)
        assert [one.refused for one in move(cards=[two.reported.pk], act="accept", by=by)] == ["absent"]
        assert Card.objects.update(sex="1") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            CardAct.objects.create(
                card=two.reported, institution_id=two.giver.hospital.pk, act="accept", version=2, from_state="reported",
                to_state="accepted",
            )  # fmt: skip


def test_findings_and_explanations_stay_with_the_hospital(two: Two) -> None:
    card = stay(two.giver, 20, other_diagnosis_1_code="C91.000", pathology_1_morphology_code="")
    with two.giver.acting("entry_clerk") as by:
        assert Finding.objects.filter(card=card.pk).exists()
        from tonghu.registry.services import override

        override(findings=list(Finding.objects.values_list("pk", flat=True)), reason="外院病理", by=by)
    act(two.giver, card, *REPORT)
    two.let_see()
    assert two.seen() == {two.reported.pk, card.pk}
    with reading(two.receiver):
        assert not Finding.objects.exists()
    with two.giver.acting("centre_officer"):
        assert Finding.objects.filter(card=card.pk).exists(), "from above they are seen as before"


def test_the_childs_page_leads_to_the_card_as_it_was_reported(two: Two) -> None:
    reader = made_up.browser(two.receiver.post("entry_clerk"))
    address = reverse("registry:card", args=[two.reported.pk])
    assert reader.get(address).status_code == 404
    grant = two.let_see()
    child = reader.get(reverse("patients:child", args=[two.reported.child_id])).content.decode()
    assert address in child
    assert two.giver.hospital.name in child.partition('id="stays"')[2]
    answer = reader.get(address)
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "已开放本院查看该患儿" in said
    assert "C91.000" in said
    assert DOCUMENT not in said
    for hidden in ('id="findings"', "timeline", "evidence-part", "card-foot", f"{address}/act"):
        assert hidden not in said, hidden
    table = said.partition('class="beside-raw"')[2].partition("</thead>")[0]
    assert table.count("<th ") == 2, "the field and the card, not the row as it came"
    refused = reader.post(
        reverse("registry:act", args=[two.reported.pk]), {"_version": 1, "_act": "revise"}, follow=True
    )
    assert refused.status_code in (200, 403)
    with two.giver.acting("entry_clerk"):
        assert Card.objects.get(pk=two.reported.pk).state == "reported"
    with open_scope(system_scope("migration")):
        looks = Event.objects.filter(kind="child.read", institution_id=two.giver.hospital.pk)
        assert looks.filter(subject_id=two.reported.child_id).count() >= 2, "the page and the card, in the giver's book"
    assert two.reported.record_number not in reader.get(reverse("registry:cards")).content.decode()
    with made_up.acting(made_up.post("point_lead", two.giver.hospital)) as by:
        end_grant(grant=grant, reason="转诊已结束", by=by)
    assert reader.get(address).status_code == 404
