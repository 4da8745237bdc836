"""How often somebody may ask: counted once for all processes, even in pace, exact in what it says to wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

import docking
import made_up
from tonghu.platform.accounts.models import Person
from tonghu.platform.api import limits, rates, tasks
from tonghu.platform.api.models import DockingToken, KeptAnswer, RateCount
from tonghu.platform.api.problems import Refused
from tonghu.platform.scope.scope import open_scope, system_scope

PASSWORD = "Hard-to-guess 7"
Limit = Callable[..., None]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Set a limit to so many calls in so many seconds."""
    own = limits.number

    def set_to(name: str, calls: int, seconds: int) -> None:
        held = {"calls": calls, "seconds": seconds}
        before = limits.number
        monkeypatch.setattr(limits, "number", lambda entry, key: held[key] if entry == name else before(entry, key))

    assert own("rate.client", "calls") > 100
    return set_to


def count(key: str, times: int) -> int:
    """Count so many calls; return how many were let through."""
    through = 0
    for _ in range(times):
        try:
            rates.count(key, "rate.client")
        except Refused:
            continue
        through += 1
    return through


@pytest.mark.django_db
def test_a_burst_then_an_even_pace(limit: Limit) -> None:
    limit("rate.client", 6, 3600)
    assert count("client:1", 10) == 6
    with pytest.raises(Refused) as refused:
        rates.count("client:1", "rate.client")
    wait = int(refused.value.headers["Retry-After"])
    assert 595 <= wait <= 600
    assert "3600 秒最多 6 次" in refused.value.zh
    RateCount.objects.filter(pk="client:1").update(until=timezone.now() + timedelta(seconds=3000 - 1))
    assert count("client:1", 3) == 1, "a sixth of the hour has passed: one more"
    RateCount.objects.filter(pk="client:1").update(until=timezone.now() - timedelta(days=1))
    assert count("client:1", 10) == 6, "nobody saves up more than a burst"
    assert count("client:2", 1) == 1, "each has their own"


@pytest.mark.django_db
def test_what_is_refused_costs_nothing(limit: Limit) -> None:
    limit("rate.client", 2, 3600)
    count("client:1", 2)
    before = RateCount.objects.get(pk="client:1").until
    assert count("client:1", 5) == 0
    assert RateCount.objects.get(pk="client:1").until == before


@pytest.mark.django_db
def test_a_client_and_an_address_each_have_a_limit(limit: Limit) -> None:
    limit("rate.client", 2, 3600)
    limit("rate.address", 6, 3600)
    place = made_up.hospital()
    one, other = docking.system(docking.client(place)), docking.system(docking.client(place))
    assert [one.get("/api/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    assert [other.get("/api/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    stranger = Client().get("/api/v1/me", headers={"Accept-Language": "en"})
    assert stranger.status_code == 429
    assert stranger.json()["code"] == "too_many"
    assert int(stranger["Retry-After"]) >= 1
    assert stranger.json()["detail"].startswith("At most 6 calls in 3600 seconds; try again after")
    assert Client(REMOTE_ADDR="10.9.9.9").get("/api/v1/me").status_code == 401, "another address"
    assert Client().get("/healthz").status_code == 200, "the API's limits are the API's"


def logged_in(person: Person) -> Client:
    """A browser in which somebody has gone through the door, and chosen nothing."""
    client = Client()
    assert client.post("/login", {"username": person.username, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.django_db
def test_a_person_has_a_limit_over_all_their_devices_and_posts_and_is_told_in_chinese(limit: Limit) -> None:
    limit("rate.person", 3, 3600)
    clerk = made_up.post("entry_clerk")
    with open_scope(system_scope("login")):
        clerk.person.set_password(PASSWORD)
        clerk.person.save()
    desk, other = logged_in(clerk.person), logged_in(clerk.person)
    assert "post" not in desk.session, "whoever holds one post chooses none"
    assert [one.get("/api/v1/me").status_code for one in (desk, other, desk, other, desk)] == [200, 200, 200, 429, 429]
    elsewhere = made_up.browser(made_up.post("entry_clerk", holder=clerk.person))
    assert elsewhere.get("/api/v1/me").status_code == 429, "another post is the same person"
    assert made_up.browser(made_up.post("entry_clerk")).get("/api/v1/me").status_code == 200
    answer = other.get("/api/v1/me")
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer["Content-Language"] == "zh-hans"
    said = answer.json()
    assert (said["status"], said["code"]) == (429, "too_many")
    assert said["title"]
    assert "3600 秒最多 3 次" in said["detail"]
    assert 1 <= int(answer["Retry-After"]) <= 1200
    assert Client().get("/api/v1/me").status_code == 401, "a stranger is asked who they are"


@pytest.mark.django_db
def test_a_forged_session_spends_nobodys_limit(limit: Limit) -> None:
    limit("rate.person", 2, 3600)
    clerk = made_up.post("entry_clerk")
    stranger = Client()
    for value in ("", "x" * 32, str(clerk.pk), f"post:{clerk.pk}"):
        stranger.cookies["tonghu_session"] = value
        assert stranger.get("/api/v1/me").status_code == 401
    assert [made_up.browser(clerk).get("/api/v1/me").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
def test_guessing_secrets_is_slow(limit: Limit) -> None:
    limit("rate.token", 3, 3600)
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answers = [Client().post("/api/v1/oauth/token", form).status_code for _ in range(4)]
    assert answers[:3] != [429] * 3
    assert answers[3] == 429


@pytest.mark.django_db
def test_an_address_is_kept_as_a_hash() -> None:
    Client(REMOTE_ADDR="203.0.113.77").get("/api/v1/me")
    keys = list(RateCount.objects.values_list("key", flat=True))
    assert any(key.startswith("address:") for key in keys)
    assert not any("203.0.113" in key for key in keys)
    assert all(len(key) <= 60 for key in keys)


@pytest.mark.django_db
def test_counts_are_not_written_to_the_log_of_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'api_ratecount'")
        assert cursor.fetchone() == ("u",)


def test_from_many_connections_at_once_not_one_more_gets_through(
    committed: None, limit: Limit, django_db_blocker: Any
) -> None:
    limit("rate.client", 40, 3600)

    def caller(_number: int) -> int:
        with django_db_blocker.unblock():
            try:
                return count("client:9", 12)
            finally:
                connection.close()

    with ThreadPoolExecutor(6) as callers:
        assert sum(callers.map(caller, range(6))) == 40


@pytest.mark.django_db
def test_what_nobody_needs_any_more_is_removed() -> None:
    client = docking.client(made_up.hospital())
    docking.token(client, lasts=timedelta(hours=-1))
    docking.token(client)
    with open_scope(system_scope("migration")):
        for hours in (1, 30):
            kept = KeptAnswer.objects.create(client=client, operation="x", key=f"key-{hours}", asked=b"x")
            KeptAnswer.objects.filter(pk=kept.pk).update(at=timezone.now() - timedelta(hours=hours))
    RateCount.objects.create(key="client:1", until=timezone.now() - timedelta(minutes=1), allowed=True)
    RateCount.objects.create(key="client:2", until=timezone.now() + timedelta(minutes=1), allowed=True)

    class Once:
        """A run whose steps happen at once."""

        def once(self, _name: str, step: Callable[[], int]) -> int:
            with open_scope(system_scope("upkeep")):
                return step()

    assert tasks.tidy(Once()) == {"removed": 3}  # type: ignore[arg-type]
    with open_scope(system_scope("migration")):
        assert DockingToken.objects.count() == 1
        assert KeptAnswer.objects.get().key == "key-1"
    assert RateCount.objects.get().key == "client:2"
