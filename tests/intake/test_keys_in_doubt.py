"""The number of a card in a row of another stay: an exported file that was copied, shifted or sorted overwrites nothing
by itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from made_up_files import Hospital
from test_round_trip import brought, exported

import made_up
from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.registry.models import Card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
Row = dict[str, str]


def edited(hospital: Hospital, edit: Callable[[list[Row]], list[Row]]) -> Batch:
    """The hospital's cards as an exported file that somebody edited."""
    lines = list(csv.reader(io.StringIO(exported(hospital, "csv").decode("utf-8-sig"))))
    rows = [dict(zip(lines[1], cells, strict=True)) for cells in lines[2:]]
    out = io.StringIO()
    writer = csv.DictWriter(out, lines[1])
    writer.writeheader()
    writer.writerows(edit(sorted(rows, key=lambda row: row["P3"])))
    return brought(hospital, out.getvalue().encode(), "csv")


def what_rows_are(hospital: Hospital, batch: Batch) -> list[tuple[str, str, str]]:
    with hospital.acting():
        return [(row.match, row.why, row.choice) for row in batch.rows.order_by("row")]


def test_a_copied_row_waits_and_may_become_a_card_of_its_own(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    other = {"P3": "ZY0777", "P25": "2026-10-20 09:00", "P4": "虚构别"}
    batch = edited(hospital, lambda rows: [{**rows[0], **other}, rows[0]])
    assert what_rows_are(hospital, batch) == [("probable", "key_in_doubt", ""), ("unchanged", "", "")]
    assert "同一卡号出现在两行" in made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/1").content.decode()
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="new", rows=[1], by=by) == 1
    counts = hospital.confirmed(batch).counts
    assert (counts["created"], counts["unchanged"]) == (1, 1)
    with hospital.acting():
        first, second = Card.objects.order_by("pk")
        assert (first.record_number, first.version) == ("ZY0001", 1)
        assert (second.record_number, current(second).value("P4")) == ("ZY0777", "虚构别")


def test_numbers_that_slipped_by_a_row_are_questions_about_the_stays_own_cards(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002", P4="虚构乙", P782="9000.00"))

    def swap(rows: list[Row]) -> list[Row]:
        key = next(iter(rows[0]))
        return [{**rows[0], key: rows[1][key], "P782": "12500.00"}, {**rows[1], key: rows[0][key]}]

    batch = edited(hospital, swap)
    # The second row says what the card of its stay says: whatever number it bears, there is nothing to ask.
    assert what_rows_are(hospital, batch) == [("probable", "key_in_doubt", ""), ("unchanged", "", "")]
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="replace", match="probable", by=by) == 1
    hospital.confirmed(batch)
    with hospital.acting():
        said = {card.record_number: current(card).value("P782") for card in Card.objects.all()}
        assert said == {"ZY0001": "12500.00", "ZY0002": "9000.00"}, "each row went to the card of its stay"


def test_a_row_of_which_nothing_is_the_cards_stay_waits(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    stay = {"P3": "ZY0777", "P22": "2026-10-15 08:30", "P25": "2026-10-20 09:00"}
    batch = edited(hospital, lambda rows: [{**rows[0], **stay}])
    assert what_rows_are(hospital, batch) == [("probable", "key_in_doubt", "")]


def test_a_stay_put_right_is_no_doubt_and_waits_for_a_word(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = edited(hospital, lambda rows: [{**rows[0], "P3": "ZY0777", "P25": "2026-10-09 09:00"}])
    assert what_rows_are(hospital, batch) == [("changed", "renames", "")]
