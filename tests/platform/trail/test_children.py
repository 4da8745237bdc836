"""The history of children: sealed in the database, masked on the page, and every look at it logged."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

import made_up
from committed import committed
from tonghu.patients.identity import which_child
from tonghu.patients.models import HospitalView
from tonghu.patients.services import change_view, enter_view, save_guardian
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.audit.changes import _words, of_record
from tonghu.platform.audit.events import acting_because
from tonghu.platform.audit.models import Event
from tonghu.platform.crypto import keys, rotation
from tonghu.platform.scope.scope import open_scope, system_scope

__all__ = ["committed"]

#: Made up.
NUMBER, OTHER = "110101201003070020", "110101201003070039"
PHONE, ADDRESS = "13800001234", "虚构市虚构路 1 号"


@pytest.fixture
def entered(db: None) -> tuple[Any, HospitalView]:
    return enter()


def enter() -> tuple[Any, HospitalView]:
    """A records department, and a child that it entered and corrected."""
    held = made_up.post("records_department")
    with made_up.acting(held) as scope:
        view = enter_view(
            by=scope, institution=held.institution_id, record_number="R1", patient_name="虚构甲",
            document_type="resident_id", document_number=NUMBER, phone=PHONE,
        )  # fmt: skip
        with acting_because(scope, "核对户口本") as reasoned:
            change_view(
                view=view, by=reasoned, mistakes=frozenset({"document_number"}), document_number=OTHER,
                residence=ADDRESS, patient_name="虚构乙",
            )  # fmt: skip
        save_guardian(view=view, by=scope, name="虚构丙", phone=PHONE)
    return held, view


def document_keys() -> set[int]:
    with open_scope(system_scope("migration"), using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT key FROM patients_documentkey")
        return {int.from_bytes(bytes(row[0])[:2], "big") for row in cursor.fetchall()}


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.requirement("REG-17")
def test_the_history_of_a_child_is_masked_and_looking_at_it_is_logged(entered: tuple[Any, HospitalView]) -> None:
    held, view = entered
    page = text(made_up.browser(held).get(f"/history/patients.child/{view.child_id}"))
    assert "从“110***********0020”改为“110***********0039”" in page
    assert "从“虚构甲”改为“虚构乙”" in page
    assert "138****1234" in page
    assert "核对户口本" in page
    assert "内容不显示" in page  # of the address it is only said that it changed
    for closed in (NUMBER, OTHER, PHONE, ADDRESS):
        assert closed not in page
    with open_scope(system_scope("chain")):
        looked = Event.objects.get(kind="child.read")
    assert (looked.subject_id, looked.by_person) == (str(view.child_id), held.person_id)
    assert looked.institution_id == held.institution_id


def test_another_hospital_finds_no_history_of_the_child(entered: tuple[Any, HospitalView]) -> None:
    _held, view = entered
    stranger = made_up.browser(made_up.post("records_department"))
    for address in (f"patients.child/{view.child_id}", f"patients.hospitalview/{view.pk}"):
        assert stranger.get(f"/history/{address}").status_code == 404
    assert "虚构乙" not in text(stranger.get("/history"))
    with open_scope(system_scope("chain")):
        assert not Event.objects.filter(kind="child.read").exists()


def test_an_export_of_changes_holds_no_whole_number(entered: tuple[Any, HospitalView]) -> None:
    held, view = entered
    answer = made_up.browser(held).post("/history/export", {"reason": "年度核查"})
    said = b"".join(answer.streaming_content).decode()
    rows = list(csv.reader(io.StringIO(said)))
    assert any("110***********0039" in row for row in rows)
    for closed in (NUMBER, OTHER, PHONE, ADDRESS):
        assert closed not in said
    # Who it is about finds it in the log, by the number of the child.
    auditor = made_up.browser(made_up.post("audit_admin", held.institution))
    assert "导出的“修改记录”中有 1 名患儿" in text(auditor.get("/log", {"subject": view.child_id}))
    assert "导出的“修改记录”中有" not in text(auditor.get("/log", {"subject": view.child_id + 1}))
    with open_scope(system_scope("chain")):
        taken = Event.objects.get(kind="children.exported")
    assert (taken.data["children"], taken.reason) == ([view.child_id], "年度核查")
    assert (taken.institution_id, taken.by_person) == (held.institution_id, held.person_id)


def test_history_holds_ciphertext_only(entered: tuple[Any, HospitalView]) -> None:
    with open_scope(system_scope("migration")), connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row::text, '') FROM patients_hospitalview_event AS row")
        held = cursor.fetchone()[0]
    for closed in (NUMBER, OTHER, PHONE, ADDRESS):
        assert closed not in held
        assert closed.encode().hex() not in held


def test_what_only_the_system_keeps_is_not_shown_as_a_change(entered: tuple[Any, HospitalView]) -> None:
    held, view = entered
    with made_up.acting(held) as scope:
        before = len(of_record("patients.child", view.child_id))
        HospitalView.objects.filter(pk=view.pk).update(updated_at="2026-01-01T00:00:00Z")
        assert len(of_record("patients.child", view.child_id)) == before
        assert scope.person == held.person_id


def test_what_a_change_points_at_and_the_reader_may_not_see_is_a_number() -> None:
    field = Post._meta.get_field("appointed_by")
    assert _words(field, 999, {}, {}) == "#999"
    assert _words(field, 999, {(Person, 999): "虚构人员"}, {}) == "虚构人员"
    assert _words(field, None, {}, {}) == ""


@pytest.mark.usefixtures("committed")
def test_a_change_of_keys_goes_through_the_history_and_leaves_no_trace_in_it() -> None:
    held, view = enter()
    ring = keys.present()
    try:
        keys.write(ring.with_new("seal", lead=timedelta(0)).with_new("hash", lead=timedelta(0)))
        keys.source().ring(now=True)
        newest, newest_hash = keys.keyring().writer("seal").number, keys.keyring().writer("hash").number

        def numbers() -> set[int]:
            with open_scope(system_scope("migration")), connection.cursor() as cursor:
                cursor.execute("SELECT document_number FROM patients_hospitalview_event")
                return {int.from_bytes(bytes(row[0])[1:3], "big") for row in cursor.fetchall() if row[0]}

        def sentences() -> list[str]:
            with made_up.acting(held):
                return [change.sentence() for change in of_record("patients.child", view.child_id)]

        before = sentences()
        assert newest not in numbers()
        assert document_keys() != {newest_hash}
        list(rotation.rotate(lambda: open_scope(system_scope("rotation"), using="owner")))
        assert numbers() == {newest}
        assert sentences() == before
        assert document_keys() == {newest_hash}
        with made_up.acting(held):  # the child is known again by its document, under the new key
            again = which_child(institution=held.institution_id, document_number=OTHER)
        assert again == view.child_id
    finally:  # this database is the test's own: sealed again as before, then the key goes
        keys.write(ring)
        keys.source().ring(now=True)
