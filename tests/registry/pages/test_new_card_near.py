"""A card that is typed beside one that may be of the same stay: said before it is made, and settled by a reason."""

from __future__ import annotations

import re

import pytest
from django.test import Client

import made_up
from made_up_cards import Point, code, identity_number, page
from tonghu.platform.audit.models import Event
from tonghu.registry.models import Card
from tonghu.registry.services import enter_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
RECORD, NUMBER = "0001231", identity_number(77)
DAYS = {"admission_datetime": "2026-09-05 10:00", "discharge_datetime": "2026-09-12 10:00"}
BORN = f"{NUMBER[6:10]}-{NUMBER[10:12]}-{NUMBER[12:14]}"


@pytest.fixture
def there(point: Point) -> Card:
    """The card that is there."""
    return point.card(medical_record_no=RECORD, national_id=NUMBER, birth_date=BORN, **DAYS)


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def typed(**changes: str) -> dict[str, str]:
    """What somebody types for a new card."""
    said = {**DAYS, "patient_name": "虚构新", "medical_record_no": "BA777", "birth_date": BORN, **changes}
    return {"_layout": "2012", **{code(name): text for name, text in said.items()}}


def entered(clerk: Client, **said: str) -> tuple[int, str]:
    answer = clerk.post("/cards/new/enter", said)
    return answer.status_code, answer.content.decode()


def cards(point: Point) -> list[str]:
    with point.acting("entry_clerk"):
        found = Card.objects.filter(institution=point.hospital).order_by("pk")
        return list(found.values_list("record_number", flat=True))


@pytest.mark.parametrize(
    ("stay", "why"),
    [
        ({"medical_record_no": "1231"}, "前导零"),
        ({"medical_record_no": "000-1231", "discharge_datetime": "2026-09-12"}, "前导零"),
        ({"medical_record_no": RECORD, "discharge_datetime": "2026-09-12 15:00"}, "出院时刻不同"),
        ({"national_id": NUMBER}, "按身份证号是同一患儿"),
        ({"national_id": NUMBER, "discharge_datetime": "2026-09-20 15:00"}, "按身份证号是同一患儿"),
    ],
)
def test_it_is_said_before_the_card_is_made(
    point: Point, there: Card, clerk: Client, stay: dict[str, str], why: str
) -> None:
    status, said = entered(clerk, **typed(**stay))
    assert status == 422
    assert why in said
    assert f'<a href="/cards/{there.pk}">{RECORD}</a>' in said
    assert 'name="_because"' in said
    assert 'value="虚构新"' in said, "nothing typed is lost"
    assert cards(point) == [RECORD]


@pytest.mark.parametrize(
    "stay",
    [
        {"medical_record_no": "1231", "discharge_datetime": "2026-09-13 10:00"},
        {"medical_record_no": "1232"},
        {"national_id": NUMBER, "admission_datetime": "2026-09-12 16:00", "discharge_datetime": "2026-09-20 15:00"},
        {"national_id": NUMBER, "birth_date": "2019-01-02"},
        {"national_id": "E12345678"},
    ],
)
def test_another_stay_is_entered_at_once(point: Point, there: Card, clerk: Client, stay: dict[str, str]) -> None:
    status, _said = entered(clerk, **typed(**stay))
    assert status == 302
    assert len(cards(point)) == 2


def test_another_stay_is_said_with_its_reason_which_is_kept(point: Point, there: Card, clerk: Client) -> None:
    stay = typed(national_id=NUMBER)
    named = {"_near": f"{there.pk} "}
    for because, why in (("", "可能已有报告卡"), ("是", "请写明原因"), (f"她的证件 {NUMBER}", "原因中请不要写证件号")):
        status, said = entered(clerk, **stay, **named, _because=because)
        assert (status, why in said, f'"/cards/{there.pk}"' in said) == (422, True, True), because
    status, _said = entered(clerk, **stay, **named, _because="两个院区，各住一次")
    assert status == 302
    with point.acting("entry_clerk"):
        card = Card.objects.get(record_number="BA777")
    with made_up.acting(made_up.post("audit_admin", point.hospital)):
        event = Event.objects.get(kind="registry.entered_beside")
        assert (event.subject_id, event.data, event.reason) == (
            str(card.pk), {"others": f"#{there.pk}"}, "两个院区，各住一次",
        )  # fmt: skip


def test_a_reason_counts_for_the_cards_that_were_looked_at(point: Point, there: Card, clerk: Client) -> None:
    """Who then types another number is asked about that one's card."""
    other = point.card(medical_record_no="000888", **DAYS)
    status, said = entered(
        clerk, **typed(medical_record_no="888"), _near=f"{there.pk} x 99999999999999999999", _because="确是另一次住院"
    )
    assert status == 422
    assert f'"/cards/{other.pk}"' in said
    assert 'value="确是另一次住院"' in said
    found = re.search(r'name="_near" value="([^"]*)"', said)
    assert found
    assert found[1].split() == [str(other.pk)]


def test_the_stay_itself_still_has_one_card(point: Point, there: Card, clerk: Client) -> None:
    point.card(medical_record_no="1231", **DAYS)
    status, said = entered(clerk, **typed(medical_record_no=RECORD))
    assert status == 422
    assert "同一病案号、同一出院时间只填一张" in said
    assert f'"/cards/{there.pk}"' in said


def test_another_hospitals_cards_are_never_mentioned(point: Point, there: Card) -> None:
    other = Point("510105")
    status, _said = entered(made_up.browser(other.post("entry_clerk")), **typed(national_id=NUMBER))
    assert status == 302
    assert cards(other) == ["BA777"]
    status, said = entered(made_up.browser(other.post("entry_clerk")), **typed(
        medical_record_no="BA778", national_id=NUMBER))  # fmt: skip
    assert status == 422
    assert RECORD not in said
    assert f'"/cards/{there.pk}"' not in said


def test_where_nobody_can_be_asked_nothing_is(point: Point, there: Card) -> None:
    with point.acting("entry_clerk") as by:
        enter_card(institution=point.hospital, content=page(medical_record_no="1231", **DAYS), by=by)
    assert cards(point) == [RECORD, "1231"]
