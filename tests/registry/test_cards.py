"""Entering and saving cards: what is written is what stands, and nobody overwrites anybody."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import made_up
from made_up_cards import Point, code, page
from tonghu.errors import InputRefused
from tonghu.hqms.record import check as check_front
from tonghu.patients.models import HospitalView
from tonghu.registry import content as contents
from tonghu.registry.content import Content
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services import Conflict, OnRecord, enter_card, move, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-10")]


def test_the_made_up_page_has_nothing_to_find() -> None:
    assert check_front(page().front, "2012", date(2026, 11, 22)) == []


def test_a_card_is_entered_with_its_version_typed_columns_and_child(point: Point) -> None:
    with point.acting("entry_clerk") as by:
        card = enter_card(institution=point.hospital, content=page(), by=by, archive_month=date(2026, 9, 30))
        connection.check_constraints()
        version = CardVersion.objects.get(card=card)
        assert contents.open_(version.content).front[code("patient_name")] == "欧阳测童"
        assert (version.number, version.person_id, version.origin) == (1, by.person, "manual")
    assert (card.record_number, card.sex, card.age_years, card.state) == ("R00000001", "2", 9, "draft")
    assert (card.scope_group, card.scope_code, card.scope_position) == ("malignant", "C91.000", 1)
    assert (card.iccc3_subgroup, card.iccc3_method, card.iccc3_certainty) == ("011", "icd10_morphology", "A")
    assert (card.residence_code, card.principal_code) == ("510000", "Z51.100")
    assert (card.archive_month, card.archive_month_assumed) == (date(2026, 9, 1), False)
    assert card.discharge_at.isoformat() == "2026-09-12T02:00:00+00:00"
    assert card.authors == [by.person]
    with point.acting("entry_clerk"):
        view = HospitalView.objects.get(pk=card.view_id)
    assert (view.patient_name, view.child_id, view.birth_date) == ("欧阳测童", card.child_id, date(2016, 9, 25))


def test_without_an_archive_month_that_of_the_discharge_stands_in_and_is_marked(point: Point) -> None:
    card = point.card()
    assert (card.archive_month, card.archive_month_assumed) == (date(2026, 9, 1), True)


def test_an_archive_month_to_come_is_refused(point: Point) -> None:
    with point.acting("entry_clerk") as by, pytest.raises(InputRefused, match="2031-02"):
        enter_card(institution=point.hospital, content=page(), by=by, archive_month=date(2031, 2, 1))


@pytest.mark.parametrize("month", ["2016-12-01", None])
def test_an_archive_month_before_the_first_is_refused(point: Point, month: str | None) -> None:
    content = page(discharge_datetime="2016-12-30 10:00") if month is None else page()
    with point.acting("entry_clerk") as by, pytest.raises(InputRefused, match="before 2017-01") as refused:
        enter_card(
            institution=point.hospital, content=content, by=by, archive_month=month and date.fromisoformat(month)
        )
    assert ("没有选择归档月" in refused.value.zh) is (month is None)


def test_what_is_too_long_to_name_a_stay_names_no_other(point: Point) -> None:
    card = point.card(medical_record_no="R" * 20, admission_count="1234")
    assert (card.record_number, card.admission_count) == ("R" * 20, "1234")
    with point.acting("entry_clerk") as by:
        saved = save_card(card=card.pk, based_on=1, front={code("admission_count"): "12345"}, by=by)
        assert saved.admission_count == "", "not the count 1234"
        with pytest.raises(InputRefused, match="病案号最多 20 个字符"):
            save_card(card=card.pk, based_on=2, front={code("medical_record_no"): "R" * 21}, by=by)


def test_what_names_the_stay_must_be_there_and_all_that_is_missing_is_said_at_once(point: Point) -> None:
    content = page(medical_record_no="", discharge_datetime="2026-13-45", patient_name=" ")
    with point.acting("entry_clerk") as by, pytest.raises(InputRefused) as refused:
        enter_card(institution=point.hospital, content=content, by=by)
    assert "病案号、出院日期（可识别的日期）、姓名" in refused.value.zh


def test_a_stay_has_one_card(point: Point) -> None:
    card = point.card(medical_record_no="R77", discharge_datetime="2026-09-12 10:00")
    content = page(medical_record_no="R77", discharge_datetime="2026/9/12 10:00:00")
    with point.acting("entry_clerk") as by, pytest.raises(OnRecord) as refused:
        enter_card(institution=point.hospital, content=content, by=by)
    assert refused.value.card == card.pk


def test_a_sex_that_is_no_code_says_nothing_of_the_child(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        saved = save_card(card=card.pk, based_on=1, front={code("sex"): "改一"}, by=by)
        assert HospitalView.objects.get(pk=card.view_id).sex == "2", "what is known of the child stays"
        assert contents.open_(CardVersion.objects.get(card=card, number=2).content).front[code("sex")] == "改一"
    assert saved.sex == ""


def test_findings_are_counted_by_level(point: Point) -> None:
    card = point.card(cost_total="900.00", discharge_department="")
    with point.acting("entry_clerk"):
        levels = list(Finding.objects.filter(card=card).values_list("level", flat=True))
    assert card.errors == levels.count("error") > 0
    assert card.warnings == levels.count("warning")
    assert card.problem_at_first


def test_saving_makes_the_next_version_and_says_what_changed(point: Point) -> None:
    card = point.card(cost_total="900.00")
    with point.acting("entry_clerk") as by:
        saved = save_card(card=card.pk, based_on=1, front={code("cost_total"): "1000.00"}, by=by)
        assert (saved.version, saved.errors, saved.problem_at_first) == (2, 0, True)
        assert CardVersion.objects.get(card=card, number=2).changed == [code("cost_total")]
        assert not Finding.objects.filter(card=card).exists()


def test_saving_without_a_difference_writes_nothing(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        same = save_card(card=card.pk, based_on=1, front={code("cost_total"): "1000.00"}, by=by)
        assert (same.version, CardVersion.objects.filter(card=card).count()) == (1, 1)


def test_of_two_tabs_the_second_is_told_and_sees_both(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("occupation"): "11", code("abo_group"): "1"}, by=by)
        with pytest.raises(Conflict) as told:
            save_card(card=card.pk, based_on=1, front={code("occupation"): "13", code("rh_group"): "1"}, by=by)
    assert told.value.theirs.front[code("occupation")] == "11"
    assert told.value.mine.front[code("occupation")] == "13"
    assert (told.value.version, told.value.both) == (2, [code("occupation")])


def test_a_changed_name_is_changed_in_the_hospitals_view_too(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("patient_name"): "欧阳改名"}, by=by)
        assert HospitalView.objects.get(pk=card.view_id).patient_name == "欧阳改名"


def test_a_corrected_record_number_leads_to_the_view_of_that_number(point: Point) -> None:
    card, other = point.card(), point.card()
    with point.acting("entry_clerk") as by:
        front = {code("medical_record_no"): "R-CORRECTED"}
        saved = save_card(card=card.pk, based_on=1, front=front, by=by)
        view = HospitalView.objects.get(record_number="R-CORRECTED")
        assert (saved.record_number, saved.view_id, saved.child_id) == ("R-CORRECTED", view.pk, view.child_id)
        taken = {
            code("medical_record_no"): other.record_number,
            code("discharge_datetime"): f"{timezone.localtime(other.discharge_at):%Y-%m-%d %H:%M}",
            code("national_id"): "-",
        }
        with pytest.raises(OnRecord) as refused:
            save_card(card=card.pk, based_on=2, front=taken, by=by)
        assert refused.value.card == other.pk
        assert Card.objects.get(pk=card.pk).version == 2


def test_a_card_names_no_view_of_another_child(point: Point) -> None:
    card, other = point.card(), point.card()
    attack = "UPDATE registry_card SET view_id = %s WHERE id = %s"
    refused = pytest.raises(DatabaseError, match="card_of_a_view")
    with point.acting("entry_clerk"), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(attack, [other.view_id, card.pk])


def test_an_unknown_field_is_refused_by_name(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk") as by:
        with pytest.raises(InputRefused, match="P99999"):
            save_card(card=card.pk, based_on=1, front={"P99999": "1"}, by=by)
        with pytest.raises(InputRefused, match="colour"):
            save_card(card=card.pk, based_on=1, supplement={"colour": "red"}, by=by)
        with pytest.raises(InputRefused, match="no version 7"):
            save_card(card=card.pk, based_on=7, front={code("sex"): "1"}, by=by)


def test_who_may_not_enter_is_refused(point: Point) -> None:
    card = point.card()
    with point.acting("auditor") as by:
        with pytest.raises(PermissionDenied):
            enter_card(institution=point.hospital, content=page(), by=by)
        with pytest.raises(PermissionDenied):
            save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)


def test_a_strangers_card_is_not_there(point: Point) -> None:
    card = point.card()
    other = Point()
    with other.acting("entry_clerk") as by, pytest.raises(InputRefused, match="no such card"):
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)


def test_authors_are_those_who_wrote_what_is_in_force(point: Point) -> None:
    card = point.card()
    first, second = point.post("entry_clerk").person_id, made_up.post("entry_clerk", point.hospital)
    with made_up.acting(second) as by:
        saved = save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
    assert saved.authors == sorted([first, second.person_id])


FORGED = {
    "not the next version": "INSERT INTO registry_cardversion (card_id, institution_id, number, made_at, origin, "
    "changed, content, content_key) SELECT card_id, institution_id, 3, now(), 'manual', '{P5}', content, content_key "
    "FROM registry_cardversion WHERE card_id = %s",
    "a_version_says_what_it_changed": "INSERT INTO registry_cardversion (card_id, institution_id, number, made_at, "
    "origin, changed, content, content_key) SELECT card_id, institution_id, 2, now(), 'manual', '{}', content, "
    "content_key FROM registry_cardversion WHERE card_id = %s",
    "only the database writes this": "UPDATE registry_card SET authors = '{}' WHERE id = %s",
    "row-level security|permission denied": "INSERT INTO registry_tally (institution_id, archive_month, state, "
    "problem, problem_at_first, cards) SELECT institution_id, archive_month, state, true, true, 5 FROM registry_card "
    "WHERE id = %s",
}


@pytest.mark.parametrize("table", ["registry_cardversion", "registry_act"])
def test_the_database_alone_numbers_versions_and_acts(point: Point, table: str) -> None:
    given = [point.card().pk, point.hospital.pk]
    refused = pytest.raises(DatabaseError, match=f"permission denied for table {table}")
    with point.acting("records_department"), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(f"INSERT INTO {table} (id, card_id, institution_id) VALUES (1, %s, %s)", given)


def test_a_version_was_made_when_it_was_inserted_whatever_it_says(point: Point) -> None:
    card = point.card()
    begun = timezone.now()
    with point.acting("entry_clerk"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_cardversion (card_id, institution_id, number, made_at, origin, changed, content, "
            "content_key) SELECT card_id, institution_id, 2, now() - interval '1 year', 'manual', '{P5}', content, "
            "content_key FROM registry_cardversion WHERE card_id = %s",
            [card.pk],
        )
        assert CardVersion.objects.get(card=card, number=2).made_at >= begun


def test_whoever_inserts_a_version_is_an_author_of_it_and_approves_nothing(point: Point) -> None:
    """By raw SQL too, whatever field the version says that it changed."""
    card = point.card("records_department")
    clerk = point.post("entry_clerk")
    with made_up.acting(clerk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_cardversion (card_id, institution_id, number, origin, changed, content, content_key, "
            "person_id) SELECT card_id, institution_id, 2, 'manual', '{no such field}', content, content_key, NULL "
            "FROM registry_cardversion WHERE card_id = %s",
            [card.pk],
        )
    with point.acting("records_department") as by:
        assert clerk.person_id in Card.objects.get(pk=card.pk).authors
        assert not move(cards=[card.pk], act="submit", by=by)[0].refused
    both = made_up.post("auditor", point.hospital, holder=clerk.person)
    with made_up.acting(both) as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "own"
        with pytest.raises(DatabaseError, match="nobody audits what they wrote"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state="approved")


def test_whoever_brought_a_file_is_named_on_the_card_and_its_version(point: Point) -> None:
    card = point.card()
    version = (
        "INSERT INTO registry_cardversion (card_id, institution_id, number, origin, brought_by, changed, content, "
        "content_key) SELECT {0}, institution_id, 1, 'import', 77, '{{P3}}', content, content_key "
        "FROM registry_cardversion WHERE card_id = {1}"
    )
    begun = {
        "institution": point.hospital, "child_id": card.child_id, "view_id": card.view_id, "discharge_at":
        card.discharge_at, "archive_month": card.archive_month, "layout": "2012", "origin": "import",
    }  # fmt: skip
    with point.acting("entry_clerk") as by, connection.cursor() as cursor:
        forgotten = Card.objects.create(record_number="X1", **begun)
        with pytest.raises(DatabaseError, match="whoever brought the file is an author"), transaction.atomic():
            cursor.execute(version.format(forgotten.pk, card.pk))
        named = Card.objects.create(record_number="X2", authors=[77], **begun)
        cursor.execute(version.format(named.pk, card.pk))
        named.refresh_from_db()
        assert set(named.authors) == {77, by.person}
        transaction.set_rollback(True)


@pytest.mark.parametrize("said", FORGED)
def test_the_database_refuses_forged_versions_authors_and_counts(point: Point, said: str) -> None:
    card = point.card()
    refused = pytest.raises(DatabaseError, match=said)
    with point.acting("entry_clerk"), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(FORGED[said], [card.pk])


@pytest.mark.parametrize(
    "gone", ["DELETE FROM registry_cardversion", "DELETE FROM registry_card", "UPDATE registry_act SET reason = ''"]
)
def test_nothing_that_was_written_goes_away(point: Point, gone: str) -> None:
    point.card()
    with point.acting("entry_clerk"):
        assert refused_or_nothing(gone)


def refused_or_nothing(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.rowcount == 0
    except DatabaseError as fault:
        return "permission denied" in str(fault)


def test_a_card_without_its_version_does_not_last(point: Point) -> None:
    card = point.card()
    with point.acting("entry_clerk"), transaction.atomic():
        Card.objects.create(
            institution=point.hospital, child_id=card.child_id, view_id=card.view_id, record_number="X1",
            discharge_at=card.discharge_at, archive_month=card.archive_month, layout="2012", origin="manual",
        )  # fmt: skip
        with pytest.raises(DatabaseError, match="card_has_its_version"):
            connection.check_constraints()
        transaction.set_rollback(True)


def test_equal_contents_have_equal_keys_and_full_width_is_a_difference() -> None:
    one = page(sex="1")
    assert contents.key(one) == contents.key(Content("2012", dict(reversed(one.front.items())), {"grade": "  "}))
    assert contents.key(one) != contents.key(page(sex="１"))
    assert contents.key(one) != contents.key(Content("2020", one.front))
    assert contents.open_(contents.seal(one)) == one
