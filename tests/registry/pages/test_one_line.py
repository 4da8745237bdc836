"""Texts that an input of one line cannot hold, or that are longer than it takes: nothing is rewritten, cut or lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

import made_up
from made_up_cards import Point, code
from tonghu.registry.forms.cells import one_line
from tonghu.registry.models import Card, CardVersion, Draft
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

ADDRESS, DOCTOR, NAME = code("current_address"), code("attending_physician"), code("patient_name")
BROKEN = "四川省虚构市\r\n武侯区\v一环路\f1\x85号\u2028甲\n"
SHOWN = "四川省虚构市武侯区一环路1号甲"


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def held(point: Point, card: Card) -> tuple[dict[str, str], list[str]]:
    """What the card says now, and what its last version changed."""
    with point.acting("entry_clerk"):
        last = CardVersion.objects.filter(card=card).order_by("number").last()
        assert last
        return dict(current(Card.objects.get(pk=card.pk)).front), list(last.changed)


def inputs(page: str) -> dict[str, tuple[str, str]]:
    """What stands in the inputs of a form, and what the page takes for saved."""
    found = re.findall(r'name="(\w+)" value="([^"]*)" data-was="([^"]*)"', page)
    return {name: (unescape(value), unescape(was)) for name, value, was in found}


def test_the_form_shows_what_a_line_can_hold(point: Point, clerk: Client) -> None:
    card = point.card(current_address=BROKEN)
    assert one_line(BROKEN) == SHOWN
    assert one_line("甲\0乙") == "甲乙"
    page = clerk.get(f"/cards/{card.pk}").content.decode()
    assert inputs(page)[ADDRESS] == (SHOWN, SHOWN)


@pytest.mark.parametrize("sent", [SHOWN, BROKEN, f" {SHOWN} "])
def test_what_differs_by_line_breaks_alone_is_not_changed(point: Point, clerk: Client, sent: str) -> None:
    card = point.card(current_address=BROKEN)
    before = held(point, card)[0][ADDRESS]
    clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, ADDRESS: sent})
    with point.acting("entry_clerk"):
        assert not Draft.objects.exists()
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", ADDRESS: sent, DOCTOR: "甲某"})
    front, changed = held(point, card)
    assert (front[ADDRESS], changed) == (before, [DOCTOR])


def test_another_text_takes_its_place(point: Point, clerk: Client) -> None:
    card = point.card(current_address=BROKEN)
    clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", ADDRESS: SHOWN + "栋"})
    assert held(point, card)[0][ADDRESS] == SHOWN + "栋"


def test_a_text_that_is_too_long_is_refused_and_not_cut(point: Point, clerk: Client) -> None:
    card = point.card()
    long = "街" * 449
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", ADDRESS: long, DOCTOR: "甲某"})
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "现住址”有 449 个字符，最多 400 个，请删去 49 个字符后再保存" in said
    assert inputs(said)[ADDRESS][0] == long, "what was typed stands in the form, whole"
    with point.acting("entry_clerk"):
        assert Card.objects.get(pk=card.pk).version == 1
    answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", ADDRESS: long[:400]})
    assert answer.status_code == 302
    assert held(point, card)[0][ADDRESS] == long[:400]


def test_a_longer_text_of_a_file_stays_until_somebody_writes_there(point: Point, clerk: Client) -> None:
    long = "街" * 456
    card = point.card(current_address=long)
    assert inputs(clerk.get(f"/cards/{card.pk}").content.decode())[ADDRESS] == (long, long)
    sent = {"_version": 1, "_act": "save", ADDRESS: long, DOCTOR: "甲某"}
    assert clerk.post(f"/cards/{card.pk}/save", sent).status_code == 302
    assert held(point, card) == (held(point, card)[0] | {ADDRESS: long}, [DOCTOR])
    sent = {"_version": 2, "_act": "save", ADDRESS: long[:449]}
    assert clerk.post(f"/cards/{card.pk}/save", sent).status_code == 422
    assert held(point, card)[0][ADDRESS] == long


def test_nor_is_it_cut_on_a_new_card(point: Point, clerk: Client) -> None:
    answer = clerk.post("/cards/new/enter", {"_layout": "2012", ADDRESS: "街" * 401, NAME: "虚构童"})
    assert answer.status_code == 422
    assert "有 401 个字符，最多 400 个" in answer.content.decode()
