"""The page of one bulk mend, and the list of all: what was changed, what became of it, and what an undo would do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone
from test_mends_taken_back import lines, listed, text

import made_up
from made_up_cards import Point, code
from run_jobs import entries, run_one
from tonghu.platform.audit.models import Event
from tonghu.platform.components.table import Table
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.pages import mends_done, one_mend
from tonghu.registry.services import ask_department, bulk_mend, mending, move, save_card, undo_mend
from tonghu.registry.services.mend_fates import GOES_BACK, Fate, counted, outcomes
from tonghu.registry.services.mending import stored
from tonghu.surveillance import services as calendar
from tonghu.surveillance.calendar import Month

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

#: Two texts that one rule puts right.
WRONG = {"cost_total": "１０００.00", "age_years": "９"}
COST, AGE = code("cost_total"), code("age_years")


@pytest.fixture
def clerk(point: Point) -> Client:
    return made_up.browser(point.post("entry_clerk"))


def mended(point: Point) -> int:
    with point.acting("entry_clerk") as by:
        return bulk_mend(rule="HQ021", by=by).batch


def passed(point: Point, card: Card, *way: tuple[str, str]) -> None:
    for role, act in way:
        with point.acting(role) as by:
            assert move(cards=[card.pk], act=act, by=by, reason="虚构的原因")[0].refused == ""


SUBMIT, APPROVE = ("entry_clerk", "submit"), ("auditor", "approve")
REPORT, BACK = ("auditor", "report"), ("centre_officer", "return_by_centre")


def typed(point: Point, card: Card, **texts: str) -> None:
    with point.acting("entry_clerk") as by:
        now = Card.objects.get(pk=card.pk).version
        save_card(card=card.pk, based_on=now, by=by, front={code(name): text for name, text in texts.items()})


def asked(point: Point, card: Card) -> None:
    with point.acting("entry_clerk") as by:
        ask_department(card=card.pk, department="虚构科", by=by)


def undone(point: Point, card: Card) -> None:
    with point.acting("entry_clerk") as by:
        (batch,) = {one.batch for one in card.versions.filter(origin="bulk")}
        mending.undo_some(batch=-batch, cards=[card.pk], by=by)


#: What happens to a card after its mend, and what an undo then does with it.
FATES: dict[str, tuple[Fate, Callable[[Point, Card], None]]] = {
    "nothing": (Fate.BACK, lambda _point, _card: None),
    "another field": (Fate.BACK, lambda point, card: typed(point, card, occupation="80")),
    "one of two": (Fate.BACK, lambda point, card: typed(point, card, cost_total="2000.00")),
    "both": (Fate.CHANGED, lambda point, card: typed(point, card, cost_total="2000.00", age_years="10")),
    "there and back": (
        Fate.BACK,
        lambda point, card: (typed(point, card, cost_total="2000.00"), typed(point, card, cost_total="1000.00")),
    ),
    "undone": (Fate.TAKEN_BACK, undone),
    "undone and typed": (
        Fate.TAKEN_BACK, lambda point, card: (undone(point, card), typed(point, card, cost_total="2000.00")),
    ),
    "undone and mended": (
        Fate.BACK, lambda point, card: (undone(point, card), typed(point, card, cost_total="1000.00")),
    ),
    "submitted": (Fate.WITHDRAWN, lambda point, card: passed(point, card, SUBMIT)),
    "approved": (Fate.APPROVED, lambda point, card: passed(point, card, SUBMIT, APPROVE)),
    "reported": (Fate.CENTRE, lambda point, card: passed(point, card, SUBMIT, APPROVE, REPORT)),
    "back from the centre": (Fate.BACK, lambda point, card: passed(point, card, SUBMIT, APPROVE, REPORT, BACK)),
    "back and submitted again": (
        Fate.CENTRE, lambda point, card: passed(point, card, SUBMIT, APPROVE, REPORT, BACK, SUBMIT),
    ),
    "voided": (Fate.VOIDED, lambda point, card: passed(point, card, ("entry_clerk", "void"))),
}  # fmt: skip


@pytest.mark.parametrize("name", FATES)
def test_the_forecast_of_a_card_is_what_the_undo_does(point: Point, name: str) -> None:
    fate, then = FATES[name]
    card = point.card(**WRONG)
    batch = mended(point)
    then(point, card)
    with point.acting("entry_clerk") as by:
        (one,) = outcomes(stored(batch), by)
        assert one.fate == fate
        done = mending.undo_some(batch=batch, cards=[card.pk], by=by)
        assert done == ([card.pk] if fate in GOES_BACK else [])
        (after,) = outcomes(stored(batch), by)
        assert after.fate not in GOES_BACK, "a second undo would do nothing, and says so"
        assert mending.undo_some(batch=batch, cards=[card.pk], by=by) == []


def test_a_card_about_which_a_department_was_asked(point: Point) -> None:
    """It is in hand, and goes back as any other."""
    card = point.card(**WRONG)
    batch = mended(point)
    asked(point, card)
    with point.acting("entry_clerk") as by:
        assert [one.fate for one in outcomes(stored(batch), by)] == [Fate.BACK]
        assert undo_mend(batch=batch, by=by).cards == (card.pk,)


def many(point: Point) -> tuple[int, dict[str, Card]]:
    """A mend of which every fate has a card."""
    cards = {name: point.card(**WRONG) for name in FATES}
    cards["locked"] = point.card(**WRONG, discharge_datetime="2026-08-12 10:00")
    batch = mended(point)
    for name, (_fate, then) in FATES.items():
        then(point, cards[name])
    with point.acting("centre_officer") as by:
        calendar.lock_month(month=Month(date(2026, 8, 1)), by=by)
    return batch, cards


def test_the_question_says_in_numbers_what_the_undo_does(point: Point, clerk: Client) -> None:
    batch, cards = many(point)
    address = f"/cards/queue/mends/{batch}"
    page = text(clerk.get(address))
    asks = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<dialog")[1].split("</dialog>")[0]))
    assert "撤销这次批量改正？ 7 份报告卡恢复改正前的内容" in asks
    assert "1 份已提交，先撤回提交" in asks
    assert "1 不动：归档月已锁定，可单独更正" in asks
    assert "1 不动：所改内容后来又被修改" in asks
    with point.acting("entry_clerk") as by:
        fates = counted(outcomes(stored(batch), by))
        done = undo_mend(batch=batch, by=by)
    assert sum(fates[fate] for fate in GOES_BACK) == len(done.cards) == 7
    assert (done.withdrawn, len(done.locked)) == (fates[Fate.WITHDRAWN], fates[Fate.LOCKED]) == (1, 1)
    assert len(done.left) == len(cards) - 7
    page = text(clerk.get(address))
    assert "<dialog" not in page
    assert "现在没有可以整批撤销的内容" in page


def test_every_card_says_what_was_changed_and_what_became_of_it(point: Point, clerk: Client) -> None:
    batch, cards = many(point)
    address = f"/cards/queue/mends/{batch}"
    page = text(clerk.get(address))
    assert "<del>１０００.00</del> → <ins>1000.00</ins>" in page
    assert point.post("entry_clerk").person.name in page
    assert "<code>HQ021</code>" in page
    of_card = {name: next(line for line in lines(clerk, address) if card.record_number in line)
               for name, card in cards.items()}  # fmt: skip
    assert all(f'href="/cards/{card.pk}"' in page for card in cards.values())
    assert of_card["nothing"].count("仍有效") == 2
    assert (of_card["one of two"].count("仍有效"), of_card["one of two"].count("后来又被修改")) == (1, 1)
    assert of_card["undone"].count("已撤销") >= 2
    assert "已审核通过，审核员可撤销通过" in of_card["approved"]
    assert "国家监测中心已有上报版本" in of_card["reported"]
    (locked,) = lines(clerk, f"{address}?fate=locked")
    assert cards["locked"].record_number in locked
    assert "归档月已锁定" in locked
    assert "<table" in text(clerk.get(address, headers={"accept-language": "en"}))


def test_a_mend_of_many_cards_is_paged(point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_mend, "Table", partial(Table, page=2))
    cards = [point.card(**WRONG) for _ in range(5)]
    batch = mended(point)
    seen, address = [], f"/cards/queue/mends/{batch}"
    while address:
        page = text(clerk.get(address))
        assert "共 5" in page
        seen += re.findall(r'href="/cards/(\d+)"', page)
        found = re.search(r'rel="next" href="([^"]*)"', page)
        address = f"/cards/queue/mends/{batch}{found[1]}" if found else ""
    assert seen == [str(card.pk) for card in cards]


def test_who_sees_it_is_logged_and_a_stranger_finds_nothing(point: Point, clerk: Client) -> None:
    card = point.card(**WRONG, patient_name="欧阳测己")
    batch = mended(point)
    address = f"/cards/queue/mends/{batch}"
    assert "欧阳测己" in text(clerk.get(address))
    with open_scope(system_scope("migration")):
        look = Event.objects.filter(kind="children.listed").latest("pk")
    assert look.data["children"] == [card.child_id]
    assert (look.institution_id, look.by_person) == (point.hospital.pk, point.post("entry_clerk").person_id)
    stranger = made_up.browser(made_up.post("entry_clerk", made_up.hospital()))
    assert stranger.get(address).status_code == 404
    assert clerk.get("/cards/queue/mends/999999").status_code == 404
    assert clerk.get(f"/cards/queue/mends/{10**30}").status_code == 404
    assert made_up.browser(point.post("auditor")).get(address).status_code == 403


def test_looking_at_what_a_rule_would_change_is_logged(point: Point, clerk: Client) -> None:
    card = point.card(**WRONG)
    text(clerk.get("/cards/queue/mend/HQ021"))
    with open_scope(system_scope("migration")):
        assert Event.objects.filter(kind="children.listed").latest("pk").data["children"] == [card.child_id]


def test_the_list_has_every_mend_page_by_page(point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mends_done, "Table", partial(Table, page=2))
    batches = []
    for _ in range(5):
        point.card(**WRONG)
        batches.append(mended(point))
    seen, query = [], ""
    while True:
        page = text(clerk.get(f"/cards/queue/mends{query}"))
        seen += [int(number) for number in re.findall(r'href="/cards/queue/mends/(\d+)"', page)]
        found = re.search(r'rel="next" href="([^"]*)"', page)
        if not found:
            break
        query = found[1]
    assert seen == batches[::-1]
    back = re.search(r'rel="prev" href="([^"]*)"', page)
    assert back
    page = text(clerk.get(f"/cards/queue/mends{back[1]}"))
    assert [int(n) for n in re.findall(r'href="/cards/queue/mends/(\d+)"', page)] == batches[1:3][::-1]


def test_the_list_is_narrowed_by_whom_and_when(point: Point, clerk: Client) -> None:
    holder = made_up.person(point.hospital, name="虚构同事")
    colleague = made_up.post("entry_clerk", point.hospital, holder=holder)
    point.card(**WRONG)
    mended(point)
    point.card(**WRONG)
    with made_up.acting(colleague) as by:
        bulk_mend(rule="HQ021", by=by)
    (theirs,) = listed(clerk, f"?who={colleague.person_id}")
    assert "虚构同事" in theirs
    assert "HQ021" in theirs
    (mine,) = listed(clerk, f"?who={point.post('entry_clerk').person_id}")
    assert "虚构同事" not in mine
    today = timezone.localdate()
    assert len(listed(clerk, f"?since={today}&until={today:%Y%m%d}")) == 2
    assert listed(clerk, f"?since={today + timedelta(days=1)}") == []
    assert listed(clerk, f"?until={today - timedelta(days=1)}") == []
    assert "无法识别" in text(clerk.get("/cards/queue/mends?since=昨天"))


def test_the_page_of_a_job_leads_there_too(point: Point, clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "AT_ONCE", 0.5)
    monkeypatch.setattr(mending, "AT_ONCE_OF_CHILD", 0.5)
    card = point.card(**WRONG)
    page = clerk.post("/cards/queue/mend/HQ021", {"card": [card.pk]})["Location"]
    assert "/cards/queue/mends/" not in text(clerk.get(page)), "nothing was changed so far"
    run_one(entries()[-1])
    address = re.search(r'href="(/cards/queue/mends/\d+)"', text(clerk.get(page)))
    assert address
    assert clerk.get(address[1]).status_code == 200
    clerk.post(page.replace("mending", "undo"))
    here = text(clerk.get(address[1]))
    assert f'href="{page}"' in here
    assert "<dialog" not in here, "it is being taken back"
    run_one(entries()[-1])
    assert "此前已撤销" in text(clerk.get(address[1]))
