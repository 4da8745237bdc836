"""A card is found by the name that it shows and by the name that its child has now, whichever came first."""

from __future__ import annotations

import re

import pytest
from made_up_files import Hospital

import made_up
from tonghu.patients.models import HospitalView
from tonghu.patients.services import change_view

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]
EARLIER, NOW = "虚构欧阳童", "虚构诸葛童"


def found(hospital: Hospital, name: str) -> int:
    page = made_up.browser(hospital.clerk).get("/cards", {"q": name}).content.decode()
    return len(set(re.findall(r'href="/cards/(\d+)["?]', page)))


def stays(hospital: Hospital) -> tuple[dict[str, str], dict[str, str]]:
    known = {"P3": "ZY0001", "P13": "510107202003010010"}
    first = hospital.page(**known, P4=EARLIER)
    return first, hospital.page(**known, P4=NOW, P2="2", P22="2026-10-11 08:30", P25="2026-10-18 09:00")


@pytest.mark.parametrize("order", ["as they were", "the later first", "in one file"])
def test_of_a_child_with_two_names_every_card_is_found_by_either(hospital: Hospital, order: str) -> None:
    first, second = stays(hospital)
    if order == "in one file":
        hospital.imported(second, first)
    else:
        for page in (first, second) if order == "as they were" else (second, first):
            hospital.imported(page)
    with hospital.acting():
        assert HospitalView.objects.get().patient_name == NOW
    assert [found(hospital, name) for name in (EARLIER, NOW, "xgoyt", "xgzgt")] == [2, 2, 2, 2]
    assert found(hospital, "虚构司马童") == 0


def test_a_child_renamed_on_its_page(hospital: Hospital) -> None:
    hospital.imported(stays(hospital)[0])
    with hospital.acting() as by:
        change_view(view=HospitalView.objects.get(), patient_name=NOW, by=by)
    assert [found(hospital, name) for name in (EARLIER, NOW)] == [1, 1]
