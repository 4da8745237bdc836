"""What the history calls a record: by what people know it by, in the reader's scope, at one query a kind."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

import made_up
import made_up_cards
from made_up_cards import Point
from tonghu.network.models import Institution
from tonghu.patients import naming
from tonghu.patients.merges import merge, undo_merge
from tonghu.platform.audit import changes
from tonghu.platform.audit.changes import event_model
from tonghu.platform.audit.places import Wanted
from tonghu.platform.files.models import StoredFile
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Point:
    return Point()


def records(role: Any, table: str = "") -> list[str]:
    with role, translation.override("zh-hans"):
        return [one.record for one in changes.changes(Wanted(table=table), limit=50).changes]


def test_a_card_and_its_view_are_called_by_the_record_number(hospital: Point) -> None:
    card = hospital.card()
    assert f"报告卡 {card.record_number}" in records(hospital.acting("point_lead"), "registry.card")
    assert f"登记内容 {card.record_number}" in records(hospital.acting("point_lead"), "patients.hospitalview")
    page = made_up.browser(hospital.post("point_lead")).get(f"/history/registry.card/{card.pk}").content.decode()
    assert f"报告卡 {card.record_number}的修改记录" in page
    assert f"报告卡 #{card.pk}" not in page
    assert f"{card.record_number} @" not in page, "what it points at is called so too"


def test_what_is_worked_out_is_told_as_nobodys_doing(hospital: Point) -> None:
    """How many findings a card has follows from what it says and from the rules: it is no act of whoever saved it."""
    card = hospital.card()
    with hospital.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, by=by, front={made_up_cards.code("age_years"): "3"})
        assert Card.objects.get(pk=card.pk).errors > card.errors
    with hospital.acting("point_lead"), translation.override("zh-hans"):
        told = [one for one in changes.changes(Wanted(table="registry.card"), limit=50).changes if one.act == "update"]
        assert [[(field.label, field.before, field.after) for field in one.fields] for one in told] == [
            [("版本", "1", "2")]
        ]  # fmt: skip


def test_the_history_of_a_card_and_of_an_import_is_told_in_words(hospital: Point) -> None:
    card = hospital.card()
    page = made_up.browser(hospital.post("point_lead")).get(f"/history/registry.card/{card.pk}").content.decode()
    for words in ("四川省", "恶性肿瘤", "Ia 淋巴细胞白血病"):
        assert words in page
    for code in ("malignant", "icd10_morphology", "510000", ">011<", "scope position", "iccc3"):
        assert code not in page, code
    batch = event_model("intake.batch")
    shown = {field.name for field in changes._shown_fields(batch)}
    assert not shown & {"job", "year", "marked", "person_id", "post_id", "sha256"}
    assert {"counts", "archive_month", "state"} <= shown
    row = batch(counts={"of": 152, "created": 150, "failed": 2, "updated": 0, "undone_to": 7}, pgh_label="insert")
    with translation.override("zh-hans"):
        fields = [field for field in changes._shown_fields(batch) if field.name == "counts"]
        (told,) = changes._field_changes(fields, row, None, {})
        assert told.label == "导入结果"
        assert "150" in told.after
        assert "152" not in told.after
        assert "{" not in told.after


def test_posts_people_and_places_are_called_by_name(hospital: Point) -> None:
    clerk = hospital.post("entry_clerk")
    said = records(hospital.acting("point_lead"))
    assert f"人员 {clerk.person.name}" in said
    assert f"岗位 {clerk.person.name} 数据录入员" in said
    assert f"单位 {hospital.hospital.name}" in said


def test_a_month_is_called_by_its_month_and_its_place(hospital: Point) -> None:
    row = event_model("surveillance.zeroreport")(institution_id=7, archive_month=date(2026, 10, 1))
    assert changes._called(type(row), row, {(Institution, 7): "虚构医院"}) == "虚构医院 2026-10"
    assert changes._called(type(row), row, {}) == "2026-10", "a place that the reader may not see is left out"


def test_a_file_is_called_by_what_it_is_for_and_why_it_went_is_said_in_words() -> None:
    row = event_model("files.storedfile")(purpose="discharge_upload", kind="xlsx")
    with translation.override("zh-hans"):
        assert changes._called(type(row), row, {}) == "待导入的病案首页数据 Excel 工作簿"
        assert changes._label(StoredFile._meta.get_field("destroyed_why")) == "销毁原因"
    with translation.override("en"):
        assert changes._called(type(row), row, {}) == "discharge data for import an Excel workbook"


def test_a_child_and_a_merge_are_called_by_the_record_numbers_that_the_reader_sees(hospital: Point) -> None:
    first, second = hospital.card(), hospital.card()
    lead = hospital.post("point_lead")
    with made_up.acting(lead, "children.merge") as by:
        act = merge(kept=first.child, merged=second.child, reason="同一患儿", by=by)
        undo_merge(act=act, reason="认错了", by=by)
    both = f"{first.record_number} · {second.record_number}"
    said = records(made_up.acting(lead))
    assert f"患儿 {first.record_number}" in said
    assert said.count(f"合并 {both}") == 2
    with made_up.acting(lead), translation.override("zh-hans"):
        shown = [one.after for change in changes.changes(Wanted(), limit=50).changes for one in change.fields]
    assert both in shown, "what an undoing takes back is called so too"
    assert not any(text.startswith(("#", "merge ")) for text in shown)


def test_a_child_of_whom_the_reader_sees_no_record_keeps_its_number(hospital: Point) -> None:
    card = hospital.card()
    with made_up.acting(made_up.post("point_lead")):
        assert naming.children({card.child_id}) == {}


def test_more_rows_ask_no_more_queries(hospital: Point) -> None:
    def asked() -> int:
        with hospital.acting("point_lead"), CaptureQueriesContext(connection) as queries:
            changes.changes(Wanted(table="registry.card"), limit=50)
        return len(queries)

    hospital.card()
    few = asked()
    for _ in range(4):
        hospital.card()
    assert asked() == few
    with hospital.acting("point_lead"):
        assert Card.objects.count() == 5


def test_what_changes_of_several_tables_point_at_is_looked_up_once(hospital: Point) -> None:
    hospital.card()
    with hospital.acting("point_lead"), CaptureQueriesContext(connection) as queries:
        page = changes.changes(Wanted(), limit=50)
    assert len({one.table for one in page.changes if one.institution is not None}) > 1
    asked = [one["sql"] for one in queries if 'FROM "network_institution" ' in one["sql"]]
    assert len(asked) == 1
