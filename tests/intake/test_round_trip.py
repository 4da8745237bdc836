"""Export, edit, import: what goes out and comes back unchanged changes nothing; what was edited finds its card."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from made_up_files import Hospital
from openpyxl import load_workbook

import made_up
from tonghu.codes.hqms_fields import LAYOUTS, layout
from tonghu.intake import services
from tonghu.intake.models import Batch, State
from tonghu.registry.content import open_
from tonghu.registry.exporting import KEY_COLUMN, supplement_columns
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import save_card
from tonghu.registry.supplement import items

pytestmark = pytest.mark.django_db


def exported(hospital: Hospital, kind: str) -> bytes:
    records = made_up.browser(made_up.post("records_department", hospital.institution))
    answer = records.post("/cards/export", {"layout": "2012", "kind": kind, "reason": "与临床核对"})
    assert answer.status_code == 200
    return answer.content


def brought(hospital: Hospital, content: bytes, kind: str) -> Batch:
    batch = hospital.check(hospital.upload(content, name=f"导出.{kind}"))
    assert batch.state == State.READY, batch.refusal
    return batch


@pytest.fixture
def filled(hospital: Hospital) -> Hospital:
    """A hospital with two imported cards, one of them mended by a clerk and with a supplement."""
    hospital.imported(hospital.page(P801="=虚构路", P781="-5.00"), hospital.page(P3="ZY0003", P8="-"))
    with hospital.acting() as by:
        card = Card.objects.get(record_number="ZY0003")
        save_card(card=card.pk, based_on=1, by=by, front={"P782": "12500.00"}, supplement={"laterality": "1"})
    return hospital


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_comes_back_as_it_went_changes_nothing(filled: Hospital, kind: str) -> None:
    batch = brought(filled, exported(filled, kind), kind)
    assert batch.summary["unknown_columns"] == 0
    with filled.acting():
        assert [row.match for row in batch.rows.order_by("row")] == ["unchanged", "unchanged"]
        versions = CardVersion.objects.count()
    batch = filled.confirmed(batch)
    assert batch.counts["unchanged"] == 2
    with filled.acting():
        assert CardVersion.objects.count() == versions


@pytest.mark.requirement("REG-06")
def test_an_edited_row_finds_its_card_even_with_another_record_number(filled: Hospital) -> None:
    rows = list(csv.reader(io.StringIO(exported(filled, "csv").decode("utf-8-sig"))))
    header = rows[1]
    assert header[0] == KEY_COLUMN
    for name, text in (("P3", "ZY0099"), ("P25", "2026-10-09 10:00"), ("P27", "8")):
        rows[2][header.index(name)] = text
    out = io.StringIO()
    csv.writer(out).writerows(rows[1:])
    batch = brought(filled, out.getvalue().encode(), "csv")
    with filled.acting():
        number = int(rows[2][0])
        row = batch.rows.get(row=1)
        assert (row.match, row.card, sorted(row.changed)) == ("changed", number, ["P25", "P27", "P3"])
    with filled.acting() as by:
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    filled.confirmed(batch)
    with filled.acting():
        card = Card.objects.get(pk=number)
        assert (card.record_number, card.version) == ("ZY0099", 2)
        assert Card.objects.count() == 2


@pytest.mark.requirement("REG-06")
def test_an_edited_workbook_updates_and_keeps_the_supplement(filled: Hospital, tmp_path: Path) -> None:
    file = tmp_path / "导出.xlsx"
    file.write_bytes(exported(filled, "xlsx"))
    book = load_workbook(file)
    sheet = book.active
    header = [cell.value for cell in sheet[2]]
    for row in sheet.iter_rows(min_row=3):
        row[header.index("P782")].value = "13000.00"
    book.save(file)
    batch = brought(filled, file.read_bytes(), "xlsx")
    with filled.acting():
        assert [(row.match, row.changed) for row in batch.rows.order_by("row")] == [("changed", ["P782"])] * 2
        # One was mended by a clerk since its import, so somebody looks first.
        assert sorted(batch.rows.values_list("choice", flat=True)) == ["", "replace"]
        batch.rows.filter(choice="").update(choice="replace")
    filled.confirmed(batch)
    with filled.acting():
        for card in Card.objects.all():
            said = open_(CardVersion.objects.get(card=card, number=card.version).content)
            assert said.front["P782"] == "13000.00"
            assert said.supplement == ({"laterality": "1"} if card.record_number == "ZY0003" else {})


def edited(hospital: Hospital, number: str, **cells: str) -> bytes:
    """An export in which some cells of one card's row, known by its record number, were edited."""
    header, *rows = table(exported(hospital, "csv"), "csv")
    for row in rows:
        if row[header.index("P3")] == number:
            for heading, text in cells.items():
                row[header.index(headings().get(heading, heading))] = text
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        pytest.param({"P782": "10000.00", "laterality": ""}, ["P782", "laterality"], id="what the import had said"),
        pytest.param({"laterality": ""}, ["laterality"], id="an item emptied"),
    ],
)
def test_what_is_put_back_by_file_waits_for_a_person_and_is_put_back(
    hospital: Hospital, edit: dict[str, str], changed: list[str]
) -> None:
    hospital.imported(hospital.page(P3="ZY0003", P782="10000.00"))
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=1, by=by, front={"P782": "12500.00"}, supplement={"laterality": "1"})
    batch = brought(hospital, edited(hospital, "ZY0003", **edit), "csv")
    with hospital.acting() as by:
        row = batch.rows.get()
        assert (row.match, row.why, row.changed) == ("changed", "edited", changed)
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        said = open_(CardVersion.objects.get(card=card, number=3).content)
        assert (said.front["P782"], said.supplement.get("laterality")) == (
            edit.get("P782", "12500.00"),
            None if "laterality" in edit else "1",
        )


@pytest.mark.requirement("REG-06")
def test_an_export_from_before_a_mend_or_an_import_changes_nothing(hospital: Hospital) -> None:
    page = hospital.page(P3="ZY0003", P782="10000.00")
    hospital.imported(page)
    before_the_mend = exported(hospital, "csv")
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=1, by=by, front={"P782": "12500.00"})
    mended = exported(hospital, "csv")
    again = hospital.checked({**page, "P18": "虚构"})
    with hospital.acting() as by:
        services.choose(batch=again.pk, choice="replace", rows=[1], by=by)
    hospital.confirmed(again)
    for content in (before_the_mend, mended):
        with hospital.acting():
            before = CardVersion.objects.count()
        batch = brought(hospital, content, "csv")
        with hospital.acting():
            assert [row.match for row in batch.rows.all()] == ["unchanged"]
        hospital.confirmed(batch)
        with hospital.acting():
            assert CardVersion.objects.count() == before


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize("version", ["", "二", "999999", "9999999999", "-1"])
def test_a_version_that_nobody_exported_is_no_version(hospital: Hospital, version: str) -> None:
    hospital.imported(hospital.page(P3="ZY0003", P782="10000.00"))
    batch = brought(hospital, edited(hospital, "ZY0003", 童护卡版本=version, P782="10000.01"), "csv")
    with hospital.acting():
        row = batch.rows.get()
        assert (row.match, row.changed) == ("changed", ["P782"])


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("text", ["'=虚构路", "''=虚构路", "=1+1", "'", "'-5.00", "-", "@x", "+86-138", "'虚构'"])
def test_apostrophes_are_neither_lost_nor_gained(hospital: Hospital, kind: str, text: str) -> None:
    hospital.imported(hospital.page(P801=text))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P18": text})
    batch = brought(hospital, exported(hospital, kind), kind)
    with hospital.acting():
        assert batch.rows.get().match == "unchanged"


def table(content: bytes, kind: str) -> list[list[str]]:
    """An exported file: the header, then the rows."""
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
    sheet = load_workbook(io.BytesIO(content)).active
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]


def headings() -> dict[str, str]:
    """The items of the supplement: names with their headings."""
    return {item.name: heading for heading, item in supplement_columns().items()}


@pytest.mark.requirement("REG-06")
def test_no_heading_of_the_supplement_is_a_column_of_the_standard() -> None:
    assert list(headings()) == [item.name for item in items()]
    assert headings()["topography"] == "topography 肿瘤部位（ICD-O-3）"
    assert not [text for text in headings().values() for which in LAYOUTS if layout(which).find(text)]


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_supplement_leaves_by_codes(filled: Hospital, kind: str) -> None:
    with filled.acting() as by:
        card = Card.objects.get(record_number="ZY0003")
        said = {
            "topography": "C42.1",
            "basis": "病理（原发灶）",
            "first_diagnosis_date": "2026-10-01",
            "stage": "虚构分期",
        }
        save_card(card=card.pk, based_on=card.version, by=by, front={}, supplement=said)
    header, *rows = table(exported(filled, kind), kind)
    assert header[-len(headings()) :] == list(headings().values())
    row = dict(zip(header, next(row for row in rows if row[0] == str(card.pk)), strict=True))
    shown = {name: row[heading] for name, heading in headings().items() if row[heading]}
    assert shown == {**said, "basis": "7", "laterality": "1"}, "what no code is meant by stays as written"


@pytest.mark.requirement("REG-06")
def test_a_workbook_says_at_the_heading_what_the_codes_mean(filled: Hospital) -> None:
    sheet = load_workbook(io.BytesIO(exported(filled, "xlsx"))).active
    comments = {cell.value: cell.comment.text for cell in sheet[2] if cell.comment}
    assert "1 右侧" in comments[headings()["laterality"]]
    assert "P3" in comments


@pytest.mark.requirement("REG-06")
def test_a_hospital_s_own_column_is_still_unknown_beside_ours(filled: Hospital) -> None:
    header, *rows = table(exported(filled, "csv"), "csv")
    out = io.StringIO()
    csv.writer(out).writerows([[*header, "stage"], *([*row, "2"] for row in rows)])
    batch = brought(filled, out.getvalue().encode(), "csv")
    assert (batch.summary["unknown_columns"], batch.summary["supplement_columns"]) == (1, len(headings()))


@pytest.mark.requirement("REG-06")
@pytest.mark.parametrize("role", ["entry_clerk", "auditor"])
def test_who_may_not_export_gets_no_supplement(filled: Hospital, role: str) -> None:
    answer = made_up.browser(made_up.post(role, filled.institution)).post(
        "/cards/export", {"layout": "2012", "kind": "csv", "reason": "与临床核对"}
    )
    assert answer.status_code == 403


@pytest.mark.requirement("REG-06")
def test_another_hospital_s_export_has_neither_card_nor_supplement(filled: Hospital) -> None:
    records = made_up.browser(made_up.post("records_department", made_up.hospital()))
    answer = records.post("/cards/export", {"layout": "2012", "kind": "csv", "reason": "与临床核对"})
    assert answer.status_code == 200
    assert len(table(answer.content, "csv")) == 1, "the header alone"
