"""A row that contradicts the child of its record number renames nobody: it is another child, and a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_up_hospitals import enter, scope_of

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients.bulk import Seen, enter_views
from tonghu.patients.identity import ask, which_child
from tonghu.patients.merges import merge
from tonghu.patients.models import HospitalView, MergeProposal
from tonghu.patients.whose import Claim, whose
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
OLD, NEW = date(2016, 9, 25), date(2015, 5, 5)
Row = tuple[str, str, str, date | None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]), st.sampled_from(["", "", "A1", "B2"]), st.sampled_from(["虚构童", "虚构另"]),
        st.sampled_from([None, OLD, NEW]),
    ),
    max_size=6,
)  # fmt: skip


def claim(row: Row) -> Seen:
    record, document, name, born = row
    return Seen(record_number=record, document_number=document, patient_name=name, birth_date=born)


def views(here: Institution) -> set[tuple[str, str, date | None]]:
    with open_scope(scope_of(here)):
        return set(HospitalView.objects.values_list("record_number", "patient_name", "birth_date"))


def questions() -> list[str]:
    with open_scope(system_scope("migration")):
        return list(MergeProposal.objects.values_list("ground", flat=True))


def test_another_name_and_another_birth_date_rename_nobody(hospitals: Hospitals) -> None:
    here = hospitals[0]
    by = scope_of(here)
    with open_scope(by):
        child = enter(by, here, "ZY0001", "虚构童", birth_date=OLD)
        [(other, view)] = enter_views(institution=here.pk, seen=[claim(("ZY0001", "", "虚构另", NEW))], by=by)
        assert other != child.child_id
        assert views(here) == {("ZY0001", "虚构童", OLD), ("ZY0001", "虚构另", NEW)}
        assert questions() == ["names"]
        # Each of the two is known again, however often their rows come, and nothing more is asked.
        again = [("ZY0001", "", "虚构另", NEW), ("ZY0001", "", "虚构童", OLD), ("ZY0001", "", "虚构另", None)]
        assert [one for one, _view in enter_views(institution=here.pk, seen=[claim(row) for row in again], by=by)] == [
            other, child.child_id, other,
        ]  # fmt: skip
        assert enter(by, here, "ZY0001", "虚构另", birth_date=NEW).pk == view
        assert questions() == ["names"]


def test_one_of_the_two_alone_is_a_correction(hospitals: Hospitals) -> None:
    here = hospitals[0]
    by = scope_of(here)
    with open_scope(by):
        enter(by, here, "ZY0001", "虚构童", birth_date=OLD)
        enter(by, here, "ZY0001", "虚构童之一", birth_date=OLD)
        enter(by, here, "ZY0001", "虚构童之一", birth_date=NEW)
        enter(by, here, "ZY0001", "虚构　童之二")  # says nothing of a birth date
    assert views(here) == {("ZY0001", "虚构 童之二", NEW)}
    assert questions() == []


def test_a_document_decides_and_is_not_given_to_whom_the_row_contradicts(hospitals: Hospitals) -> None:
    here = hospitals[0]
    by = scope_of(here)
    with open_scope(by):
        child = enter(by, here, "ZY0001", "虚构童", birth_date=OLD)
        other = enter(by, here, "ZY0001", "虚构另", birth_date=NEW, document_number="E10000002")
        assert other.child_id != child.child_id
        assert which_child(institution=here.pk, document_number="E10000002") == other.child_id
        # The same document is the same child, whatever it is called.
        same = enter(by, here, "ZY0001", "虚构名", birth_date=date(2014, 1, 1), document_number="E10000002")
        assert same.pk == other.pk
    assert views(here) == {("ZY0001", "虚构童", OLD), ("ZY0001", "虚构名", date(2014, 1, 1))}
    assert questions() == ["names"]


def test_the_only_row_of_a_view_mends_it(hospitals: Hospitals) -> None:
    here = hospitals[0]
    by = scope_of(here)
    with open_scope(by):
        held = enter(by, here, "ZY0001", "虚构童", birth_date=OLD)
        assert enter(by, here, "ZY0001", "虚构另", birth_date=NEW, corrects=held.pk).pk == held.pk
    assert views(here) == {("ZY0001", "虚构另", NEW)}
    assert questions() == []


def test_a_person_answers_and_is_not_asked_again(hospitals: Hospitals) -> None:
    here = hospitals[0]
    by = scope_of(here)
    with open_scope(by):
        child = enter(by, here, "ZY0001", "虚构童", birth_date=OLD)
        other = enter(by, here, "ZY0001", "虚构另", birth_date=NEW)
        merge(kept=child.child, merged=other.child, reason="同一患儿，出生日期曾录错", by=by)
        assert enter(by, here, "ZY0001", "虚构另", birth_date=NEW).pk == other.pk
        with open_scope(system_scope("migration")):
            assert MergeProposal.objects.get().settled_at


def test_nobody_asks_about_a_child_that_is_not_known_there(hospitals: Hospitals) -> None:
    here, there = hospitals
    mine, theirs = scope_of(here), scope_of(there)
    with open_scope(theirs):
        hidden = enter(theirs, there, "ZY0001", "虚构童").child_id
    with open_scope(mine):
        known = enter(mine, here, "ZY0002", "虚构甲").child_id
        apart = "SELECT resolver.apart(%s, %s::bigint[], %s::bigint[])"
        for asked in ([here.pk, [known], [hidden]], [here.pk, [None], [hidden]], [there.pk, [None], [hidden]]):
            with pytest.raises(InputRefused, match="您的岗位"):
                ask(apart, asked)
    assert questions() == []


def test_without_a_number_there_is_no_answer(hospitals: Hospitals) -> None:
    here = hospitals[0]
    nameless = Claim(record_number="", document_number="", patient_name="虚构童", birth_date=None)
    with open_scope(scope_of(here)), pytest.raises(InputRefused, match="证件号码或病案号"):
        whose(institution=here.pk, rows=[nameless], known={})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=ROWS, rows=ROWS)
@example(
    before=[("2", "", "虚构另", date(2016, 9, 25))],
    rows=[("2", "", "虚构另", date(2015, 5, 5)), ("2", "", "虚构童", None)],
)
@example(
    before=[],
    rows=[("2", "", "虚构另", date(2016, 9, 25)), ("2", "", "虚构另", date(2015, 5, 5)), ("2", "", "虚构童", None)],
)
@example(
    before=[("1", "", "虚构另", OLD), ("1", "A1", "虚构童", NEW)],
    rows=[("1", "A1", "虚构另", NEW), ("1", "", "虚构童", OLD), ("1", "", "虚构童", NEW)],
)
def test_nobody_is_renamed_however_rows_come(hospitals: Hospitals, before: Sequence[Row], rows: Sequence[Row]) -> None:
    """Many at once, after some one by one: no row ends on a view that, when it came to that row, said another name and
    another birth date, unless a document says so.
    """
    here = hospitals[0]
    by = scope_of(here)
    with transaction.atomic(), open_scope(by):
        for record, document, name, born in before:
            enter(by, here, record, name, birth_date=born, document_number=document)
        said = {view.pk: (view.patient_name, view.birth_date) for view in HospitalView.objects.all()}
        answer = enter_views(institution=here.pk, seen=[claim(row) for row in rows], by=by)
        held = {view.pk: view for view in HospitalView.objects.all()}
        for row, (child, view) in zip(rows, answer, strict=True):
            record, document, name, born = row
            assert (held[view].record_number, held[view].child_id) == (record, child)
            called, begun = said.get(view, (name, born))
            if not document and born and begun:
                assert called == name or begun == born
            said[view] = (name, born or begun)
        transaction.set_rollback(True)
    transaction.set_rollback(False)
