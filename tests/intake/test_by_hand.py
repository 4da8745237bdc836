"""What a person wrote on a card is never written over by a file alone: not after a fill, a round trip, or an undo."""

from __future__ import annotations

import csv
import io

import pytest
from made_up_files import Hospital
from test_round_trip import brought, exported

from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.registry.models import Card
from tonghu.registry.services import save_card
from tonghu.registry.services.mending import bulk_mend, undo_mend
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def mended(hospital: Hospital, **front: str) -> None:
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=card.version, by=by, front=front)


def chosen(hospital: Hospital, batch: Batch, choice: str) -> Batch:
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice=choice, rows=[1], by=by) == 1
    return hospital.confirmed(batch)


def what_row_is(hospital: Hospital, batch: Batch) -> tuple[str, str, str]:
    with hospital.acting():
        row = batch.rows.get()
        return row.match, row.why, row.choice


def says(hospital: Hospital, code: str) -> str:
    with hospital.acting():
        return current(Card.objects.get()).value(code)


def edited_export(hospital: Hospital, **texts: str) -> Batch:
    rows = list(csv.reader(io.StringIO(exported(hospital, "csv").decode("utf-8-sig"))))
    for code, text in texts.items():
        rows[2][rows[1].index(code)] = text
    out = io.StringIO()
    csv.writer(out).writerows(rows[1:])
    return brought(hospital, out.getvalue().encode(), "csv")


def test_after_a_fill_the_clerks_text_still_waits(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P12=""))
    mended(hospital, P782="12500.00")
    assert chosen(hospital, hospital.checked(hospital.page(P12="中国")), "fill").counts["updated"] == 1
    assert (says(hospital, "P782"), says(hospital, "P12")) == ("12500.00", "中国")
    batch = hospital.checked(hospital.page(P12="中国", P782="13000.00"))
    assert what_row_is(hospital, batch) == ("changed", "edited", "")


def test_after_a_round_trip_the_clerks_text_still_waits(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    mended(hospital, P782="12500.00")
    batch = edited_export(hospital, P12="中华人民共和国")
    assert what_row_is(hospital, batch) == ("changed", "", "replace"), "nobody wrote in the field that it changes"
    hospital.confirmed(batch)
    assert (says(hospital, "P782"), says(hospital, "P12")) == ("12500.00", "中华人民共和国")
    assert what_row_is(hospital, hospital.checked(hospital.page())) == ("changed", "edited", "")


def test_a_file_that_was_taken_over_a_persons_text_is_the_files_again(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    mended(hospital, P782="12500.00")
    chosen(hospital, hospital.checked(hospital.page(P782="13000.00")), "replace")
    batch = hospital.checked(hospital.page(P782="14000.00"))
    assert what_row_is(hospital, batch) == ("changed", "", "replace")


def test_what_an_undone_import_gives_back_is_the_clerks_again(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    mended(hospital, P782="12500.00")
    hospital.undone(chosen(hospital, hospital.checked(hospital.page(P782="13000.00")), "replace"))
    assert says(hospital, "P782") == "12500.00"
    batch = hospital.checked(hospital.page(P782="14000.00"))
    assert what_row_is(hospital, batch) == ("changed", "edited", "")
    assert what_row_is(hospital, hospital.checked(hospital.page())) == ("unchanged", "", "")


def test_a_bulk_mend_that_was_taken_back_is_nobodys_text(hospital: Hospital) -> None:
    file = hospital.page(P782="１２０００.00")
    hospital.imported(file)
    with hospital.acting() as by:
        undo_mend(batch=bulk_mend(rule="HQ021", by=by).batch, by=by)
    assert says(hospital, "P782") == file["P782"]
    batch = hospital.checked(hospital.page(P782="13000.00"))
    assert what_row_is(hospital, batch) == ("changed", "", "replace")
    mended(hospital, P12="中华人民共和国")
    assert what_row_is(hospital, hospital.checked(file)) == ("unchanged", "", "")
    batch = hospital.checked(hospital.page(P782="13000.00", P12="中国人民"))
    assert what_row_is(hospital, batch) == ("changed", "edited", "")


def test_a_bulk_mend_that_stands_waits(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P782="１２０００.00"))
    with hospital.acting() as by:
        bulk_mend(rule="HQ021", by=by)
    batch = hospital.checked(hospital.page(P782="13000.00"))
    assert what_row_is(hospital, batch) == ("changed", "edited", "")
