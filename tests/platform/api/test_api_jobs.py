"""Jobs through the API: which may be asked for, by whom, how they stand, and that they stop."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

import docking
import made_up
from run_jobs import run_one, seen
from tonghu.platform.api import services as credentials
from tonghu.platform.api.callers import scope_of_client
from tonghu.platform.api.models import DockingClient
from tonghu.platform.api.queries import for_clients
from tonghu.platform.jobs import services
from tonghu.platform.jobs import tasks as tasks_module
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-07")]
State = Job.State
ran: list[tuple[int | None, int | None, int]] = []


@pytest.fixture(autouse=True)
def _counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that may be asked for with the right to check front pages, and one that may not be asked for at all."""
    monkeypatch.setattr(tasks_module, "_kinds", dict(tasks_module._kinds))
    ran.clear()

    @job("sample.count", zh="数一数", en="Count", asked_with="api.check")
    def count(run: Run, *, upto: int) -> dict[str, int]:
        ran.append((run.scope.client, run.scope.institution, upto))
        return {"counted": upto}

    @job("sample.closed", zh="不可提交", en="Closed")
    def closed(run: Run) -> None:
        raise AssertionError("nobody asks for it")


def ask(caller: Client, kind: str = "sample.count", upto: Any = 3, **headers: str) -> Any:
    body = {"kind": kind, "arguments": {"upto": upto}}
    return caller.post("/api/v1/jobs", json.dumps(body), content_type="application/json", headers=headers)


def of(hospital: str = "JOBS1", *rights: str) -> tuple[DockingClient, Client]:
    client = docking.client(made_up.hospital(hospital), *(rights or ("api.check",)))
    return client, docking.system(client)


def test_a_client_asks_for_a_job_sees_how_it_stands_and_what_came_of_it() -> None:
    client, caller = of()
    assert [one["kind"] for one in caller.get("/api/v1/job-kinds").json()] == ["sample.count"]
    assert caller.get("/api/v1/job-kinds").json()[0] == {
        "kind": "sample.count",
        "title": "数一数",
        "arguments": ["upto"],
    }
    asked = ask(caller)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    number = asked.json()["id"]
    assert run_one(number).state == State.DONE
    assert ran == [(client.pk, client.institution_id, 3)]
    said = caller.get(f"/api/v1/jobs/{number}").json()
    assert (said["state"], said["result"]) == ("done", {"counted": 3})
    row = seen(number)
    assert (row.client_id, row.person_id, row.post_id, row.system) == (client.pk, None, None, "")


def test_the_same_call_again_asks_for_no_second_job() -> None:
    _client, caller = of()
    first, second = (ask(caller, **{"Idempotency-Key": "wish-2026-11"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    with open_scope(system_scope("worker")):
        assert Job.objects.filter(kind="sample.count").count() == 1


def test_a_client_stops_its_own_job_and_nobody_elses() -> None:
    _client, caller = of()
    _other, stranger = of("JOBS2")
    number = ask(caller).json()["id"]
    assert stranger.get(f"/api/v1/jobs/{number}").status_code == 404
    assert stranger.post(f"/api/v1/jobs/{number}/cancel").status_code == 404
    for _ in range(2):
        said = caller.post(f"/api/v1/jobs/{number}/cancel")
        assert (said.status_code, said.json()["state"]) == (200, "cancelled")
    assert run_one(number).state == State.CANCELLED
    assert ran == []


def test_another_client_of_the_same_hospital_sees_a_job_only_with_the_right_to_and_never_stops_it() -> None:
    client, caller = of()
    number = ask(caller).json()["id"]
    beside = docking.system(docking.client(client.institution, "api.check"))
    seeing = docking.system(docking.client(client.institution, "jobs.view"))
    assert beside.get(f"/api/v1/jobs/{number}").status_code == 404
    assert seeing.get(f"/api/v1/jobs/{number}").status_code == 200
    assert seeing.post(f"/api/v1/jobs/{number}/cancel").status_code == 403
    assert seen(number).state == State.WAITING


def test_a_lead_sees_what_a_client_of_the_hospital_asked_for_and_may_stop_it() -> None:
    client, caller = of()
    number = ask(caller).json()["id"]
    lead = made_up.browser(made_up.post("point_lead", client.institution))
    assert f"对接系统 {client.pk}" in lead.get(f"/jobs/{number}").content.decode()
    with made_up.acting(made_up.post("point_lead", client.institution)) as by:
        assert services.cancel(job=number, by=by).state == State.CANCELLED
    with made_up.acting(made_up.post("point_lead", made_up.hospital("JOBS3"))) as by, pytest.raises(Job.DoesNotExist):
        services.cancel(job=number, by=by)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"kind": "sample.closed"}, 422, "没有可以提交的这种任务"),
        ({"kind": "no.such"}, 422, "没有可以提交的这种任务"),
        ({"kind": "notices.send"}, 422, "没有可以提交的这种任务"),
        ({"kind": "audit.check"}, 403, "查看操作日志"),
        ({"kind": "sample.count"}, 422, "arguments 应恰为：upto"),
        ({"kind": "sample.count", "arguments": {"upto": 1, "run": 2}}, 422, "arguments 应恰为：upto"),
        ({"kind": "sample.count", "arguments": {"upto": "欧阳测童"}}, 422, "不得包含可识别个人的内容"),
        ({"kind": "sample.count", "arguments": {"upto": [1]}}, 422, "内容有误"),
        ({"kind": "sample.count", "key": "x"}, 422, "内容有误"),
    ],
)
def test_what_cannot_be_asked_for_is_said_and_leaves_nothing(body: dict[str, Any], status: int, words: str) -> None:
    _client, caller = of()
    said = caller.post("/api/v1/jobs", json.dumps(body), content_type="application/json")
    assert (said.status_code, said["Content-Type"]) == (status, "application/problem+json")
    assert words in said.content.decode()
    with open_scope(system_scope("worker")):
        assert not Job.objects.filter(client__isnull=False).exists()


def test_a_client_that_has_ended_meanwhile_gets_nothing_done() -> None:
    client, caller = of()
    number = ask(caller).json()["id"]
    lead = made_up.post("point_lead", client.institution)
    with made_up.acting(lead) as by:
        credentials.end(client=client, reason="合同到期", by=by)
    ended = run_one(number)
    assert (ended.state, ran) == (State.STOPPED, [])
    assert "对接凭证已终止" in ended.error_zh
    assert ended.error_en


def test_the_database_lets_a_client_ask_in_its_own_name_alone() -> None:
    client, _caller = of()
    other, _ = of("JOBS2")
    clerk = made_up.post("entry_clerk", client.institution)
    mine = {"kind": "sample.count", "client_id": client.pk, "institution_id": client.institution_id}
    for wrong in (
        {"client_id": other.pk}, {"client_id": None, "system": "upkeep"},
        {"client_id": None, "person_id": clerk.person_id, "post_id": clerk.pk}, {"post_id": clerk.pk},
    ):  # fmt: skip
        with (
            open_scope(scope_of_client(client, purpose="test")),
            pytest.raises(DatabaseError, match="row-level security"),
            transaction.atomic(),
        ):
            Job.objects.create(**mine | wrong)
    with made_up.acting(clerk), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Job.objects.create(**mine)


def test_somebody_in_a_browser_asks_as_their_post() -> None:
    assert ask(Client()).status_code == 401
    auditor = made_up.post("audit_admin")
    said = ask(made_up.browser(auditor))
    assert said.status_code == 403
    body = json.dumps({"kind": "audit.check"})
    said = made_up.browser(auditor).post("/api/v1/jobs", body, content_type="application/json")
    assert (said.status_code, said.json()["kind"]) == (202, "audit.check")
    row = seen(said.json()["id"])
    assert (row.person_id, row.post_id, row.client_id) == (auditor.person_id, auditor.pk, None)


def test_a_person_who_acts_from_no_post_is_told_to_choose_one() -> None:
    person = made_up.person()
    caller = Client()
    with open_scope(system_scope("login")):
        caller.force_login(person)
    assert ask(caller).status_code == 403


def test_rights_for_jobs_can_be_given_to_clients() -> None:
    assert {"audit.read", "api.check"} <= set(for_clients())
