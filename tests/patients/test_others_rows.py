"""Who knows a child does not thereby read what another hospital did with it: who met it, what was parted, and when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from made_up_hospitals import enter, scope_of

import made_up
from committed import in_threads
from tonghu.network.models import Institution
from tonghu.patients.agreements import let_see
from tonghu.patients.bulk import Seen, enter_views
from tonghu.patients.merges import split
from tonghu.patients.models import Child
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
