"""Two hospitals meet the same child at the same moment, from eight threads: one child, two views, no error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from made_up_hospitals import enter, make_hospitals, scope_of

from tonghu.network.models import Institution
from tonghu.patients.entry import OnRecord, enter_child
from tonghu.patients.identity import which_child
from tonghu.patients.models import Child, HospitalView
from tonghu.platform.scope.scope import open_scope, system_scope

THREADS = 8
ROUNDS = 12


@pytest.fixture
def standing(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[tuple[Institution, ...]]:
    """Two hospitals that other connections see; everything is taken away again afterwards, as the owner."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield make_hospitals()
        connection.close()
        with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as owner:
            owner.execute("TRUNCATE patients_child, network_institution CASCADE")


def in_threads(act: object) -> list[int]:
    """Run `act(n)` in every thread at once, each with a connection of its own."""
    gate = threading.Barrier(THREADS)

    def run(number: int) -> int:
        try:
            gate.wait()
            return act(number)  # type: ignore[operator, no-any-return]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.requirement("REG-17")
def test_eight_threads_of_two_hospitals_meet_one_child(standing: tuple[Institution, ...]) -> None:
    for turn in range(ROUNDS):
        document = f"9901012020010{turn:05d}"

        def meet(number: int, turn: int = turn, document: str = document) -> int:
            hospital = standing[number % 2]
            with open_scope(scope_of(hospital)):
                return which_child(institution=hospital.pk, record_number=f"R{turn}", document_number=document)

        assert len(set(in_threads(meet))) == 1
    with open_scope(system_scope("migration"), using="owner"):
        assert Child.objects.using("owner").count() == ROUNDS  # nobody was made and left behind


def test_eight_threads_of_one_hospital_meet_a_child_without_a_document(standing: tuple[Institution, ...]) -> None:
    hospital = standing[0]

    def meet(number: int) -> int:
        with open_scope(scope_of(hospital)):
            return which_child(institution=hospital.pk, record_number="R")

    for _ in range(ROUNDS):
        assert len(set(in_threads(meet))) == 1
    with open_scope(system_scope("migration"), using="owner"):
        assert Child.objects.using("owner").count() == 1


def test_each_hospital_enters_its_own_view_while_the_other_does(standing: tuple[Institution, ...]) -> None:
    def meet(number: int) -> int:
        hospital = standing[number % 2]
        with open_scope(scope_of(hospital)) as by:
            view = enter(by, hospital, f"R{number // 2}", "虚构甲",
                document_number=f"99010120200101{number // 2:04d}",
            )  # fmt: skip
            return view.child_id

    children = in_threads(meet)
    assert [children[n] == children[n + 1] for n in range(0, THREADS, 2)] == [True] * (THREADS // 2)
    for hospital in standing:
        with open_scope(scope_of(hospital)):
            assert HospitalView.objects.count() == THREADS // 2


@pytest.mark.parametrize("documented", [False, True])
def test_of_clerks_who_enter_one_record_number_at_once_one_enters(
    standing: tuple[Institution, ...], documented: bool
) -> None:
    hospital = standing[0]
    for turn in range(ROUNDS):

        def meet(number: int, turn: int = turn) -> int:
            document = f"P{turn:04d}{number:04d}" if documented else ""
            with open_scope(scope_of(hospital)) as by:
                try:
                    enter_child(
                        institution=hospital.pk, record_number=f"R{turn}", patient_name=f"虚构{number}", by=by,
                        document_number=document,
                    )  # fmt: skip
                except OnRecord:
                    return 0
            return 1

        assert sum(in_threads(meet)) == 1
    with open_scope(system_scope("migration"), using="owner"):
        assert HospitalView.objects.using("owner").count() == ROUNDS
        assert Child.objects.using("owner").count() == ROUNDS  # what was refused left nothing behind
