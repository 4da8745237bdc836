"""The demo's people: one on every post, each marked made up, and everybody gets in with what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from site_people import PASSWORD

from tonghu.config import made_up
from tonghu.config.made_up_points import COUNTIES, points
from tonghu.network.models import Institution, Region
from tonghu.patients.models import HospitalView
from tonghu.platform.accounts import door
from tonghu.platform.accounts.models import LogInEvent, Person, Post
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.accounts.sign_in import scope_of_post
from tonghu.platform.notices import of_accounts
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.synth.country import invent_hospital

pytestmark = pytest.mark.django_db


def test_every_post_of_every_place_is_held_by_somebody_made_up(country: list[tuple[int, int]]) -> None:
    with open_scope(system_scope("login")):
        posts = list(Post.objects.select_related("person", "institution"))
        places = list(Institution.objects.all())
        assert Region.objects.count() > 3000
    few = {point.hospital.code for point in points(1) if not point.whole}
    assert len(few) == 10
    for place in places:
        wanted = {role.code for role in ROLES.values() if place.place in role.places}
        if place.code in few:
            wanted = set(made_up.REPORTERS)
        assert {post.role for post in posts if post.institution_id == place.pk} == wanted
    kinds = [(place.place, place.region_code) for place in places]
    assert [kind for kind in kinds if kind[0] != "hospital" or kind[1].startswith("51")][:6] == [
        ("hospital", "510104"), ("hospital", "510107"), ("health", "510104"), ("health", "510100"),
        ("health", "510000"), ("centre", "000000"),
    ]  # fmt: skip
    assert {role for post in posts for role in [post.role]} == {
        role.code for role in ROLES.values() if set(role.places) & {place.place for place in places}
    }
    assert all(post.person.made_up and post.institution.made_up for post in posts)
    assert all("虚构" in place.name for place in places)
    with_two = [post.person.username for post in posts].count("h1.auditor")
    assert with_two == 2
    assert country[-1] == (len(posts) - 1, len(posts) - 1)


def test_everybody_gets_in_with_what_the_table_says(country: object) -> None:
    found = {one.username: one for one in made_up.log_ins()}
    assert len(found) == len(made_up.log_ins()), "who holds two posts stands once"
    for username, one in found.items():
        role = ROLES[username.split(".")[1]]
        assert bool(one.code) == role.second_factor
        assert one.role == role.zh + ("（登录后选岗位）" if username == "h1.auditor" else "")
    for username in ("h2.entry_clerk", "city.commission_officer", "centre.centre_head"):
        client, one = Client(), found[username]
        answer = client.post("/login", {"username": username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()[:500]
        if one.code:
            assert answer["Location"].startswith("/login/code")
            answer = client.post("/login/code", {"code": one.code})
            assert answer.status_code == 302, answer.content.decode()[:500]
        assert username in client.get("/account").content.decode()
    # The same seed invents the same people, and a site that is filled is left alone.
    chance = made_up.Chance(1, "staff")
    first = made_up.invent_name(chance, "12"[chance.below(2)])
    assert not made_up.fill(2, "another")
    with open_scope(system_scope("login")):
        person = Person.objects.get(username="h1.responsible_deputy")
        assert person.name == first
        assert person.check_password(PASSWORD)


def test_nobody_made_up_is_alarmed_by_how_they_were_made(country: object) -> None:
    assert of_accounts.waiting() == [], "that their passwords were set by links is what the demo did"
    with open_scope(system_scope("login")):
        person = Person.objects.get(username="h1.responsible_deputy")
        door.note(LogInEvent.Kind.LOCKED, person, door.Door())
        assert [one.kind for one in of_accounts.waiting()] == ["locked"]
        door.note(LogInEvent.Kind.LOGGED_IN, person, door.Door())
        door.note(LogInEvent.Kind.LINK_USED, person, door.Door())
    assert [one.kind for one in of_accounts.waiting()] == ["locked", "link_used"], "what happens later is told"


def test_each_hospital_knows_its_children_and_some_were_at_both(country: object) -> None:
    seen = {}
    for short in ("h1", "h2"):
        with open_scope(system_scope("login")):
            post = Post.objects.select_related("person", "institution").get(person__username=f"{short}.entry_clerk")
        with open_scope(scope_of_post(post, purpose="test")):
            seen[short] = set(HospitalView.objects.values_list("child_id", flat=True))
    assert len(seen["h1"]) == made_up.CHILDREN["h1"]
    assert len(seen["h2"]) == made_up.CHILDREN["h2"] + made_up.SHARED
    assert len(seen["h1"] & seen["h2"]) == made_up.SHARED


def test_the_password_is_made_once_for_a_site(tmp_path: Path) -> None:
    first = made_up.password_of(tmp_path)
    assert made_up.password_of(tmp_path) == first
    assert made_up.password_of(tmp_path / "other") != first
    assert oct((tmp_path / "keys" / "demo-password").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("seed", [1, 2, 5, 31])
def test_two_hospitals_in_each_of_six_provinces_are_points_whatever_the_seed(seed: int) -> None:
    found = points(seed)
    assert [point.short for point in found] == [f"h{n}" for n in range(1, 13)]
    assert [point.county[:2] for point in found] == [province for province in COUNTIES for _ in range(2)]
    assert all(point.hospital == invent_hospital(seed, point.number) for point in found)
    assert all(point.hospital.province == point.county[:2] for point in found)
    assert [point.hospital.for_children for point in found] == [True, False] * 6
    assert len({point.hospital.code for point in found}) == 12
