"""Spreadsheets write dates and amounts in their own way: what says the same is unchanged and keeps its writing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from made_up_files import Hospital
from openpyxl import load_workbook
from test_keys_in_doubt import Row, edited
from test_round_trip import brought, exported

from tonghu.codes.hqms_fields import layout
from tonghu.codes.numbers import read_decimal
from tonghu.intake import services
from tonghu.intake.meaning import says_the_same
from tonghu.intake.models import Batch
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
FIELDS = layout("2012").by_code
#: What a spreadsheet writes for what a card says, by the field's type.
WRITTEN = {
    "date": [("2026-01-05", "2026/1/5"), ("2026-01-05", "2026-01-05 00:00:00"), ("20260105", "2026/01/05 0:00"),
             ("2026-01-05", "46027")],
    "datetime": [("2026-01-05 09:00", "2026/1/5 9:00"), ("2026-01-05 09:00", "2026-01-05 09:00:00"),
                 ("2026-01-05", "2026/1/5 0:00")],
    "decimal": [("1234.50", "1,234.50"), ("1234.5", "1234.50"), ("1234.50", "1234.5"), ("-1234567.00", "-1,234,567")],
    "integer": [("7", "7.0"), ("01", "1"), ("1200", "1,200")],
    "text": [("虚构路1号", "虚构路1号 "), ("虚构路1号", "\u3000虚构路1号\xa0")],
}  # fmt: skip
#: What says something else, or is the card's mistake put right by the file.
OTHERWISE = {
    "date": [("2026-01-05", "2026-01-06"), ("2026.1.5", "2026-01-05"), ("46027", "2026-01-05"), ("2026-01-05", "不详")],
    "datetime": [("2026-01-05 09:00:30", "2026/1/5 9:00"), ("2026-01-05 09:00", "2026-01-05")],
    "decimal": [("1,234.50", "1234.50"), ("12.35", "12.345"), ("1234.50", "1,23.450"), ("1234.50", "-")],
    "integer": [("7", "8"), ("7.0", "7"), ("12", "")],
    "text": [("01", "1"), ("虚构路1号", "虚构路１号"), ("1234.50", "1234.5"), ("2026-01-05", "2026/1/5")],
}
OF_TYPE = {kind: next(field for field in FIELDS.values() if field.type == kind) for kind in WRITTEN}


@pytest.mark.parametrize(("kind", "held", "incoming"), [(kind, *two) for kind, all_ in WRITTEN.items() for two in all_])
def test_another_writing_says_the_same(kind: str, held: str, incoming: str) -> None:
    assert says_the_same(OF_TYPE[kind], incoming, held)


@pytest.mark.parametrize(
    ("kind", "held", "incoming"), [(kind, *two) for kind, all_ in OTHERWISE.items() for two in all_]
)
def test_what_says_another_thing_or_puts_a_writing_right_differs(kind: str, held: str, incoming: str) -> None:
    assert not says_the_same(OF_TYPE[kind], incoming, held)


@pytest.fixture
def filled(hospital: Hospital) -> Hospital:
    """Cards as a hospital's system writes them, one of them mended by a clerk."""
    hospital.imported(
        hospital.page(P781="1234.50", P25="2026-10-08 09:00:00"),
        hospital.page(P3="ZY0002", P4="虚构乙", P6="20200302", P782="1234567.5", P22="2026-10-01"),
    )
    with hospital.acting() as by:
        card = Card.objects.get(record_number="ZY0002")
        save_card(card=card.pk, based_on=1, by=by, front={"P752": "300.00", "P17": "四川省成都市虚构路2号"})
    return hospital


def by_a_spreadsheet(file: Path) -> None:
    """Save a workbook as a spreadsheet does whose columns somebody made dates and numbers."""
    book = load_workbook(file)
    sheet = book.active
    header = [cell.value for cell in sheet[2]]
    seen = set()
    for row in sheet.iter_rows(min_row=3):
        for code, cell in zip(header, row, strict=True):
            field, text = FIELDS.get(code), cell.value
            if field is None or not text or text == "-":
                continue
            seen.add(field.type)
            if field.type in ("date", "datetime"):
                digits = text if "-" in text else f"{text[:4]}-{text[4:6]}-{text[6:]}"
                cell.value = datetime.fromisoformat(digits)
                cell.number_format = "yyyy/m/d" if field.type == "date" else "yyyy/m/d h:mm"
            elif field.type == "decimal":
                cell.value, cell.number_format = float(text), "#,##0.00"
            elif field.type == "integer":
                cell.value, cell.number_format = int(text), "General"
            else:
                cell.value = f"{text} "
    assert seen == {"date", "datetime", "decimal", "integer", "text"}
    book.save(file)


def require_unchanged(hospital: Hospital, batch: Batch) -> None:
    with hospital.acting():
        before = {card.pk: (card.version, dict(current(card).front)) for card in Card.objects.all()}
        assert [(row.match, row.changed) for row in batch.rows.order_by("row")] == [("unchanged", [])] * len(before)
        versions = CardVersion.objects.count()
    counts = hospital.confirmed(batch).counts
    assert (counts["unchanged"], counts["updated"], counts["created"]) == (len(before), 0, 0)
    with hospital.acting():
        assert CardVersion.objects.count() == versions
        assert {card.pk: (card.version, dict(current(card).front)) for card in Card.objects.all()} == before


def test_a_workbook_of_dates_and_numbers_is_unchanged(filled: Hospital, tmp_path: Path) -> None:
    file = tmp_path / "导出.xlsx"
    file.write_bytes(exported(filled, "xlsx"))
    by_a_spreadsheet(file)
    require_unchanged(filled, brought(filled, file.read_bytes(), "xlsx"))


def spreadsheets_csv(row: Row) -> Row:
    """A line as a spreadsheet shows it, and so saves it."""
    shown = dict(row)
    for code, text in row.items():
        field = FIELDS.get(code)
        if field is None or not text or text == "-":
            continue
        if field.type == "decimal":
            shown[code] = f"{read_decimal(text).value:,.2f}"
        elif field.type in ("date", "datetime"):
            moment = datetime.fromisoformat(text)
            day = f"{moment.year}/{moment.month}/{moment.day}"
            shown[code] = day if field.type == "date" else f"{day} {moment.hour}:{moment.minute:02d}"
        elif field.type == "text":
            shown[code] = f"{text}  "
    return shown


def test_a_file_of_what_a_spreadsheet_shows_is_unchanged(filled: Hospital) -> None:
    require_unchanged(filled, edited(filled, lambda rows: [spreadsheets_csv(row) for row in rows]))


def test_where_something_differs_the_rest_keeps_its_writing(filled: Hospital) -> None:
    batch = edited(filled, lambda rows: [{**spreadsheets_csv(rows[0]), "P782": "13,000.00"}, spreadsheets_csv(rows[1])])
    with filled.acting():
        first, second = batch.rows.order_by("row")
        assert (first.match, first.changed, first.choice) == ("changed", ["P782"], "replace")
        assert second.match == "unchanged"
        before = dict(current(Card.objects.get(record_number="ZY0001")).front)
    filled.confirmed(batch)
    with filled.acting():
        card = Card.objects.get(record_number="ZY0001")
        assert dict(current(card).front) == {**before, "P782": "13,000.00"}
        assert CardVersion.objects.get(card=card, number=2).changed == ["P782"]


def test_an_answer_is_kept_for_a_field_that_says_the_same(filled: Hospital) -> None:
    """What a clerk mended stays mended: the file of before, rewritten, is what the card's last import said."""
    old = filled.page(P3="ZY0002", P4="虚构乙", P6="2020/3/2", P782="1,234,567.50", P22="2026/10/1 0:00")
    batch = filled.checked(old)
    with filled.acting() as by:
        assert batch.rows.get().match == "unchanged"
        assert services.choose(batch=batch.pk, choice="keep", match="changed", by=by) == 0
