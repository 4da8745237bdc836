"""What a person decides, what waits for them, and what is refused: cards on their way, locks, colleagues, time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from made_up_files import MONTH, Hospital, a_file, card_in, identity_number, received

import made_up
import run_jobs
from tonghu.errors import InputRefused
from tonghu.intake import length, services, tasks
from tonghu.intake.models import Batch, Row, State
from tonghu.patients.models import HospitalView
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import open_plain
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.notices.kinds import kinds
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import checker
from tonghu.registry.models import Card, CardAct
from tonghu.registry.services import move, save_card
from tonghu.registry.services.saving import current

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


@pytest.mark.parametrize(
    ("state", "why", "after", "acts"),
    [
        ("submitted", "submitted", "draft", ["submit", "withdraw"]),
        ("accepted", "accepted", "draft", ["submit", "approve", "report", "accept", "revise"]),
        ("voided", "voided", "draft", ["void", "restore"]),
    ],
)
def test_a_card_on_its_way_is_taken_in_hand_only_when_somebody_says_so(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, state: str, why: str, after: str, acts: list[str]
) -> None:
    card = card_in(hospital, state, monkeypatch)
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        row = batch.rows.get()
        assert (row.match, row.choice, row.why) == ("changed", "", why)
        with pytest.raises(InputRefused):
            services.confirm(batch=batch.pk, by=by)
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
    assert hospital.confirmed(batch).counts["updated"] == 1
    with hospital.acting():
        card.refresh_from_db()
        assert (card.state, card.version) == (after, 3)
        assert list(CardAct.objects.order_by("pk").values_list("act", flat=True)) == acts


@pytest.mark.parametrize("state", ["submitted", "accepted", "voided"])
def test_whether_a_row_renames_is_said_beside_the_state_of_its_card_where_it_does(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """A document written otherwise is the same; another one would be another child's."""
    number = identity_number("2020-03-01", 3)
    card_in(hospital, state, monkeypatch, P13=number)
    clerk = made_up.browser(hospital.clerk)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in number)
    for comes, renames in ((wide, False), ("9.90101E+17", True)):
        batch = hospital.checked(hospital.page(P782="13000.00", P13=comes))
        with hospital.acting():
            row = batch.rows.get()
            assert (row.why, row.renames) == (state, renames), comes
        assert ("前导零丢失" in clerk.get(f"/imports/{batch.pk}/rows/1").content.decode()) == renames
        listed = clerk.get(f"/imports/{batch.pk}/rows?match=changed").content.decode()
        assert ("会改变报告卡的病案号" in listed) == renames
        with hospital.acting() as by:
            took = services.choose(batch=batch.pk, choice="replace", match="changed", by=by)
            assert took == (0 if renames else 1)


@pytest.mark.parametrize(("state", "why"), [("approved", "held"), ("reported", "held"), ("voided_held", "voided_held")])
def test_a_card_that_others_hold_is_not_changed_and_said_so(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, state: str, why: str
) -> None:
    card = card_in(hospital, state, monkeypatch)
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="replace", rows=[1], by=by) == 0
    batch = hospital.confirmed(batch)
    assert batch.counts["failed"] == 1
    assert batch.summary["failed"] == [{"row": 1, "why": why, "card": card.pk}]
    with hospital.acting():
        card.refresh_from_db()
        assert (card.state, card.version) == (state.removesuffix("_held"), 2)


def test_a_stay_whose_number_is_in_doubt_does_not_restore_what_the_centre_held(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question whose answer would change a card that only an auditor restores: the row stays out and says why."""
    card = card_in(hospital, "voided_held", monkeypatch)
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        batch.rows.update(match="probable", why="key_in_doubt", choice="")
        assert services.choose(batch=batch.pk, choice="replace", rows=[1], by=by) == 1
    batch = hospital.confirmed(batch)
    assert batch.summary["failed"] == [{"row": 1, "why": "voided_held", "card": card.pk}]
    with hospital.acting():
        card.refresh_from_db()
        assert (card.state, card.version) == ("voided", 2)


def test_keep_leaves_the_card_and_counts_as_chosen(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        assert services.choose(batch=batch.pk, choice="keep", match="changed", by=by) == 1
        assert services.choose(batch=batch.pk, choice="skip", match="new", by=by) == 1
        assert services.choose(batch=batch.pk, choice="new", match="changed", by=by) == 0, "one card a stay"
        with pytest.raises(InputRefused, match="没有这种处理方式"):
            services.choose(batch=batch.pk, choice="burn", match="changed", by=by)
    assert hospital.confirmed(batch).counts["skipped"] == 2
    with hospital.acting():
        assert Card.objects.get().version == 1


def test_fill_takes_only_what_the_card_lacks(hospital: Hospital) -> None:
    hospital.imported(hospital.page(P12=""))
    batch = hospital.checked(hospital.page(P12="中国", P782="13000.00"))
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="fill", rows=[1], by=by)
    assert hospital.confirmed(batch).counts["updated"] == 1
    with hospital.acting():
        said = current(Card.objects.get()).front
        assert (said["P12"], said["P782"]) == ("中国", "12000.00")


def test_a_card_that_changes_while_a_file_is_looked_at_is_not_written_over(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"), hospital.page(P3="ZY0003"))
    with hospital.acting() as by:
        save_card(card=Card.objects.get().pk, based_on=1, by=by, front={"P782": "1.00"})
    hospital.imported(hospital.page(P3="ZY0002", P4="别人"), hospital.page(P3="ZY0003"))
    batch = hospital.confirmed(batch)
    assert [(one["row"], one["why"]) for one in batch.summary["failed"]] == [(1, "moved_on"), (2, "appeared")]
    assert batch.counts["unchanged"] == 1
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "请重新上传文件对照" in page


def test_a_probable_match_whose_new_time_is_taken_fails(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P25="2026-10-09 09:00", P2="2"))
    batch = hospital.checked(hospital.page(P25="2026-10-10 09:00"))
    with hospital.acting() as by:
        assert batch.rows.get().match == "probable"
        services.choose(batch=batch.pk, choice="replace", rows=[1], by=by)
        card = batch.rows.get().card
    hospital.imported(hospital.page(P25="2026-10-10 09:00", P2="9"))
    batch = hospital.confirmed(batch)
    assert batch.summary["failed"] == [{"row": 1, "why": "taken", "card": card}]


def test_the_same_stay_twice_in_one_file_counts_once(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page(), hospital.page(), hospital.page(P4="另一个"))
    assert (batch.counts["created"], batch.counts["unchanged"], batch.counts["failed"]) == (1, 1, 1)
    assert batch.summary["failed"] == [{"row": 3, "why": "repeated"}]


def test_a_file_in_the_other_layout_finds_the_same_stay(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    page = {
        "A01": hospital.institution.code, "A48": "ZY0001", "A49": "1", "A11": "虚构童", "A12C": "1",
        "A13": "2020-03-01",
        "A14": "6", "B12": "2026-10-01 08:30", "B15": "2026-10-08 09:00", "C03C": "C91.000",
        "C04N": "急性淋巴细胞白血病", "D01": "15000.00",
    }  # fmt: skip
    batch = hospital.check(hospital.upload(a_file([page])))
    with hospital.acting() as by:
        row = batch.rows.get()
        assert row.match == "changed"
        assert "P782" in row.changed
        services.choose(batch=batch.pk, choice="fill", rows=[1], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        assert Card.objects.get().layout == "2012"


def test_a_locked_month_is_not_undone(hospital: Hospital, locked: set[tuple[int, date]]) -> None:
    batch = hospital.imported(hospital.page())
    locked.add((hospital.institution.pk, MONTH))
    with hospital.acting() as by, pytest.raises(InputRefused, match="已锁定"):
        services.undo(batch=batch.pk, by=by)
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "已锁定" in page
    assert "撤销这次导入" not in page
    locked.clear()
    with hospital.acting() as by:
        undoing = services.undo(batch=batch.pk, by=by)
        assert services.undo(batch=batch.pk, by=by).state == State.UNDOING
    locked.add((hospital.institution.pk, MONTH))
    assert run_jobs.run_one(undoing.job or 0).state == Job.State.REFUSED, "locked between the wish and the deed"
    with hospital.acting():
        assert Card.objects.get().state == "draft"
    locked.clear()
    with hospital.acting() as by:
        services.go_on(batch=batch.pk, by=by)
    assert hospital.run(batch).state == State.UNDONE


def test_what_is_to_come_or_never_was_is_refused(hospital: Hospital) -> None:
    with hospital.acting() as by:
        for month, words in ((date(2030, 1, 1), "还没有到"), (date(2016, 12, 1), "早于 2017-01")):
            with pytest.raises(InputRefused, match=words):
                services.upload(received=received(b"a,b\n", "虚构.csv"), archive_month=month, by=by)
        with pytest.raises(InputRefused, match="没有这次导入"):
            services.confirm(batch=10**9, by=by)
    officer = made_up.post("commission_officer", made_up.authority())
    with made_up.acting(officer, "intake.upload") as by, pytest.raises(InputRefused, match="医院的岗位"):
        services.upload(received=received(b"a,b\n", "虚构.csv"), archive_month=MONTH, by=by)
    with made_up.acting(officer) as by, pytest.raises(PermissionDenied):
        services.upload(received=received(b"a,b\n", "虚构.csv"), archive_month=MONTH, by=by)


def test_a_batch_goes_its_way_and_no_other(hospital: Hospital) -> None:
    batch = hospital.upload(a_file([hospital.page()]))
    with hospital.acting() as by:
        with pytest.raises(InputRefused, match="正在核对"):
            services.confirm(batch=batch.pk, by=by)
        assert services.go_on(batch=batch.pk, by=by).job == batch.job, "it is on its way"
        with pytest.raises(InputRefused):
            services.undo(batch=batch.pk, by=by)
        services.discard(batch=batch.pk, by=by)
        assert services.discard(batch=batch.pk, by=by).state == State.DISCARDED
        with pytest.raises(InputRefused, match="没有中断"):
            services.go_on(batch=batch.pk, by=by)
        assert StoredFile.objects.get(pk=batch.file_id).destroyed_why == "batch_discarded"
    hospital.run(batch)  # the check finds that nobody wants it any more
    with hospital.acting():
        assert not Row.objects.exists()
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "没有导入任何内容" in page


def test_the_marked_workbook_comes_after_the_check_and_is_taken_from_its_page(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page(P27="99"))
    with hospital.acting():
        job = Job.objects.get(kind="intake.mark")
    assert run_jobs.run_one(job.pk).state == "done"
    batch = hospital.seen(batch)
    with hospital.acting() as by, open_plain(StoredFile.objects.get(pk=batch.marked), by=by) as path:
        assert path.read_bytes().startswith(b"PK")
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "下载标注工作簿" in page
    with hospital.acting() as by:
        again = enqueue(tasks.mark_file, by=by, key="again", batch=batch.pk)
    assert run_jobs.run_one(again.pk).state == "done"
    assert hospital.seen(batch).marked == batch.marked


def test_a_large_files_workbook_is_made_when_it_is_asked_for(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "MARKED_AT_ONCE", 0)
    monkeypatch.setattr("tonghu.intake.views.MARKED_AT_ONCE", 0)
    batch = hospital.checked(hospital.page())
    clerk = made_up.browser(hospital.clerk)
    assert "生成标注工作簿" in clerk.get(f"/imports/{batch.pk}").content.decode()
    clerk.post(f"/imports/{batch.pk}/mark")
    with hospital.acting():
        assert Job.objects.filter(kind="intake.mark").count() == 1


def test_a_colleague_confirms_what_another_brought(hospital: Hospital) -> None:
    batch = hospital.checked(hospital.page())
    colleague = made_up.post("entry_clerk", hospital.institution)
    with made_up.acting(colleague) as by:
        services.confirm(batch=batch.pk, by=by)
    assert hospital.run(batch).state == State.CONFIRMED
    with hospital.acting():
        assert set(Card.objects.get().authors) == {colleague.person_id, hospital.clerk.person_id}
        assert Batch.objects.get().file.destroyed_at is None, "its time ends it"
    fresh = hospital.upload(a_file([hospital.page(P3="ZY0002")]))
    with made_up.acting(colleague) as by:
        own = enqueue(tasks.check_file, by=by, key="colleague", batch=fresh.pk)
    assert run_jobs.run_one(own.pk).state == Job.State.REFUSED


def test_who_uploaded_what_a_colleague_confirmed_does_not_approve_it(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New cards and changed ones alike; the database asks for the name of whoever uploaded the file."""
    colleague = made_up.post("entry_clerk", hospital.institution)
    other = replace(hospital, clerk=colleague)
    other.imported(hospital.page())
    mine = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))
    monkeypatch.setattr("tonghu.registry.services.saving.check", lambda *_: [])  # so that it may be submitted
    assert other.confirmed(mine).counts["updated"] == 1
    both = {colleague.person_id, hospital.clerk.person_id}
    with made_up.acting(colleague) as by:
        assert [set(card.authors) for card in Card.objects.all()] == [both, both]
        cards = [Card.objects.get(version=2).pk]
        assert [one.refused for one in move(cards=cards, act="submit", by=by)] == [""]
    said = [one.zh for _many, found in checker.problems(system_scope("checking")) for one in found]
    assert not any("作者" in one for one in said)
    uploader = made_up.post("auditor", hospital.institution, holder=hospital.clerk.person)
    with made_up.acting(uploader) as by:
        assert [one.refused for one in move(cards=cards, act="approve", by=by)] == ["own"]
    forged = (
        "INSERT INTO registry_cardversion (card_id, institution_id, number, origin, batch, changed, content, "
        "content_key) SELECT card_id, institution_id, number + 1, 'import', batch, changed, content, content_key "
        "FROM registry_cardversion WHERE batch = %s AND number = 2"
    )
    refused = pytest.raises(DatabaseError, match="names who uploaded the file")
    with made_up.acting(colleague), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(forged, [mine.pk])


def test_what_nobody_confirms_goes_after_a_day_and_says_so_before_and_afterwards(hospital: Hospital) -> None:
    late, fresh = hospital.checked(hospital.page()), hospital.checked(hospital.page(P3="ZY0002"))
    soon = hospital.checked(hospital.page(P3="ZY0003"))
    now = timezone.now()
    with open_scope(system_scope("migration")):
        Batch.objects.filter(pk=late.pk).update(created_at=now - timedelta(hours=25))
        Batch.objects.filter(pk=soon.pk).update(created_at=now - timedelta(hours=19))
    clerk = made_up.browser(hospital.clerk)

    def page(batch: Batch) -> str:
        return clerk.get(f"/imports/{batch.pk}").content.decode().split("<main")[1].split("</main>")[0]

    ends = timezone.localtime(now + timedelta(hours=5))
    day = "星期" + "一二三四五六日"[ends.weekday()]
    assert f"文件保留到 {day} {ends:%Y-%m-%d %H:%M}" in page(soon)
    with open_scope(system_scope("upkeep")) as by:
        tidy = enqueue(tasks.tidy, by=by)
    done = run_jobs.run_one(tidy.pk)
    assert (done.state, done.result) == ("done", {"removed": 1})
    assert [hospital.seen(batch).state for batch in (late, fresh, soon)] == [State.DISCARDED, State.READY, State.READY]
    with hospital.acting():
        assert {row.batch_id for row in Row.objects.all()} == {fresh.pk, soon.pk}
    with open_scope(system_scope("migration")):
        told = list(Notice.objects.filter(kind="intake.ends"))
    assert [(one.person_id, one.url) for one in told] == [(hospital.clerk.person_id, f"/imports/{soon.pk}")]
    assert f"{day} {ends:%m-%d %H:%M} 到期自动放弃" in kinds()["intake.ends"].sentence(told[0].data)
    assert "到期自动放弃" in page(late)
    assert "24 小时内没有确认" in page(late)
    with open_scope(system_scope("upkeep")) as by:
        again = enqueue(tasks.tidy, by=by)
    run_jobs.run_one(again.pk)
    with open_scope(system_scope("migration")):
        assert Notice.objects.filter(kind="intake.ends").count() == 1, "once"
    with hospital.acting() as by:
        services.discard(batch=fresh.pk, by=by)
    said = page(fresh)
    assert f"由 {by.label} 放弃" in said
    assert "到期自动放弃" not in said


def test_the_preview_says_what_confirming_does(hospital: Hospital) -> None:
    from tonghu.intake import queries

    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    batch = hospital.checked(
        hospital.page(), hospital.page(P3="ZY0002", P782="1.00"), hospital.page(P3="ZY0003"), hospital.page(P3=""),
        hospital.page(P3="ZY0004"),
    )  # fmt: skip
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="skip", rows=[5], by=by)
    with hospital.acting():
        promised = queries.preview(hospital.seen(batch)).counts
    done = hospital.confirmed(batch).counts
    assert {name: done[name] for name in services.COUNTS} == {name: promised[name] for name in services.COUNTS}
    assert done == done | {"created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "failed": 1}


def test_how_long_a_file_is_is_guessed_at_a_glance(tmp_path: Path) -> None:
    text = tmp_path / "a"
    text.write_bytes(b"h\n" + b"1\n" * 99)
    assert length.guess_rows(text, "csv") == 99
    text.write_bytes(b"\x03\x00\x00\x00" + (1234).to_bytes(4, "little"))
    assert length.guess_rows(text, "dbf") == 1234
    text.write_bytes(b"PK no workbook")
    assert length.guess_rows(text, "xlsx") is None
    assert length.guess_rows(tmp_path / "absent", "csv") is None
    assert length.guess_rows(text, "zip") is None


def test_a_stay_that_somebody_voided_is_asked_about_also_where_the_file_says_the_same(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        voided = Card.objects.get(record_number="ZY0001")
        move(cards=[voided.pk], act="void", by=by, reason="误点")
    again = hospital.checked(hospital.page(), hospital.page(P3="ZY0002"))
    with hospital.acting() as by:
        rows = dict(Row.objects.filter(batch=again).values_list("record_number", "why"))
        assert rows == {"ZY0001": "voided", "ZY0002": ""}
        row = Row.objects.get(batch=again, record_number="ZY0001")
        assert (row.match, row.choice, row.changed) == ("changed", "", [])
        page = made_up.browser(hospital.clerk).get(f"/imports/{again.pk}/rows/{row.row}").content.decode()
        assert "作废" in page
        services.choose(batch=again.pk, choice="replace", rows=[row.row], by=by)
    hospital.confirmed(again)
    with hospital.acting():
        assert Card.objects.get(pk=voided.pk).state == "draft"
        assert Card.objects.get(pk=voided.pk).version == 1, "nothing of it was changed"


def test_a_record_number_in_full_width_is_the_same_stay(hospital: Hospital) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P3="ＺＹ０００１", P782="13000.00"))
    with hospital.acting():
        row = batch.rows.get()
        assert (row.match, row.record_number) == ("changed", "ZY0001")
    hospital.confirmed(batch)
    with hospital.acting():
        card = Card.objects.get()
        assert (card.record_number, card.version) == ("ZY0001", 2)
        assert HospitalView.objects.count() == 1, "no second child"
