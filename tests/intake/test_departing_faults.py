"""Children leave once with an undone import, whoever dies over it, and come back once, whoever brings them."""

from __future__ import annotations

import threading

import pytest
from made_up_files import Hospital
from test_import_faults import ROWS, finish, hospital, pages, workers

from committed import in_threads
from faults import Workers
from tonghu.intake import services
from tonghu.intake.models import State
from tonghu.patients import queries
from tonghu.patients.models import HospitalView
from tonghu.registry.models import Card

__all__ = ["hospital", "workers"]
pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.requirement("REG-06")]


def listed(of: Hospital) -> int:
    with of.acting() as by:
        return queries.listed(by).count()


@pytest.mark.parametrize(("fatal", "hit"), [("intake.in_leaving", 1), ("job.after_commit", 1), ("job.before_end", 1)])
def test_killed_while_children_leave(workers: Workers, hospital: Hospital, fatal: str, hit: int) -> None:
    batch = hospital.imported(*pages(hospital))
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)
    batch = finish(workers, hospital, batch, fatal, hit)
    assert batch.state == State.UNDONE
    assert (batch.counts["voided"], batch.counts["children"]) == (ROWS, ROWS)
    assert batch.summary["children"] == {}
    assert listed(hospital) == 0


def test_two_files_bring_the_same_children_back_at_once(hospital: Hospital) -> None:
    hospital.undone(hospital.imported(*pages(hospital)))
    with hospital.acting():
        before = set(HospitalView.objects.values_list("pk", "child"))
    same = hospital.checked(*pages(hospital))
    later = {"P22": "2026-10-15 08:30", "P25": "2026-10-20 09:00", "P2": "2"}
    other = hospital.checked(*pages(hospital, **later))
    with hospital.acting() as by:
        for batch in (same, other):
            services.confirm(batch=batch.pk, by=by)
    waiting = iter([same, other])
    turn = threading.Lock()

    def bring(_number: int) -> str:
        with turn:
            batch = next(waiting)
        return str(hospital.run(batch).state)

    assert in_threads(bring, 2) == [State.CONFIRMED, State.CONFIRMED]
    with hospital.acting():
        assert set(HospitalView.objects.values_list("pk", "child")) == before
        assert Card.objects.exclude(state="voided").count() == 2 * ROWS
    assert listed(hospital) == ROWS


def test_whoever_restores_a_card_meanwhile_keeps_the_child(hospital: Hospital) -> None:
    """A card comes back between an undo's last card and its first child."""
    from tonghu.intake import departing
    from tonghu.intake.undoing import undo_cards
    from tonghu.registry.services import move

    batch = hospital.imported(hospital.page())
    with hospital.acting() as by:
        services.undo(batch=batch.pk, by=by)
        while undo_cards(batch.pk, by)["cards"]:
            pass
        move(cards=[Card.objects.get().pk], act="restore", by=by, reason="虚构原因")
        assert departing.let_go(batch.pk, by)["children"] == 1
    assert hospital.seen(batch).summary["children"] == {"card": 1}
    assert listed(hospital) == 1
