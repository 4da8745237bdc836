"""Cards of an import that were submitted since and nothing else: an undo takes them back, and says why others stay."""

from __future__ import annotations

import re
from datetime import date

import pytest
from made_up_files import MONTH, Hospital, card_in
from test_undoing import cost, nothing_found, replaced, returned, submitted, undone

import made_up
from tonghu.intake.undoing import Stays, forecast
from tonghu.registry.models import Card, CardAct
from tonghu.registry.services import ask_department, move, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def acts(card: Card) -> list[str]:
    """What was done with a card, in order."""
    return list(CardAct.objects.filter(card=card).order_by("pk").values_list("act", flat=True))


def sent_on(hospital: Hospital, card: Card, *way: str) -> None:
    """A submitted card goes on its way: the auditor approves and reports, the centre accepts or returns."""
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    auditor = made_up.post("auditor", hospital.institution)
    for act in way:
        with made_up.acting(centre if act in ("accept", "return_by_centre") else auditor) as by:
            assert move(cards=[card.pk], act=act, by=by, reason="虚构原因")[0].refused == "", act


class TestWithdrawn:
    """The submission goes with what was submitted."""

    def test_a_new_card_that_was_submitted_and_nothing_else_is_withdrawn_and_voided(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
        with hospital.acting():
            sent, draft = Card.objects.order_by("pk")
        submitted(hospital, sent, monkeypatch)
        with hospital.acting():
            would = forecast(batch)
        assert (would.voided, would.restored, would.withdrawn, would.left) == (2, 0, 1, {})
        batch = hospital.undone(batch)
        assert undone(batch) == {"voided": 2, "restored": 0, "kept": 0}
        assert batch.counts["withdrawn"] == 1
        with hospital.acting():
            assert set(Card.objects.values_list("state", flat=True)) == {"voided"}
            last = list(CardAct.objects.filter(card=sent).order_by("pk").values_list("act", "batch", "reason"))
            assert acts(draft) == ["void"]
        why = f"撤销导入批次 {batch.label}"
        assert last == [("submit", None, ""), ("withdraw", batch.pk, why), ("void", batch.pk, why)]

    def test_a_draft_that_was_changed_and_then_submitted_is_a_draft_with_its_earlier_text_again(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the undo itself withdrew was nobody's submission before the import."""
        nothing_found(monkeypatch)
        hospital.imported(hospital.page())
        batch = replaced(hospital)
        with hospital.acting():
            card = Card.objects.get()
        submitted(hospital, card, monkeypatch)
        batch = hospital.undone(batch)
        assert undone(batch) == {"voided": 0, "restored": 1, "kept": 0}
        assert (batch.counts["withdrawn"], batch.counts["submitted"], batch.counts["in_hand"]) == (1, 0, 0)
        with hospital.acting():
            assert acts(card) == ["submit", "withdraw"]
            assert Card.objects.get().state == "draft"
        assert cost(hospital) == "12000.00"

    def test_one_that_was_submitted_before_the_import_and_after_it_is_submitted_with_its_earlier_text(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = card_in(hospital, "submitted", monkeypatch)
        nothing_found(monkeypatch)
        batch = replaced(hospital)
        submitted(hospital, card, monkeypatch)
        batch = hospital.undone(batch)
        assert (undone(batch)["restored"], batch.counts["withdrawn"], batch.counts["submitted"]) == (1, 1, 1)
        with hospital.acting():
            assert acts(card) == ["submit", "withdraw", "submit", "withdraw", "submit"]
            assert Card.objects.get().state == "submitted"
        assert cost(hospital) == "12000.00"


class TestWhy:
    """Each card that stays has one reason, and the page groups them by it before anybody confirms."""

    def test_every_reason(
        self, hospital: Hospital, locked: set[tuple[int, date]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = ("free", "edited", "audited", "returned", "reported", "sent_back", "waits", "voided", "sent")
        pages = [hospital.page(P3=f"ZY{n:04}") for n in range(1, len(names) + 1)]
        batch = hospital.imported(*pages)
        with hospital.acting():
            cards = dict(zip(names, Card.objects.order_by("record_number"), strict=True))
        with monkeypatch.context() as nothing:
            nothing_found(nothing)
            for name in ("audited", "returned", "reported", "sent_back", "sent"):
                submitted(hospital, cards[name], monkeypatch)
            returned(hospital, cards["returned"], "auditor")
            sent_on(hospital, cards["audited"], "approve")
            sent_on(hospital, cards["reported"], "approve", "report", "accept")
            sent_on(hospital, cards["sent_back"], "approve", "report", "return_by_centre")
        with hospital.acting() as by:
            save_card(card=cards["edited"].pk, based_on=1, by=by, supplement={"laterality": "1"})
            ask_department(card=cards["waits"].pk, department="虚构病理科", by=by)
            assert move(cards=[cards["voided"].pk], act="void", by=by, reason="虚构原因")[0].refused == ""
            would = forecast(batch)
        assert (would.voided, would.withdrawn) == (2, 1), "the free one and the one that was only submitted"
        why = {name: would.left.get(card.pk) for name, card in cards.items()}
        assert why == {
            "free": None, "sent": None, "edited": Stays.EDITED, "audited": Stays.AUDITED, "returned": Stays.AUDITED,
            "reported": Stays.CENTRE, "sent_back": Stays.CENTRE, "waits": Stays.WAITS, "voided": Stays.VOIDED,
        }  # fmt: skip
        page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
        assert self.groups(page) == self.told(would.left, cards)
        batch = hospital.undone(batch)
        assert undone(batch) == {"voided": 2, "restored": 0, "kept": 7}
        after = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
        assert self.groups(after) == self.groups(page), "afterwards it says the same as before"

    def test_a_locked_month_is_a_reason_where_there_is_no_other(
        self, hospital: Hospital, locked: set[tuple[int, date]]
    ) -> None:
        hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
        later = hospital.checked(
            hospital.page(P782="13000.00"), hospital.page(P3="ZY0002", P782="13000.00"), month=date(2026, 11, 1)
        )
        later = hospital.confirmed(later)
        locked.add((hospital.institution.pk, MONTH))
        with hospital.acting() as by:
            first, second = Card.objects.order_by("record_number")
            save_card(card=second.pk, based_on=second.version, by=by, supplement={"laterality": "1"})
            assert forecast(later).left == {first.pk: Stays.LOCKED, second.pk: Stays.EDITED}

    def test_a_revision_of_an_accepted_card_that_was_submitted_stays_for_the_centre_has_one(
        self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        card = card_in(hospital, "accepted", monkeypatch)
        nothing_found(monkeypatch)
        batch = replaced(hospital)
        submitted(hospital, card, monkeypatch)
        with hospital.acting():
            assert forecast(batch).left == {card.pk: Stays.CENTRE}
        assert undone(hospital.undone(batch)) == {"voided": 0, "restored": 0, "kept": 1}

    def test_the_question_says_how_many_stay_for_each_reason(self, hospital: Hospital) -> None:
        batch = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
        with hospital.acting() as by:
            for card in Card.objects.all():
                save_card(card=card.pk, based_on=1, by=by, supplement={"laterality": "1"})
        page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
        asked = page.split('<dl class="consequences">')[1].split("</dl>")[0]
        assert re.search(r"<dt>2</dt><dd>[^<]*导入后有人改动过", asked), asked

    @staticmethod
    def told(left: dict[int, Stays], cards: dict[str, Card]) -> dict[str, tuple[int, set[str]]]:
        """What a page has to say: by the words of a reason how many cards, and their record numbers."""
        records = {card.pk: card.record_number for card in cards.values()}
        return {
            str(why.label): (
                sum(one == why for one in left.values()),
                {records[c] for c, w in left.items() if w == why},
            )
            for why in set(left.values())
        }

    @staticmethod
    def groups(page: str) -> dict[str, tuple[int, set[str]]]:
        """What a page says."""
        said = re.findall(r'<h3>([^<]+) <span class="part-count">(\d+)</span></h3>(.*?)</table>', page, re.DOTALL)
        return {words: (int(n), set(re.findall(r"/cards/\d+\">(ZY\d+)<", cards))) for words, n, cards in said}
