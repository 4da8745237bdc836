"""Every operation of the API × who calls it; an operation without a line here fails.

Asked are, by session and by docking client alike: the right caller, one without the right, the same at another
hospital and in another region; further nobody at all, a client that has ended, and one whose token has run out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import pytest
import tables
from django.test import Client
from django.utils import timezone
from psycopg.types.range import Range, TimestamptzRange

import docking
import made_up
from tonghu.config.api import api
from tonghu.network.models import Institution
from tonghu.patients.models import Child
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.access import access_of
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs.models import Job, Progress
from tonghu.platform.scope.permissions import declared

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-09")]

#: The name that must stay inside the walls.
SECRET: Final = "欧阳测童"
OK, UNKNOWN, FORBIDDEN, ABSENT = 200, 401, 403, 404


class Site:
    """A hospital with a clerk, a child and a job; another one beside it, one far away."""

    def __init__(self) -> None:
        self.here = made_up.hospital("APIW1", "510104")
        self.another = made_up.hospital("APIW2", "510105")
        self.far = made_up.hospital("APIW3", "330102")
        self.clerk = made_up.post("entry_clerk", self.here)

    def filled(self) -> Site:
        """The site with the child and the job in it, before anybody asks."""
        assert self.child.pk
        assert self.job.pk
        return self

    @cached_property
    def child(self) -> Child:
        with made_up.acting(self.clerk) as by:
            return enter_view(institution=self.here.pk, record_number="W1", patient_name=SECRET, by=by).child

    @cached_property
    def job(self) -> Job:
        place = tables.Place.__new__(tables.Place)
        place.post, place.institution, place.person = self.clerk, self.here, self.clerk.person
        row = tables.make(Progress, place)
        assert isinstance(row, Progress)
        return row.job


def no_path(_site: Site) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Line:
    """What an operation answers; `right` is the right that a client needs for it, '' for none."""

    right: str = ""
    path: Callable[[Site], dict[str, Any]] = no_path
    query: str = ""
    body: dict[str, Any] | None = None
    wrong: int = OK
    elsewhere: int = OK
    nobody: int = UNKNOWN
    names: bool = False
    role: str = "records_department"


OPERATIONS: Final[dict[str, Line]] = {
    "POST /oauth/token": Line(nobody=400, wrong=400, elsewhere=400),
    "GET /me": Line(),
    "GET /code-tables": Line(),
    "GET /code-tables/{id}": Line(path=lambda _site: {"id": "RC001"}),
    "POST /rules/check": Line("api.check", body={"layout": "2012", "record": {}}, wrong=FORBIDDEN),
    "GET /regions": Line(),
    "GET /regions/{code}": Line(path=lambda _site: {"code": "990000"}, wrong=ABSENT, elsewhere=ABSENT),
    "GET /institutions": Line(),
    "GET /children": Line("children.read", query=f"?q={SECRET}", wrong=FORBIDDEN, names=True),
    "GET /children/{id}": Line(
        "children.read", path=lambda site: {"id": site.child.group}, wrong=FORBIDDEN, elsewhere=ABSENT, names=True
    ),
    "GET /job-kinds": Line(),
    # Its own institution's, wherever that is: so whoever holds the right may ask anywhere.
    "POST /jobs": Line("audit.read", body={"kind": "audit.check"}, wrong=FORBIDDEN, elsewhere=202, role="audit_admin"),
    "POST /jobs/{id}/cancel": Line(
        "jobs.manage", path=lambda site: {"id": site.job.pk}, body={}, wrong=ABSENT, elsewhere=ABSENT
    ),
    "GET /jobs/{id}": Line("jobs.view", path=lambda site: {"id": site.job.pk}, wrong=ABSENT, elsewhere=ABSENT),
}
#: What is the same for everybody answers the right caller as it answers all.
ALIKE: Final = {"POST /oauth/token": 400, "POST /jobs": 202, "GET /regions/{code}": ABSENT}


def known() -> dict[str, Any]:
    return {f"{method} {path}": op for path, op in api.operations() for method in op.methods}


def test_every_operation_has_its_line() -> None:
    assert set(known()) == set(OPERATIONS), "add the operation to OPERATIONS"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_says_who_may_call_it(name: str) -> None:
    access = access_of(known()[name].view_func)
    assert access is not None
    assert all(code in declared() for code in access.permissions)
    assert access.kind != "public" or name == "POST /oauth/token"


def ask(client: Client, name: str, site: Site) -> Any:
    line, (method, path) = OPERATIONS[name], name.split(" ")
    address = "/api/v1" + path.format(**line.path(site)) + line.query
    if method == "GET":
        return client.get(address)
    return client.post(address, json.dumps(line.body), content_type="application/json")


def seen(client: Client, name: str, site: Site) -> tuple[int, bool]:
    answer = ask(client, name, site)
    if answer.status_code >= 400 and name != "POST /oauth/token":
        assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, SECRET in answer.content.decode()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_docking_clients_get_what_is_theirs(name: str) -> None:
    line, site = OPERATIONS[name], Site().filled()
    right = [line.right] if line.right else []
    ended = TimestamptzRange(timezone.now() - timedelta(days=2), timezone.now() - timedelta(days=1))
    future = TimestamptzRange(timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=2))

    def of(place: Institution, *rights: str, **more: Any) -> Client:
        return docking.system(docking.client(place, *rights, **more))

    over = docking.token(docking.client(site.here, *right), lasts=timedelta(seconds=-1))
    nobodies = {
        "nobody": Client(),
        "ended": of(site.here, *right, valid=ended) if name != "POST /oauth/token" else Client(),
        "not begun": of(site.here, *right, valid=future) if name != "POST /oauth/token" else Client(),
        "token over": Client(headers={"Authorization": f"Bearer {over}"}),
        "no token": Client(headers={"Authorization": "Bearer ' OR true --"}),
    }
    for who, client in nobodies.items():
        assert seen(client, name, site) == (line.nobody, False), who
    assert seen(of(site.here), name, site) == (line.wrong, False), "without the right"
    for place in (site.another, site.far):
        assert seen(of(place, *right), name, site) == (line.elsewhere, False), place
    far = made_up.authority("health", "330000")
    assert seen(of(far, *right), name, site) == (line.elsewhere, False), "the right one in the wrong region"
    expected = ALIKE.get(name, OK)
    for place in (site.here, made_up.authority("health", "510000")):
        assert seen(of(place, *right), name, site) == (expected, line.names), place


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_people_get_what_their_post_gets(name: str) -> None:
    line, site = OPERATIONS[name], Site().filled()

    def at(role: str, place: Institution) -> Post:
        return made_up.post(role, place)

    def asks(post: Post | None) -> tuple[int, bool]:
        return seen(made_up.browser(post), name, site)

    assert asks(None) == (line.nobody, False)
    assert asks(at("it_partner", site.here)) == (line.wrong, False), "the wrong post of the same hospital"
    for place in (site.another, site.far):
        assert asks(at(line.role, place)) == (line.elsewhere, False), place
    officer = {"api.check": "point_lead", "audit.read": "audit_admin"}.get(line.right, "commission_officer")
    far = made_up.authority("health", "330000") if officer == "commission_officer" else site.far
    assert asks(at(officer, far)) == (line.elsewhere, False), "the right post in the wrong region"
    assert asks(at(line.role, site.here)) == (ALIKE.get(name, OK), line.names)


def test_a_client_whose_institution_is_closed_is_over() -> None:
    closed = made_up.hospital("APIW9", valid=Range(date(2000, 1, 1), date(2020, 1, 1)))
    answer = docking.system(docking.client(closed)).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "client_ended")
