"""What a bulk mend promises of its undo is true: of locked months, of cards that were submitted or approved since."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

import made_up
from made_up_cards import Point, code
from run_jobs import entries, run_one
from tonghu.errors import InputRefused
from tonghu.registry.models import Card, CardVersion
from tonghu.registry.services import bulk_mend, mending, move, save_card, undo_mend
from tonghu.surveillance import services as calendar
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WRONG = {"cost_total": "１０００.00"}
QUEUE = "/cards/queue/mend/HQ021"


def text(answer: object) -> str:
    return answer.content.decode().split("<main")[1].split("</main>")[0]  # type: ignore[attr-defined]


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def of_locked_month(point: Point) -> Card:
    card = point.card(discharge_datetime="2026-09-12 10:00", **WRONG)
    with point.acting("centre_officer") as by:
        calendar.lock_month(month=Month(date(2026, 9, 1)), by=by)
    return card


def test_the_preview_names_locked_months_and_no_undo_is_offered_that_would_be_refused(
    point: Point, clerk: Client
) -> None:
    card = of_locked_month(point)
    assert "其中 1 份的归档月已锁定：改正后计为锁定后的变更，不能整批撤销" in text(clerk.get(QUEUE))
    done = text(clerk.post(QUEUE, {"card": [card.pk]}, follow=True))
    assert "已改正 1 份" in done
    assert "其中 1 份的归档月已锁定" in done
    assert "/cards/queue/undo/" not in done


def test_of_both_the_undo_takes_back_those_of_open_months_and_says_so(point: Point, clerk: Client) -> None:
    shut, free = of_locked_month(point), point.card(discharge_datetime="2026-10-12 10:00", **WRONG)
    assert "其中 1 份的归档月已锁定" in text(clerk.get(QUEUE))
    done = text(clerk.post(QUEUE, {"card": [shut.pk, free.pk]}, follow=True))
    assert "其中 1 份的归档月已锁定" in done
    batch = done.split('action="/cards/queue/undo/')[1].split('"')[0]
    back = text(clerk.post(f"/cards/queue/undo/{batch}", follow=True))
    assert "1 份已恢复原样" in back
    assert "保留不动" in back


def test_where_no_month_is_locked_nothing_is_said_of_it(point: Point, clerk: Client) -> None:
    card = point.card(**WRONG)
    assert "锁定" not in text(clerk.get(QUEUE))
    assert "锁定" not in text(clerk.post(QUEUE, {"card": [card.pk]}, follow=True))


def test_a_job_says_the_same(point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    card = of_locked_month(point)
    monkeypatch.setattr(mending, "AT_ONCE", 0.5)
    page = clerk.post(QUEUE, {"card": [card.pk]})["Location"]
    assert run_one(entries()[-1]).state == "done"
    done = text(clerk.get(page))
    assert "其中 1 份的归档月已锁定" in done
    assert "/cards/queue/undo/" not in done


def test_a_card_that_was_only_submitted_since_is_withdrawn_and_as_before(point: Point, clerk: Client) -> None:
    card = point.card(**WRONG)
    with point.acting("entry_clerk") as by:
        batch = bulk_mend(rule="HQ021", by=by).batch
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
    back = text(clerk.post(f"/cards/queue/undo/{batch}", follow=True))
    assert "1 份已恢复原样" in back
    assert "其中 1 份原已提交审核，现已撤回" in back
    with point.acting("entry_clerk"):
        card.refresh_from_db()
        assert (card.state, card.version, card.errors) == ("draft", 3, 1)
        assert CardVersion.objects.get(card=card, number=3).origin == "undo"


def test_an_approved_card_stays_and_the_refusal_says_why(point: Point) -> None:
    card = point.card(**WRONG)
    with point.acting("entry_clerk") as by:
        batch = bulk_mend(rule="HQ021", by=by).batch
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""
    with point.acting("entry_clerk") as by:
        with pytest.raises(InputRefused, match="approved"):
            undo_mend(batch=batch, by=by)
        card.refresh_from_db()
        assert (card.state, card.version) == ("approved", 2)


def lines(client: Client, address: str) -> list[str]:
    """The lines of a table, in words."""
    found = text(client.get(address)).split("<tr data-card")[1:]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line.split("</tr>")[0])) for line in found]


def listed(client: Client, query: str = "") -> list[str]:
    """The lines of the list of bulk mends."""
    return lines(client, f"/cards/queue/mends{query}")


def test_a_small_mend_is_taken_back_long_after_its_bar_has_gone(point: Point, clerk: Client) -> None:
    cards = [point.card(**WRONG) for _ in range(3)]
    assert "还没有批量改正" in text(clerk.get("/cards/queue/mends"))
    said = text(clerk.post(QUEUE, {"card": [card.pk for card in cards[:2]]}, follow=True))
    own = re.search(r'<a href="(/cards/queue/mends/\d+)">查看改动明细</a>', said)
    assert own, "the message leads to the mend's page"
    clerk.post(QUEUE, {"card": [cards[2].pk]}, follow=True)
    assert "最近的批量改正" in text(clerk.get("/cards/queue"))
    with point.acting("entry_clerk") as by:
        save_card(card=cards[0].pk, based_on=2, by=by, front={code("cost_total"): "2000.00"})
    newest, first = listed(clerk)
    assert "总费用" in first
    assert "HQ021" in first, "of one's own mends the rule is known"
    assert point.post("entry_clerk").person.name in first
    assert re.search(r" 2 0 $", first)
    assert re.search(r" 1 0 $", newest)
    address = re.findall(r'href="(/cards/queue/mends/\d+)"', text(clerk.get("/cards/queue/mends")))[-1]
    assert address == own[1]
    number = address.rsplit("/", 1)[1]
    back = clerk.post(f"/cards/queue/undo/{number}", {"from": "mend"}, follow=True)
    assert back.redirect_chain[-1][0] == address, "whoever asked for it there reads there what came of it"
    _newest, first = listed(clerk)
    assert re.search(r" 2 1 $", first), "one is as before, the other keeps what was typed since"
    clerk.post(f"/cards/queue/undo/{int(number) + 1}")
    assert "已全部撤销" in listed(clerk)[0]
    with point.acting("entry_clerk"):
        assert Card.objects.get(pk=cards[1].pk).version == 3
        assert Card.objects.get(pk=cards[0].pk).version == 3


def test_another_hospital_sees_none_of_it(point: Point, clerk: Client) -> None:
    clerk.post(QUEUE, {"card": [point.card(**WRONG).pk]}, follow=True)
    stranger = made_up.browser(made_up.post("entry_clerk", made_up.hospital()))
    assert listed(clerk)
    assert listed(stranger) == []
