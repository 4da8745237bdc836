"""Merges, grants and questions touch the children that they are about, however many others there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from made_up_hospitals import enter, scope_of

from tonghu.network.models import Institution
from tonghu.patients.agreements import let_see
from tonghu.patients.identity import Asked, which_children
from tonghu.patients.merges import merge, undo_merge
from tonghu.patients.models import Child, Merge
from tonghu.patients.queries import find_child, open_proposals
from tonghu.platform.audit.changes import event_model
from tonghu.platform.scope.scope import Scope, open_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
Hospitals = tuple[Institution, Institution]
MANY = 1500
#: Rows that an act may read of a table; all of them would be many times that.
FEW = 200
NATION = Scope(region_from="000000", region_to="999999", permissions=frozenset({"children.read", "children.merge"}))


def fill(here: Institution) -> None:
    """Children with a question each: the document of one came under the record number of another."""
    which_children([Asked(here.pk, f"R{n}", "") for n in range(MANY)])
    documents = [Asked(here.pk, "", f"P{n:07d}") for n in range(MANY)]
    children = [*which_children(documents), *which_children([Asked(here.pk, f"R{n}", "") for n in range(MANY)])]
    which_children([Asked(here.pk, f"R{n}", f"P{n:07d}") for n in range(MANY)])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_hospitalview (record_number, patient_name, name_sort, sex, ethnicity, nationality,"
            " document_type, residence_code, child_id, institution_id, created_at, updated_at)"
            " SELECT 'V' || n, '虚构', 'xugou', '', '', '', '', '', child, %s, now(), now()"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS line (child, n)",
            [here.pk, children],
        )


def rows_read(table: str, act: Callable[[], object]) -> int:
    """How many rows of a table an act reads, by whatever path."""
    asked = (
        "SELECT pg_stat_get_xact_tuples_returned(%s::regclass) + coalesce(sum("
        "pg_stat_get_xact_tuples_returned(indexrelid)), 0) FROM pg_index WHERE indrelid = %s::regclass"
    )
    counts = []
    for step in (lambda: None, act):
        step()
        with connection.cursor() as cursor:
            cursor.execute(asked, [table, table])
            counts.append(int(cursor.fetchone()[0]))
    return counts[1] - counts[0]


def test_merges_grants_and_questions_read_few_rows_among_many(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        fill(here)
        kept, other = (enter(by, here, number, "虚构甲").child for number in ("X1", "X2"))
        now = timezone.now()
        days = {"start": now - timedelta(days=1), "end": now + timedelta(days=1)}
        let_see(by=by, child=kept, institution=there.pk, given_by=here.pk, ground="referral", **days)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read faster so; a country's are not

    def merge_and_undo() -> None:
        undo_merge(by=by, act=merge(by=by, kept=kept, merged=other, reason="同一名患儿"), reason="不是同一人")

    with open_scope(scope_of(here)) as by:
        assert rows_read("patients_child", merge_and_undo) < FEW
    with open_scope(scope_of(there)):
        assert rows_read("patients_child", lambda: find_child(kept.pk)) < FEW
    with open_scope(NATION):
        asked: list[object] = []
        assert rows_read("patients_hospitalview", lambda: asked.extend(open_proposals()[:10])) < FEW
        assert len(asked) == 10


def test_questions_and_merges_of_others_cost_a_hospital_nothing(hospitals: Hospitals) -> None:
    """Its own children are read once, however many questions and merges of others stand before its own."""
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        fill(here)
        pairs = list(open_proposals().values_list("first_id", "second_id")[: MANY // 5])
        for first, second in pairs:
            merge(by=by, kept=Child(pk=first), merged=Child(pk=second), reason="made up")
    with open_scope(scope_of(there)) as by:
        enter(by, there, "O1", document_number="P9999991")
        enter(by, there, "O2")
        which_children([Asked(there.pk, "O2", "P9999991")])
    with open_scope(scope_of(there)):
        (question,) = open_proposals()
        assert question.institution_id == there.pk
        assert rows_read("patients_hospitalview", lambda: list(open_proposals())) < FEW
        assert rows_read("patients_hospitalview", lambda: list(Merge.objects.all())) < FEW
        assert rows_read("patients_hospitalview", lambda: list(event_model("patients.merge").objects.all())) < FEW
        assert not Merge.objects.exists()
    with open_scope(scope_of(here)):
        assert Merge.objects.count() == len(pairs), "whose they are sees them as before"


def test_walls_of_what_is_listed_are_asked_row_by_row(db: None) -> None:
    """Else a list that ends after ten is preceded by one pass over all children of the country."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, array_length(regexp_split_to_array(qual, 'FROM patients_hospitalview'), 1) - 1,"
            " array_length(regexp_split_to_array(qual, 'OFFSET 0'), 1) - 1 FROM pg_policies"
            " WHERE cmd = 'SELECT' AND qual LIKE '%%FROM patients_hospitalview%%' AND tablename LIKE 'patients%%'"
            " AND tablename <> 'patients_child' ORDER BY 1"
        )
        found = cursor.fetchall()
    assert len(found) >= 5
    assert [table for table, asked, fenced in found if asked != fenced] == []
