"""A clerk asks for the voiding of a card that was reported; an auditor voids it, or declines with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

import made_up
from made_up_cards import Point, code
from tonghu.errors import InputRefused
from tonghu.platform.audit.models import Event
from tonghu.registry.models import Card
from tonghu.registry.pages import looking
from tonghu.registry.services import ask_void, decline_void, move, save_card
from tonghu.registry.states import State
from tonghu.registry.void_requests import requests_at

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]
WHY, NO = "虚构：同一住院上报了两次", "虚构：两次住院，不是重复"


def accepted(point: Point) -> Card:
    """A card that the centre holds and that its clerk has in hand again."""
    card = point.card()
    way = (
        ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"), ("centre_officer", "accept"),
        ("entry_clerk", "revise"),
    )  # fmt: skip
    for role, act in way:
        with point.acting(role) as by:
            assert move(cards=[card.pk], act=act, by=by, reason="虚构的原因")[0].refused == ""
    return card


def said(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def open_here(point: Point) -> list[int]:
    with point.acting("auditor") as by:
        return list(requests_at(by).values_list("card", flat=True))


def test_a_clerk_asks_the_auditor_sees_it_and_voids(point: Point) -> None:
    card = accepted(point)
    clerk, auditor = made_up.browser(point.post("entry_clerk")), made_up.browser(point.post("auditor"))
    stranger = made_up.browser(Point().post("auditor"))
    page = said(clerk.get(f"/cards/{card.pk}"))
    assert 'data-opens="ask-void"' in page
    assert 'data-opens="act-void"' not in page
    asked = {"_version": "1", "_act": "ask", "reason": "重复上报", "typed": WHY}
    answer = clerk.post(f"/cards/{card.pk}/void-request", asked, follow=True)
    page = said(answer)
    assert "已向审核员申请作废" in page
    assert f"重复上报；{WHY}" in page, "the clerk reads on the card what they asked"
    assert 'data-opens="ask-void"' not in page, "one request a version"
    assert 'data-opens="decline-void"' not in page
    again = said(clerk.post(f"/cards/{card.pk}/void-request", asked, follow=True))
    assert "已申请作废这份报告卡" in again
    assert open_here(point) == [card.pk]
    # The auditor: a notice, a line on the first page and on the desk, who, when and why on the card.
    assert "申请作废 1 份已上报的报告卡" in said(auditor.get("/notices"))
    assert "1 份作废申请等待处理" in said(auditor.get("/"))
    desk = said(auditor.get("/cards/audit"))
    assert 'id="void-requests"' in desk
    assert WHY in desk
    page = said(auditor.get(f"/cards/{card.pk}"))
    assert point.post("entry_clerk").person.name in page.split('id="void-request"')[1][:900]
    assert f">重复上报；{WHY}</textarea>" in page, "the reason stands in the dialog of voiding"
    assert 'data-opens="decline-void"' in page
    # Somebody elsewhere finds neither the card nor the request.
    assert stranger.post(f"/cards/{card.pk}/void-request", {"_act": "decline", "typed": NO}).status_code == 404
    assert WHY not in said(stranger.get("/cards/audit"))
    centre = made_up.browser(point.centre())
    assert 'id="void-request"' not in said(centre.get(f"/cards/{card.pk}")), "the hospital decides among itself"
    assert centre.post(f"/cards/{card.pk}/void-request", asked).status_code == 403
    auditor.post(f"/cards/{card.pk}/act", {"_version": "1", "_act": "void_reported", "typed": WHY})
    with point.acting("auditor"):
        assert Card.objects.get(pk=card.pk).state == State.VOIDED
    assert open_here(point) == []
    assert "同意了您的申请，作废了 1 份报告卡" in said(clerk.get("/notices"))
    page = said(clerk.get(f"/cards/{card.pk}"))
    assert 'id="void-request"' not in page
    assert "申请作废" in page, "it stands in the history"


def test_an_auditor_declines_and_the_clerk_reads_why(point: Point) -> None:
    card = accepted(point)
    with point.acting("entry_clerk") as by:
        asked = ask_void(card=card.pk, version=1, reason=WHY, by=by)
        with pytest.raises(PermissionDenied):
            decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
    auditor, clerk = made_up.browser(point.post("auditor")), made_up.browser(point.post("entry_clerk"))
    no = {"_act": "decline", "_request": str(asked.pk)}
    assert "请写明原因" in said(auditor.post(f"/cards/{card.pk}/void-request", no, follow=True))
    assert open_here(point) == [card.pk]
    assert "已通知申请人" in said(auditor.post(f"/cards/{card.pk}/void-request", no | {"typed": NO}, follow=True))
    assert "没有同意您作废 1 份报告卡的申请" in said(clerk.get("/notices"))
    page = said(clerk.get(f"/cards/{card.pk}"))
    assert NO in page.split('id="void-request"')[1][:600]
    assert 'data-opens="ask-void"' in page, "another reason may be given"
    with point.acting("auditor") as by, pytest.raises(InputRefused, match="不在等待处理"):
        decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
    with point.acting("entry_clerk") as by:
        ask_void(card=card.pk, version=1, reason=WHY, by=by)
    assert open_here(point) == [card.pk]


def test_who_may_not_ask_and_what_cannot_be_asked_for(point: Point) -> None:
    card, never = accepted(point), point.card()
    with point.acting("auditor") as by, pytest.raises(PermissionDenied):
        ask_void(card=card.pk, version=1, reason=WHY, by=by)
    with Point().acting("entry_clerk") as by, pytest.raises(InputRefused, match="没有这份报告卡"):
        ask_void(card=card.pk, version=1, reason=WHY, by=by)
    with point.acting("entry_clerk") as by:
        with pytest.raises(InputRefused, match="从未上报"):
            ask_void(card=never.pk, version=1, reason=WHY, by=by)
        with pytest.raises(InputRefused, match="请写明原因"):
            ask_void(card=card.pk, version=1, reason=" ", by=by)
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        with pytest.raises(InputRefused, match="第 2 版"):
            ask_void(card=card.pk, version=1, reason=WHY, by=by)
    assert open_here(point) == []
    assert 'data-opens="ask-void"' not in said(made_up.browser(point.post("entry_clerk")).get(f"/cards/{never.pk}"))


def test_a_request_ends_with_its_version_and_with_the_state(point: Point) -> None:
    card = accepted(point)
    with point.acting("entry_clerk") as by:
        asked = ask_void(card=card.pk, version=1, reason=WHY, by=by)
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
    assert open_here(point) == []
    with point.acting("auditor") as by, pytest.raises(InputRefused, match="新的一版"):
        decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
    with point.acting("entry_clerk") as by:
        ask_void(card=card.pk, version=2, reason=WHY, by=by)
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="void_reported", by=by, reason=WHY)[0].refused == ""
        assert move(cards=[card.pk], act="restore_reported", by=by, reason="虚构：误作废")[0].refused == ""
    assert open_here(point) == [], "a restored card is asked about anew"


def test_nobody_approves_what_somebody_asks_to_void(point: Point) -> None:
    card = accepted(point)
    with point.acting("entry_clerk") as by:
        asked = ask_void(card=card.pk, version=1, reason=WHY, by=by)
        assert move(cards=[card.pk], act="submit", by=by, reason=WHY)[0].refused == ""
    with point.acting("auditor") as by:
        assert card.pk not in looking.clean_numbers(by)
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "void_asked"
    page = said(made_up.browser(point.post("auditor")).get(f"/cards/{card.pk}"))
    assert "有一项作废申请等待处理" in page
    with point.acting("auditor") as by:
        decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
        assert card.pk in looking.clean_numbers(by)
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""


def test_nobody_voids_or_declines_what_they_asked_for_themselves(point: Point) -> None:
    """The records department asks, and the same person audits by another post."""
    card = accepted(point)
    with point.acting("records_department") as by:
        asked = ask_void(card=card.pk, version=1, reason=WHY, by=by)
    both = made_up.post("auditor", point.hospital, holder=point.post("records_department").person)
    with made_up.acting(both) as by:
        assert move(cards=[card.pk], act="void_reported", by=by, reason=WHY)[0].refused == "void_own"
        with pytest.raises(InputRefused, match="由您申请"):
            decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
        with pytest.raises(DatabaseError, match="own request"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state=State.VOIDED)
    assert open_here(point) == [card.pk]


def test_who_wrote_the_card_is_not_asked_where_another_auditor_is(point: Point) -> None:
    card = accepted(point)
    writes_too = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    with point.acting("records_department") as by:
        ask_void(card=card.pk, version=1, reason=WHY, by=by)
    told = "申请作废 1 份已上报的报告卡"
    assert told in said(made_up.browser(point.post("auditor")).get("/notices"))
    assert told not in said(made_up.browser(writes_too).get("/notices"))


def test_history_and_log_have_both_acts_in_both_languages(point: Point) -> None:
    card = accepted(point)
    with point.acting("entry_clerk") as by:
        asked = ask_void(card=card.pk, version=1, reason="重复上报", by=by)
    with point.acting("auditor") as by:
        page = said(made_up.browser(point.post("auditor")).get(f"/cards/{card.pk}"))
        assert re.search(r'value="重复上报" checked', page), "a reason of the list is picked in the dialog of voiding"
        decline_void(card=card.pk, request=asked.pk, reason=NO, by=by)
        kinds = list(
            Event.objects.filter(kind__startswith="registry.void_").order_by("pk").values_list("kind", "reason")
        )
    assert kinds == [("registry.void_asked", "重复上报"), ("registry.void_declined", NO)]
    clerk = made_up.browser(point.post("entry_clerk"))
    chinese = said(clerk.get(f"/cards/{card.pk}"))
    clerk.cookies["django_language"] = "en"
    english = said(clerk.get(f"/cards/{card.pk}"))
    for page, words in (
        (chinese, ("申请作废", "没有同意作废")),
        (english, ("asked an auditor to void it", "declined to void it", "The auditor declined to void this card")),
    ):
        assert [word for word in words if word not in page] == []
