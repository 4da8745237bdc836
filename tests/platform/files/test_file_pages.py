"""The pages on files, as a browser sees them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import fastexcel
import openpyxl
import pytest
import xlsxwriter
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from psycopg.types.range import Range

import made_up
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.audit.models import Event
from tonghu.platform.files.marking import NotMarked, mark_workbook
from tonghu.platform.files.models import Download, StoredFile
from tonghu.platform.files.services import destroy, may_take, open_plain, store
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = pytest.mark.django_db
BODY = "病案号,姓名\n".encode() + b"1001,x\n" * 400_000


@pytest.fixture
def clerk(db: None) -> Post:
    return made_up.post("entry_clerk")


@pytest.fixture
def browser(clerk: Post) -> Client:
    return made_up.browser(clerk)


def keep(held: Post, name: str = "首页 2026-10.csv", **more: Any) -> StoredFile:
    with made_up.acting(held) as scope:
        return store([BODY], name=name, purpose_name="discharge_upload", by=scope, **more)


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_ones_files_are_listed_with_their_lives(clerk: Post, browser: Client) -> None:
    assert "您上传或导出的文件会列在这里" in text(browser, "/files")
    file, soon, over, kept, gone = (keep(clerk, f"{n}.csv") for n in range(5))
    with made_up.acting(clerk) as scope:
        now = timezone.now()
        StoredFile.objects.filter(pk=soon.pk).update(ends_at=now + timedelta(minutes=30))
        StoredFile.objects.filter(pk=over.pk).update(ends_at=now)
        StoredFile.objects.filter(pk=kept.pk).update(ends_at=None)
        destroy(file=gone.pk, by=scope, why="batch_confirmed")
    page = text(browser, "/files")
    for said in (
        "0.csv",
        "2.7 MB",
        "待导入的病案首页数据",
        "正在销毁",
        "随所属记录保存",
        "已销毁：批次已确认",
        f"文件 {gone.pk}（已销毁）",
    ):
        assert said in page
    assert "24小时" in page.replace(" ", "")
    assert "30分" in page.replace(" ", "")
    assert "4.csv" not in page
    assert f"/files/{file.pk}" in page
    assert "0.csv" not in text(browser, "/files?purpose=export")


def test_a_file_is_taken_as_a_stream_with_its_taker_in_the_name_and_a_record(clerk: Post, browser: Client) -> None:
    file = keep(clerk)
    answer = browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"})
    assert answer.streaming
    assert b"".join(answer.streaming_content) == BODY
    said = unquote(answer["Content-Disposition"])
    assert said.startswith("attachment; ")
    assert f"首页 2026-10_{clerk.person.username}_2" in said
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "text/csv"
    with made_up.acting(clerk):
        taken = Download.objects.get()
        assert (taken.person_id, taken.reason) == (clerk.person_id, "核对病案")
    with open_scope(system_scope("migration")):
        assert Event.objects.filter(kind="files.taken", reason="核对病案").count() == 1
    page = text(browser, f"/files/{file.pk}")
    assert "核对病案" in page.split("下载了文件")[1]
    assert file.sha256 in page
    assert "下载了文件" in page


def stored(held: Post, content: bytes, purpose: str) -> StoredFile:
    with made_up.acting(held) as scope:
        return store([content], name="一.xlsx", purpose_name=purpose, by=scope)


def workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name in ("一", "二"):
        book.add_worksheet(name).write_string(0, 0, f"病案 {name}")
    book.close()
    return out.getvalue()


def test_a_workbook_that_the_site_made_says_in_itself_who_took_it_when_and_why(clerk: Post, browser: Client) -> None:
    made = workbook()
    file = stored(clerk, made, "marked_workbook")
    for reason in ("核对病案", "改正 <首页> & 重报"):
        answer = browser.post(f"/files/{file.pk}/download", {"reason": reason})
        taken = b"".join(answer.streaming_content)  # type: ignore[arg-type]
        sheets = openpyxl.load_workbook(io.BytesIO(taken))
        assert sheets.sheetnames == ["一", "二", "下载标记"], "what it held is there as it was"
        assert sheets["一"]["A1"].value == "病案 一"
        mark = sheets["下载标记"]["A1"].value
        assert mark == fastexcel.read_excel(taken).load_sheet("下载标记", header_row=None).to_arrow()[0][0].as_py()
        with made_up.acting(clerk) as by:
            assert by.label in mark
        assert reason in mark
        assert f"{timezone.localtime():%Y-%m-%d}" in mark
        assert mark.count("原因") == 1, "each copy has its own mark, and one"
    original = stored(clerk, made, "discharge_upload")
    answer = browser.post(f"/files/{original.pk}/download", {"reason": "核对病案"})
    assert b"".join(answer.streaming_content) == made, "what was uploaded comes back as it came"  # type: ignore[arg-type]


def test_an_export_is_taken_with_a_right_of_its_own_and_the_log_has_the_children_in_it(
    clerk: Post, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made_up.acting(clerk) as scope:
        shown = [(7, clerk.institution_id), (5, clerk.institution_id), (7, clerk.institution_id)]
        file = store([workbook()], name="标注.xlsx", purpose_name="marked_workbook", by=scope, shown=shown)
    answer = browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"})
    assert b"".join(answer.streaming_content)[:2] == b"PK"  # type: ignore[arg-type]
    with open_scope(system_scope("chain")):
        (named,) = Event.objects.filter(kind="children.exported")
    assert (named.data, named.reason) == ({"what": "标注工作簿", "count": 2, "children": [5, 7]}, "核对病案")
    # The same right may be lost, or never have been there: of a colleague who may take all files of the institution.
    role = ROLES["entry_clerk"]
    less = replace(role, permissions=role.permissions - {"intake.take_marked"})
    monkeypatch.setitem(ROLES, "entry_clerk", less)  # type: ignore[index]
    assert "/download" not in text(browser, f"/files/{file.pk}")
    assert browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"}).status_code == 403
    with made_up.acting(clerk, "files.take") as scope:
        held = StoredFile.objects.get(pk=file.pk)
        assert not may_take(held, scope)
        with pytest.raises(PermissionDenied), open_plain(held, by=scope):
            pass
        assert Download.objects.count() == 1
    browser.post(f"/files/{file.pk}/withdraw")
    with made_up.acting(clerk):
        assert StoredFile.objects.get(pk=file.pk).destroyed_why == "withdrawn"


@pytest.mark.parametrize("broken", [b"PK\x03\x04 no zip", b"", "workbook without parts"])
def test_what_is_no_workbook_is_not_marked(tmp_path: Path, broken: bytes | str) -> None:
    held = tmp_path / "a.xlsx"
    if isinstance(broken, bytes):
        held.write_bytes(broken)
    else:
        with zipfile.ZipFile(held, "w") as book:
            book.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(NotMarked):
        mark_workbook(held, "下载标记", "x")


@pytest.mark.parametrize("reason", ["", " ", "a", "身份证 510107201609250028"])
def test_without_a_reason_nobody_takes_a_file(clerk: Post, browser: Client, reason: str) -> None:
    file = keep(clerk)
    answer = browser.post(f"/files/{file.pk}/download", {"reason": reason}, follow=True)
    assert "原因" in answer.content.decode()
    assert BODY not in answer.content
    with made_up.acting(clerk):
        assert not Download.objects.exists()


def test_a_link_to_a_download_leads_to_the_page_that_asks_why(clerk: Post, browser: Client) -> None:
    file = keep(clerk)
    answer = browser.get(f"/files/{file.pk}/download", follow=True)
    page = answer.content.decode()
    assert 'name="reason"' in page
    assert "核对病案" in page, "a usual reason is offered"


@pytest.mark.parametrize(
    "name",
    [
        '"; filename=evil.html',
        "../../../etc/passwd",
        "a\r\nSet-Cookie: x=1.csv",
        "<img src=x onerror=alert(1)>.csv",
        "‮fdp.exe",
    ],
)
def test_odd_names_are_harmless_in_pages_and_headers(clerk: Post, browser: Client, name: str) -> None:
    file = keep(clerk, name)
    page = text(browser, f"/files/{file.pk}") + text(browser, "/files")
    assert "<img src=x" not in page
    assert "../" not in page.split("<main")[1].split("</main")[0]
    answer = browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"})
    b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert "\n" not in answer["Content-Disposition"]
    assert "Set-Cookie" not in answer.headers
    said = EmailMessage()
    said["Content-Disposition"] = answer["Content-Disposition"]
    assert said.get_content_disposition() == "attachment"
    assert clerk.person.username in str(said.get_filename()), "the whole name is one value of the header"


def test_a_file_is_withdrawn_by_its_owner_and_its_record_stays(
    clerk: Post, browser: Client, in_vault: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = keep(clerk)
    assert "无法恢复" in text(browser, f"/files/{file.pk}")
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.get(f"/files/{file.pk}/withdraw").status_code == 405
        browser.post(f"/files/{file.pk}/withdraw")
    assert not [path for path in in_vault.rglob("*") if path.is_file()]
    page = text(browser, f"/files/{file.pk}")
    assert "由所有人撤回" in page
    assert file.sha256 in page
    assert "/download" not in page
    answer = browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"}, follow=True)
    assert "销毁" in answer.content.decode()


@pytest.mark.parametrize("act", ["", "/download", "/withdraw"])
def test_nobody_guesses_the_number_of_anothers_file(clerk: Post, act: str) -> None:
    file = keep(clerk)
    for stranger in (made_up.post("entry_clerk"), made_up.post("auditor", clerk.institution)):
        client = made_up.browser(stranger)
        ask = client.post if act == "/withdraw" else client.get
        assert ask(f"/files/{file.pk}{act}").status_code == 404
    assert made_up.browser().get(f"/files/{file.pk}{act}").status_code in (302, 405)
    with made_up.acting(clerk):
        assert StoredFile.objects.get().destroyed_at is None


def test_the_institutions_files_are_for_those_with_the_right(clerk: Post, browser: Client) -> None:
    file = keep(clerk)
    assert browser.get("/files/all").status_code == 403
    role = next((code for code, role in ROLES.items() if "files.view" in role.permissions), None)
    assert role, "some role sees the institution's files"
    page = text(made_up.browser(made_up.post(role, clerk.institution)), "/files/all")
    assert "首页 2026-10.csv" in page
    assert "虚构人员" in page
    assert f"/files/{file.pk}" not in text(made_up.browser(made_up.post(role)), "/files/all")


def test_a_file_of_the_system_says_so(clerk: Post) -> None:
    with open_scope(system_scope("upkeep")) as scope:
        file = store([b"%PDF-1.7"], name="月报.pdf", purpose_name="export", by=scope)
        assert file.person is None
        from tonghu.platform.files.views import _owner

        assert _owner(file) == "系统（定期清理）"


def test_the_same_person_from_another_post_finds_nothing_of_the_first_hospital(clerk: Post) -> None:
    file = keep(clerk)
    with made_up.acting(clerk) as scope:
        held = StoredFile.objects.get(pk=file.pk)
    elsewhere = made_up.post("entry_clerk", holder=clerk.person)
    again = made_up.post("auditor", clerk.institution, holder=clerk.person)
    away, back = made_up.browser(elsewhere), made_up.browser(again)
    assert away.post(f"/files/{file.pk}/download", {"reason": "核对病案"}).status_code == 404
    assert away.post(f"/files/{file.pk}/withdraw").status_code == 404
    assert away.get(f"/files/{file.pk}").status_code == 404
    assert "首页 2026-10.csv" not in text(away, "/files")
    with made_up.acting(elsewhere) as scope, pytest.raises(PermissionDenied), open_plain(held, by=scope):
        pass
    taken = back.post(f"/files/{file.pk}/download", {"reason": "核对病案"})
    assert b"".join(taken.streaming_content) == BODY  # another post of the same hospital


def test_after_the_post_ended_the_file_is_not_taken(clerk: Post, browser: Client) -> None:
    file = keep(clerk)
    today = timezone.localdate()
    with open_scope(system_scope("provisioning")):
        Post.objects.filter(pk=clerk.pk).update(valid=Range(today - timedelta(days=9), today))
    answer = browser.post(f"/files/{file.pk}/download", {"reason": "核对病案"})
    assert not answer.streaming
    assert answer.status_code in (302, 403, 404)
    with open_scope(Scope(person=clerk.person_id)):
        assert not StoredFile.objects.exists()
        assert not Download.objects.exists()
    lead = made_up.post("auditor", clerk.institution)
    with made_up.acting(lead, "files.view"):
        assert StoredFile.objects.filter(pk=file.pk).exists()  # it stays with the hospital


def test_an_authoritys_file_is_taken_from_a_post_that_reaches_it() -> None:
    officer = made_up.post("commission_officer", made_up.authority("health", "510000"))
    file = keep(officer)
    with made_up.acting(officer) as scope:
        held = StoredFile.objects.get(pk=file.pk)
        assert may_take(held, scope)
    far = made_up.post("commission_officer", made_up.authority("health", "330000"), holder=officer.person)
    with made_up.acting(far) as scope:
        assert not may_take(held, scope)
        assert not StoredFile.objects.filter(pk=file.pk).exists()
