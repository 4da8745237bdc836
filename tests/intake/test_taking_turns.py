"""An import, its undo and a clerk at work on the same cards: nobody breaks the other's work, nobody waits long."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_files import Hospital, a_hospital

from committed import in_threads
from tonghu.intake import importing, services, undoing
from tonghu.intake.importing import CHANGES, import_rows
from tonghu.intake.models import Batch, Choice, Match, Row
from tonghu.intake.outcomes import WHY, outcome
from tonghu.intake.undoing import undo_cards
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import move

pytestmark = pytest.mark.requirement("REG-06")
#: So long one who holds a card waits for the other to ask for it.
_LONG = 1.5


@pytest.fixture
def hospital(committed: None, in_vault: Path) -> Hospital:
    return a_hospital()


def confirmed(hospital: Hospital, batch: Batch) -> None:
    with hospital.acting() as by:
        services.confirm(batch=batch.pk, by=by)


def numbers(hospital: Hospital) -> list[int]:
    with hospital.acting():
        return list(Card.objects.order_by("pk").values_list("pk", flat=True))


def beside_a_clerk(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, where: str, work: Callable[[], object]
) -> tuple[object, list[str]]:
    """Do a work that stops for a while at a point of it, where a clerk begins to void all of the cards."""
    inside, cards = threading.Event(), numbers(hospital)
    room, name = where.split(" ")
    passed = threading.Event()

    def stop(point: str) -> None:
        if point == name and threading.current_thread() is worker and not inside.is_set():
            inside.set()
            passed.wait(_LONG)

    monkeypatch.setattr(f"tonghu.registry.services.{room}.point", stop)
    worker: threading.Thread | None = None

    def both(number: int) -> object:
        nonlocal worker
        if number == 0:
            worker = threading.current_thread()
            return work()
        assert inside.wait(20)
        with hospital.acting() as by:
            moved = move(cards=cards, act="void", by=by, reason="虚构原因")
        passed.set()
        return [one.refused for one in moved]

    mine, clerks = in_threads(both, 2)
    assert isinstance(clerks, list)
    return mine, clerks


def test_a_file_in_another_order_than_a_bulk_act(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    batch = hospital.checked(hospital.page(P3="ZY0002", P782="1.00"), hospital.page(P782="1.00"))
    confirmed(hospital, batch)

    def work() -> object:
        with hospital.acting() as by:
            return import_rows(batch.pk, by)

    done, clerks = beside_a_clerk(hospital, monkeypatch, "saving registry.card_written", work)
    assert done == {"rows": 2}
    assert clerks == ["", ""], "the clerk's act comes after the import's"
    assert hospital.seen(batch).counts["updated"] == 2


def test_an_undo_voids_and_puts_back_beside_a_bulk_act(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital.imported(hospital.page())
    batch = hospital.imported(hospital.page(P782="1.00"), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)

    def work() -> object:
        with hospital.acting() as by:
            return undo_cards(batch.pk, by)["cards"]

    done, clerks = beside_a_clerk(hospital, monkeypatch, "moving registry.acts_written", work)
    assert done == 2
    assert clerks == ["", "state"], "the one card was put back, the other one is voided"
    seen = hospital.seen(batch).counts
    assert (seen["voided"], seen["restored"], seen["kept"]) == (1, 1, 0)


def test_cards_change_in_portions_and_each_row_once(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PORTION", 2)
    stays = [hospital.page(P3=f"ZY{n:04d}") for n in range(5)]
    hospital.imported(*stays)
    batch = hospital.checked(
        *(row for n, stay in enumerate(stays) for row in ({**stay, "P782": "1.00"}, hospital.page(P3=f"NEU{n:03d}")))
    )
    confirmed(hospital, batch)
    portions = []
    while True:
        with hospital.acting() as by:
            before = batch.rows.count()
            done = import_rows(batch.pk, by)["rows"]
            assert batch.rows.count() == before - done
        portions.append((done, hospital.seen(batch).counts["updated"], hospital.seen(batch).counts["created"]))
        if not done:
            break
    assert portions == [(2, 2, 0), (2, 4, 0), (1, 5, 0), (5, 5, 5), (0, 5, 5)]
    with hospital.acting():
        assert Card.objects.count() == 10
        assert CardVersion.objects.filter(batch=batch.pk).count() == 10


def test_rows_that_wait_take_no_place_in_a_portion(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else, where they stand first, the whole chunk would be one portion, and a clerk would wait for all of it."""
    monkeypatch.setattr(importing, "PORTION", 2)
    stays = [hospital.page(P3=f"ZY{n:04d}") for n in range(7)]
    hospital.imported(*stays)
    batch = hospital.checked(*({**stay, "P782": "1.00"} for stay in stays))
    confirmed(hospital, batch)
    with hospital.acting():
        batch.rows.filter(row__lte=4).update(match=Match.NEW, choice="", why="moved")
    locked: list[int] = []
    monkeypatch.setattr(importing, "hold", lambda cards: locked.append(len(set(cards))))
    portions = []
    while not portions or portions[-1]:
        with hospital.acting() as by:
            portions.append(import_rows(batch.pk, by)["rows"])
    assert (portions, locked) == ([2, 1, 4, 0], [2, 1])
    assert {name: hospital.seen(batch).counts[name] for name in ("updated", "failed")} == {"updated": 3, "failed": 4}


def test_the_database_and_the_preview_say_alike_which_rows_change_a_card(hospital: Hospital) -> None:
    """Every kind of row: what the import takes in portions is what the preview says changes a card that is there."""
    batch = hospital.checked(hospital.page(P3="ZY0001"))
    kinds = itertools.product(Match.values, ["", *Choice.values], ["", *WHY], [None, 1], [None, 1])
    with hospital.acting():
        row = batch.rows.get()
        made = []
        for number, (match, choice, why, card, answered) in enumerate(kinds, 2):
            said = {"row": number, "match": match, "choice": choice, "why": why, "card": card, "answered": answered}
            sealed = {name: getattr(row, name) for name in ("content", "content_key", "identity")}
            made.append(Row(batch=batch, institution_id=row.institution_id, **sealed, **said))
        Row.objects.bulk_create(made)
        taken = set(batch.rows.filter(CHANGES).values_list("row", flat=True))
    becomes = {
        each.row: outcome(each.match, each.choice, each.why, answered=each.answered is not None) for each in made
    }
    assert taken == {
        each.row for each in made if each.card and becomes[each.row] in ("replace", "fill", "create")
    }  # fmt: skip
    assert len(taken) > 50


def test_an_undo_puts_back_in_portions_and_each_card_once(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clerk who saves one of the cards waits for two others, not for all of them."""
    monkeypatch.setattr(undoing, "PORTION", 2)
    stays = [hospital.page(P3=f"ZY{n:04d}") for n in range(5)]
    hospital.imported(*stays)
    batch = hospital.imported(*({**stay, "P782": "1.00"} for stay in stays), hospital.page(P3="ZY0009"))
    locked: list[int] = []
    monkeypatch.setattr(undoing, "hold", lambda cards: locked.append(len(set(cards))))
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)
    while True:
        with hospital.acting() as by:
            if not undo_cards(batch.pk, by)["cards"]:
                break
    assert locked == [2, 2, 2, 0], "the last one with the card that the import made"
    seen = hospital.seen(batch).counts
    assert (seen["restored"], seen["voided"], seen["kept"]) == (5, 1, 0)
    with hospital.acting():
        assert CardVersion.objects.filter(batch=batch.pk, origin="undo").count() == 5


def test_voided_cards_come_back_in_portions_too(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PORTION", 2)
    stays = [hospital.page(P3=f"ZY{n:04d}") for n in range(3)]
    hospital.undone(hospital.imported(*stays))
    batch = hospital.imported(*stays, hospital.page(P3="ZY0009"))
    assert {name: batch.counts[name] for name in ("created", "updated", "failed")} == {
        "created": 4, "updated": 0, "failed": 0,
    }  # fmt: skip
    with hospital.acting():
        assert set(Card.objects.values_list("state", flat=True)) == {"draft"}
        assert Card.objects.count() == 4
