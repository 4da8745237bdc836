"""What each operation answers, to somebody in a browser and to a docking client."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.range import Range

import docking
import made_up
from tonghu.codes import tables
from tonghu.network.models import Institution, Region
from tonghu.patients.services import enter_view
from tonghu.platform.audit.models import Event
from tonghu.platform.jobs.models import Job, Progress
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = [pytest.mark.django_db]
SAMPLE = Path(__file__).resolve().parents[2] / "hqms" / "data" / "hqms_2012_sample.gb18030.csv"


def region(code: str, name: str, parent: str, level: int, **more: Any) -> Region:
    with open_scope(system_scope("provisioning")):
        values = {"valid": Range(date(2000, 1, 1), None), **more}
        return Region.objects.create(code=code, name=name, parent_code=parent, level=level, **values)


@pytest.fixture
def hospital() -> Institution:
    return made_up.hospital("API1", "510104")


def test_a_person_sees_their_post_and_what_each_right_does(hospital: Institution) -> None:
    post = made_up.post("entry_clerk", hospital)
    said = made_up.browser(post).get("/api/v1/me", headers={"Accept-Language": "en"}).json()
    assert (said["kind"], said["name"], said["client"]) == ("person", "虚构人员", None)
    assert said["post"] == {"id": post.pk, "role": {"code": "entry_clerk", "name": "Entry clerk"}}
    assert said["institution"]["code"] == "API1"
    rights = {right["code"]: right for right in said["permissions"]}
    assert rights["children.read"]["effect"].startswith("Sees the children in scope")
    assert rights["children.read"]["of_patients"]
    assert not rights["api.check"]["of_patients"]


def test_a_client_sees_what_it_was_given_and_until_when(hospital: Institution) -> None:
    client = docking.client(hospital, "children.read", "api.check")
    said = docking.system(client).get("/api/v1/me").json()
    assert (said["kind"], said["post"], said["language"]) == ("client", None, "zh-hans")
    assert said["client"]["client_id"] == client.client_id
    assert said["client"]["valid_until"]
    assert {right["code"]: right["name"] for right in said["permissions"]} == {
        "api.check": "校验病案首页", "children.read": "查看患儿",
    }  # fmt: skip


def test_somebody_without_a_post_learns_so() -> None:
    held = made_up.post(valid=Range(None, date(2020, 1, 1)))
    said = made_up.browser(held).get("/api/v1/me").json()
    assert (said["post"], said["institution"], said["permissions"]) == (None, None, [])


def test_a_token_counts_even_in_a_browser_that_is_logged_in(hospital: Institution) -> None:
    browser = made_up.browser(made_up.post("point_lead", hospital))
    token = docking.token(docking.client(hospital))
    said = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (said["kind"], said["post"], said["permissions"]) == ("client", None, [])


def test_a_client_of_an_authority_sees_its_region() -> None:
    said = docking.system(docking.client(made_up.authority("health", "510000"))).get("/api/v1/me").json()
    assert (said["region_from"], said["region_to"]) == ("510000", "520000")


def test_regions_as_of_a_day(hospital: Institution) -> None:
    region("980000", "虚构省", "000000", 1)
    region("980100", "虚构市", "980000", 2, valid=Range(date(2000, 1, 1), date(2020, 1, 1)), replaced_by=["980200"])
    region("980200", "新虚构市", "980000", 2, valid=Range(date(2020, 1, 1), None))
    system = docking.system(docking.client(hospital))
    now = system.get("/api/v1/regions", {"parent": "980000"}).json()
    assert [one["code"] for one in now] == ["980200"]
    then = system.get("/api/v1/regions", {"parent": "980000", "on": "2019-12-31"}).json()
    assert [(one["code"], one["valid_to"]) for one in then] == [("980100", "2020-01-01")]
    assert "980000" in [one["code"] for one in system.get("/api/v1/regions").json()]
    gone = system.get("/api/v1/regions/980100").json()
    assert (gone["name"], gone["now"], gone["full_name"]) == ("虚构市", ["980200"], "虚构省虚构市")
    assert system.get("/api/v1/regions/980200").json()["full_name"] == "虚构省新虚构市"
    assert system.get("/api/v1/regions/980100", {"on": "2026-01-01"}).status_code == 404
    assert system.get("/api/v1/regions/999998").status_code == 404


def test_institutions_page_by_page_and_by_what_is_asked() -> None:
    places = [made_up.hospital(f"PAGE{n}", f"98010{n % 3}", name=f"虚构第{n}医院") for n in range(7)]
    made_up.authority("health", "980000")
    system = docking.system(docking.client(places[0]))
    seen, after = [], ""
    while after is not None:
        page = system.get(
            "/api/v1/institutions", {"region": "980000", "kind": "hospital", "limit": 3, "after": after}
        ).json()
        seen += page["items"]
        after = page["next"]
    assert sorted(one["code"] for one in seen) == [f"PAGE{n}" for n in range(7)]
    assert [one["region_code"] for one in seen] == sorted(one["region_code"] for one in seen)
    found = system.get("/api/v1/institutions", {"q": "第3医", "region": "980000"}).json()
    assert [one["code"] for one in found["items"]] == ["PAGE3"]
    assert found["next"] is None
    assert system.get("/api/v1/institutions", {"q": "page3"}).json()["items"][0]["made_up"]


def test_code_tables_and_that_a_known_one_is_not_sent_again(hospital: Institution) -> None:
    system = docking.system(docking.client(hospital))
    listed = system.get("/api/v1/code-tables").json()
    assert [one["id"] for one in listed] == list(tables.table_ids())
    answer = system.get("/api/v1/code-tables/RC001", headers={"Accept-Language": "en"})
    entries = answer.json()["entries"]
    assert {
        "code": "2",
        "also": None,
        "name": "female",
        "name_zh": "女",
        "name_en": "female",
        "verified": True,
    } in entries
    again = system.get("/api/v1/code-tables/RC001", headers={"If-None-Match": answer["ETag"], "Accept-Language": "en"})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"].startswith("private")
    assert system.get("/api/v1/code-tables/RC999").status_code == 404


def sample() -> dict[str, str]:
    with SAMPLE.open(encoding="gb18030", newline="") as lines:
        header, row = list(csv.reader(lines))[:2]
    return dict(zip(header, row, strict=True))


@pytest.mark.requirement("REG-06")
def test_one_front_page_against_the_rules(hospital: Institution) -> None:
    system = docking.system(docking.client(hospital, "api.check"))
    page = {"layout": "2012", "record": {**sample(), "P5": "X", "P6": "2026-02-30"}}
    said = system.post("/api/v1/rules/check", page, content_type="application/json").json()
    found = {(one["field"], one["rule"]): one for one in said["findings"]}
    assert {("P5", "HQ023"), ("P6", "HQ021")} <= set(found)
    assert found["P5", "HQ023"]["message"] == found["P5", "HQ023"]["message_zh"]
    english = system.post(
        "/api/v1/rules/check", page, content_type="application/json", headers={"Accept-Language": "en"}
    ).json()
    assert {one["message"] for one in english["findings"]} == {one["message_en"] for one in said["findings"]}
    assert said["on"] == date.today().isoformat()


@pytest.mark.requirement("REG-06")
def test_what_rules_wait_for_is_named_by_field(hospital: Institution) -> None:
    system = docking.system(docking.client(hospital, "api.check"))

    def missing(record: dict[str, str]) -> dict[str, list[str]]:
        page = {"layout": "2012", "record": record}
        said = system.post("/api/v1/rules/check", page, content_type="application/json").json()
        return {one["field"]: one["rules"] for one in said["missing"]}

    whole = sample()
    without = missing({code: text for code, text in whole.items() if code != "P6"})
    assert "P6" in without
    assert without["P6"]
    assert "P6" not in missing(whole)
    assert "P6" not in missing({**whole, "P6": "2026-02-30"})  # unreadable is a finding, not missing


def test_rules_of_a_day_that_is_too_far(hospital: Institution) -> None:
    system = docking.system(docking.client(hospital, "api.check"))
    page = {"layout": "2012", "on": "2020-01-01", "record": {}}
    answer = system.post("/api/v1/rules/check", page, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")
    assert "on 应在" in answer.json()["detail"]


@pytest.mark.requirement("REG-17")
def test_children_are_found_and_every_look_is_logged(hospital: Institution) -> None:
    known = {"sex": "2", "birth_date": date(2019, 3, 1), "document_type": "resident_id"}
    with made_up.acting(made_up.post("entry_clerk", hospital)) as by:
        view = enter_view(
            by=by, institution=hospital.pk, record_number="R77", patient_name="单测童",
            document_number="510104201903010024", **known,
        )  # fmt: skip
    system = docking.system(docking.client(hospital, "children.read"))
    (found,) = system.get("/api/v1/children", {"q": "shanctong"[:4]}).json()
    (hit,) = found["views"]
    assert (hit["record_number"], hit["name"], hit["birth_date"]) == ("R77", "单测童", "2019-03-01")
    assert hit["sex"] == {"code": "2", "name": "女"}
    whole = system.get(f"/api/v1/children/{found['id']}").json()
    (shown,) = whole["views"]
    assert shown["document"] == "510***********0024"
    assert shown["document_type"]["code"] == "resident_id"
    assert whole["same"] == [view.child_id]
    with open_scope(system_scope("migration")):
        event = Event.objects.filter(kind="child.read").latest("pk")
    assert (event.subject_id, event.institution_id) == (str(view.child_id), hospital.pk)
    assert system.get("/api/v1/children", {"q": "没有这个人"}).json() == []


def test_how_a_job_stands(hospital: Institution) -> None:
    clerk = made_up.post("entry_clerk", hospital)
    with made_up.acting(clerk):
        job = Job.objects.create(
            kind="made.up", person=clerk.person, post=clerk, institution=hospital, error_zh="坏了", error_en="broken"
        )
        Progress.objects.create(job=job, done=1, total=4, unit="files", reported_at=job.created_at)
    said = made_up.browser(clerk).get(f"/api/v1/jobs/{job.pk}", headers={"Accept-Language": "en"}).json()
    assert (said["state"], said["error"], said["title"]) == ("waiting", "broken", "made.up")
    assert said["progress"] == {
        "done": 1, "total": 4, "unit": "files", "percent": 25, "rate": None, "seconds_left": None,
    }  # fmt: skip
    seeing = docking.system(docking.client(hospital, "jobs.view"))
    assert seeing.get(f"/api/v1/jobs/{job.pk}").status_code == 200
    assert docking.system(docking.client(hospital)).get(f"/api/v1/jobs/{job.pk}").status_code == 404
