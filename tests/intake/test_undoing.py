"""What an undo takes back and what it leaves: locked months, cards that came back, cards on their way."""

from __future__ import annotations

from datetime import date

import pytest
from made_up_files import MONTH, Hospital

import made_up
from tonghu.errors import InputRefused
from tonghu.intake import services
from tonghu.intake.models import Batch, State
from tonghu.registry.models import Card
from tonghu.registry.services import bulk_mend, save_card, undo_mend
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]

NOVEMBER = date(2026, 11, 1)


def cost(hospital: Hospital, record: str = "ZY0001") -> str:
    """What a stay cost, as its card says now."""
    with hospital.acting():
        return current(Card.objects.get(record_number=record)).front["P782"]


def replaced(hospital: Hospital, cost: str = "13000.00") -> Batch:
    """The file with another cost comes, and the clerk takes what it says."""
    batch = hospital.checked(hospital.page(P782=cost))
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    return hospital.confirmed(batch)


def undone(batch: Batch) -> dict[str, int]:
    """How many cards of a batch were voided, put back and kept."""
    return {name: batch.counts.get(name, 0) for name in ("voided", "restored", "kept")}


class TestLockedMonths:
    """Nothing is undone in bulk on a card whose own archive month is locked."""

    def test_an_import_of_an_open_month_leaves_the_cards_of_a_locked_one(
        self, hospital: Hospital, locked: set[tuple[int, date]]
    ) -> None:
        hospital.imported(hospital.page())
        later = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"), month=NOVEMBER)
        later = hospital.confirmed(later)
        assert (later.counts["created"], later.counts["updated"]) == (1, 1)
        locked.add((hospital.institution.pk, MONTH))
        later = hospital.undone(later)
        assert later.state == State.UNDONE
        assert undone(later) == {"voided": 1, "restored": 0, "kept": 1}
        assert later.counts["locked"] == 1
        with hospital.acting():
            card = Card.objects.get(record_number="ZY0001")
            assert later.kept_cards == [card.pk]
            assert Card.objects.get(record_number="ZY0002").state == "voided"
        assert cost(hospital) == "13000.00"
        page = made_up.browser(hospital.clerk).get(f"/imports/{later.pk}").content.decode()
        assert "1 份报告卡的归档月已锁定" in page
        with hospital.acting() as by:  # one by one it is put right as before
            save_card(card=card.pk, based_on=card.version, by=by, front={"P782": "12000.00"})
        assert cost(hospital) == "12000.00"

    def test_the_import_of_a_locked_month_is_undone_on_no_card(
        self, hospital: Hospital, locked: set[tuple[int, date]]
    ) -> None:
        first = hospital.checked(hospital.page(), month=date(2026, 9, 1))
        hospital.confirmed(first)
        later = hospital.imported(hospital.page(P782="13000.00"))
        locked.add((hospital.institution.pk, MONTH))
        with hospital.acting() as by, pytest.raises(InputRefused, match="已锁定"):
            services.undo(batch=later.pk, by=by)

    def test_a_bulk_mend_is_taken_back_on_the_cards_of_open_months(
        self, hospital: Hospital, locked: set[tuple[int, date]]
    ) -> None:
        hospital.imported(hospital.page(P782="１２０００.00"))
        hospital.confirmed(hospital.checked(hospital.page(P3="ZY0002", P782="１２０００.00"), month=NOVEMBER))
        with hospital.acting() as by:
            mended = bulk_mend(rule="HQ021", by=by)
            assert len(mended.cards) == 2
            locked.add((hospital.institution.pk, MONTH))
            back = undo_mend(batch=mended.batch, by=by)
            old, new = Card.objects.order_by("archive_month")
            assert (back.cards, back.left, back.locked) == ((new.pk,), (old.pk,), (old.pk,))
        assert (cost(hospital), cost(hospital, "ZY0002")) == ("12000.00", "１２０００.00")
        with hospital.acting() as by, pytest.raises(InputRefused, match="归档月已锁定"):
            undo_mend(batch=mended.batch, by=by)

    @pytest.mark.parametrize("at_once", [True, False])
    def test_whoever_takes_a_bulk_mend_back_reads_what_the_lock_kept(
        self, hospital: Hospital, locked: set[tuple[int, date]], monkeypatch: pytest.MonkeyPatch, at_once: bool
    ) -> None:
        import run_jobs
        from tonghu.platform.jobs.models import Job

        hospital.imported(hospital.page(P782="１２０００.00"))
        hospital.confirmed(hospital.checked(hospital.page(P3="ZY0002", P782="１２０００.00"), month=NOVEMBER))
        with hospital.acting() as by:
            mended = bulk_mend(rule="HQ021", by=by)
        locked.add((hospital.institution.pk, MONTH))
        if not at_once:
            monkeypatch.setattr("tonghu.registry.services.mending.AT_ONCE_OF_CHILD", 0)
        clerk = made_up.browser(hospital.clerk)
        answer = clerk.post(f"/cards/queue/undo/{mended.batch}")
        if not at_once:
            with hospital.acting():
                job = Job.objects.get(kind="registry.undo_mend")
            run = run_jobs.run_one(job.pk)
            assert run.result == {"as_before": 1, "left": 1, "locked": 1}
        page = clerk.get(answer["Location"]).content.decode()
        assert "1 份报告卡的归档月已锁定" in page
