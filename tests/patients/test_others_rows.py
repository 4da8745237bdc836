"""Who knows a child does not thereby read what another hospital did with it: who met it, what was parted, and when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from made_up_hospitals import enter, scope_of

import made_up
from committed import in_threads
from tonghu.network.models import Institution
from tonghu.patients import bulk, services
from tonghu.patients.agreements import let_see
from tonghu.patients.bulk import Seen, enter_views
from tonghu.patients.merges import merge, split
from tonghu.patients.models import Child, HospitalView
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import open_scope

pytestmark = pytest.mark.requirement("REG-17")
NUMBER = "E20000001"


def asked(post: Post, query: str) -> list[tuple[Any, ...]]:
    """What raw SQL shows to a post."""
    with made_up.acting(post), connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture
def posts(hospitals: tuple[Institution, Institution]) -> list[Post]:
    """Somebody of the records department at each of two hospitals."""
    return [made_up.post("records_department", one) for one in hospitals]


@pytest.mark.django_db
def test_who_met_a_child_first_is_read_there_alone(
    hospitals: tuple[Institution, Institution], posts: list[Post]
) -> None:
    first, second = hospitals
    with open_scope(scope_of(first)) as by:
        child = enter(by, first, "A1", "虚构童", document_number=NUMBER).child_id
    with open_scope(scope_of(second)) as by:
        assert enter(by, second, "B1", "虚构童", document_number=NUMBER).child_id == child
    met = "SELECT pgh_institution FROM patients_child_event WHERE pgh_label = 'insert'"
    assert asked(posts[0], met) == [(first.pk,)]
    assert asked(posts[1], met) == []


@pytest.mark.django_db
def test_what_was_parted_at_a_hospital_is_read_there_alone(
    hospitals: tuple[Institution, Institution], posts: list[Post]
) -> None:
    first, second = hospitals
    with open_scope(scope_of(first)) as by:
        enter(by, first, "A1", "虚构童", document_number=NUMBER)
        wrong = enter(by, first, "A2", "虚构另", document_number=NUMBER)
    with open_scope(scope_of(second)) as by:
        enter(by, second, "B1", "虚构童", document_number=NUMBER)
    with made_up.acting(posts[0]) as by:
        act = split(view=wrong, reason="双胞胎，证件录错", by=by)
    acts = "SELECT record_number, reason FROM patients_split"
    assert asked(posts[0], acts) == [("A2", "双胞胎，证件录错")]
    assert asked(posts[1], acts) == []
    assert made_up.browser(posts[1]).get(reverse("patients:undo_split", args=[act.pk])).status_code == 404


@pytest.mark.django_db
def test_a_guest_does_not_read_the_past_of_a_view_that_was_parted(
    hospitals: tuple[Institution, Institution], posts: list[Post]
) -> None:
    here, guest = hospitals
    with open_scope(scope_of(here)) as by:
        child = enter(by, here, "A1", "虚构童", document_number=NUMBER).child_id
        other = enter(by, here, "A2", "虚构另", document_number=NUMBER, birth_date=date(2016, 2, 3))
    with made_up.acting(posts[0]) as by:
        split(view=other, reason="双胞胎，证件录错", by=by)
    with made_up.acting(made_up.post("point_lead", here)) as by:
        let_see(
            child=Child(pk=child), institution=guest.pk, given_by=here.pk, ground="referral", by=by,
            start=timezone.now(), end=timezone.now() + timedelta(hours=1),
        )  # fmt: skip
    past = "SELECT DISTINCT patient_name FROM patients_hospitalview_event"
    assert asked(posts[1], past) == [("虚构童",)]
    assert asked(posts[1], "SELECT record_number FROM patients_split") == [], "whom it parted is not the guest's child"
    assert set(asked(posts[0], past)) == {("虚构童",), ("虚构另",)}


@pytest.mark.django_db
def test_a_question_does_not_name_the_other_hospital_where_it_arose(
    hospitals: tuple[Institution, Institution], posts: list[Post]
) -> None:
    first, second = hospitals
    with open_scope(scope_of(second)) as by:
        for record, document in (("B1", NUMBER), ("B2", "E20000002")):
            enter(by, second, record, "虚构童", document_number=document)
    with open_scope(scope_of(first)) as by:
        for document in (NUMBER, "E20000002"):
            enter(by, first, "A1", "虚构童", document_number=document)
    page = made_up.browser(posts[1]).get(reverse("patients:questions")).content.decode()
    assert "另一家医院" in page
    assert first.name not in page


@pytest.mark.usefixtures("committed")
def test_two_imports_of_contested_rows_do_not_wait_for_each_other_in_a_ring() -> None:
    hospitals = made_up.hospital("RING1", "510104"), made_up.hospital("RING2", "510107")
    rows = [(f"虚构{n}", f"E3000{n:04d}", date(2015, 1 + n % 2, 3)) for n in range(60)]

    def bring(which: int) -> int:
        here = hospitals[which]
        seen = [
            Seen(record_number=f"R{n // 2}", patient_name=name, document_number=document, birth_date=born)
            for n, (name, document, born) in enumerate(rows[:: -1 if which else 1])
        ]
        with open_scope(scope_of(here)) as by:
            return len({child for child, _view in enter_views(institution=here.pk, seen=seen, by=by)})

    assert in_threads(bring, 2) == [60, 60]


@pytest.mark.django_db
def test_whoever_makes_own_children_one_is_not_told_who_else_knows_them(
    hospitals: tuple[Institution, Institution], posts: list[Post]
) -> None:
    first, second = hospitals
    with open_scope(scope_of(first)) as by:
        enter(by, first, "A1", "虚构童", document_number=NUMBER)
    with open_scope(scope_of(second)) as by:
        known = enter(by, second, "B1", "虚构童", document_number=NUMBER).child_id
        own = enter(by, second, "B2", "虚构童").child_id
    with made_up.acting(posts[1], "children.merge") as by:
        kept, merged = (Child.objects.get(pk=one) for one in (known, own))
        merge(kept=kept, merged=merged, reason="虚构：同一名患儿", by=by)
    told = "SELECT institution_id FROM audit_event WHERE kind = 'children.merged'"
    assert set(asked(posts[1], told)) == {(second.pk,)}, "neither by who acted"
    assert set(asked(made_up.post("audit_admin", second), told)) == {(second.pk,)}, "nor by who reads the log there"
    assert set(asked(made_up.post("audit_admin", first), told)) == {(first.pk,)}, "and the other hospital is told"


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("at_once", [True, False])
def test_a_view_that_is_parted_while_a_row_is_entered_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    post = made_up.post("records_department", made_up.hospital("SPLIT1"))
    own, place = ("children.merge", "children.enter"), post.institution
    with made_up.acting(post, *own) as by:
        enter(by, place, "A1", "虚构甲", document_number=NUMBER)
        second = enter(by, place, "A2", "虚构乙", document_number=NUMBER)
    room = bulk if at_once else services
    asked, parted = room.whose, []

    def answered(**rows: Any) -> list[int]:
        children = asked(**rows)
        if not parted:
            parted.extend(in_threads(part, 1))
        return children

    def part(_number: int) -> int:
        with made_up.acting(post, *own) as by:
            return split(view=second, reason="虚构：双胞胎，证件录错", by=by).parted_id

    monkeypatch.setattr(room, "whose", answered)
    with made_up.acting(post, *own) as by:
        if at_once:
            seen = Seen(record_number="A2", patient_name="虚构乙", document_number=NUMBER, document_type="resident_id")
            [(child, _view)] = enter_views(institution=place.pk, by=by, seen=[seen])
        else:
            child = enter(by, place, "A2", "虚构乙", document_number=NUMBER).child_id
    assert child == parted[0]
    with made_up.acting(post):
        assert HospitalView.objects.filter(institution=place).count() == 2


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("contradicting", [True, False])
def test_rows_that_contradict_each_other_have_the_turn_to_themselves(
    monkeypatch: pytest.MonkeyPatch, contradicting: bool
) -> None:
    first, second = (made_up.post("records_department", made_up.hospital(code)) for code in ("TURN1", "TURN2"))
    asked, beside = bulk.whose, []

    def seen(number: int) -> Seen:
        record = "R1" if contradicting else f"R{number}"
        return Seen(record_number=record, patient_name=f"虚构{'甲乙'[number]}", birth_date=date(2015, 1 + number, 3))

    def other(_number: int) -> str:
        with made_up.acting(second, "children.enter") as by, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            try:
                enter_views(
                    institution=second.institution_id, by=by, seen=[Seen(record_number="P1", patient_name="虚构")]
                )
            except OperationalError:
                transaction.set_rollback(True)
                return "waits"
            return "enters"

    def answered(**rows: Any) -> list[int]:
        if not beside and rows["institution"] == first.institution_id:
            beside.append("")
            beside[:] = in_threads(other, 1)
        return asked(**rows)

    monkeypatch.setattr(bulk, "whose", answered)
    with made_up.acting(first, "children.enter") as by:
        enter_views(institution=first.institution_id, by=by, seen=[seen(0), seen(1)])
    assert beside == ["waits" if contradicting else "enters"]
