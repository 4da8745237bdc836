"""An import has the stays of a record compared: those that came, and those that were there."""

from __future__ import annotations

import pytest
from made_up_files import Hospital

from run_jobs import entries, run_one, seen
from tonghu.codes.hqms_fields import layout
from tonghu.patients.queries import open_proposals
from tonghu.registry.models import Card, Finding

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]

CODES = {field.name: field.code for field in layout("2012").fields}


def compare(hospital: Hospital) -> list[str]:
    """Run the jobs that compare and wait."""
    waiting = [n for n in entries() if seen(n).kind == "registry.compare" and seen(n).state == "waiting"]
    return [run_one(number).state for number in waiting]


def found(hospital: Hospital) -> set[tuple[str, str]]:
    with hospital.acting():
        held = Finding.objects.filter(rule="HQ041")
        return set(held.values_list("card__admission_count", "rule"))


def stay(hospital: Hospital, left: str, times: str, **more: str) -> dict[str, str]:
    said = {
        "medical_record_no": "R-COMPARE", "admission_count": times, "discharge_datetime": left,
        **more,
    }  # fmt: skip
    return hospital.page(**{CODES[name]: text for name, text in said.items()})


def test_stays_that_came_and_stays_that_were_there_are_compared(hospital: Hospital) -> None:
    hospital.imported(stay(hospital, "2026-09-12 10:00", "1"))
    assert compare(hospital) == ["done"]
    assert found(hospital) == set()
    second = hospital.imported(stay(hospital, "2026-09-20 10:00", "2", sex="2"))
    assert found(hospital) == set(), "a file's check sees the file alone"
    assert compare(hospital) == ["done"]
    assert found(hospital) == {("1", "HQ041"), ("2", "HQ041")}
    with hospital.acting():
        assert not Card.objects.filter(compared_at=None).exists()
    hospital.undone(second)
    compare(hospital)
    with hospital.acting():
        (held,) = Card.objects.exclude(state="voided")
        assert not Finding.objects.filter(card=held, rule="HQ041").exists()


def test_a_row_of_another_child_under_a_record_number_renames_nobody(hospital: Hospital) -> None:
    """In a later file, in the same file, and when the same file comes again."""
    other = {"patient_name": "虚构另", "birth_date": "2015-05-05", "age_years": "11", "national_id": ""}
    hospital.imported(stay(hospital, "2026-09-12 10:00", "1", national_id=""))
    hospital.imported(
        stay(hospital, "2026-09-20 10:00", "2", **other),
        stay(hospital, "2026-09-28 10:00", "3", national_id=""),
        stay(hospital, "2026-09-29 10:00", "4", **other),
    )
    compare(hospital)
    assert found(hospital) == {(count, "HQ041") for count in "1234"}
    with hospital.acting():
        said = {
            card.admission_count: (card.child_id, card.view.patient_name)
            for card in Card.objects.select_related("view")
        }
        assert said["1"] == said["3"]
        assert said["2"] == said["4"]
        assert said["1"][0] != said["2"][0]
        assert (said["1"][1], said["2"][1]) == (hospital.page()[CODES["patient_name"]], "虚构另")
        (asked,) = open_proposals()
        assert {asked.first_id, asked.second_id} == {said["1"][0], said["2"][0]}
