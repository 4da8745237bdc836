"""The pages of history and log, as people of several posts see them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from django.db.models import ForeignKey
from django.utils import timezone, translation
from psycopg.types.range import Range

import made_up
import run_jobs
from tonghu.network.models import Institution, InstitutionCode
from tonghu.platform.audit import chain, changes
from tonghu.platform.audit.acts import log_read
from tonghu.platform.audit.changes import event_models, tables
from tonghu.platform.audit.events import record, shred
from tonghu.platform.audit.kinds import kind, kinds
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import SYSTEM, open_scope, system_scope
from tonghu.platform.scope.wording import PIECES
from tonghu.platform.trail import kind_filters, log_views, tasks, views

pytestmark = pytest.mark.django_db

PROVISIONING = system_scope("provisioning")
NAMED = kind(
    "trailtest.named", zh="记下了{subject}的名字{name}", en="noted {name} of {subject}", personal=("name",)
)  # fmt: skip


@pytest.fixture
def head(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "head_file", lambda: tmp_path / "audit" / "head.json")


def change(institution: Institution, by: Any = PROVISIONING, reason: str = "", **values: Any) -> None:
    with open_scope(replace(by, reason=reason)):
        Institution.objects.filter(pk=institution.pk).update(**values)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_history_of_a_record_reads_as_sentences_with_before_and_after() -> None:
    lead = made_up.post("point_lead")
    officer = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    hospital = lead.institution
    change(
        hospital,
        made_up.scope_at(officer),
        "按批文更名",
        name="虚构第二医院",
        level=3,
        valid=Range(date(2020, 1, 1), None),
    )
    with open_scope(PROVISIONING):
        InstitutionCode.objects.create(institution=hospital, system="credit", code="A" * 18)
    page = text(made_up.browser(lead).get(f"/history/network.institution/{hospital.pk}"))
    assert f"从“虚构医院 {hospital.code}”改为“虚构第二医院”" in page
    assert "从“空”改为“3”" in page
    assert "改为“自 2020-01-01 起，至 不限 前”" in page
    assert "原因：按批文更名" in page
    assert "虚构人员 · 国家监测中心工作人员" in page
    assert "Unified" not in page
    assert "统一社会信用代码" in page  # a code is part of its institution's history


def test_a_piece_of_the_system_is_called_by_words() -> None:
    assert set(PIECES) == set(SYSTEM), "a new piece needs its words"
    lead = made_up.post("point_lead")
    change(lead.institution, level=2)
    page = text(made_up.browser(lead).get(f"/history/network.institution/{lead.institution_id}"))
    assert "系统（站点初始化）" in page
    assert "provisioning" not in page


def test_a_record_and_what_it_points_at_are_called_by_words() -> None:
    with translation.override("zh-hans"):
        called = [*tables().values()]
        for model in event_models():
            references = [field for field in changes._shown_fields(model) if isinstance(field, ForeignKey)]
            called += [changes._label(field) for field in references]
    assert {"文件", "患儿", "单位", "登记内容"} <= set(called)
    assert [words for words in called if words.isascii()] == []


def test_the_history_reads_in_english_too() -> None:
    lead = made_up.post("point_lead")
    change(lead.institution, name="Hospital two")
    client = made_up.browser(lead)
    client.cookies["django_language"] = "en"
    page = text(client.get(f"/history/network.institution/{lead.institution_id}"))
    assert "from “" in page
    assert "to “Hospital two”" in page
    # Who acted stands by their role as it is called in English; a role that this version does not know stands as kept.
    with made_up.acting(lead) as by:
        log_read(7, "核对", by=by)
        with open_scope(replace(by, label="虚构甲 · 从前的岗位 · 虚构医院")) as before:
            log_read(7, "核对", by=before)
    auditor = made_up.browser(made_up.post("audit_admin", lead.institution))
    auditor.cookies["django_language"] = "en"
    page = text(auditor.get("/log"))
    assert f"{lead.person.name} · {lead.described.en} · " in page
    assert lead.described.zh not in page
    assert "虚构甲 · 从前的岗位 · 虚构医院" in page


def test_a_history_that_is_not_the_readers_is_not_found() -> None:
    here, there = made_up.post("point_lead"), made_up.post("point_lead", made_up.hospital(region="330102"))
    client = made_up.browser(here)
    assert client.get(f"/history/accounts.post/{here.pk}").status_code == 200
    for address in (f"accounts.post/{there.pk}", "accounts.post/999999", "nothing.here/1", "audit.event/1"):
        assert client.get(f"/history/{address}").status_code == 404
    assert "/login" in made_up.browser().get(f"/history/accounts.post/{here.pk}").url
    clerk_without = made_up.post("it_partner", here.institution)
    assert made_up.browser(clerk_without).get(f"/history/accounts.post/{here.pk}").status_code == 403


def test_what_was_changed_is_narrowed_by_table_person_and_period_and_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE", 4)
    lead = made_up.post("point_lead")
    officer = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    for n in range(6):
        change(lead.institution, made_up.scope_at(officer), name=f"虚构医院第{n}名")
    client = made_up.browser(lead)
    page = client.get("/history", {"table": "network.institution", "who": "国家监测中心"})
    following = client.get("/history" + page.context["next_url"])
    whats = [event.what for event in (*page.context["events"], *following.context["events"])]
    assert [f"第{n}名”" in what for n, what in zip((5, 4, 3, 2, 1, 0), whats, strict=True)] == [True] * 6
    assert following.context["next_url"] == ""
    tomorrow, today = (timezone.localdate() + timedelta(days=n) for n in (1, 0))
    none = client.get("/history", {"since": tomorrow.isoformat()})
    assert none.context["events"] == []
    assert client.get("/history", {"since": today.isoformat(), "until": today.isoformat()}).context["events"]
    assert client.get("/history", {"until": (today - timedelta(days=1)).isoformat()}).context["events"] == []
    wrong = client.get("/history", {"since": tomorrow.isoformat(), "until": today.isoformat()})
    assert "结束日期早于开始日期" in text(wrong)
    assert client.get("/history", {"table": "nothing.here"}).context["events"] == []


def test_a_place_made_by_hand_is_a_page_or_the_first_one() -> None:
    client = made_up.browser(made_up.post("point_lead"))
    for after in (
        "x", "2026-01-01T00:00:00+00:00 accounts.post 99999999999999999999999", "2026-01-01T00:00:00 accounts.post 1",
        "0001-01-01T00:00:00+14:00 accounts.post 1", "9999-12-31T23:59:59-14:00 accounts.post 1",
        "2026-01-01T00:00:00+00:00 \u202e\U0001f600 -1",
    ):  # fmt: skip
        assert client.get("/history", {"after": after}).status_code == 200, after


def test_pages_over_all_tables_show_each_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE", 3)
    lead = made_up.post("point_lead")
    for n in range(5):
        change(lead.institution, name=f"第{n}名")
        with open_scope(PROVISIONING):
            InstitutionCode.objects.update_or_create(
                institution=lead.institution, system="credit", defaults={"code": f"{n:018}"}
            )
    client = made_up.browser(lead)
    seen: list[Any] = []
    address = "/history"
    while True:
        page = client.get(address)
        seen += [(event.at, event.what) for event in page.context["events"]]
        if not page.context["next_url"]:
            break
        address = "/history" + page.context["next_url"]
    assert len(seen) == len(set(seen))
    assert sum("把名称从" in what for _at, what in seen) == 5
    assert sum("00000000000000000" in what for _at, what in seen) == 4
    assert sum(what.startswith("登记了机构编码") for _at, what in seen) == 1
    assert [at for at, _what in seen] == sorted((at for at, _what in seen), reverse=True)
    for senseless in ("x", "x y z", "2026-01-01 a b", "2026-01-01T00:00:00 a 1"):
        assert client.get("/history", {"after": senseless}).status_code == 200


def test_asking_for_a_file_puts_nothing_into_words_and_counts_no_further_than_a_file_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = made_up.post("records_department")
    for number in range(4):
        change(held.institution, name=f"虚构医院{number}")
    client = made_up.browser(held)

    def described(*_said: object) -> list[object]:
        raise AssertionError("a change was put into words")

    monkeypatch.setattr("tonghu.platform.audit.changes._described", described)
    assert "写入 CSV" in text(client.get("/history/export?table=network.institution"))
    monkeypatch.setattr(views, "EXPORT_LIMIT", 3)
    assert "超过 3 条" in text(client.get("/history/export?table=network.institution"))
    assert "超过 3 条" in text(client.post("/history/export", {"reason": "年度核查"}))


def test_an_export_needs_its_right_and_a_reason_and_carries_a_watermark() -> None:
    lead = made_up.post("records_department")
    change(lead.institution, name="=1+1")
    auditor = made_up.post("auditor", lead.institution)
    assert made_up.browser(auditor).get("/history/export").status_code == 403
    assert "导出" not in text(made_up.browser(auditor).get("/history")).split("</main>")[0].split("<main")[1]
    client = made_up.browser(lead)
    address = "/history/export?table=network.institution"
    assert "写入 CSV" in text(client.get(address))
    assert "请写明原因" in text(client.post(address, {"reason": "x"}))
    assert "不要写证件号" in text(client.post(address, {"reason": "查 11010120100307002X"}))
    with open_scope(system_scope("chain")):
        assert not Event.objects.filter(kind="audit.exported").exists()
    answer = client.post(address, {"reason": "年度核查"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    written = b"".join(answer.streaming_content)
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert "年度核查" in rows[0][0]
    assert "虚构人员 · 病案管理部门" in rows[0][0]
    assert rows[1][:2] == ["时间", "谁"]
    assert [row[6] for row in rows[2:] if row[3] == "修改"] == ["'=1+1"]
    with open_scope(system_scope("chain")):
        event = Event.objects.get(kind="audit.exported")
    assert event.reason == "年度核查"
    assert event.data["count"] >= 2
    assert client.get("/history/export", {"since": "nonsense"}).status_code == 404


def test_the_file_is_handed_over_in_pieces_in_the_readers_scope_and_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "EXPORT_BLOCK", 2)
    held = made_up.post("records_department")
    for number in range(4):
        change(held.institution, name=f"Hospital {number}")
    client = made_up.browser(held)
    client.cookies["django_language"] = "en"
    answer = client.post("/history/export?table=network.institution", {"reason": "yearly check"})
    pieces = [piece.decode() for piece in answer.streaming_content]
    assert len(pieces) == 4, "the head, and five changes by twos"
    assert pieces[0].splitlines()[1].startswith("Time,Who,")
    rows = list(csv.reader(io.StringIO("".join(pieces[1:]))))
    assert [row[6] for row in rows if row[3] == "changed"] == [f"Hospital {number}" for number in (3, 2, 1, 0)]
    with open_scope(system_scope("chain")):
        assert Event.objects.get(kind="audit.exported").data["count"] == 5


def test_too_many_changes_for_a_file_are_said_before_anything_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "EXPORT_LIMIT", 2)
    lead = made_up.post("records_department")
    for n in range(4):
        change(lead.institution, name=f"第{n}名")
    client = made_up.browser(lead)
    answer = client.post("/history/export", {"reason": "年度核查"})
    assert "超过 2 条" in text(answer)
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.requirement("REG-17")
def test_the_log_of_acts_says_who_looked_at_whom_and_keeps_personal_data_closed() -> None:
    lead = made_up.post("point_lead")
    auditor = made_up.post("audit_admin", lead.institution)
    with made_up.acting(lead) as scope:
        log_read(7, "核对", by=scope)
        record(NAMED, subject=("child", 7), by=scope, personal={"name": "张虚构"})
    client = made_up.browser(auditor)
    page = text(client.get("/log"))
    assert "查看了患儿 #7（核对）" in page
    assert "张虚构" not in page
    assert "本岗位不可见" in page
    assert made_up.browser(lead).get("/log").status_code == 403
    assert "/login" in made_up.browser().get("/log").url
    with made_up.acting(lead, "audit.shred") as scope:
        rows = list(Event.objects.order_by("id"))
        assert "张虚构" in log_views._sentences(rows, scope)[rows[-1].pk]
        shred(("child", 7), reason="监护人要求", by=scope)
        assert "已销毁" in log_views._sentences(rows, scope)[rows[-1].pk]


def test_the_log_is_narrowed_by_kind_person_subject_and_day() -> None:
    lead = made_up.post("point_lead")
    auditor = made_up.post("audit_admin", lead.institution)
    with made_up.acting(lead) as scope:
        for child in (7, 8):
            log_read(child, "核对", by=scope)
    client = made_up.browser(auditor)

    def found(**filters: str) -> int:
        return text(client.get("/log", filters)).count("查看了患儿 #")

    today = timezone.localdate()
    assert found() == 2
    assert found(subject="7") == 1
    assert found(kind="child.read") == 2
    assert found(kind="audit.exported") == 0
    assert found(who="没有这个人") == 0
    assert found(since=today.isoformat(), until=today.isoformat()) == 2
    assert found(until=(today - timedelta(days=1)).isoformat()) == 0
    assert found(since="2026-13-45", until="x") == 2


def test_a_kind_that_no_longer_exists_is_still_shown() -> None:
    lead = made_up.post("point_lead")
    with made_up.acting(lead) as scope:
        record(replace_kind("old.act"), subject=("", ""), by=scope)
        rows = list(Event.objects.all())
        assert log_views._sentences(rows, scope)[rows[0].pk] == "old.act"


def replace_kind(code: str) -> Any:
    return replace(NAMED, code=code, personal=(), zh="x", en="x")


@pytest.mark.usefixtures("head")
def test_whether_the_log_is_whole_is_on_its_page_and_can_be_checked_at_once(
    django_capture_on_commit_callbacks: Any,
) -> None:
    lead = made_up.post("point_lead")
    auditor = made_up.post("audit_admin", lead.institution)
    with made_up.acting(lead) as scope:
        log_read(7, "核对", by=scope)
    client = made_up.browser(auditor)
    assert "尚未检查" in text(client.get("/log"))
    answer = client.post("/log/check", follow=True)
    assert "正在检查" in text(answer)
    with django_capture_on_commit_callbacks(execute=True):  # the head is kept once the links are committed
        tasks.link(None)  # type: ignore[arg-type]
    assert tasks.check_nightly(None)["broken_at"] == 0  # type: ignore[arg-type]
    page = text(client.get("/log"))
    assert re.search(r"完整.*检查了当时的全部 [1-9]\d* 条校验记录（从第一条起）", page, re.S)
    assert "尚未检查" not in page, "the check itself is not linked yet"
    tasks.link(None)  # type: ignore[arg-type]
    page = text(client.get("/log"))
    assert "已检查的部分完整" in page
    assert "此后纳入的 1 条尚未检查" in page
    for number in run_jobs.entries():
        assert run_jobs.run_one(number).state == "done"
    assert client.get("/log/check").status_code == 405
    assert made_up.browser(lead).post("/log/check").status_code == 403


@pytest.mark.usefixtures("head")
def test_where_the_log_is_broken_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    auditor = made_up.post("audit_admin")
    broken = chain.Verdict(41, chain.Break(42, 77, "altered"), 0)
    monkeypatch.setattr(chain, "verify", lambda using="default", noted=None: broken)
    assert tasks.check(None) == {"links": 41, "broken_at": 42}  # type: ignore[arg-type]
    page = text(made_up.browser(auditor).get("/log"))
    assert "第 42 条校验记录" in page
    assert "断于第 42 条校验记录，请立即核查" in text(made_up.browser(auditor).get("/notices"))
    assert "已断" in page


@pytest.mark.usefixtures("head")
def test_events_are_linked_every_minute() -> None:
    with made_up.acting(made_up.post("point_lead")) as scope:
        log_read(7, "核对", by=scope)
    assert tasks.link(None)["linked"] == 1  # type: ignore[arg-type]


def options(page: str, name: str) -> list[str]:
    (found,) = re.findall(rf'<select class="form-select" name="{name}">(.*?)</select>', page, re.S)
    return re.findall(r'<option value="(\w[\w.]*)"', found)


def test_kinds_are_offered_by_their_subject_in_a_few_words() -> None:
    auditor = made_up.post("audit_admin")
    with made_up.acting(auditor) as scope:
        log_read(7, "核对", by=scope)
    client = made_up.browser(auditor)
    page = text(client.get("/log"))
    assert {"cards", "imports", "children", "log"} <= {*options(page, "about")}
    assert 'name="kind"' not in page, "a subject first"
    page = text(client.get("/log?about=children"))
    offered = options(page, "kind")
    assert {one.partition(".")[0] for one in offered} == {"child", "children"}
    assert "查看了" in page
    assert "查看了" not in text(client.get("/log?about=imports"))
    assert options(text(client.get("/log?kind=child.read")), "kind") == offered, "a link to one kind knows its subject"
    assert "查看了" in text(client.get("/log?about=imports&kind=child.read&about=nonsense")), "what is none narrows not"


def test_every_act_is_called_in_a_few_words() -> None:
    ours = {code: one for code, one in kinds().items() if not code.startswith("trailtest.")}
    assert not set(yaml.safe_load(kind_filters.FILE.read_text("utf-8"))) - set(ours), "of kinds that are no more"
    assert all(kind_filters.short(one) for one in ours.values())
    assert kind_filters.short(kinds()["child.read"]) == "查看患儿"
    assert kind_filters.short(kind("trailtest.other", zh="改了{subject}的号", en="x")) == "改了…的号"
    with translation.override("en"):
        assert kind_filters.short(kinds()["child.read"]) == "Child looked at"
