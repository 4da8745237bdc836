"""What machines ask: is it alive, can it work, how quick is it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLResolver, get_resolver

from tonghu.platform.operations import endpoints, health
from tonghu.platform.operations.health import Check

PROXIED = {"x-forwarded-for": "203.0.113.9"}


def away(*_: object) -> str:
    raise OperationalError("connection refused, host=secret")


def test_healthz_asks_nobody(client: Client) -> None:
    # Without the django_db mark any touch of the database is an error here.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def heartbeat(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))", [seconds]
        )


@pytest.mark.django_db
def test_a_site_with_everything_is_ready(client: Client) -> None:
    heartbeat(3)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert list(checks) == ["database", "clock", "migrations", "worker", "keys", "disk"]
    assert checks["database"]["detail"].startswith("PostgreSQL 1")
    assert checks["worker"]["detail"] == "seen 3 s ago"


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [None, health.WORKER_SECONDS + 1])
def test_without_a_living_worker_it_is_not(client: Client, seconds: int | None) -> None:
    if seconds is not None:
        heartbeat(seconds)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"] == {
        "ok": False, "detail": "后台任务进程没有运行 / No worker is running: jobs wait",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_migration_that_has_not_run_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = health._wanted_migrations() | {("network", "9999_next")}
    monkeypatch.setattr(health, "_wanted_migrations", lambda: wanted)
    said = client.get("/readyz").json()["checks"]["migrations"]
    assert not said["ok"]
    assert "1 migrations have not run" in said["detail"]


@pytest.mark.django_db
def test_a_clock_that_is_wrong_is_said(client: Client) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        said = client.get("/readyz").json()["checks"]["clock"]
    assert not said["ok"]
    assert re.search(r"are (599|60[0-2]) s apart", said["detail"])


@pytest.mark.django_db
def test_a_nearly_full_disk_and_missing_keys_are_said(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    settings.SITE = tmp_path
    checks = client.get("/readyz").json()["checks"]
    assert checks["disk"] == {"ok": False, "detail": "磁盘空间不足：剩余 1 MB / The disk is nearly full: 1 MB free"}
    assert "keys/fields.json" in checks["keys"]["detail"]


def test_without_a_database_it_says_so_and_asks_it_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_database", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert [name for name, check in checks.items() if not check["ok"]][:4] == [
        "database",
        "clock",
        "migrations",
        "worker",
    ]
    assert b"secret" not in answer.content


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
def test_a_stranger_behind_the_proxy_gets_no_details(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(health, "checks", lambda: [Check("disk", True, "12 MB free")])
    assert b"12 MB" not in client.get(address, headers=PROXIED).content
    assert client.get("/metrics", headers=PROXIED).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404


def test_with_a_token_only_its_bearer_sees_figures(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHU_METRICS_TOKEN", "a-long-token")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer a-long-toke"}).status_code == 404
    right = {"authorization": "Bearer a-long-token", **PROXIED}
    assert client.get("/metrics", headers=right).status_code == 200


@pytest.mark.django_db
def test_figures_count_routes_and_never_addresses(client: Client) -> None:
    client.post("/language")
    client.get("/no-such-page/ouyang-cetong")
    text = client.get("/metrics").content.decode()
    assert 'tonghu_request_seconds_count{method="POST",route="web:language",status="3xx"}' in text
    assert 'tonghu_request_queries_bucket{le="15.0",route="web:language"}' in text
    assert 'route="unmatched",status="4xx"' in text
    assert "ouyang" not in text


def test_figures_of_several_processes_are_added_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = (
        "from tonghu.platform.operations import metrics; "
        "metrics.observe(route='web:x', method='GET', status=200, seconds=0.01, queries=3)"
    )
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], check=True)
    text = client.get("/metrics").content.decode()
    assert 'tonghu_request_seconds_count{method="GET",route="web:x",status="2xx"} 2.0' in text


@pytest.mark.django_db
def test_a_database_that_refuses_is_away_and_the_next_probe_begins_anew(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(health.connection, "cursor", away)
    monkeypatch.setattr(health.connection, "close", lambda: closed.append(True))
    assert client.get("/readyz").json()["checks"]["database"] == {"ok": False, "detail": "OperationalError"}
    assert closed == [True]


def test_every_probe_is_answered_before_sessions_and_scope() -> None:
    assert set(endpoints.PROBES) == {"/healthz", "/readyz", "/metrics"}


@pytest.mark.django_db
def test_the_servers_time_is_said_only_when_asked_for(client: Client, settings: Any) -> None:
    assert "Server-Timing" not in client.post("/language")
    settings.SERVER_TIMING = True
    assert client.post("/language")["Server-Timing"].startswith("app;dur=")


def test_every_page_of_the_site_has_a_budget(query_budgets: dict[str, int]) -> None:
    pages = set(_names(get_resolver()))
    assert len(pages) > 20
    known = {name.partition(" ")[2] for name in query_budgets}
    missing = sorted(pages - known)
    assert missing == [], "run ./run test --update-query-budgets, and look at the numbers"


def _names(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)
        elif pattern.name:
            yield ":".join((*spaces, pattern.name))
