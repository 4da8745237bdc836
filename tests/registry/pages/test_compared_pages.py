"""What the rules that compare stays find stands on the page of a card, where it is mended or explained."""

from __future__ import annotations

import pytest

import made_up
from made_up_cards import Point, code
from tonghu.codes import hqms_fields

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]

RECORD = "R0000PAGE"


def test_a_number_that_stands_twice_is_seen_and_explained_on_the_page(point: Point) -> None:
    other = point.card(medical_record_no=RECORD, national_id="510107201609250028", admission_count="1")
    card = point.card(medical_record_no=RECORD, national_id="510107201609250028", admission_count="1")
    clerk = made_up.browser(point.post("entry_clerk"))
    column = code("admission_count")
    said = clerk.get(f"/cards/{card.pk}").content.decode()
    assert f'data-key="HQ035|{column}"' in said
    assert f'<a href="/cards/{other.pk}">同一病案号的另一次住院：第 1 次住院，' in said
    third = point.card(medical_record_no=RECORD, national_id="510107201609250028", admission_count="3")
    assert f'"/cards/{third.pk}"' not in clerk.get(f"/cards/{card.pk}").content.decode(), "a stay of another number"
    typed = clerk.post(f"/cards/{card.pk}/check", {column: "2"}).content.decode()
    assert f'data-key="HQ035|{column}"' not in typed
    assert f'data-key="HQ035|{column}"' in clerk.post(f"/cards/{card.pk}/check", {column: "1"}).content.decode()


def test_a_new_card_is_compared_while_it_is_typed(point: Point) -> None:
    point.card(medical_record_no=RECORD, national_id="510107201609250028", admission_count="1")
    clerk = made_up.browser(point.post("entry_clerk"))
    names = hqms_fields.layout("2020").by_name
    count = names["admission_count"].code
    typed = {names["medical_record_no"].code: RECORD, count: "1"}
    assert "HQ035|" in clerk.post("/cards/new/check", typed).content.decode()
    typed[count] = "2"
    assert "HQ035|" not in clerk.post("/cards/new/check", typed).content.decode()
