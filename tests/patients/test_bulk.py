"""Many rows at once: answered as one by one, and two imports of the same children never stall."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_hospitals import make_hospitals, scope_of

from committed import in_threads
from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.identity import Asked, which_child, which_children
from tonghu.patients.models import Child, MergeProposal
from tonghu.platform.scope.scope import open_scope, system_scope

Hospitals = tuple[Institution, Institution]
Row = tuple[str, str]
#: A record number and a document, of which one may be missing, never both.
ROWS = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "A1", "B2", "C3"])).filter(any), max_size=7
)


def asked(hospital: Institution, rows: Sequence[Row]) -> list[Asked]:
    return [Asked(hospital.pk, record, document) for record, document in rows]


def one_by_one(hospital: Institution, rows: Sequence[Row]) -> list[int]:
    """The plain way: rows with documents first, each by itself."""
    answer = {}
    for place in sorted(range(len(rows)), key=lambda place: not rows[place][1]):
        record, document = rows[place]
        answer[place] = which_child(institution=hospital.pk, record_number=record, document_number=document)
    return [answer[place] for place in range(len(rows))]


def alike(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether the same rows are one child in both; ids differ, since every child is a new row."""
    return [first.index(one) for one in first] == [second.index(one) for one in second]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=ROWS, rows=ROWS)
def test_many_at_once_are_answered_as_one_by_one(hospitals: Hospitals, before: list[Row], rows: list[Row]) -> None:
    here = hospitals[0]
    with transaction.atomic(), open_scope(scope_of(here)):
        held = one_by_one(here, before)
        with transaction.atomic():
            plainly = one_by_one(here, rows)
            plain_questions = questions([*held, *plainly])
            transaction.set_rollback(True)
        at_once = which_children(asked(here, rows))
        assert alike([*held, *plainly], [*held, *at_once])
        assert questions([*held, *at_once]) == plain_questions
        assert which_children(asked(here, rows)) == at_once  # the same file twice changes nothing
        transaction.set_rollback(True)
    transaction.set_rollback(False)


def questions(children: list[int]) -> set[tuple[int, ...]]:
    """The pairs that a person is asked about, by where they stand among the rows."""
    with open_scope(system_scope("migration")):
        pairs = MergeProposal.objects.values_list("first_id", "second_id")
    return {tuple(sorted(children.index(one) for one in pair)) for pair in pairs}


def test_an_import_leaves_no_child_behind_that_nobody_asked_for(hospitals: Hospitals) -> None:
    here = hospitals[0]
    rows = [("1", "A1"), ("1", "A1"), ("2", ""), ("2", ""), ("", "A1"), ("3", "B2"), ("2", "C3")]
    with open_scope(scope_of(here)):
        answer = which_children(asked(here, rows))
        assert which_children([]) == []
    with open_scope(system_scope("migration")):
        assert set(Child.objects.values_list("pk", flat=True)) == set(answer)
    assert len(set(answer)) == 3


def test_an_import_is_refused_whole_where_one_row_is(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)):
        with pytest.raises(InputRefused, match="证件号码或病案号"):
            which_children(asked(here, [("1", "A1"), ("", "")]))
        with pytest.raises(InputRefused, match="您的岗位"):
            which_children([*asked(here, [("1", "A1")]), *asked(there, [("1", "A1")])])
    with open_scope(system_scope("migration")):
        assert Child.objects.count() == 0


@pytest.mark.requirement("REG-17")
def test_imports_of_the_same_children_at_once_agree_and_never_stall(committed: None) -> None:
    """Eight imports, of two hospitals, each with the same children in an order of its own."""
    hospitals = make_hospitals()
    documents = [f"D{number:04d}" for number in range(300)]

    def load(number: int) -> dict[str, int]:
        hospital = hospitals[number % 2]
        mine = list(enumerate(documents))
        random.Random(number).shuffle(mine)
        rows = [(f"R{place}", document) for place, document in mine]
        with open_scope(scope_of(hospital)):
            children = which_children(asked(hospital, rows))
        return dict(zip((document for _place, document in mine), children, strict=True))

    answers: list[dict[str, int]] = in_threads(load, 8)
    assert all(answer == answers[0] for answer in answers)
    with open_scope(system_scope("migration"), using="owner"):
        assert Child.objects.using("owner").count() == len(documents)


def test_an_import_and_single_rows_at_once_agree(committed: None) -> None:
    hospitals = make_hospitals()
    documents = [f"D{number:04d}" for number in range(60)]

    def load(number: int) -> Any:
        hospital = hospitals[number % 2]
        if number < 2:
            with open_scope(scope_of(hospital)):
                return which_children(asked(hospital, [(f"R{d}", d) for d in documents]))
        order = documents[:: -1 if number % 3 else 1]
        found = {}
        for document in order:
            with open_scope(scope_of(hospital)):
                found[document] = which_child(
                    institution=hospital.pk, record_number=f"R{document}", document_number=document
                )
        return [found[document] for document in documents]

    answers = in_threads(load, 6)
    assert all(answer == answers[0] for answer in answers)
