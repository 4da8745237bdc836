"""A card that is typed for a month that was signed as without a case: said before it is made, and made by a choice."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

import made_up
from made_up_cards import Point, code
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.surveillance.models import ZeroReport

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def zero(point: Point, month: date) -> int:
    lead = point.post("point_lead")
    with open_scope(system_scope("migration")):
        held = ZeroReport.objects.create(
            institution=point.hospital, archive_month=month, signed_at=timezone.now(), signed_by_id=lead.person_id,
            signed_as="虚构负责人 · 监测点总负责人 · 虚构医院",
        )  # fmt: skip
    return held.pk


def entered(clerk: Client, **said: str) -> tuple[int, str]:
    typed = {
        "patient_name": "虚构新", "medical_record_no": "BA777", "birth_date": "2020-03-01",
        "admission_datetime": "2026-09-05 10:00", "discharge_datetime": "2026-09-12 10:00",
    }  # fmt: skip
    answer = clerk.post("/cards/new/enter", {"_layout": "2012", **{code(k): v for k, v in typed.items()}, **said})
    return answer.status_code, answer.content.decode()


def months(point: Point) -> list[date]:
    with point.acting("entry_clerk"):
        return list(Card.objects.filter(institution=point.hospital).values_list("archive_month", flat=True))


def test_the_empty_form_names_the_months(point: Point, clerk: Client) -> None:
    assert "已签零报告" not in clerk.get("/cards/new").content.decode()
    zero(point, SEPTEMBER)
    page = clerk.get("/cards/new").content.decode()
    assert "已签零报告的归档月" in page
    assert "虚构负责人" in page


@pytest.mark.parametrize(("month", "chosen"), [(SEPTEMBER, ""), (OCTOBER, "2026-10")])
def test_it_is_asked_first_and_made_by_a_choice(point: Point, clerk: Client, month: date, chosen: str) -> None:
    held = zero(point, month)
    status, page = entered(clerk, _month=chosen)
    assert status == 422
    assert f"{month:%Y-%m} 的零报告已由 虚构负责人" in page
    assert f'name="_zero" value="{held}"' in page
    assert 'value="虚构新"' in page, "nothing typed is lost"
    assert f'value="{chosen}" selected' in page or not chosen, "nor the month that was chosen"
    assert months(point) == []
    assert entered(clerk, _month=chosen, _zero=str(held + 1))[0] == 422, "another report is not this one"
    assert entered(clerk, _month=chosen, _zero=str(held))[0] == 302
    assert months(point) == [month]


def test_another_month_or_another_hospitals_report_is_none_of_it(point: Point, clerk: Client) -> None:
    zero(point, OCTOBER)
    stranger = made_up.post("point_lead")
    with open_scope(system_scope("migration")):
        ZeroReport.objects.create(
            institution=stranger.institution, archive_month=SEPTEMBER, signed_at=timezone.now(),
            signed_by_id=stranger.person_id, signed_as="别家 · 监测点总负责人 · 别家",
        )  # fmt: skip
    assert "别家" not in clerk.get("/cards/new").content.decode()
    assert entered(clerk)[0] == 302
    assert months(point) == [SEPTEMBER]


def test_what_is_refused_afterwards_does_not_ask_about_the_month_again(point: Point, clerk: Client) -> None:
    held = zero(point, SEPTEMBER)
    point.card(medical_record_no="BA777", discharge_datetime="2026-09-12 10:00")
    status, page = entered(clerk, _zero=str(held))
    assert status == 422
    assert f'<input type="hidden" form="card" name="_zero" value="{held}">' in page
