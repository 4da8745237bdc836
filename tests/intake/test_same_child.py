"""One child in two stays at once, under two record numbers: a person is asked before there are two cards."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from made_up_files import Hospital, a_hospital, identity_number
from test_keys_in_doubt import what_rows_are

import made_up
from tonghu.errors import InputRefused
from tonghu.intake import same_child, services
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Batch
from tonghu.patients.merges import split
from tonghu.patients.models import HospitalView
from tonghu.registry.content import Content
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card, move
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
NUMBER = identity_number("2020-03-01", 41)
OTHER = {"P3": "BA777", "P13": NUMBER}
ASKED = ("probable", "same_child", "")
IN_FILE = ("probable", "same_child_in_file", "")
NEW = ("new", "", "")


def page_of_row(hospital: Hospital, batch: Batch, row: int = 1) -> str:
    return made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/{row}").content.decode()


def chosen(hospital: Hospital, batch: Batch, choice: str, row: int = 1) -> int:
    with hospital.acting() as by:
        return services.choose(batch=batch.pk, choice=choice, rows=[row], by=by)


def records(hospital: Hospital) -> list[str]:
    with hospital.acting():
        return sorted(Card.objects.filter(institution=hospital.institution).values_list("record_number", flat=True))


@pytest.fixture
def there(hospital: Hospital) -> Hospital:
    """A hospital that has a card of the child: 1 to 8 October."""
    hospital.imported(hospital.page(P13=NUMBER))
    return hospital


@pytest.mark.parametrize(
    ("days", "is_asked"),
    [
        ({}, True),
        ({"P25": "2026-10-08"}, True),
        ({"P22": "2026-10-03", "P25": "2026-10-20 10:00"}, True),
        ({"P22": "2026-09-20", "P25": "2026-10-02 10:00"}, True),
        ({"P22": "", "P25": "2026-10-08 16:00"}, True),
        ({"P22": "2026-10-08 11:00", "P25": "2026-10-12 10:00"}, False),
        ({"P22": "2026-10-08", "P25": "2026-10-12 10:00"}, False),
        ({"P22": "2026-09-20", "P25": "2026-10-01 08:00"}, False),
        ({"P22": "", "P25": "2026-10-06 10:00"}, False),
    ],
)
def test_a_stay_of_the_same_days_is_a_question(there: Hospital, days: dict[str, str], is_asked: bool) -> None:
    batch = there.checked(there.page(**OTHER, **days))
    assert what_rows_are(there, batch) == [ASKED if is_asked else NEW]


def test_both_sides_are_shown_and_a_person_decides(there: Hospital) -> None:
    batch = there.checked(there.page(**OTHER, P782="12500.00"))
    with pytest.raises(InputRefused, match="1 行等您决定"), there.acting() as by:
        services.confirm(batch=batch.pk, by=by)
    page = page_of_row(there, batch)
    for said in (
        "另一个病案号下已有同一时段的报告卡",
        "ZY0001",
        "BA777",
        "12500.00",
        "12000.00",
        "另一次住院：新建报告卡",
    ):
        assert said in page
    assert chosen(there, batch, "skip") == 0, "there is a card to keep"
    assert chosen(there, batch, "keep") == 1
    there.confirmed(batch)
    assert records(there) == ["ZY0001"]
    # Brought again, nobody is asked; another file is.
    again = there.checked(there.page(**OTHER, P782="12500.00"), there.page(P3="ZY0900", P4="虚构别"))
    assert what_rows_are(there, again)[0] == ("probable", "same_child", "keep")


def test_the_same_stay_takes_the_file_another_one_a_card_of_its_own(there: Hospital) -> None:
    batch = there.checked(there.page(**OTHER, P782="12500.00"))
    assert chosen(there, batch, "replace") == 1
    there.confirmed(batch)
    with there.acting():
        card = Card.objects.get()
        assert (card.record_number, card.version, current(card).value("P782")) == ("BA777", 2, "12500.00")
    batch = there.checked(there.page(P3="BA778", P13=NUMBER))
    assert chosen(there, batch, "new") == 1
    there.confirmed(batch)
    assert records(there) == ["BA777", "BA778"]
    again = there.checked(there.page(P3="BA778", P13=NUMBER), there.page(**OTHER, P782="12500.00"))
    assert what_rows_are(there, again) == [("unchanged", "", ""), ("unchanged", "", "")]


def test_two_rows_of_one_file(hospital: Hospital) -> None:
    batch = hospital.checked(
        hospital.page(P13=NUMBER), hospital.page(P3="ZY0002", P4="虚构别"), hospital.page(**OTHER, P782="12500.00")
    )
    assert what_rows_are(hospital, batch) == [NEW, NEW, IN_FILE]
    page = page_of_row(hospital, batch, 3)
    for said in ("文件中的两行", f"/imports/{batch.pk}/rows/1", "12000.00", "12500.00", "同一次住院：不导入这一行"):
        assert said in page
    listed = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows?match=probable").content.decode()
    assert 'value="skip"' in listed
    assert 'value="replace"' not in listed
    for choice in ("keep", "replace", "fill"):
        assert chosen(hospital, batch, choice, 3) == 0, "there is no card"
    assert chosen(hospital, batch, "skip", 3) == 1
    counts = hospital.confirmed(batch).counts
    assert (counts["created"], counts["skipped"]) == (2, 1)
    assert records(hospital) == ["ZY0001", "ZY0002"]
    # What was left out stays out when the hospital exports its month again.
    again = hospital.checked(hospital.page(**OTHER, P782="12500.00"), hospital.page(P13=NUMBER))
    assert what_rows_are(hospital, again) == [("probable", "same_child", "keep"), ("unchanged", "", "")]
    assert hospital.confirmed(again).counts["unchanged"] == 2


def test_two_rows_of_two_stays_after_all(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P13=NUMBER), hospital.page(**OTHER))
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="new", match="probable", by=by) == 1
    hospital.confirmed(batch)
    assert records(hospital) == ["BA777", "ZY0001"]


def test_a_row_beside_one_whose_card_is_there_is_shown_beside_the_card(hospital: Hospital) -> None:
    """The card lacks the number, which the file now brings: the file's rows are one child."""
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(**OTHER), hospital.page(P13=NUMBER))
    assert what_rows_are(hospital, batch) == [ASKED, ("changed", "", "replace")]
    with hospital.acting():
        first = batch.rows.get(row=1)
        assert (first.card, first.card_version) == (Card.objects.get().pk, 1)


def test_also_where_the_file_brings_the_cards_own_row(there: Hospital) -> None:
    batch = there.checked(there.page(P13=NUMBER), there.page(**OTHER))
    assert what_rows_are(there, batch) == [("unchanged", "", ""), ASKED]


@pytest.mark.parametrize(
    "number",
    [identity_number("1990-01-01", 7), "E12345678", "-", "", "无", "990101202003010011", "000000000000000000"],
)
def test_a_mothers_a_passports_or_nobodys_number_asks_nothing(hospital: Hospital, number: str) -> None:
    hospital.imported(hospital.page(P13=number))
    batch = hospital.checked(*(hospital.page(P3=f"BA{at}", P4=f"虚构{at}", P13=number) for at in range(4)))
    assert what_rows_are(hospital, batch) == [NEW] * 4


def test_a_childs_number_without_its_birth_date_asks_nothing(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P13=NUMBER))
    batch = hospital.checked(hospital.page(**OTHER, P6="不详"))
    assert "same_child" not in str(what_rows_are(hospital, batch))


def test_a_number_of_a_whole_ward_is_nobodys(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_child, "SHARED", 3)
    ward = [hospital.page(P3=f"BA{at}", P13=NUMBER) for at in range(4)]
    assert what_rows_are(hospital, hospital.checked(*ward)) == [NEW] * 4
    assert what_rows_are(hospital, hospital.checked(*ward[:3])) == [NEW, IN_FILE, IN_FILE]


def test_a_card_that_was_voided_asks_nothing(there: Hospital) -> None:
    with there.acting() as by:
        move(cards=[Card.objects.get().pk], act="void", by=by, reason="虚构原因")
    assert what_rows_are(there, there.checked(there.page(**OTHER))) == [NEW]


def test_a_number_that_somebody_parted_from_the_child_is_another_childs(there: Hospital) -> None:
    batch = there.checked(there.page(**OTHER))
    chosen(there, batch, "new")
    there.confirmed(batch)
    with there.acting("children.merge") as by:
        split(view=HospitalView.objects.get(record_number="BA777"), reason="虚构：两名患儿", by=by)
    batch = there.checked(there.page(**OTHER, P2="2", P22="2026-10-04", P25="2026-10-06 09:00"))
    assert what_rows_are(there, batch) == [NEW]


def test_another_hospitals_card_of_the_child_is_never_mentioned(hospital: Hospital) -> None:
    other = a_hospital()
    other.imported(other.page(**OTHER))
    batch = hospital.checked(hospital.page(P13=NUMBER))
    assert what_rows_are(hospital, batch) == [NEW]
    page = page_of_row(hospital, batch)
    assert "BA777" not in page
    hospital.confirmed(batch)
    assert (records(hospital), records(other)) == (["ZY0001"], ["BA777"])
    # And each asks beside its own.
    batch = other.checked(other.page(P3="BA778", P13=NUMBER))
    assert what_rows_are(other, batch) == [ASKED]
    assert "ZY0001" not in page_of_row(other, batch)


def test_a_card_typed_while_the_file_is_looked_at_is_asked_about(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(**OTHER))
    assert what_rows_are(hospital, batch) == [NEW]
    with hospital.acting() as by:
        typed = {code: text for code, text in hospital.page(P13=NUMBER).items() if text}
        enter_card(institution=hospital.institution, content=Content("2012", typed), by=by)
        batch.summary["compared_at"] = "2026-01-01T00:00:00+08:00"  # in a test both are of one transaction
        batch.save(update_fields=["summary"])
        look_again(batch=batch.pk, by=by)
    assert what_rows_are(hospital, batch) == [ASKED]
    with hospital.acting() as by:
        move(cards=[Card.objects.get().pk], act="void", by=by, reason="虚构原因")
        look_again(batch=batch.pk, by=by)
    assert what_rows_are(hospital, batch) == [NEW]


def test_a_card_typed_without_the_hour_under_a_number_in_another_writing(hospital: Hospital) -> None:
    with hospital.acting() as by:
        typed = {code: text for code, text in hospital.page(P3="0001231", P25="2026-10-08").items() if text}
        enter_card(institution=hospital.institution, content=Content("2012", typed), by=by)
    batch = hospital.checked(hospital.page(P3="1231"))
    assert what_rows_are(hospital, batch) == [("probable", "another_writing", "")]


def test_some_thousand_rows_take_hardly_longer(there: Hospital) -> None:
    """Every other row is a child's second number; asked set-wise, in a fraction of a second."""
    batch = there.checked(there.page(**OTHER))
    with there.acting(), connection.cursor() as cursor:
        row = batch.rows.get()
        rows = []
        for at in range(2, 6_002):
            row.pk, row.row, row.record_number = None, at, f"BA{at}"
            row.match, row.why, row.card = "new", "", None
            row.document_key = (at // 2).to_bytes(18, "big")
            rows.append(type(row)(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}))
        type(row).objects.bulk_create(rows)
        began = time.monotonic()
        cursor.execute("SET LOCAL enable_seqscan = off")
        same_child.ask(cursor, batch, {"batch": batch.pk, "only": None})
        took = time.monotonic() - began
        assert took < 2, took
        assert batch.rows.filter(why="same_child_in_file").count() == 3_000
