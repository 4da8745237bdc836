"""What attackers send: more fields than asked, others' numbers, SQL and HTML in every text, bodies of all sizes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

import docking
import made_up
from tonghu.codes.hqms_fields import layout
from tonghu.config.api import api
from tonghu.patients.services import enter_view
from tonghu.platform.accounts.models import Person
from tonghu.platform.api import limits
from tonghu.platform.api.models import DockingClient
from tonghu.platform.api.queries import for_clients
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db
ATTACKS = [
    "' OR '1'='1", "'; DROP TABLE accounts_person; --", "1) UNION SELECT password FROM accounts_person --",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "../../etc/passwd", "%00", "{{7*7}}", "%s%s%n",
    "\\", "\u202e", "𠮷", "a" * 5000, "-1", "99999999999999999999", "NaN", "[]", "{}",
]  # fmt: skip


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Client:
    own = limits.number
    monkeypatch.setattr(limits, "number", lambda name, key: 10**6 if key == "calls" else own(name, key))
    return docking.system(docking.client(made_up.hospital("HOST1"), *for_clients(), "jobs.view"))


def people() -> int:
    with open_scope(system_scope("provisioning")):
        return Person.objects.count()


def texts() -> list[tuple[str, str, str]]:
    """Every parameter of every operation: method and path, where it stands, its name."""
    described = api.get_openapi_schema()["paths"]
    return [
        (f"{method.upper()} {path}", given["in"], given["name"])
        for path, methods in described.items()
        for method, one in methods.items()
        for given in one["parameters"]
    ]


@pytest.mark.parametrize(("operation", "place", "name"), texts())
def test_sql_and_html_in_every_parameter(system: Client, operation: str, place: str, name: str) -> None:
    method, path = operation.split(" ")
    before = people()
    for attack in ATTACKS:
        query, headers = {"q": "x"} if path.endswith("/children") else {}, {}
        if place == "query":
            query[name] = attack
        elif place == "header":
            headers[name] = attack if attack.isascii() else "x"
        at = path.replace("{" + name + "}", quote(attack, safe="")) if place == "path" else path
        at = at.replace("{id}", "1").replace("{code}", "510000")
        if method == "GET":
            answer = system.get(at, query, headers=headers)
        else:
            answer = system.post(at, "{}", content_type="application/json", headers=headers)
        assert answer.status_code < 500, attack
        assert not answer["Content-Type"].startswith("text/html"), attack
        assert answer["X-Content-Type-Options"] == "nosniff"
        if place == "path":
            assert answer.status_code in (404, 422), attack
        assert "alert(1)" not in answer.content.decode(), attack
        assert "argon2" not in answer.content.decode()
    assert people() == before


def test_sql_and_html_in_every_cell_of_a_front_page(system: Client) -> None:
    before = people()
    for number, attack in enumerate(one for one in ATTACKS if len(one) <= 2000):
        fields = [field.code for field in layout("2012").fields][number :: len(ATTACKS)]
        page = {"layout": "2012", "record": dict.fromkeys(fields, attack)}
        answer = system.post("/api/v1/rules/check", json.dumps(page), content_type="application/json")
        assert answer.status_code == 200, attack
        assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert people() == before


@pytest.mark.parametrize("extra", ["findings", "institution", "permissions", "__proto__", "id"])
def test_fields_that_nobody_asked_for_are_refused(system: Client, extra: str) -> None:
    page = {"layout": "2012", "record": {}, extra: ["children.read"]}
    answer = system.post("/api/v1/rules/check", json.dumps(page), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/{extra}"


def test_a_form_gives_no_more_than_its_fields(system: Client) -> None:
    """Mass assignment: what is posted beside the fields of the page changes nothing of the client."""
    lead = made_up.post("point_lead", made_up.hospital("HOST2"))
    day = timezone.localdate().isoformat()
    made_up.browser(lead).post("/docking/new", {
        "institution": "HOST2", "name": "x", "environment": "test", "starts": day, "ends": day,
        "client_id": "mine", "secret_digest": "x", "issued_by": "1", "permissions": "api.check", "valid": "empty",
    })  # fmt: skip
    with open_scope(system_scope("migration")):
        made = DockingClient.objects.get(name="x")
    assert made.client_id.startswith("tonghu-")
    assert made.issued_by_id == lead.person_id
    assert made.holds()


def test_numbers_are_guessed_in_vain() -> None:
    """Another hospital's client walks over all numbers around those that there are."""
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as by:
        children = [
            enter_view(institution=clerk.institution_id, record_number=f"G{n}", patient_name="虚构童", by=by).child
            for n in range(5)
        ]
    guesses = range(max(1, children[0].pk - 3), children[-1].pk + 4)
    own = docking.system(docking.client(clerk.institution, "children.read"))
    assert [own.get(f"/api/v1/children/{child.pk}").status_code for child in children] == [200] * 5
    other = docking.system(docking.client(made_up.hospital(), "children.read"))
    answers = [other.get(f"/api/v1/children/{guess}") for guess in guesses]
    assert {answer.status_code for answer in answers} == {404}
    bodies: set[Any] = {json.dumps({**answer.json(), "request_id": ""}) for answer in answers}
    assert len(bodies) == 1, "one that is there looks like one that is not"
