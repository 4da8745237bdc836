"""Two hospitals' children are declared one by an authority above them: each side still opens its own, by every way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import made_up
from tonghu.patients.merges import merge, undo_merge
from tonghu.patients.models import Child, Consent, Grant
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-17")]


@dataclass
class Sides:
    """Hospital A's child has the smaller number, so that the group bears it; the city merged them."""

    a: Post
    b: Post
    city: Post
    centre: Post
    far: Post
    one: Child
    other: Child
    act: int

    def post(self, name: str) -> Post:
        held: Post = getattr(self, name)
        return held


@pytest.fixture
def sides() -> Sides:
    a = made_up.post("records_department", made_up.hospital("SIDEA", "510104", name="虚构甲医院"))
    b = made_up.post("records_department", made_up.hospital("SIDEB", "510107", name="虚构乙医院"))
    children = []
    for post, number, name in ((a, "A1", "单小雪"), (b, "B1", "单晓雪")):
        with made_up.acting(post) as by:
            at = post.institution_id
            children.append(enter_view(by=by, institution=at, record_number=number, patient_name=name).child)
    city = made_up.post("commission_officer", made_up.authority("health", "510100"))
    with made_up.acting(city, "children.merge") as by:
        act = merge(by=by, kept=children[0], merged=children[1], reason="同一名患儿，两院就诊")
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    far = made_up.post("records_department", made_up.hospital("SIDEC", "330102"))
    return Sides(a, b, city, centre, far, *children, act)


#: Who asks, and which names they see.
EACH = {"a": {"单小雪"}, "b": {"单晓雪"}, "city": {"单小雪", "单晓雪"}, "centre": {"单小雪", "单晓雪"}}
NAMES = {"单小雪", "单晓雪"}


def said(client: Client, url: str, **query: Any) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, url
    return answer.content.decode()


@pytest.mark.parametrize("who", sorted(EACH))
def test_either_number_opens_the_child_with_what_this_reader_sees(sides: Sides, who: str) -> None:
    browser = made_up.browser(sides.post(who))
    for number in (sides.one.pk, sides.other.pk):
        page = said(browser, reverse("patients:child", args=[number]))
        assert {name for name in NAMES if name in page} == EACH[who]
        assert browser.get(reverse("patients:history", args=[number])).status_code == 200
        answer = browser.get(f"/api/v1/children/{number}")
        assert answer.status_code == 200
        assert {view["name"] for view in answer.json()["views"]} == EACH[who]


@pytest.mark.parametrize("who", sorted(EACH))
def test_what_the_list_and_the_search_lead_to_opens(sides: Sides, who: str) -> None:
    browser = made_up.browser(sides.post(who))
    for name in EACH[who]:
        hits = browser.get("/api/v1/children", {"q": name}).json()
        assert hits, name
        assert browser.get(f"/api/v1/children/{hits[0]['id']}").status_code == 200
        for found in (said(browser, reverse("patients:children")), said(browser, reverse("web:search"), q=name)):
            links = {link for link in _links(found) if link.startswith("/children/")}
            assert links
            assert all(name in said(browser, link) or EACH[who] == NAMES for link in links)


def _links(page: str) -> set[str]:
    import re

    return set(re.findall(r'href="(/children/\d+)"', page))


@pytest.mark.parametrize("number", ["one", "other"])
def test_who_sees_neither_finds_neither(sides: Sides, number: str) -> None:
    browser, pk = made_up.browser(sides.far), getattr(sides, number).pk
    for url in (reverse("patients:child", args=[pk]), reverse("patients:history", args=[pk]), f"/api/v1/children/{pk}"):
        assert browser.get(url).status_code == 404


def test_a_hospital_enters_and_agrees_on_its_own_side(sides: Sides) -> None:
    """Whatever number the page was opened under, what a hospital records stays with its child when the merge goes."""
    today = "2026-11-22"
    browser = made_up.browser(sides.b)
    lead = made_up.browser(made_up.post("point_lead", sides.b.institution))
    where = [sides.one.pk]
    consent = {"purpose": "sharing", "given_by": "虚构母", "start": today}
    assert browser.post(reverse("patients:consent", args=where), consent).status_code == 302
    grant = {"institution": "SIDEC", "ground": "referral", "start": "2098-01-01", "end": "2098-01-02"}
    answer = lead.post(reverse("patients:grant", args=where), grant)
    assert answer.status_code == 302, answer.content.decode()
    with made_up.acting(sides.b):
        assert Consent.objects.get().child_id == sides.other.pk
        assert Grant.objects.get().child_id == sides.other.pk
    with made_up.acting(sides.city, "children.merge") as by:
        undo_merge(by=by, act=sides.act, reason="不是同一人")
    assert "单晓雪" in said(browser, reverse("patients:child", args=[sides.other.pk]))
    assert browser.get(reverse("patients:child", args=where)).status_code == 404


def test_a_look_is_logged_for_the_side_whose_view_was_shown(sides: Sides) -> None:
    said(made_up.browser(sides.b), reverse("patients:child", args=[sides.one.pk]))
    with open_scope(system_scope("migration")):
        looks = Event.objects.filter(kind="child.read").values_list("subject_id", flat=True)
        assert [json.loads(one) for one in looks] == [sides.other.pk]


def test_a_hospital_merges_what_it_finds_under_the_groups_number(sides: Sides) -> None:
    with made_up.acting(sides.b) as by:
        second = enter_view(by=by, institution=sides.b.institution_id, record_number="B2", patient_name="单晓雪").child
    url = f"{reverse('patients:merge', args=[second.pk])}?other={sides.one.pk}"
    browser = made_up.browser(sides.b)
    assert "单晓雪" in said(browser, url)
    answer = browser.post(url, {"reason": "本院建档两次"})
    assert answer.status_code == 302
    page = said(browser, answer.headers["Location"])
    assert "B1" in page
    assert "B2" in page
    assert "单小雪" not in page
