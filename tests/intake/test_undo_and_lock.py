"""A month that is locked at the very instant of an undo: one waits for the other, and who comes second sees it."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from made_up_files import Hospital, a_hospital

import made_up
from committed import in_threads
from tonghu.errors import InputRefused
from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.intake.undoing import undo_cards
from tonghu.platform.accounts.models import Post
from tonghu.registry.models import Card
from tonghu.registry.services import bulk_mend, undo_mend
from tonghu.surveillance import services as calendar
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import MonthLock

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-06")]

SEPTEMBER = Month(date(2026, 9, 1))
#: How long one is given to do what it must not do.
PATIENCE = 1.0


@pytest.fixture
def hospital(committed: None, in_vault: object) -> Hospital:
    return a_hospital()


@pytest.fixture
def centre(committed: None) -> Post:
    return made_up.post("centre_officer", made_up.authority("centre", "000000"))


def stay(hospital: Hospital) -> Batch:
    page = hospital.page(P22="2026-09-01 08:30", P25="2026-09-08 09:00", P782="１２０００.00")
    return hospital.confirmed(hospital.checked(page, month=SEPTEMBER.first))


def lock(centre: Post) -> None:
    with made_up.acting(centre) as by:
        calendar.lock_month(month=SEPTEMBER, by=by)


def is_locked(hospital: Hospital) -> bool:
    with hospital.acting():
        return MonthLock.objects.exists()


def test_an_undo_that_is_under_way_is_waited_for(
    hospital: Hospital, centre: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = stay(hospital)
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)
    inside, go_on = threading.Event(), threading.Event()

    def stop_there(_name: str) -> None:
        inside.set()
        assert go_on.wait(20)

    monkeypatch.setattr("tonghu.intake.undoing.point", stop_there)

    def work(number: int) -> str:
        if number == 0:
            with hospital.acting() as by:
                undo_cards(batch.pk, by)
            return "undone"
        assert inside.wait(20)
        asked = threading.Timer(PATIENCE, lambda: go_on.set())
        asked.start()
        lock(centre)
        assert go_on.is_set(), "the month was locked in the middle of the undo"
        return "locked"

    assert in_threads(work, 2) == ["undone", "locked"]
    with hospital.acting():
        assert Card.objects.get().state == "voided"
    assert is_locked(hospital)


@pytest.mark.parametrize("what", ["import", "mend"])
def test_an_undo_waits_for_a_lock_that_is_being_set_and_then_takes_nothing_back(
    hospital: Hospital, centre: Post, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    batch = stay(hospital)
    with hospital.acting() as by:
        if what == "import":
            services.undo(batch=batch.pk, by=by)
        else:
            mended = bulk_mend(rule="HQ021", by=by)
    inside, go_on = threading.Event(), threading.Event()
    real = calendar.record

    def stop_there(*kind: object, **said: object) -> object:
        inside.set()
        assert go_on.wait(20)
        return real(*kind, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(calendar, "record", stop_there)

    def work(number: int) -> str:
        if number == 0:
            lock(centre)
            return "locked"
        assert inside.wait(20)
        threading.Timer(PATIENCE, go_on.set).start()
        with pytest.raises(InputRefused, match="已锁定"), hospital.acting() as by:
            undo_cards(batch.pk, by) if what == "import" else undo_mend(batch=mended.batch, by=by)
        assert go_on.is_set(), "it did not wait"
        return "refused"

    assert in_threads(work, 2) == ["locked", "refused"]
    with hospital.acting():
        card = Card.objects.get()
        assert (card.state, card.version) == ("draft", 1 if what == "import" else 2)
