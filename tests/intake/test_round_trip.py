"""Export, edit, import: what goes out and comes back unchanged changes nothing; what was edited finds its card."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from made_up_files import Hospital
from openpyxl import load_workbook

import made_up
from tonghu.intake import services
from tonghu.intake.models import Batch, State
from tonghu.registry.content import open_
from tonghu.registry.exporting import KEY_COLUMN
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import save_card

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
        assert said.supplement == {"laterality": "1"}


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
