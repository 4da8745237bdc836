"""The page of an import that is done: its numbers lead to the cards, and after an undo there is a next step."""

from __future__ import annotations

import pytest
from django.urls import reverse
from made_up_files import Hospital, a_hospital

import made_up
from tonghu.intake import services

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def seen(hospital: Hospital, address: str, *args: object) -> str:
    """A page as the hospital's clerk sees it."""
    answer = made_up.browser(hospital.clerk).get(reverse(address, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_its_numbers_open_the_cards_that_they_count(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P3="ZY0001"))
    batch = hospital.checked(hospital.page(P3="ZY0001", P782="13000.00"), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    batch = hospital.confirmed(batch)
    page = seen(hospital, "intake:batch", batch.pk)
    for name, record, other in (("created", "ZY0002", "ZY0001"), ("updated", "ZY0001", "ZY0002")):
        assert reverse("intake:cards", args=[batch.pk, name]) in page
        listed = seen(hospital, "intake:cards", batch.pk, name)
        assert record in listed
        assert other not in listed
    assert reverse("intake:cards", args=[batch.pk, "created"]) not in seen(
        hospital, "intake:batch", hospital.checked(hospital.page(P3="ZY0003")).pk
    )


def test_strangers_and_other_names_open_nothing(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page())
    stranger = made_up.browser(a_hospital().clerk)
    assert stranger.get(reverse("intake:cards", args=[batch.pk, "created"])).status_code == 404
    own = made_up.browser(hospital.clerk)
    assert own.get(reverse("intake:cards", args=[batch.pk, "failed"])).status_code == 404


def test_rows_that_stand_twice_are_told_in_words(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(), hospital.page())
    said = "有 1 行与文件中另一行完全相同"
    assert said in seen(hospital, "intake:batch", batch.pk)
    batch = hospital.confirmed(batch)
    assert batch.counts["unchanged"] == 1
    assert said in seen(hospital, "intake:batch", batch.pk)


def test_the_undo_says_what_becomes_of_children_and_what_comes_next(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page(P3="ZY0001"), hospital.page(P3="ZY0002", P4="虚构乙"))
    assert "名患儿只由它带来，将移出名单和搜索" in seen(hospital, "intake:batch", batch.pk)
    batch = hospital.undone(batch)
    page = seen(hospital, "intake:batch", batch.pk)
    assert "离开名单的患儿" in page
    assert "上传更正后的文件" in page
    assert reverse("intake:imports") in page
