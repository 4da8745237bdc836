"""What is typed and not saved: reasons are kept like fields, a card that was moved on takes nothing away, colleagues
are told of each other, and what is ready leaves out what somebody is typing on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import made_up
from made_up_cards import Point, code
from tonghu.registry.drafts import reasons_of
from tonghu.registry.models import Card, Draft, Finding
from tonghu.registry.pages import working
from tonghu.registry.services import move

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

DOCTOR, POSTCODE = code("attending_physician"), code("registered_postcode")
WHY = "家长两次未提供（虚构）"


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


@pytest.fixture
def colleague(point: Point) -> Client:
    return made_up.browser(point.post("records_department"))


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def asked(point: Point, card: Card) -> str:
    """The name of the reason for the card's one warning."""
    with point.acting("entry_clerk"):
        [found] = Finding.objects.filter(card=card)
    return f"why|{found.rule}|{found.column}"


def drafts(point: Point, who: str = "entry_clerk") -> list[Draft]:
    with point.acting(who):
        return list(Draft.objects.all())


class TestReasons:
    def test_a_reason_is_kept_in_the_draft_and_stands_in_the_form_again(self, point: Point, clerk: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        assert clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: WHY, f"_knew_{name}": ""}).status_code == 204
        [draft] = drafts(point)
        assert reasons_of(draft) == {name: WHY}
        assert WHY.encode() not in bytes(draft.reasons), "it is sealed"
        assert f'name="{name}" value="{WHY}"' in clerk.get(f"/cards/{card.pk}").content.decode()

    def test_a_reason_that_is_taken_back_is_gone(self, point: Point, clerk: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: WHY})
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: "", f"_knew_{name}": WHY})
        assert drafts(point) == []

    def test_another_tabs_reason_stays_and_is_told(self, point: Point, clerk: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: WHY, f"_knew_{name}": ""})
        answer = clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: "别的", f"_knew_{name}": ""})
        assert answer.json()["theirs"] == {name: WHY}
        assert reasons_of(drafts(point)[0]) == {name: WHY}

    def test_saving_takes_it_out_of_the_draft_and_keeps_the_fields_of_others(self, point: Point, clerk: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: WHY, DOCTOR: "甲某"})
        clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", name: WHY})
        [draft] = drafts(point)
        assert reasons_of(draft) == {}
        with point.acting("entry_clerk"):
            assert Finding.objects.get(card=card).overridden_reason == WHY

    def test_a_conflict_carries_the_reasons_on(self, point: Point, clerk: Client, colleague: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        colleague.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", DOCTOR: "甲某"})
        answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, DOCTOR: "乙某", name: WHY})
        assert answer.status_code == 409
        assert f'name="{name}" value="{WHY}"' in answer.content.decode()
        assert WHY in text(answer)

    def test_comparing_an_outdated_draft_keeps_its_reasons(
        self, point: Point, clerk: Client, colleague: Client
    ) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "乙某", name: WHY})
        colleague.post(f"/cards/{card.pk}/save", {"_version": 1, "_act": "save", DOCTOR: "甲某"})
        answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, "_draft": "1", "_act": "save"})
        assert answer.status_code == 409
        assert f'name="{name}" value="{WHY}"' in answer.content.decode()

    def test_a_refused_save_keeps_the_reason(self, point: Point, clerk: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, code("discharge_datetime"): "no day", name: WHY})
        assert answer.status_code == 422
        assert f'name="{name}" value="{WHY}"' in answer.content.decode()


class TestMovedOn:
    """A colleague moved the card on while the page stood open."""

    @pytest.fixture
    def card(self, point: Point, colleague: Client) -> Card:
        card = point.card()
        colleague.post(f"/cards/{card.pk}/save", {"_version": 1})
        return card

    def test_what_was_typed_is_kept_and_shown_beside_the_card(self, point: Point, card: Card, clerk: Client) -> None:
        answer = clerk.post(f"/cards/{card.pk}/save", {"_version": 1, DOCTOR: "乙某改正"}, follow=True)
        assert answer.status_code == 200
        said = text(answer)
        name = point.post("records_department").person.name
        for told in ("乙某改正", "已提交", "保存在您的草稿里", "撤回", name):
            assert told in said
        assert "无权" not in said
        assert len(drafts(point)) == 1
        auditor = made_up.browser(point.post("auditor"))
        assert "乙某改正" not in text(auditor.get(f"/cards/{card.pk}")), "a draft is nobody else's"
        clerk.post(f"/cards/{card.pk}/act", {"_act": "withdraw", "_version": 1})
        assert 'value="乙某改正"' in clerk.get(f"/cards/{card.pk}").content.decode(), "it stands in the form again"

    def test_of_a_voided_card_it_says_to_restore_it(self, point: Point, clerk: Client) -> None:
        card = point.card()
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "乙某改正"})
        with point.acting("entry_clerk") as by:
            assert move(cards=[card.pk], act="void", by=by, reason="虚构的原因")[0].refused == ""
        said = text(clerk.get(f"/cards/{card.pk}"))
        for told in ("已作废", "乙某改正", "从“更多”中恢复这张报告卡后打开，内容会自动填回表单"):
            assert told in said
        assert "撤回报告卡" not in said, "nobody withdraws a voided card"
        clerk.post(f"/cards/{card.pk}/act", {"_act": "restore", "_version": 1, "reason": "虚构的原因"})
        assert 'value="乙某改正"' in clerk.get(f"/cards/{card.pk}").content.decode(), "as it was told"

    def test_typing_on_says_so_and_keeps_it(self, point: Point, card: Card, clerk: Client) -> None:
        answer = clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "乙某改正"})
        assert "已提交" in answer.json()["gone"]
        assert len(drafts(point)) == 1
        assert clerk.post(f"/cards/{card.pk}/check", {"_version": 1, DOCTOR: "乙某改正"}).status_code == 200
        assert "乙某改正" in text(clerk.get(f"/cards/{card.pk}"))
        clerk.post(f"/cards/{card.pk}/discard")
        assert drafts(point) == []

    def test_asking_and_taking_back_are_told_why_not(self, card: Card, clerk: Client) -> None:
        for url, said in (("ask", {"department": "病理科", "note": "?"}), ("reason", {"_about": "HQ040|A13"})):
            assert clerk.post(f"/cards/{card.pk}/{url}", said, follow=True).status_code == 200
        assert "不能修改" in text(clerk.post(f"/cards/{card.pk}/ask", {"department": "病理科"}, follow=True))

    def test_reasons_stand_there_too(self, point: Point, clerk: Client, colleague: Client) -> None:
        card = point.card(home_phone="")
        name = asked(point, card)
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, name: WHY})
        colleague.post(f"/cards/{card.pk}/save", {"_version": 1, name: "家中无电话"})
        assert WHY in text(clerk.get(f"/cards/{card.pk}"))


class TestReady:
    def test_cards_with_unsaved_typing_are_left_out_and_named(
        self, point: Point, clerk: Client, colleague: Client
    ) -> None:
        kept, sent = point.card(), point.card()
        colleague.post(f"/cards/{kept.pk}/draft", {"_version": 1, DOCTOR: "丙某"})
        page = clerk.get("/cards/queue")
        assert "1 份有未保存的修改，未包括" in text(page)
        listed = clerk.get("/cards/queue?kind=typed").content.decode()
        assert f"/cards/{kept.pk}?" in listed
        assert f"/cards/{sent.pk}?" not in listed
        shown = re.findall(r'name="card" value="([^"]+)"', page.content.decode())[-1]
        assert shown == f"{sent.pk}:1"
        clerk.post("/cards/queue/submit", {"card": f"{kept.pk}:1 {sent.pk}:1"})
        with point.acting("entry_clerk"):
            assert {card.pk: card.state for card in Card.objects.all()} == {kept.pk: "draft", sent.pk: "submitted"}

    def test_the_own_draft_is_no_better(self, point: Point, clerk: Client) -> None:
        card = point.card()
        clerk.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "丙某"})
        with point.acting("entry_clerk") as by:
            assert not working.ready(by).exists()
            assert working.typed_on(by).get().pk == card.pk


class TestColleagues:
    def test_the_queue_goes_past_a_card_on_which_a_colleague_is_typing(
        self, point: Point, clerk: Client, colleague: Client
    ) -> None:
        taken, free = (point.card(sex="1") for _ in range(2))
        assert clerk.get("/cards/queue/start")["Location"].endswith(f"/{taken.pk}")
        colleague.post(f"/cards/{taken.pk}/draft", {"_version": 1, DOCTOR: "丙某"})
        assert clerk.get("/cards/queue/start")["Location"].endswith(f"/{free.pk}")
        assert colleague.get("/cards/queue/start")["Location"].endswith(f"/{taken.pk}"), "one's own is one's own"
        name = point.post("records_department").person.name
        assert f"{name} 正在填写" in text(clerk.get("/cards/queue?by=card"))
        said = text(clerk.get(f"/cards/{taken.pk}"))
        assert f"{name} · " in said
        assert "正在填写这份卡" in said
        assert "丙某" not in said, "that there is a draft is told, not what it says"
        with point.acting("entry_clerk") as by:
            move(cards=[free.pk], act="void", reason="重复", by=by)
        assert clerk.get("/cards/queue/start")["Location"].endswith(f"/{taken.pk}"), "when no other is left"

    def test_an_old_draft_takes_no_card(self, point: Point, clerk: Client, colleague: Client) -> None:
        card = point.card(sex="1")
        colleague.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "丙某"})
        with point.acting("records_department"):
            Draft.objects.update(saved_at=timezone.now() - timedelta(hours=2))
        assert "正在填写这份卡" not in text(clerk.get(f"/cards/{card.pk}"))
        with point.acting("entry_clerk") as by:
            assert working.of_colleagues(by) == {}

    def test_another_hospital_is_told_nothing(self, point: Point, colleague: Client) -> None:
        card = point.card(sex="1")
        colleague.post(f"/cards/{card.pk}/draft", {"_version": 1, DOCTOR: "丙某"})
        with made_up.acting(Point().post("entry_clerk")) as by:
            assert working.of_colleagues(by) == {}
