"""An import that is undone takes the children with it whom it alone brought, and no other."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from made_up_files import Hospital, a_hospital, identity_number

import made_up
from tonghu.intake import departing
from tonghu.intake.models import Batch, State
from tonghu.intake.undoing import forecast
from tonghu.patients import queries
from tonghu.patients.agreements import record_consent
from tonghu.patients.entry import enter_child
from tonghu.patients.models import HospitalView, MergeProposal
from tonghu.patients.services import add_document, change_view, save_guardian
from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import Card
from tonghu.registry.services import move

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def child(hospital: Hospital, number: int, **more: str) -> dict[str, str]:
    """A stay of one of several children."""
    return hospital.page(**{"P3": f"ZY{number:04d}", "P4": f"虚构{'甲乙丙丁'[number]}", **more})


def listed(hospital: Hospital) -> list[str]:
    """The record numbers that the hospital's list of children shows."""
    with hospital.acting() as by:
        return sorted(queries.listed(by).values_list("record_number", flat=True))


def gone(batch: Batch) -> tuple[int, dict[str, int]]:
    """How many children left with a batch, and how many stayed, by the reason."""
    return batch.counts.get("children", 0), batch.summary.get("children", {})


def found(text: str, by: Scope) -> list[str]:
    return [view.record_number for one in queries.search(text, by=by) for view in one.views]


class TestLeaving:
    """Whom only the import brought leaves every list, count and search."""

    def test_lists_counts_and_searches_of_hospital_and_centre(self, hospital: Hospital) -> None:
        number = identity_number("2020-03-01", 17)
        batch = hospital.imported(child(hospital, 0, P13=number), child(hospital, 1))
        centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
        authority = made_up.post("commission_officer", made_up.authority("health", "510104"))
        with hospital.acting() as by:
            assert found("虚构甲", by) == found("xugoujia", by) == found("ZY0000", by) == ["ZY0000"]
        batch = hospital.undone(batch)
        assert gone(batch) == (2, {})
        assert listed(hospital) == []
        for post in (hospital.clerk, centre, authority):
            with made_up.acting(post) as by:
                assert list(queries.listed(by)) == []
                for text in ("虚构甲", "虚", "xugou", "xgj", "ZY0000", number, number[-4:]):
                    assert found(text, by) == [], text
                assert not queries.matching(queries.listed(by), "虚构").exists()

    def test_what_was_known_stays_and_says_how_it_left(self, hospital: Hospital) -> None:
        batch = hospital.undone(hospital.imported(child(hospital, 0)))
        with hospital.acting():
            view = HospitalView.objects.get()
            assert view.taken_back == batch.pk
            assert Card.objects.get().view_id == view.pk
        page = made_up.browser(hospital.clerk).get(reverse("patients:child", args=[view.child_id]))
        assert "撤销" in page.content.decode()
        story = made_up.browser(hospital.clerk).get(reverse("patients:history", args=[view.child_id]))
        assert "离开名单" in story.content.decode()

    def test_the_same_file_brings_the_same_child_back(self, hospital: Hospital) -> None:
        pages = [child(hospital, 0), child(hospital, 1)]
        hospital.undone(hospital.imported(*pages))
        with hospital.acting():
            before = set(HospitalView.objects.values_list("pk", "child"))
        again = hospital.imported(*pages)
        assert again.counts["created"] == 2
        assert listed(hospital) == ["ZY0000", "ZY0001"]
        with hospital.acting() as by:
            assert set(HospitalView.objects.values_list("pk", "child")) == before
            assert Card.objects.count() == 2
            assert found("虚构甲", by) == ["ZY0000"]
        again = hospital.undone(again)
        assert gone(again) == (2, {})
        assert listed(hospital) == []

    def test_another_stay_of_the_child_brings_it_back(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(child(hospital, 0)))
        with hospital.acting():
            before = HospitalView.objects.get()
        hospital.imported(child(hospital, 0, P25="2026-10-20 09:00", P22="2026-10-15 08:30", P2="2"))
        assert listed(hospital) == ["ZY0000"]
        with hospital.acting():
            assert HospitalView.objects.get().child_id == before.child_id

    def test_a_card_that_somebody_restores_brings_it_back(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(child(hospital, 0)))
        with hospital.acting() as by:
            assert move(cards=[Card.objects.get().pk], act="restore", by=by, reason="虚构原因")[0].refused == ""
        assert listed(hospital) == ["ZY0000"]

    def test_the_forecast_says_so_before(self, hospital: Hospital) -> None:
        first = hospital.imported(child(hospital, 0))
        hospital.imported(child(hospital, 1))
        second = hospital.imported(
            child(hospital, 0, P25="2026-10-20 09:00", P22="2026-10-15 08:30", P2="2"),
            child(hospital, 2),
            child(hospital, 3),
        )
        with hospital.acting() as by:
            move(cards=[Card.objects.get(record_number="ZY0003").pk], act="void", by=by, reason="虚构原因")
            save_guardian(view=HospitalView.objects.get(record_number="ZY0002"), by=by, name="虚构父")
            would = forecast(second).children
            assert (would.leave, would.stay) == (1, {"card": 1, "edited": 1})
        second = hospital.undone(second)
        assert gone(second) == (would.leave, would.stay)
        assert listed(hospital) == ["ZY0000", "ZY0001", "ZY0002"]
        # The other import that brought it: with it, the child goes.
        assert gone(hospital.undone(first)) == (1, {})
        assert listed(hospital) == ["ZY0001", "ZY0002"]


class TestStaying:
    """Whoever is known by anything else stays."""

    def test_entered_by_hand_before(self, hospital: Hospital) -> None:
        with hospital.acting() as by:
            enter_child(institution=hospital.institution.pk, record_number="ZY0000", patient_name="虚构甲", by=by)
        batch = hospital.undone(hospital.imported(child(hospital, 0)))
        assert gone(batch) == (0, {"before": 1})
        assert listed(hospital) == ["ZY0000"]

    @pytest.mark.parametrize("what", ["renamed", "guardian", "document", "consent"])
    def test_what_somebody_did_with_it(self, hospital: Hospital, what: str) -> None:
        batch = hospital.imported(child(hospital, 0))
        with hospital.acting() as by:
            view = HospitalView.objects.get()
            if what == "renamed":
                change_view(view=view, by=by, phone="13800000009")
            elif what == "guardian":
                save_guardian(view=view, by=by, name="虚构父")
            elif what == "document":
                add_document(view=view, document_type="passport", document_number="X12345678", by=by)
            else:
                record_consent(
                    child=view.child, institution=hospital.institution.pk, purpose="follow_up", given_by="虚构母",
                    relation="5", start=timezone.now(), by=by,
                )  # fmt: skip
        batch = hospital.undone(batch)
        assert gone(batch) == (0, {"consent" if what == "consent" else "edited": 1})
        assert listed(hospital) == ["ZY0000"]

    def test_what_a_later_import_told_of_it_is_nobodys_hand(self, hospital: Hospital) -> None:
        first = hospital.imported(child(hospital, 0))
        second = hospital.imported(
            child(hospital, 0, P25="2026-10-20 09:00", P22="2026-10-15 08:30", P2="2", P802="13800000009")
        )
        assert gone(hospital.undone(second)) == (0, {"card": 1})
        assert gone(hospital.undone(first)) == (1, {})

    def test_the_other_hospitals_view(self, hospital: Hospital) -> None:
        other = a_hospital()
        number = identity_number("2020-03-01", 17)
        ours = hospital.imported(child(hospital, 0, P13=number))
        other.imported(child(other, 1, P4="虚构甲", P13=number))
        hospital.undone(ours)
        assert (listed(hospital), listed(other)) == ([], ["ZY0001"])
        with other.acting() as by:
            assert found(number, by) == ["ZY0001"]
            assert HospitalView.objects.get().taken_back is None


class TestAfterwards:
    """Off the lists, a child comes back with whatever is said of it, and stands in nobody's way."""

    def test_a_guardian_brings_it_back(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(child(hospital, 0)))
        with hospital.acting() as by:
            save_guardian(view=HospitalView.objects.get(), by=by, name="虚构父")
        assert listed(hospital) == ["ZY0000"]

    def test_entering_it_by_hand_finds_the_same_child(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(child(hospital, 0)))
        with hospital.acting() as by:
            before = HospitalView.objects.get().child_id
            view = enter_child(
                institution=hospital.institution.pk, record_number="ZY0000", patient_name="虚构甲", by=by
            )
            assert view.child_id == before
        assert listed(hospital) == ["ZY0000"]

    def test_a_corrected_file_brings_another_child_under_the_number_and_asks_nobody(self, hospital: Hospital) -> None:
        hospital.undone(hospital.imported(child(hospital, 0, P25="2026-10-09 09:00")))
        hospital.imported(child(hospital, 1, P3="ZY0000", P6="2016-07-08", P7="10"))
        with hospital.acting() as by:
            (view,) = queries.listed(by)
            assert view.patient_name == "虚构乙"
            assert MergeProposal.objects.count() == 1
            assert not queries.open_proposals().exists()
            assert queries.count_open(by, 9) == 0

    def test_strangers_write_nothing_of_it(self, hospital: Hospital) -> None:
        hospital.imported(child(hospital, 0))
        other = a_hospital()
        with hospital.acting():
            view = HospitalView.objects.get()
        with other.acting():
            assert HospitalView.objects.filter(pk=view.pk).update(taken_back=1) == 0
        auditor = made_up.post("auditor", hospital.institution)
        with made_up.acting(auditor):
            assert HospitalView.objects.filter(pk=view.pk).update(taken_back=1) == 0

    def test_the_database_keeps_a_child_with_a_card_in_force(self, hospital: Hospital) -> None:
        batch = hospital.imported(child(hospital, 0))
        with hospital.acting():
            view = HospitalView.objects.get()
            with pytest.raises(DatabaseError, match="card in force"), transaction.atomic():
                HospitalView.objects.filter(pk=view.pk).update(taken_back=batch.pk)
        assert listed(hospital) == ["ZY0000"]

    def test_what_is_left_goes_on_where_it_stopped(self, hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(departing, "CHUNK", 1)
        batch = hospital.undone(hospital.imported(*(child(hospital, n) for n in range(4))))
        assert gone(batch) == (4, {})
        assert batch.state == State.UNDONE
        with hospital.acting() as by:
            assert departing.let_go(batch.pk, by)["children"] == 0
