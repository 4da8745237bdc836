"""Lists that auditors and the centre go through: next and previous stay in them, the sample is marked, acts together
say what they mean, and what could not be decided is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django.utils.translation import override as language

import made_up
from made_up_cards import Point, code
from opened import of_button
from tonghu.registry.auditing import sample
from tonghu.registry.models import Card
from tonghu.registry.pages import looking, telling, undecided
from tonghu.registry.pages.trail import Trail, of_list
from tonghu.registry.services import move, save_card
from tonghu.registry.states import ACTS

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WHY = "虚构的退回原因"
REPORT = "/cards/audit/report"


def text(answer: Any) -> str:
    said: str = answer.content.decode()
    return said


def submitted(point: Point, count: int) -> list[Card]:
    cards = [point.card() for _ in range(count)]
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk for card in cards], act="submit", by=by)
    return cards


def reported(point: Point, count: int, **changes: str) -> list[Card]:
    cards = [point.card(**changes) for _ in range(count)]
    for role, act in (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report")):
        with point.acting(role) as by:
            assert {one.refused for one in move(cards=[card.pk for card in cards], act=act, by=by)} == {""}
    return cards


@pytest.fixture
def auditor(point: Point) -> Client:
    return made_up.browser(point.post("auditor"))


@pytest.fixture
def centre(point: Point) -> Client:
    return made_up.browser(point.centre())


def keys(said: str) -> tuple[str, str]:
    """Where K and J lead."""
    return tuple(  # type: ignore[return-value]
        found[1].replace("&amp;", "&") if (found := re.search(rf'href="([^"]*)" data-key="{key}"', said)) else ""
        for key in "kj"
    )


# --- next and previous -----------------------------------------------------------------------------------------------


def test_next_and_previous_on_the_desk(point: Point, auditor: Client) -> None:
    first, second, third = submitted(point, 3)
    assert keys(text(auditor.get(f"/cards/{second.pk}"))) == (f"/cards/{first.pk}", f"/cards/{third.pk}")
    assert keys(text(auditor.get(f"/cards/{first.pk}"))) == (f"/cards/{third.pk}", f"/cards/{second.pk}"), "round"
    assert keys(text(auditor.get(f"/cards/{third.pk}"))) == (f"/cards/{second.pk}", f"/cards/{first.pk}")


def test_the_sample_is_marked_and_gone_through_by_itself(point: Point, auditor: Client) -> None:
    cards = [card.pk for card in submitted(point, 6)]
    with point.acting("auditor") as by:
        drawn = sample(cards, timezone.localdate(), by.person or 0)
        assert drawn == looking.drawn(by)
    [left] = [pk for pk in cards if pk not in drawn][:1]
    desk = text(auditor.get("/cards/audit"))
    for place, pk in enumerate(drawn):
        assert f'href="/cards/{pk}?list=sample"' in desk
        assert f"抽样 {place + 1}/3" in desk
        said = text(auditor.get(f"/cards/{pk}?list=sample"))
        assert f"抽样 {place + 1}/3" in said
        assert keys(said) == (f"/cards/{drawn[place - 1]}?list=sample", f"/cards/{drawn[(place + 1) % 3]}?list=sample")
    assert "抽样" not in text(auditor.get(f"/cards/{left}")).split("<main")[1].split("data-sides")[0]
    assert "抽样 1/3" in text(auditor.get(f"/cards/{drawn[0]}")), "also where the auditor came another way"
    answer = auditor.post(f"/cards/{drawn[0]}/act", {"_version": 1, "_act": "return", "typed": WHY, "list": "sample"})
    assert answer["Location"] == f"/cards/{drawn[1]}?list=sample"


def test_the_centre_stays_with_the_hospital_it_chose(point: Point, centre: Client) -> None:
    there = Point("330106")
    mine, other = reported(point, 2), reported(there, 2)
    narrowed = f"?list=received&institution={there.hospital.code}"
    listed = text(centre.get(f"/cards/received?institution={there.hospital.code}")).replace("&amp;", "&")
    assert f'href="/cards/{other[0].pk}{narrowed}"' in listed
    said = text(centre.get(f"/cards/{other[1].pk}{narrowed}"))
    assert keys(said) == (f"/cards/{other[0].pk}{narrowed}",) * 2
    assert f'name="institution" value="{there.hospital.code}"' in said, "the act goes on in that list"
    assert f'href="/cards/received?institution={there.hospital.code}"' in said
    answer = centre.post(
        f"/cards/{other[0].pk}/act",
        {"_version": 1, "_act": "accept", "list": "received", "institution": there.hospital.code},
    )
    assert answer["Location"] == f"/cards/{other[1].pk}{narrowed}"
    answer = centre.post(
        f"/cards/{other[1].pk}/act",
        {"_version": 1, "_act": "accept", "list": "received", "institution": there.hospital.code},
    )
    assert answer["Location"] == f"/cards/received?institution={there.hospital.code}", "the list is done"
    assert keys(text(centre.get(f"/cards/{mine[0].pk}"))) == (f"/cards/{mine[1].pk}",) * 2


def test_the_list_of_cards_is_gone_through_as_it_was_narrowed(point: Point, auditor: Client) -> None:
    one, two, three = submitted(point, 3)
    with point.acting("auditor") as by:
        move(cards=[one.pk, three.pk], act="approve", by=by)
    listed = text(auditor.get("/cards?state=approved")).replace("&amp;", "&")
    order = re.findall(r'href="/cards/(\d+)\?list=cards&state=approved"', listed)
    assert sorted(map(int, order)) == [one.pk, three.pk]
    first, last = (f"/cards/{pk}?list=cards&state=approved" for pk in order)
    assert keys(text(auditor.get(first))) == (last, last)
    assert keys(text(auditor.get(f"/cards/{two.pk}?list=cards&state=approved")))[1] in (first, last)
    assert keys(text(auditor.get(f"/cards/{one.pk}?list=cards&month=nonsense"))) == ("", ""), "nothing is in that list"


def test_a_list_that_is_not_the_readers_is_none(point: Point, auditor: Client) -> None:
    [card] = submitted(point, 1)
    assert 'href="/cards/audit"' in text(auditor.get(f"/cards/{card.pk}?list=received"))
    clerk = made_up.browser(point.post("point_lead"))
    assert keys(text(clerk.get(f"/cards/{card.pk}?list=audit"))) == ("", "")
    with point.acting("auditor") as by:
        assert Trail(by, "").beside(card) == ("", "")
        request: Any = type("Request", (), {"scope": by, "GET": QueryDict("rules=nonsense")})()
        assert of_list(request, "audit").narrowed == ()


def test_the_menu_shows_where_the_reader_stands(point: Point, auditor: Client) -> None:
    here = re.compile(r'<a[^>]*href="([^"]*)"[^>]*aria-current="page"')
    wrong, [handed_in] = point.card(age_years="12"), submitted(point, 1)
    clerk = made_up.browser(point.post("entry_clerk"))

    def stands(reader: Client, address: str) -> list[str]:
        menu = text(reader.get(address)).split("<main")[0]
        return here.findall(menu)

    assert stands(clerk, f"/cards/{wrong.pk}") == ["/cards/queue"]
    assert stands(clerk, f"/cards/{handed_in.pk}?list=cards") == ["/cards"]
    assert stands(auditor, f"/cards/{handed_in.pk}") == ["/cards/audit"]
    assert stands(auditor, f"/cards/{handed_in.pk}?list=cards") == ["/cards"]


# --- many at once ----------------------------------------------------------------------------------------------------


def test_the_centre_is_asked_before_it_accepts_a_page(point: Point, centre: Client) -> None:
    cards = reported(point, 3)
    with_warning = point.card(home_phone="")
    said = text(centre.get("/cards/received"))
    outside, dialog = re.split(r"<dialog[^>]*confirm", said.split("<main")[1], maxsplit=1)
    assert 'action="/cards/received/accept"' not in outside, "no button of the page does it at once"
    form = dialog.split("</dialog>")[0]
    assert 'action="/cards/received/accept"' in form
    assert "接收本页的报告卡？" in form
    assert "<dt>3</dt>" in form
    assert "接收后国家监测中心不能撤销" in form
    (carried,) = re.findall(r'name="card" value="([^"]+)"', form)
    assert carried.split() == [f"{card.pk}:1" for card in cards], "each with the version that was shown"
    assert f"{with_warning.pk}:1" not in carried.split()
    told = text(centre.post("/cards/received/accept", {"card": carried}, follow=True))
    assert "国家监测中心已接收 3 份报告卡。" in told
    assert "<dialog" not in told.split("<main")[1].split("</main")[0], "nothing is left to accept"


@pytest.mark.parametrize("chosen", ["zh-hans", "en"])
def test_every_act_is_told_as_a_sentence_of_what_happened(chosen: str) -> None:
    assert telling.ONE.keys() == ACTS.keys()
    with language(chosen):
        for act, known in ACTS.items():
            said = telling.done(act, "R1")
            assert "R1" in said
            assert said.endswith("。" if chosen == "zh-hans" else ".")
            assert f"：{known.zh}" not in said
            if chosen == "zh-hans":
                assert "已" in said, "what happened, not what is to be done"


def test_after_an_act_the_page_says_what_happened(point: Point, auditor: Client) -> None:
    one, two = submitted(point, 2)
    said = text(auditor.post(f"/cards/{one.pk}/act", {"_version": 1, "_act": "approve"}, follow=True))
    with point.acting("auditor"):
        name = one.view.patient_name
    assert f"{one.record_number} {name} 已审核通过。" in said
    auditor.post(f"/cards/{two.pk}/act", {"_version": 1, "_act": "approve"})
    assert "已上报国家监测中心 2 份报告卡。" in text(
        auditor.post(REPORT, of_button(auditor, "/cards/audit", REPORT), follow=True)
    )


# --- what could not be decided ---------------------------------------------------------------------------------------


def test_clean_cards_with_rules_that_said_nothing_are_counted_and_listed(point: Point, auditor: Client) -> None:
    whole, lacking = point.card(), point.card(admission_datetime="", length_of_stay_days="")
    undecided._known.clear()
    with point.acting("auditor") as by:
        cards = list(Card.objects.select_related("institution").filter(pk__in=[whole.pk, lacking.pk]))
        told = undecided.among(cards)
        assert undecided.among(cards) == told, "what is known is not looked up again"
    assert lacking.pk in told
    with point.acting("entry_clerk") as by:
        lacks = Card.objects.get(pk=lacking.pk)
        assert lacks.version == 1
        move(cards=[whole.pk, lacking.pk], act="submit", by=by)
    with point.acting("auditor") as by:
        clean = looking.clean_numbers(by)
        assert undecided.undecided(by) == [pk for pk in clean if pk in told]
    desk = text(auditor.get("/cards/audit"))
    assert 'hx-get="/cards/audit/not-decided"' in desk
    said = text(auditor.get("/cards/audit/not-decided"))
    listed = text(auditor.get("/cards/audit?rules=undecided"))
    wanted = [pk for pk in clean if pk in told]
    assert (f"其中 {len(wanted)} 份有未判断的规则" in said) if wanted else ("所有规则均已判断" in said)
    rows = {int(pk) for pk in re.findall(r'href="/cards/(\d+)\?list=audit&amp;rules=undecided"', listed)}
    assert rows == set(wanted)


def test_a_new_version_is_looked_at_anew(point: Point) -> None:
    card = point.card(supplement={"grade": "9"})
    with point.acting("entry_clerk") as by:
        before = undecided.among(Card.objects.select_related("institution").filter(pk=card.pk))
        save_card(card=card.pk, based_on=1, front={code("admission_datetime"): ""}, by=by)
        after = undecided.among(Card.objects.select_related("institution").filter(pk=card.pk))
    assert after == [card.pk]
    assert before == [card.pk] or before == []
