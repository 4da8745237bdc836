"""From the file to the cards: what is created, updated, unchanged, left out, refused."""

from __future__ import annotations

import pytest
from django.utils.translation import override
from made_up_files import Hospital

import made_up
from tonghu.errors import InputRefused
from tonghu.intake import services
from tonghu.intake.models import State
from tonghu.platform.scope.scope import system_scope
from tonghu.registry.checker import problems
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.pages.beside import history
from tonghu.registry.pages.opening import opened
from tonghu.registry.services import save_card

pytestmark = pytest.mark.django_db


def test_a_file_becomes_cards(hospital: Hospital) -> None:
    adult = hospital.page(P3="ZY0002", P6="1980-01-01", P7="46")
    batch = hospital.checked(hospital.page(), adult, hospital.page(P3="ZY0003", P4="虚构女", P5="2"))
    assert batch.state == State.READY
    with hospital.acting():
        assert [(row.row, row.match) for row in batch.rows.order_by("row")] == [(1, "new"), (3, "new")]
    batch = hospital.confirmed(batch)
    assert batch.state == State.CONFIRMED
    assert {name: batch.counts[name] for name in ("created", "updated", "unchanged", "skipped", "failed")} == {
        "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0,
    }  # fmt: skip
    with hospital.acting():
        assert not batch.rows.exists()
        cards = list(Card.objects.order_by("record_number"))
        assert [(card.record_number, card.state, card.version, card.origin) for card in cards] == [
            ("ZY0001", "draft", 1, "import"), ("ZY0003", "draft", 1, "import"),
        ]  # fmt: skip
        assert cards[0].view.patient_name == "虚构童"
        assert cards[0].archive_month == batch.archive_month
        assert cards[0].authors == [hospital.clerk.person_id]
        version = CardVersion.objects.get(card=cards[0])
        assert open_(version.content).front["P322"] == "急性淋巴细胞白血病"
        assert set(version.changed) == set(open_(version.content).front)
        assert Finding.objects.filter(card=cards[0]).count() == cards[0].errors + cards[0].warnings + cards[0].confirms
        assert batch.label == "2026-0001"
        assert batch.file.destroyed_why == "batch_confirmed"


def counts(batch: object) -> dict[str, int]:
    """The counts of a batch that are not zero."""
    return {
        name: count
        for name, count in batch.counts.items()  # type: ignore[attr-defined]
        if count and name in ("created", "updated", "unchanged", "skipped", "failed")
    }


def test_what_the_supplement_lacks_is_counted_as_it_comes(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002", P741="5"), hospital.page(P3="ZY0003", P321="D61.900"))
    with hospital.acting():
        said = dict(Card.objects.order_by("record_number").values_list("record_number", "to_supplement"))
    assert (said["ZY0001"], said["ZY0002"]) == (5, 7), "a death asks for its cause as well"
    assert not [one.zh for _many, found in problems(system_scope("checking")) for one in found if "待补充" in one.zh]


def test_the_same_file_again_changes_nothing(hospital: Hospital) -> None:
    pages = [hospital.page(), hospital.page(P3="ZY0003")]
    hospital.imported(*pages)
    again = hospital.imported(*pages)
    assert counts(again) == {"unchanged": 2}
    with hospital.acting():
        assert CardVersion.objects.count() == 2


def test_a_corrected_file_makes_new_versions(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0003"))
    batch = hospital.checked(hospital.page(P782="13000.00", P4="虚构桐"), hospital.page(P3="ZY0003"))
    with hospital.acting():
        row = batch.rows.get(row=1)
        assert (row.match, row.choice, sorted(row.changed)) == ("changed", "replace", ["P4", "P782"])
    assert counts(hospital.confirmed(batch)) == {"updated": 1, "unchanged": 1}
    with hospital.acting():
        card = Card.objects.get(record_number="ZY0001")
        assert card.version == 2
        version = CardVersion.objects.get(card=card, number=2)
        assert (version.origin, version.batch, sorted(version.changed)) == ("import", batch.pk, ["P4", "P782"])
        assert open_(version.content).front["P782"] == "13000.00"
        assert card.view.patient_name == "虚构桐"


def test_what_a_clerk_mended_since_is_not_written_over_by_the_same_file(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=1, by=by, front={"P782": "12500.00"})
    assert counts(hospital.imported(hospital.page())) == {"unchanged": 1}
    batch = hospital.checked(hospital.page(P4="虚构桐"))
    with hospital.acting() as by:
        row = batch.rows.get()
        assert (row.match, row.choice, row.why) == ("changed", "", "edited")
        with pytest.raises(InputRefused, match="1 行等您决定"):
            services.confirm(batch=batch.pk, by=by)
        assert services.choose(batch=batch.pk, choice="fill", rows=[1], by=by) == 1
    assert counts(hospital.confirmed(batch)) == {"unchanged": 1}  # nothing was blank
    with hospital.acting():
        card.refresh_from_db()
        assert card.version == 2


def test_undo_takes_the_whole_import_back(hospital: Hospital) -> None:
    first = hospital.imported(hospital.page(), hospital.page(P3="ZY0003"))
    second = hospital.imported(hospital.page(P782="13000.00"), hospital.page(P3="ZY0004"))
    assert counts(second) == {"created": 1, "updated": 1}
    second = hospital.undone(second)
    assert second.state == State.UNDONE
    assert (second.counts["voided"], second.counts["restored"], second.counts["kept"]) == (1, 1, 0)
    with hospital.acting():
        card = Card.objects.get(record_number="ZY0001")
        assert card.version == 3
        versions = {one.number: one for one in CardVersion.objects.filter(card=card)}
        assert open_(versions[3].content) == open_(versions[1].content)
        assert versions[3].origin == "undo"
        assert Card.objects.get(record_number="ZY0004").state == "voided"
    first = hospital.undone(first)
    assert (first.counts["voided"], first.counts["restored"], first.counts["kept"]) == (2, 0, 0)
    assert first.kept_cards == [], "the import since was taken back, exactly to what this one had brought"
    with hospital.acting() as by:
        voided = opened(Card.objects.get(record_number="ZY0004").pk, by)
        with override("en"):
            assert [one.why for one in history(voided) if one.why] == [f"import taken back: {second.label}"]
        assert [one.why for one in history(voided) if one.why] == [f"撤销导入批次 {second.label}"]
    again = hospital.imported(hospital.page(P3="ZY0004"))
    assert counts(again) == {"created": 1}
    with hospital.acting():
        assert Card.objects.get(record_number="ZY0004").state == "draft"


def test_another_hospitals_file_is_refused(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P900="999999999999999999"))
    assert batch.state == State.REFUSED
    assert "999999999999999999" in batch.refusal
    assert "不是本院" in batch.refusal
    with hospital.acting():
        assert batch.file.destroyed_why == "batch_discarded"


def test_a_row_of_another_hospital_of_the_network_stays_out(hospital: Hospital) -> None:
    other = made_up.hospital("510104000099999999")
    foreign = hospital.page(P3="ZY0009", P900=other.code)
    batch = hospital.checked(hospital.page(), hospital.page(P3="ZY0002"), hospital.page(P3="ZY3", P900="1"), foreign)
    with hospital.acting():
        assert [row.match for row in batch.rows.order_by("row")] == ["new", "new", "new", "unusable"]
        assert batch.rows.get(row=4).why == "foreign"
    batch = hospital.confirmed(batch)
    assert counts(batch) == {"created": 3, "failed": 1}
    assert batch.summary["failed"] == [{"row": 4, "why": "foreign"}]


def test_a_stay_that_fits_by_admission_count_is_asked_about(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P25="2026-10-09 09:00"))
    with hospital.acting() as by:
        row = batch.rows.get()
        assert (row.match, row.choice) == ("probable", "")
        services.choose(batch=batch.pk, choice="replace", match="probable", by=by)
    assert counts(hospital.confirmed(batch)) == {"updated": 1}
    with hospital.acting():
        assert Card.objects.get().version == 2
        assert Card.objects.get().discharge_at.isoformat() == "2026-10-09T01:00:00+00:00"


def test_an_undetermined_row_waits_for_a_person(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P6="", P7=""), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        assert batch.rows.get(row=1).match == "undetermined"
        with pytest.raises(InputRefused):
            services.confirm(batch=batch.pk, by=by)
        services.choose(batch=batch.pk, choice="new", rows=[1], by=by)
    assert counts(hospital.confirmed(batch)) == {"created": 2}
    with hospital.acting():
        assert Card.objects.get(record_number="ZY0001").scope_group == "undetermined"
