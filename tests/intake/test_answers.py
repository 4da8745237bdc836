"""What somebody decided on a row holds when the same file comes again: nobody is asked twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from made_up_files import Hospital, card_in
from test_round_trip import brought, exported

import made_up
from tonghu.intake import services
from tonghu.intake.models import Answer, Batch, State
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import move, save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]

Bring = Callable[[], Batch]


def decided(hospital: Hospital, batch: Batch, choice: str) -> Batch:
    """All rows that have this choice get it, and the file is imported."""
    with hospital.acting() as by:
        numbers = list(batch.rows.values_list("row", flat=True))
        assert services.choose(batch=batch.pk, choice=choice, rows=numbers, by=by) > 0
    return hospital.confirmed(batch)


def rows(hospital: Hospital, batch: Batch) -> list[tuple[str, str, bool]]:
    with hospital.acting():
        return [(row.match, row.choice, row.answered is not None) for row in batch.rows.order_by("row")]


def versions(hospital: Hospital) -> list[tuple[str, int, str]]:
    with hospital.acting():
        return list(Card.objects.order_by("pk").values_list("record_number", "version", "state"))


def mended(hospital: Hospital, **front: str) -> None:
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=card.version, by=by, front=front)


def says(hospital: Hospital, code: str) -> str:
    with hospital.acting():
        return current(Card.objects.get()).value(code)


def changed(hospital: Hospital) -> Bring:
    """Nobody wrote on the card: it follows the file by itself."""
    hospital.imported(hospital.page(P12=""))
    return lambda: hospital.checked(hospital.page(P12="中国", P782="13000.00"))


def edited(hospital: Hospital) -> Bring:
    """A clerk wrote in a field that the file would change."""
    hospital.imported(hospital.page(P12=""))
    mended(hospital, P782="12500.00")
    return lambda: hospital.checked(hospital.page(P12="中国", P782="13000.00"))


def with_supplement(hospital: Hospital) -> Bring:
    """The card has a supplement, so that its hash is no row's."""
    bring = edited(hospital)
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=card.version, by=by, supplement={"laterality": "1"})
    return bring


def near(hospital: Hospital) -> Bring:
    """The discharge time is another: probably the same stay."""
    hospital.imported(hospital.page(P12=""))
    return lambda: hospital.checked(hospital.page(P12="中国", P25="2026-10-09 09:00", P27="8"))


def undetermined(hospital: Hospital) -> Bring:
    """The age is not known."""
    return lambda: hospital.checked(hospital.page(P6="", P7="", P13=""))


def new(hospital: Hospital) -> Bring:
    """No card is there."""
    return lambda: hospital.checked(hospital.page(), hospital.page(P3="ZY0002"))


def copied(hospital: Hospital) -> Bring:
    """In the export a row was copied for another stay, and the card's number stood still."""
    hospital.imported(hospital.page())
    lines = list(csv.reader(io.StringIO(exported(hospital, "csv").decode("utf-8-sig"))))
    header, held = lines[1], lines[2]
    copy = list(held)
    for code, text in (("P3", "ZY0777"), ("P25", "2026-10-20 09:00"), ("P4", "虚构别")):
        copy[header.index(code)] = text
    out = io.StringIO()
    csv.writer(out).writerows([header, copy, held])
    return lambda: brought(hospital, out.getvalue().encode(), "csv")


@pytest.mark.parametrize(
    ("case", "choice"),
    [
        *((case, choice) for case in (changed, edited, with_supplement) for choice in ("keep", "fill", "replace")),
        *((near, choice) for choice in ("keep", "fill", "replace", "new")),
        *((undetermined, choice) for choice in ("skip", "new")),
        *((new, choice) for choice in ("skip", "new")),
        *((copied, choice) for choice in ("keep", "new")),
    ],
)
def test_the_same_file_again_asks_nothing_and_does_nothing(
    hospital: Hospital, case: Callable[[Hospital], Bring], choice: str
) -> None:
    bring = case(hospital)
    first = decided(hospital, bring(), choice)
    after = versions(hospital)
    for _turn in range(2):
        again = bring()
        with hospital.acting():
            preview = made_up.browser(hospital.clerk).get(f"/imports/{again.pk}").content.decode()
        assert "行等您决定" not in preview
        again = hospital.confirmed(again)
        assert again.counts["unchanged"] == again.counts["of"] == first.counts["of"], again.counts
        assert versions(hospital) == after


def test_the_preview_says_in_which_import_it_was_decided(hospital: Hospital) -> None:
    bring = edited(hospital)
    decided(hospital, bring(), "keep")
    again = bring()
    clerk = made_up.browser(hospital.clerk)
    page = clerk.get(f"/imports/{again.pk}").content.decode()
    assert "1 行此前已决定" in page
    assert "导入批次 2026-0002" in page
    assert "确认导入" not in page, "it would do nothing"
    listed = clerk.get(f"/imports/{again.pk}/rows?decided=yes").content.decode()
    assert f"/imports/{again.pk}/rows/1" in listed
    row = clerk.get(f"/imports/{again.pk}/rows/1").content.decode()
    assert "2026-0002" in row


def test_minds_may_be_changed(hospital: Hospital) -> None:
    bring = edited(hospital)
    decided(hospital, bring(), "keep")
    assert decided(hospital, bring(), "replace").counts["updated"] == 1
    assert says(hospital, "P782") == "13000.00"
    again = hospital.confirmed(bring())
    assert again.counts["unchanged"] == 1
    skipped = new(hospital)
    fresh = skipped()
    decided(hospital, fresh, "skip")
    assert decided(hospital, skipped(), "new").counts["created"] == 1, "one of its stays has a card already"


@pytest.mark.parametrize("choice", ["keep", "fill"])
def test_an_undone_import_takes_its_answers_with_it(hospital: Hospital, choice: str) -> None:
    bring = edited(hospital)
    first = decided(hospital, bring(), choice)
    with hospital.acting():
        assert Answer.objects.count() == 1
    hospital.undone(first)
    assert rows(hospital, bring()) == [("changed", "", False)]


def test_a_later_import_is_asked_about_and_so_is_what_it_rested_on(hospital: Hospital) -> None:
    bring = edited(hospital)
    decided(hospital, bring(), "keep")
    later = hospital.checked(hospital.page(P782="14000.00"))
    assert rows(hospital, later) == [("changed", "", False)], "another row is another question"
    later = decided(hospital, later, "replace")
    waiting = bring()
    assert rows(hospital, waiting) == [("changed", "replace", False)], "since then the card follows the files"
    with hospital.acting() as by:
        services.discard(batch=waiting.pk, by=by)
    hospital.undone(later)
    assert rows(hospital, bring()) == [("changed", "keep", True)], "as it was when it was decided"


def test_a_field_that_was_kept_waits_when_another_row_would_change_it(hospital: Hospital) -> None:
    decided(hospital, changed(hospital)(), "keep")
    other = hospital.checked(hospital.page(P12="", P782="13000.00", P802="13800000009"))
    with hospital.acting():
        assert list(other.rows.values_list("why", "choice")) == [("kept", "")]
    elsewhere = hospital.checked(hospital.page(P12="", P802="13800000009"))
    assert rows(hospital, elsewhere) == [("changed", "replace", False)], "nobody decided on that field"


def test_of_a_fill_the_fields_that_were_filled_follow_the_file(hospital: Hospital) -> None:
    decided(hospital, changed(hospital)(), "fill")
    with hospital.acting():
        answer = Answer.objects.get()
        assert (answer.changed, answer.card_version) == (["P782"], 2)
    fresh = hospital.checked(hospital.page(P12="法国"))
    assert rows(hospital, fresh) == [("changed", "replace", False)]


def test_a_file_without_a_column_is_another_file_than_one_with_a_blank(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    lacking = {code: text for code, text in hospital.page(P782="13000.00").items() if code != "P12"}
    decided(hospital, hospital.checked(lacking), "keep")
    assert rows(hospital, hospital.checked(lacking)) == [("changed", "keep", True)]
    blank = hospital.checked(hospital.page(P782="13000.00", P12=""))
    assert rows(hospital, blank) == [("changed", "", False)]


def test_what_was_kept_stays_so_while_the_card_goes_on_its_way(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_in(hospital, "submitted", monkeypatch)
    bring = lambda: hospital.checked(hospital.page(P782="13000.00"))  # noqa: E731
    decided(hospital, bring(), "keep")
    auditor = made_up.post("auditor", hospital.institution)
    with made_up.acting(auditor) as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""
    again = hospital.confirmed(bring())
    assert (again.counts["unchanged"], again.counts["failed"]) == (1, 0)


def test_a_row_without_anybodys_choice_leaves_no_answer(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    hospital.imported(hospital.page(P782="13000.00"), hospital.page(P3="ZY0003"))
    with hospital.acting():
        assert not Answer.objects.exists()
        assert CardVersion.objects.count() == 4


def test_a_choice_that_could_not_be_done_is_no_answer(hospital: Hospital) -> None:
    bring = edited(hospital)
    batch = bring()
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="fill", rows=[1], by=by)
    mended(hospital, P802="13800000009")
    batch = hospital.confirmed(batch)
    assert batch.counts["failed"] == 1
    with hospital.acting():
        assert not Answer.objects.exists()
    assert hospital.seen(batch).state == State.CONFIRMED


def test_the_database_alone_numbers_answers(hospital: Hospital) -> None:
    """The newest of a row counts: by raw SQL too, nobody writes one that stays the newest."""
    refused = pytest.raises(DatabaseError, match="permission denied for table intake_answer")
    with hospital.acting(), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("INSERT INTO intake_answer (id, choice) VALUES (9000000000000000000, 'skip')")
