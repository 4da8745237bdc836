"""What a clerk types of a child: names that can be read, days on which a child can be born, counties of today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

import made_up
from opened import opened
from tonghu.errors import InputRefused
from tonghu.network.naming import full_name
from tonghu.patients.fields import FIRST_BIRTH, BirthField, CountyField, NameField
from tonghu.patients.forms import GuardianForm, ViewForm
from tonghu.patients.models import HospitalView
from tonghu.patients.places import counties
from tonghu.patients.services import change_view, enter_view
from tonghu.platform.accounts.models import Post

FORM = {"record_number": "ZY9", "patient_name": "曾一", "sex": "1", "birth_date": "2021-02-03"}
#: Marks of writing direction, characters of no width, letters without a shape.
UNSEEN = ("\u202e\u202d", "\u200b\u200d\ufeff", "\u2066\u2069", "\u3164", "\u115f\u1160", " \u200b ", "·", "--")


def errors(**said: Any) -> dict[str, list[str]]:
    form = ViewForm({**FORM, **said})
    return {name: list(found) for name, found in form.errors.items()}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_that_nobody_can_read_is_refused_beside_its_field(name: str) -> None:
    assert "看见的文字" in str(errors(patient_name=name)["patient_name"])
    assert not GuardianForm({"name": name}).is_valid()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202e单\u200b小雪\u2069", "单小雪"), (" 单  小雪 ", "单 小雪"), ("买买提·阿不都", "买买提·阿不都"),
        ("𬱖一", "𬱖一"), ("\ue815一", "\ue815一"), ("John Zhang", "John Zhang"), ("王小明之女", "王小明之女"),
    ],
)  # fmt: skip
def test_a_name_is_kept_without_what_nobody_sees(typed: str, kept: str) -> None:
    assert NameField().clean(typed) == kept


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "1918-03-15", "1969-12-31"])
def test_a_day_of_birth_too_long_ago_is_refused(day: str) -> None:
    assert "birth_date" in errors(birth_date=day)


def test_a_day_of_birth_is_today_at_the_latest_and_the_first_that_is_taken_at_the_earliest() -> None:
    today = timezone.localdate()
    assert BirthField().clean(today.isoformat()) == today
    assert BirthField().clean(FIRST_BIRTH.isoformat()) == FIRST_BIRTH
    assert "还没有到" in str(errors(birth_date=(today + timedelta(days=1)).isoformat())["birth_date"])
    assert "核对年份" in str(errors(birth_date=(FIRST_BIRTH - timedelta(days=1)).isoformat())["birth_date"])


@pytest.mark.parametrize("typed", ["20180315", "2018-3-15", "2018/03/15", "２０１８０３１５"])
def test_a_day_is_typed_as_it_comes(typed: str) -> None:
    assert BirthField().clean(typed).isoformat() == "2018-03-15"


@pytest.mark.parametrize("typed", ["510104", "四川省成都市锦江区", "510104 四川省成都市锦江区"])
def test_a_county_is_picked_by_code_or_name(typed: str) -> None:
    assert CountyField().clean(typed) == "510104"


def test_places_are_said_with_those_above_them() -> None:
    assert full_name("510104") == "四川省成都市锦江区"
    assert full_name("110101") == "北京市东城区"
    assert full_name("999999") == "999999"
    assert full_name("51") == "51"
    found = {code: name for code, name, _en in counties()}
    assert found["510104"] == "四川省成都市锦江区"
    assert not any(code.endswith("00") for code in found)


@pytest.mark.django_db
def test_a_county_that_is_no_more_stays_until_it_is_changed() -> None:
    clerk: Post = made_up.post("entry_clerk", made_up.hospital("FLDA", "510104"))
    browser = made_up.browser(clerk)
    assert browser.post(reverse("patients:enter"), {**FORM, "patient_name": "\u202e"}).status_code == 200
    with made_up.acting(clerk):
        assert not HospitalView.objects.exists()
    assert browser.post(reverse("patients:enter"), {**FORM, "residence_code": "成都市锦江区"}).status_code == 200
    assert browser.post(reverse("patients:enter"), {**FORM, "residence_code": "四川省成都市锦江区"}).status_code == 302
    with made_up.acting(clerk) as by:
        view = HospitalView.objects.get()
        assert view.residence_code == "510104"
        change_view(by=by, view=view, residence_code="510105")
        HospitalView.objects.filter(pk=view.pk).update(residence_code="510199")  # as from an old front page
    said = {**FORM, "patient_name": "曾二", "residence_code": "510199"}
    address = reverse("patients:change", args=[view.pk])
    assert browser.post(address, opened(browser, address, **said)).status_code == 302
    with made_up.acting(clerk):
        view.refresh_from_db()
        assert (view.patient_name, view.residence_code) == ("曾二", "510199")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["\u202e\u200b", "\u3164"])
def test_an_import_too_brings_no_name_that_nobody_sees(name: str) -> None:
    clerk: Post = made_up.post("entry_clerk", made_up.hospital("FLDB", "510104"))
    with made_up.acting(clerk) as by:
        with pytest.raises(InputRefused, match="姓名"):
            enter_view(by=by, institution=clerk.institution_id, record_number="1", patient_name=name)
        held = enter_view(by=by, institution=clerk.institution_id, record_number="1", patient_name="单\u200b小雪")
        assert held.patient_name == "单小雪"
