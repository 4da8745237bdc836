"""Cards taken away in a file by a job: what the asker may now, once, logged, and for nobody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastexcel
import pytest
from django.test import Client
from django.utils import timezone
from psycopg.types.range import Range

import made_up
from faults import Workers, until
from made_up_cards import Point
from run_jobs import entries, run_one, seen
from tonghu.errors import InputRefused
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.audit.models import Event
from tonghu.platform.files import vault
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import pieces
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.services import cancel
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card, CardExport
from tonghu.registry.pages import list_views
from tonghu.registry.services import exports

pytestmark = pytest.mark.requirement("REG-06")
REASON = "与临床核对"


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture(autouse=True)
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One card is few, so that two are many; and a vault of the test's own."""
    folder = tmp_path / "files"
    monkeypatch.setattr(list_views, "AT_ONCE", 1)
    monkeypatch.setattr(vault, "folder", lambda: folder)
    return folder


@pytest.fixture
def cards(point: Point) -> list[Card]:
    return [point.card() for _ in range(3)]


@pytest.fixture
def records(point: Point) -> Client:
    return made_up.browser(point.post("records_department"))


def asked_by(browser: Client, kind: str = "csv") -> tuple[str, int]:
    """The page that an export leads to, and its job."""
    answer = browser.post("/cards/export", {"layout": "2012", "kind": kind, "reason": REASON})
    assert answer.status_code == 302
    return answer["Location"], entries()[-1]


def acts(kind: str) -> list[Event]:
    with open_scope(system_scope("chain")):
        return list(Event.objects.filter(kind=kind))


def files_of(held: Post) -> list[StoredFile]:
    with made_up.acting(held):
        return list(StoredFile.objects.all())


def lines_of(browser: Client, file: StoredFile) -> list[list[str]]:
    """What stands in a file, taken as its page has it taken."""
    answer = browser.post(f"/files/{file.pk}/download", {"reason": REASON})
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]


def test_many_cards_are_written_by_a_job_whose_page_leads_to_the_file(
    point: Point, cards: list[Card], records: Client
) -> None:
    page, job = asked_by(records)
    assert "hx-get" in text(records.get(page)), "the page asks how far it is"
    assert "下载文件" not in text(records.get(page))
    assert acts("children.exported") == []
    done = run_one(job)
    assert (done.state, done.progress.done, done.progress.total) == (Job.State.DONE, 3, 3)
    (file,) = files_of(point.post("records_department"))
    assert done.result == {"cards": 3, "file": file.pk}
    assert f'action="/files/{file.pk}/download"' in text(records.get(page))
    assert (file.purpose, file.kind) == ("export", "csv")
    assert file.ends_at is not None
    assert timezone.now() < file.ends_at
    (named,) = acts("children.exported")
    assert named.data["children"] == sorted(card.child_id for card in cards)
    lines = lines_of(records, file)
    assert REASON in lines[0][0]
    assert [int(line[0]) for line in lines[2:]] == [card.pk for card in cards]
    (logged,) = acts("audit.exported")
    assert (logged.reason, logged.data["count"]) == (REASON, 3)
    assert [each.data for each in acts("children.exported")] == [named.data] * 2, "made, and taken"
    with made_up.acting(point.post("records_department")):
        assert [notice.url for notice in Notice.objects.filter(kind="registry.exported")] == [page]


def test_a_workbook_of_a_job_is_the_one_that_comes_at_once(
    cards: list[Card], records: Client, point: Point, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _page, job = asked_by(records, "xlsx")
    assert run_one(job).state == Job.State.DONE
    (file,) = files_of(point.post("records_department"))
    assert file.kind == "xlsx"
    monkeypatch.setattr(list_views, "AT_ONCE", 3)
    at_once = records.post("/cards/export", {"layout": "2012", "kind": "xlsx", "reason": REASON})
    assert at_once["Content-Disposition"].endswith('.xlsx"')
    (tmp_path / "0").write_bytes(at_once.content)
    with made_up.acting(point.post("records_department")):
        (tmp_path / "1").write_bytes(b"".join(pieces(file)))
    one, other = (
        fastexcel.read_excel(tmp_path / name).load_sheet(0, header_row=1, dtypes="string").to_arrow().to_pylist()
        for name in "01"
    )
    assert one == other
    assert len(one) == len(cards)


def test_whoever_may_export_no_more_gets_nothing(
    point: Point, cards: list[Card], records: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _page, job = asked_by(records)
    role = ROLES["records_department"]
    monkeypatch.setitem(ROLES, "records_department", replace(role, permissions=role.permissions - {"registry.export"}))  # type: ignore[index]
    done = run_one(job)
    assert (done.state, done.error_zh) == (Job.State.REFUSED, "您的岗位已不能导出报告卡，没有生成文件")
    assert files_of(point.post("records_department")) == []
    assert acts("audit.exported") == acts("children.exported") == []


def test_whoever_may_export_no_more_takes_no_file_that_they_made(
    point: Point, cards: list[Card], records: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, job = asked_by(records)
    run_one(job)
    (file,) = files_of(point.post("records_department"))
    role = ROLES["records_department"]
    monkeypatch.setitem(ROLES, "records_department", replace(role, permissions=role.permissions - {"registry.export"}))  # type: ignore[index]
    assert records.get(page).status_code == 403
    assert "/download" not in text(records.get(f"/files/{file.pk}"))
    assert "withdraw" in text(records.get(f"/files/{file.pk}")), "to destroy it, no right is needed"
    assert records.post(f"/files/{file.pk}/download", {"reason": REASON}).status_code == 403
    assert len(acts("children.exported")) == 1
    assert acts("files.taken") == []


def test_whose_post_has_ended_gets_nothing(point: Point, cards: list[Card], records: Client) -> None:
    _page, job = asked_by(records)
    held = point.post("records_department")
    with open_scope(system_scope("provisioning")):
        Post.objects.filter(pk=held.pk).update(valid=Range(None, timezone.localdate()))
    assert run_one(job).state == Job.State.STOPPED
    with open_scope(system_scope("migration")):
        assert not StoredFile.objects.exists()
    assert acts("audit.exported") == acts("children.exported") == []


def test_a_job_writes_what_its_asker_sees_and_no_card_of_another_hospital(
    point: Point, cards: list[Card], records: Client
) -> None:
    theirs = Point().card()
    with point.acting("records_department") as by:
        numbers = [cards[0].pk, theirs.pk]
        exports.ask(cards=numbers, layout="2012", kind="csv", filters="全部", reason=REASON, by=by)
    assert run_one(entries()[-1]).result["cards"] == 1  # type: ignore[index]
    (file,) = files_of(point.post("records_department"))
    assert [int(line[0]) for line in lines_of(records, file)[2:]] == [cards[0].pk]


def test_where_none_of_the_cards_is_seen_any_more_there_is_no_file(point: Point) -> None:
    theirs = Point().card()
    with point.acting("records_department") as by:
        exports.ask(cards=[theirs.pk], layout="2012", kind="csv", filters="全部", reason=REASON, by=by)
    assert run_one(entries()[-1]).state == Job.State.REFUSED
    assert files_of(point.post("records_department")) == []
    assert acts("audit.exported") == []


@pytest.mark.requirement("NET-09")
def test_a_stranger_of_another_hospital_has_nothing_of_it(point: Point, cards: list[Card], records: Client) -> None:
    page, job = asked_by(records)
    run_one(job)
    (file,) = files_of(point.post("records_department"))
    elsewhere = Point().post("records_department")
    for stranger in (made_up.browser(elsewhere), made_up.browser(made_up.post("records_department", point.hospital))):
        assert stranger.get(page).status_code == 404
    stranger = made_up.browser(elsewhere)
    assert stranger.get(f"/files/{file.pk}").status_code == 404
    assert stranger.post(f"/files/{file.pk}/download", {"reason": REASON}).status_code == 404
    with made_up.acting(elsewhere) as by:
        assert not CardExport.objects.exists()
        with pytest.raises(InputRefused):
            exports.store_file(export=CardExport.objects.count() + 1, by=by, told=lambda _n: None)


def test_what_is_asked_to_stop_leaves_nothing(point: Point, cards: list[Card], records: Client) -> None:
    page, job = asked_by(records)
    with point.acting("records_department") as by:
        cancel(job=job, by=by)
    assert run_one(job).state == Job.State.CANCELLED
    assert files_of(point.post("records_department")) == []
    assert acts("audit.exported") == []
    assert "下载文件" not in text(records.get(page))


def test_a_reason_that_says_too_much_asks_for_nothing(cards: list[Card], records: Client) -> None:
    answer = records.post("/cards/export", {"layout": "2012", "reason": "核对 110101201503074516"})
    assert answer.status_code == 200
    assert "请不要写证件号" in text(answer)
    assert entries() == []


@pytest.fixture
def workers(committed: None, few: Path) -> Iterator[Workers]:
    with Workers("sample_file_jobs", in_vault=str(few)) as started:
        yield started


@pytest.mark.parametrize("fatal", ["job.before_step", "files.stored", "job.before_commit", "job.after_commit"])
def test_killed_over_the_file_there_is_one_file_and_one_line_of_the_log(workers: Workers, fatal: str) -> None:
    point = Point()
    cards = [point.card().pk for _ in range(3)]
    with point.acting("records_department") as by:
        exports.ask(cards=cards, layout="2012", kind="xlsx", filters="全部", reason=REASON, by=by)
        job = Job.objects.get(kind="registry.export").pk
    workers.start(fatal).died()
    after = workers.start()
    until(lambda: seen(job).state == Job.State.DONE)
    after.stop()
    (file,) = files_of(point.post("records_department"))
    assert seen(job).result == {"cards": 3, "file": file.pk}
    assert len(acts("audit.exported")) == len(acts("children.exported")) == 1
    with point.acting("records_department"):
        assert Notice.objects.filter(kind="registry.exported").count() == 1
        assert b"".join(pieces(file))[:2] == b"PK"
