"""A stay that is there under almost the same name: nothing is doubled and no child changed without a person's word."""

from __future__ import annotations

import pytest
from made_up_files import Hospital, identity_number
from test_keys_in_doubt import edited, what_rows_are

import made_up
from tonghu.intake import services
from tonghu.intake.looking_again import look_again
from tonghu.intake.models import Batch
from tonghu.registry.content import Content
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card, move, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def page_of_row(hospital: Hospital, batch: Batch) -> str:
    return made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}/rows/1").content.decode()


@pytest.mark.parametrize(
    ("there", "comes"),
    [("0001231", "1231"), ("zy0001", "ZY0001"), ("ZY-0001", "ZY0001"), ("ZY 0001", "ZY0001"), ("ZY0001", "ZY-0001")],
)
def test_a_record_number_in_another_writing_is_a_question(hospital: Hospital, there: str, comes: str) -> None:
    hospital.imported(hospital.page(P3=there))
    batch = hospital.checked(hospital.page(P3=comes), hospital.page(P3="ZY0777", P4="虚构别"))
    assert what_rows_are(hospital, batch) == [("probable", "another_writing", ""), ("new", "", "")]
    assert "前导零" in page_of_row(hospital, batch)
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="keep", rows=[1], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        assert sorted(Card.objects.values_list("record_number", flat=True)) == sorted([there, "ZY0777"])


def test_another_time_under_a_like_number_is_another_stay(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P3="0001231"))
    batch = hospital.checked(hospital.page(P3="1231", P25="2026-10-19 09:00"))
    assert what_rows_are(hospital, batch) == [("new", "", "")]


def test_a_stay_that_somebody_typed_without_the_hour_is_a_question(hospital: Hospital) -> None:
    typed = hospital.page(P25="2026-10-08", P2="")
    with hospital.acting() as by:
        card = enter_card(
            institution=hospital.institution, content=Content("2012", {k: v for k, v in typed.items() if v}), by=by
        )
    batch = hospital.checked(hospital.page(P25="2026-10-08 09:00", P2="1"), hospital.page(P25="2026-10-09 00:30"))
    assert what_rows_are(hospital, batch) == [("probable", "same_day", ""), ("new", "", "")]
    assert "同日出院" in page_of_row(hospital, batch)
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        card.refresh_from_db()
        assert (card.version, Card.objects.count()) == (2, 2)


def test_a_card_typed_while_the_file_is_looked_at_is_asked_about(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P25="2026-10-08 09:00"))
    typed = hospital.page(P25="2026-10-08", P2="")
    with hospital.acting() as by:
        enter_card(
            institution=hospital.institution, content=Content("2012", {k: v for k, v in typed.items() if v}), by=by
        )
        # The card was typed after the comparison; in a test both are of one transaction, whose time is its begin.
        batch.summary["compared_at"] = "2026-01-01T00:00:00+08:00"
        batch.save(update_fields=["summary"])
        look_again(batch=batch.pk, by=by)
    assert what_rows_are(hospital, batch) == [("probable", "same_day", "")]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"P3": "1234"}, {"P13": "9.90101E+17"}, {"P25": "2026-10-09 09:00"},
        {"P3": "1234", "P13": "9.90101E+17", "P782": "12500.00"},
    ],
)  # fmt: skip
def test_an_export_that_a_spreadsheet_spoiled_changes_nobody_by_itself(
    hospital: Hospital, spoiled: dict[str, str]
) -> None:
    hospital.imported(hospital.page(P3="0001234", P13=identity_number("2020-03-01", 3)))
    batch = edited(hospital, lambda rows: [{**rows[0], **spoiled}])
    assert what_rows_are(hospital, batch) == [("changed", "renames", "")]
    assert "前导零丢失" in page_of_row(hospital, batch)
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="keep", rows=[1], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        card = Card.objects.get()
        assert (card.record_number, card.version) == ("0001234", 1)


def test_a_document_that_was_missing_or_is_written_otherwise_is_no_question(hospital: Hospital) -> None:
    number = identity_number("2020-03-01", 3)
    hospital.imported(hospital.page(P13="-"), hospital.page(P3="ZY0002", P13=number))
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in number)
    batch = hospital.checked(hospital.page(P13=number), hospital.page(P3="ZY0002", P13=wide))
    assert what_rows_are(hospital, batch) == [("changed", "", "replace"), ("changed", "", "replace")]


def test_the_file_is_not_taken_for_all_where_it_would_rename(hospital: Hospital) -> None:
    """Nine rows with a spoiled document number among others: each is looked at by itself, whatever its card's state."""
    hospital.imported(*(hospital.page(P3=f"ZY000{n}", P13=identity_number(f"2020-03-0{n}", n)) for n in range(1, 5)))
    with hospital.acting() as by:
        voided, typed = (Card.objects.get(record_number=f"ZY000{n}") for n in (2, 3))
        move(cards=[voided.pk], act="void", by=by, reason="误点")
        save_card(card=typed.pk, based_on=1, by=by, front={"P782": "1.00"})
    spoiled = {"P13": "9.90101E+17"}
    changes = [{**spoiled, "P782": "2.00"}, {**spoiled, "P782": "2.00"}, {"P782": "2.00"}, {"P782": "2.00"}]
    batch = edited(hospital, lambda rows: [{**row, **one} for row, one in zip(rows, changes, strict=True)])
    rows = f"/imports/{batch.pk}/rows"
    clerk = made_up.browser(hospital.clerk)
    with hospital.acting():
        assert list(batch.rows.order_by("row").values_list("why", flat=True)) == ["renames", "voided", "edited", ""]
    assert "其中 2 行会改变报告卡的病案号、出院时间或证件号码" in clerk.get(f"{rows}?match=changed").content.decode()
    page = clerk.get(f"{rows}/2").content.decode()
    assert "采用文件会把它恢复" in page
    assert "前导零丢失" in page, "both are said: the card is restored, and would be another child's"
    said = clerk.post(f"/imports/{batch.pk}/choose", {"match": "changed", "choice": "replace"}, follow=True)
    assert "2 行" in said.content.decode()
    with hospital.acting():
        chosen = dict(batch.rows.order_by("row").values_list("row", "choice"))
        assert chosen == {1: "", 2: "", 3: "replace", 4: "replace"}
    clerk.post(f"/imports/{batch.pk}/choose", {"row": "1", "choice": "keep"})
    listed = clerk.get(f"{rows}?match=changed").content.decode()
    assert "对还未决定的 1 行：" in listed
    assert "连同已决定的 3 行重新决定" in listed
    assert "其中 1 行会改变报告卡的病案号、出院时间或证件号码" in listed
    clerk.post(f"/imports/{batch.pk}/choose", {"match": "changed", "choice": "fill"})
    with hospital.acting():
        chosen = dict(batch.rows.order_by("row").values_list("row", "choice"))
        assert chosen == {1: "keep", 2: "fill", 3: "replace", 4: "replace"}, "what somebody decided stands"
    assert "这 4 行都已决定。" in clerk.get(f"{rows}?match=changed").content.decode()
    clerk.post(f"/imports/{batch.pk}/choose", {"match": "changed", "choice": "keep", "again": "1"})
    with hospital.acting():
        assert set(batch.rows.values_list("choice", flat=True)) == {"keep"}
