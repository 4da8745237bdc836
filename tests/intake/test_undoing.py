"""What an undo takes back and what it leaves: locked months, cards that came back, cards on their way."""

from __future__ import annotations

from datetime import date

import pytest
from django.db.models import Sum
from made_up_files import MONTH, Hospital, card_in

import made_up
from tonghu.errors import InputRefused
from tonghu.intake import services
from tonghu.intake.models import Batch, State
from tonghu.intake.undoing import forecast
from tonghu.registry.models import Card, CardAct, CardVersion, Finding, Tally
from tonghu.registry.services import answered, ask_department, bulk_mend, move, save_card, undo_mend
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


def returned(hospital: Hospital, card: Card, where: str) -> None:
    """A submitted card comes back from the auditor, or a reported one from the centre."""
    post, act = (
        (made_up.post("auditor", hospital.institution), "return")
        if where == "auditor"
        else (made_up.post("centre_officer", made_up.authority("centre", "000000")), "return_by_centre")
    )
    with made_up.acting(post) as by:
        assert move(cards=[card.pk], act=act, by=by, reason="虚构原因")[0].refused == ""


def submitted(hospital: Hospital, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card is sent to the auditor, whatever the rules find."""
    with hospital.acting() as by, monkeypatch.context() as nothing:
        nothing.setattr("tonghu.registry.services.moving.to_ask_again", lambda _cards: [])
        Finding.objects.filter(card=card).delete()
        Card.objects.filter(pk=card.pk).update(errors=0, warnings=0, confirms=0)
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""


def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules find nothing from now on."""
    monkeypatch.setattr("tonghu.registry.services.saving.check", lambda *_: [])
    monkeypatch.setattr("tonghu.registry.services.moving.to_ask_again", lambda _cards: [])


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
        assert {why: said["count"] for why, said in later.summary["left"].items()} == {"locked": 1}
        with hospital.acting():
            card = Card.objects.get(record_number="ZY0001")
            assert later.kept_cards == [card.pk]
            assert Card.objects.get(record_number="ZY0002").state == "voided"
        assert cost(hospital) == "13000.00"
        page = made_up.browser(hospital.clerk).get(f"/imports/{later.pk}").content.decode()
        assert '归档月已锁定，仍可逐张更正 <span class="part-count">1</span>' in page
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
            monkeypatch.setattr("tonghu.registry.services.mending.AT_ONCE_OF_CHILD", 0.5)
        clerk = made_up.browser(hospital.clerk)
        answer = clerk.post(f"/cards/queue/undo/{mended.batch}")
        if not at_once:
            with hospital.acting():
                job = Job.objects.get(kind="registry.undo_mend")
            run = run_jobs.run_one(job.pk)
            assert run.result == {"as_before": 1, "left": 1, "locked": 1, "withdrawn": 0}
        page = clerk.get(answer["Location"]).content.decode()
        assert "1 份报告卡的归档月已锁定" in page


class TestCameBack:
    """A card that was returned is as much in hand as a draft: what counts is whether somebody wrote since."""

    @pytest.mark.parametrize("where", ["auditor", "centre"])
    def test_a_returned_card_that_nobody_touched_since_gets_its_text_back(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        card = card_in(hospital, {"auditor": "submitted", "centre": "reported"}[where], monkeypatch)
        returned(hospital, card, where)
        batch = hospital.undone(replaced(hospital))
        assert undone(batch) == {"voided": 0, "restored": 1, "kept": 0}
        with hospital.acting():
            card.refresh_from_db()
        assert card.state == {"auditor": "returned", "centre": "returned_by_centre"}[where]
        assert cost(hospital) == "12000.00"

    def test_one_that_an_auditor_returned_since_is_left(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = card_in(hospital, "submitted", monkeypatch)
        returned(hospital, card, "auditor")
        batch = replaced(hospital)
        submitted(hospital, card, monkeypatch)
        returned(hospital, card, "auditor")
        batch = hospital.undone(batch)
        assert (undone(batch), batch.kept_cards) == ({"voided": 0, "restored": 0, "kept": 1}, [card.pk])
        assert cost(hospital) == "13000.00"

    def test_what_was_handed_on_and_taken_back_or_asked_and_answered_is_undone(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"), hospital.page(P3="ZY0003"))
        with hospital.acting():
            sent, asked, waits = Card.objects.order_by("pk")
        submitted(hospital, sent, monkeypatch)
        with hospital.acting() as by:
            for card in (asked, waits):
                ask_department(card=card.pk, department="虚构病理科", by=by)
            answered(card=asked.pk, by=by)
            assert set(forecast(batch).left) == {waits.pk}, "what another department was asked about stays"
            assert move(cards=[sent.pk], act="withdraw", by=by)[0].refused == ""
            assert set(forecast(batch).left) == {waits.pk}
        batch = hospital.undone(batch)
        assert (undone(batch), batch.kept_cards) == ({"voided": 2, "restored": 0, "kept": 1}, [waits.pk])

    def test_a_restored_card_that_somebody_wrote_on_since_is_left(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(hospital.page()))
        again = hospital.imported(hospital.page())
        with hospital.acting() as by:
            card = Card.objects.get()
            assert (card.state, card.version) == ("draft", 1), "its text is what the file says"
            save_card(card=card.pk, based_on=1, by=by, supplement={"laterality": "1"})
        assert undone(hospital.undone(again)) == {"voided": 0, "restored": 0, "kept": 1}


class TestUndoneSince:
    """An undo that gave a card exactly what an import had said is nobody's hand."""

    def test_the_imports_of_a_card_are_undone_one_after_the_other(self, hospital: Hospital) -> None:
        first = hospital.imported(hospital.page())
        second = hospital.imported(hospital.page(P782="13000.00"))
        third = hospital.imported(hospital.page(P782="14000.00"))
        assert [undone(hospital.undone(one)) for one in (third, second, first)] == [
            {"voided": 0, "restored": 1, "kept": 0},
            {"voided": 0, "restored": 1, "kept": 0},
            {"voided": 1, "restored": 0, "kept": 0},
        ]
        with hospital.acting():
            assert Card.objects.get().state == "voided"
        assert cost(hospital) == "12000.00"

    def test_a_bulk_mend_taken_back_is_none_either(self, hospital: Hospital) -> None:
        batch = hospital.imported(hospital.page(P782="１２０００.00"))
        with hospital.acting() as by:
            undo_mend(batch=bulk_mend(rule="HQ021", by=by).batch, by=by)
        assert undone(hospital.undone(batch)) == {"voided": 1, "restored": 0, "kept": 0}

    def test_what_a_clerk_wrote_in_between_is_left(self, hospital: Hospital) -> None:
        first = hospital.imported(hospital.page())
        with hospital.acting() as by:
            card = Card.objects.get()
            save_card(card=card.pk, based_on=1, by=by, supplement={"laterality": "1"})
        second = replaced(hospital)
        assert undone(hospital.undone(second)) == {"voided": 0, "restored": 1, "kept": 0}
        assert undone(hospital.undone(first)) == {"voided": 0, "restored": 0, "kept": 1}

    def test_an_undo_that_gave_back_another_text_is_one(self, hospital: Hospital) -> None:
        first = hospital.imported(hospital.page())
        second = hospital.imported(hospital.page(P782="13000.00"))
        third = hospital.imported(hospital.page(P782="14000.00"))
        hospital.undone(third)
        assert undone(hospital.undone(first)) == {"voided": 0, "restored": 0, "kept": 1}
        assert undone(hospital.undone(second)) == {"voided": 0, "restored": 1, "kept": 0}


class TestTakenInHand:
    """A card that the import took in hand is where it was again, as far as an act of the hospital leads there."""

    def test_a_submitted_card_is_submitted_again(self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
        card = card_in(hospital, "submitted", monkeypatch)
        nothing_found(monkeypatch)
        batch = hospital.undone(replaced(hospital))
        assert undone(batch) == {"voided": 0, "restored": 1, "kept": 0}
        assert (batch.counts["submitted"], batch.counts["in_hand"]) == (1, 0)
        with hospital.acting():
            card.refresh_from_db()
            acts = list(CardAct.objects.filter(card=card).order_by("pk").values_list("act", "batch"))
        assert (card.state, card.version) == ("submitted", 4)
        assert acts == [("submit", None), ("withdraw", batch.pk), ("submit", batch.pk)]
        assert cost(hospital) == "12000.00"
        page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
        assert "其中重新提交" in page

    def test_one_that_has_errors_open_is_left_in_hand_and_named(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = card_in(hospital, "submitted", monkeypatch)
        batch = replaced(hospital)
        with hospital.acting():
            assert Finding.objects.filter(card=card).exists(), "the rules find something now"
        self.left_in_hand(hospital, hospital.undone(batch), card)

    def test_an_accepted_card_is_left_in_hand_and_named(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = card_in(hospital, "accepted", monkeypatch)
        nothing_found(monkeypatch)
        self.left_in_hand(hospital, hospital.undone(replaced(hospital)), card)

    @staticmethod
    def left_in_hand(hospital: Hospital, batch: Batch, card: Card) -> None:
        """Its text is back, and the import's page leads to it."""
        assert undone(batch) == {"voided": 0, "restored": 1, "kept": 0}
        assert (batch.counts["submitted"], batch.counts["in_hand"]) == (0, 1)
        with hospital.acting():
            card.refresh_from_db()
        assert card.state == "draft"
        assert cost(hospital) == "12000.00"
        page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
        assert "1 份报告卡在导入前已提交或已接收" in page
        assert f'href="/cards/{card.pk}"' in page


def test_a_file_for_another_month_brings_the_stay_into_that_month(hospital: Hospital) -> None:
    """Imported for the wrong month, taken back, imported again: the board counts the month of the second file."""
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    hospital.undone(hospital.confirmed(hospital.checked(hospital.page(), month=september)))
    again = hospital.confirmed(hospital.checked(hospital.page(), month=october))
    assert again.counts["created"] == 1
    with hospital.acting():
        card = Card.objects.get()
        assert (card.state, card.archive_month, card.archive_month_assumed) == ("draft", october, False)
        assert CardVersion.objects.get(card=card, number=card.version).changed == ["archive_month"]
        counted = {month: n for month, n in Tally.objects.values_list("archive_month").annotate(n=Sum("cards")) if n}
        assert counted == {october: 1}
    hospital.undone(again)
    with hospital.acting():
        assert Card.objects.get().state == "voided", "that, too, is taken back as a whole"
