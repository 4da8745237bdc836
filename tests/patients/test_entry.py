"""Entering a child at a desk: nothing on record is written over, and what looks like a mistake is asked first."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from made_up_hospitals import enter, scope_of

import made_up
from tonghu.network.models import Institution
from tonghu.patients.entry import OnRecord, enter_child
from tonghu.patients.forms import ViewForm
from tonghu.patients.models import Child, HospitalView
from tonghu.patients.services import change_view, enter_view
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
#: Made-up numbers whose check characters are right; the region code was never given out.
DOCUMENT = "990101202001010021"
FIELDS = ("record_number", "patient_name", "sex", "birth_date", "document_type", "document_number", "phone")


@pytest.fixture
def clerk() -> Post:
    return made_up.post("records_department", made_up.hospital("ENTA", "510104", name="虚构儿童医院"))


@pytest.fixture
def held(clerk: Post) -> HospitalView:
    with made_up.acting(clerk) as by:
        return enter_view(
            by=by, institution=clerk.institution_id, record_number="ZY1", patient_name="单小雪", sex="2",
            birth_date=date(2020, 1, 1), document_type="resident_id", document_number=DOCUMENT, phone="13800001234",
        )  # fmt: skip


def sent(clerk: Post, **said: Any) -> HttpResponse:
    answer: Any = made_up.browser(clerk).post(reverse("patients:enter"), said)
    return answer


def tick(answer: HttpResponse) -> str:
    """What the tick of a page says once set; '' where there is none."""
    field = re.search(r'<input[^>]*name="checked"[^>]*>', answer.content.decode())
    if field is None:
        return ""
    assert not re.search(r"\schecked(\s|>|=)", field[0]), "a tick is never set beforehand"
    value = re.search(r'value="([^"]*)"', field[0])
    assert value is not None
    return value[1]


def on_record(clerk: Post) -> list[tuple[Any, ...]]:
    with made_up.acting(clerk):
        views = HospitalView.objects.order_by("pk")
        return [tuple(getattr(view, field) for field in FIELDS) for view in views]


@pytest.mark.requirement("REG-17")
@pytest.mark.parametrize("document", ["", "P7654321"])
def test_a_record_number_that_is_taken_is_refused_and_nothing_is_written_over(
    clerk: Post, held: HospitalView, document: str
) -> None:
    before = on_record(clerk)
    said = {"record_number": "ZY1", "patient_name": "曾一", "document_number": document}
    answer = sent(clerk, **said)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "病案号 ZY1 已登记：单小雪，出生日期 2020-01-01" in page
    assert f'href="{reverse("patients:change", args=[held.pk])}"' in page
    assert tick(answer) == ""
    assert sent(clerk, **said, checked="anything").status_code == 200
    assert on_record(clerk) == before
    with open_scope(system_scope("migration")):
        assert [child.pk for child in Child.objects.all()] == [held.child_id]
        looks = Event.objects.filter(kind="child.read", subject_id=str(held.child_id))
        assert {look.data["purpose"] for look in looks} == {"登记核对"}


def test_another_hospitals_record_number_is_free(clerk: Post, held: HospitalView) -> None:
    other = made_up.post("records_department", made_up.hospital("ENTB", "510107", name="虚构人民医院"))
    said = {"record_number": "ZY1", "patient_name": "单小雪", "birth_date": "2020-01-01"}
    assert sent(other, **said).status_code == 302
    assert on_record(clerk)[0][:2] == ("ZY1", held.patient_name)


@pytest.mark.parametrize(("name", "born"), [("单晓雪", "2020-01-01"), ("单小雪", "2020-01-02"), ("曾一", "")])
def test_a_document_of_a_child_known_otherwise_is_asked_about(
    clerk: Post, held: HospitalView, name: str, born: str
) -> None:
    with made_up.acting(clerk) as by:  # of another kind, so that the birth date is not read out of it
        change_view(by=by, view=held, document_type="passport", document_number="P7654321", mistakes=_MISTYPED)
    said = {"record_number": "ZY2", "patient_name": name, "birth_date": born, "document_type": "passport"}
    said |= {"document_number": "P7654321"}
    answer = sent(clerk, **said)
    page = answer.content.decode()
    assert "这个证件号码在本院登记的是：单小雪，出生日期 2020-01-01，病案号 ZY1" in page
    assert f'href="{reverse("patients:child", args=[held.child_id])}"' in page
    assert len(on_record(clerk)) == 1
    # Checked for one name is not checked for another.
    assert tick(sent(clerk, **{**said, "patient_name": "曾二"}, checked=tick(answer)))
    assert len(on_record(clerk)) == 1
    assert sent(clerk, **said, checked=tick(answer)).status_code == 302
    with made_up.acting(clerk):
        assert HospitalView.objects.get(record_number="ZY2").child_id == held.child_id
    heading = made_up.browser(clerk).get(reverse("patients:child", args=[held.child_id])).content.decode()
    assert re.search(r"<h1[^>]*>\s*(\S+)", heading)[1] == "单小雪"  # type: ignore[index]


_MISTYPED = frozenset({"document_number"})


def test_the_same_child_under_another_record_number_is_entered_without_a_question(
    clerk: Post, held: HospitalView
) -> None:
    said = {"record_number": "ZY2", "patient_name": " 单小雪 ", "document_number": DOCUMENT}
    assert sent(clerk, **said).status_code == 302
    assert sent(clerk, **said | {"record_number": "ZY3", "birth_date": "2020-01-01"}).status_code == 302
    with made_up.acting(clerk):
        assert set(HospitalView.objects.values_list("child_id", flat=True)) == {held.child_id}


def test_a_namesake_of_the_same_day_is_asked_about(clerk: Post, held: HospitalView) -> None:
    said = {"record_number": "ZY2", "patient_name": "单小雪", "birth_date": "2020-01-01"}
    answer = sent(clerk, **said)
    page = answer.content.decode()
    assert "本院已有同名、同出生日期的患儿：单小雪，出生日期 2020-01-01，病案号 ZY1" in page
    assert f'href="{reverse("patients:child", args=[held.child_id])}"' in page
    assert len(on_record(clerk)) == 1
    assert sent(clerk, **said, checked=tick(answer)).status_code == 302
    with made_up.acting(clerk):
        assert HospitalView.objects.get(record_number="ZY2").child_id != held.child_id


@pytest.mark.parametrize("more", [{"birth_date": "2020-01-02"}, {}])
def test_a_namesake_of_another_day_or_of_none_is_not(clerk: Post, held: HospitalView, more: dict[str, str]) -> None:
    assert sent(clerk, record_number="ZY2", patient_name=held.patient_name, **more).status_code == 302


def test_an_import_still_changes_what_it_finds_and_a_desk_does_not(
    hospitals: tuple[Institution, Institution],
) -> None:
    here, _there = hospitals
    with open_scope(scope_of(here)) as by:
        first = enter(by, here, "Z1", "虚构甲", sex="1")
        assert enter(by, here, "Z1", "虚构乙").pk == first.pk
        with pytest.raises(OnRecord) as refused:
            enter_child(by=by, institution=here.pk, record_number="Z1", patient_name="虚构丙")
        first.refresh_from_db()
    assert (first.patient_name, first.sex) == ("虚构乙", "1")
    assert "born on a day not known" in refused.value.en
    assert (refused.value.met.pk, refused.value.doubt) == (first.pk, "")


def test_a_number_of_eighteen_characters_is_a_resident_identity_number(clerk: Post) -> None:
    said = {"record_number": "ZY9", "patient_name": "曾一", "birth_date": "2020-01-01"}
    wrong = sent(clerk, **said, document_number=f"{DOCUMENT[:-1]}2").content.decode()
    assert 'id="id_document_number_error"' in wrong
    assert on_record(clerk) == []
    assert sent(clerk, **said, document_number=DOCUMENT).status_code == 302
    assert on_record(clerk)[0][4:6] == ("resident_id", DOCUMENT)
    # Said to be something else, it may be anything.
    said |= {"record_number": "ZY10", "patient_name": "曾二"}
    assert sent(clerk, **said, document_type="other", document_number=f"{DOCUMENT[:-1]}2").status_code == 302


@pytest.mark.parametrize(("sex", "unknown"), [("", ""), ("2", ""), ("0", "0"), ("9", "9")])
def test_a_sex_not_known_is_offered_once_and_what_is_held_stays(
    clerk: Post, held: HospitalView, sex: str, unknown: str
) -> None:
    with made_up.acting(clerk) as by:
        view = change_view(by=by, view=held, sex=sex)
    choices = ViewForm(held=view)["sex"].field.choices
    assert [code for code, _label in choices] == [unknown, "1", "2"]
    assert [str(label) for _code, label in choices] == ["不详", "男", "女"]
    assert [code for code, _label in ViewForm()["sex"].field.choices] == ["", "1", "2"]
