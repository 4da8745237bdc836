"""A zero report beside files that wait, and cards that come after it: both sides are told, and nothing is lost."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from points_and_cards import cards, point

import made_up
from tonghu.errors import InputRefused
from tonghu.intake.models import Batch
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.audit.changes import event_model
from tonghu.platform.audit.models import Event
from tonghu.platform.files import vault
from tonghu.platform.notices.kinds import kinds
from tonghu.platform.notices.models import Notice
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.surveillance import against_zero, board, services
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import ZeroReport
from tonghu.surveillance.tasks import nation

sys.path.append(str(Path(__file__).parents[1] / "intake"))
from made_up_files import Hospital, a_hospital

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]
TODAY = timezone.localdate()
LAST = Month.of(TODAY).plus(-1)
REASON = "文件选错归档月，均为上月病例"


@pytest.fixture
def hospital(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    monkeypatch.setattr(vault, "folder", lambda: tmp_path / "vault")
    made = a_hospital()
    point(made.institution)
    return made


@pytest.fixture
def lead(hospital: Hospital) -> Post:
    return made_up.post("point_lead", hospital.institution)


def stay(hospital: Hospital, **changes: str) -> dict[str, str]:
    """A reportable stay that ended in the month."""
    return hospital.page(P22=f"{LAST.first} 08:30", P25=f"{LAST.first + timedelta(days=7)} 09:00", **changes)


def waits(hospital: Hospital, **changes: str) -> Batch:
    """A file of the month that waits for its confirmation."""
    return hospital.checked(stay(hospital, **changes), month=LAST.first)


def shown(client: Client, address: str = f"/reporting/months/{LAST}/zero") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def send(client: Client, *, known: Any = "", **said: str) -> str:
    answer = client.post(f"/reporting/months/{LAST}/zero", {"known": known, **said}, follow=True)
    return str(answer.content.decode())


def signed(post: Post) -> list[ZeroReport]:
    with made_up.acting(post):
        return list(ZeroReport.objects.filter(archive_month=LAST.first, withdrawn_at=None))


def looked() -> int:
    """What the job does every five minutes."""
    with open_scope(nation(system_scope("calendar"))) as by:
        return against_zero.look(by)


class TestFilesThatWait:
    """Whoever signs is told of them, and says that they know."""

    def test_the_page_names_them_and_nothing_is_signed_without_a_word_and_a_reason(
        self, hospital: Hospital, lead: Post
    ) -> None:
        batch, client = waits(hospital), made_up.browser(lead)
        page = shown(client)
        assert f"#{batch.pk}" in page
        assert hospital.clerk.person.name in page
        assert "应报住院 1 次" in page
        assert f'href="/imports/{batch.pk}"' not in page, "a lead opens no import"
        assert 'name="agreed"' in page
        for said in ({}, {"agreed": "on"}, {"despite": REASON}, {"agreed": "on", "despite": "错"}):
            send(client, known=batch.pk, **said)
            assert signed(lead) == []
        page = send(client, known=batch.pk, agreed="on", despite=REASON)
        assert f"已签署 {LAST} 的零报告" in page
        assert f"签署时有文件待确认，原因：{REASON}" in page
        (held,) = signed(lead)
        assert held.despite == REASON
        with made_up.acting(lead):
            event = Event.objects.get(kind="surveillance.signed")
            assert event.reason == REASON

    def test_a_file_that_came_in_since_is_asked_about_and_nothing_is_signed(
        self, hospital: Hospital, lead: Post
    ) -> None:
        client = made_up.browser(lead)
        assert 'name="agreed"' not in shown(client)
        first = waits(hospital)
        page = send(client)
        assert "有新上传的文件" in page
        assert f"#{first.pk}" in page
        assert f'name="known" value="{first.pk}"' in page
        assert signed(lead) == []
        second = waits(hospital, P3="ZY0002")
        page = send(client, known=first.pk, agreed="on", despite=REASON)
        assert "有新上传的文件" in page
        assert "checked" not in page.split('name="agreed"')[1].split(">")[0], "the word is given anew"
        assert REASON in page, "what was typed stays"
        assert signed(lead) == []
        send(client, known=f"{first.pk},{second.pk}", agreed="on", despite=REASON)
        assert len(signed(lead)) == 1

    def test_at_the_very_moment_of_signing_the_service_looks_itself(self, hospital: Hospital, lead: Post) -> None:
        batch = waits(hospital)
        with made_up.acting(lead) as by:
            with pytest.raises(against_zero.FilesWait, match="尚未签署"):
                services.sign_zero(month=LAST, by=by)
            with pytest.raises(InputRefused, match="请写明"):
                services.sign_zero(month=LAST, by=by, known=[batch.pk], despite=" ")
            assert not ZeroReport.objects.exists()

    def test_while_a_file_is_being_imported_nothing_is_signed(self, hospital: Hospital, lead: Post) -> None:
        from tonghu.intake import services as intake

        batch = waits(hospital)
        with hospital.acting() as by:
            intake.confirm(batch=batch.pk, by=by)
        page = send(made_up.browser(lead), known=batch.pk, agreed="on", despite=REASON)
        assert "正在导入" in page
        assert signed(lead) == []

    @pytest.mark.parametrize("how", ["empty", "discarded", "another month"])
    def test_what_brings_no_case_of_the_month_is_not_asked_about(
        self, hospital: Hospital, lead: Post, how: str
    ) -> None:
        from tonghu.intake import services as intake

        if how == "empty":
            hospital.checked(stay(hospital, P28="J18.900", P321="J18.900"), month=LAST.first)
        elif how == "discarded":
            batch = waits(hospital)
            with hospital.acting() as by:
                intake.discard(batch=batch.pk, by=by)
        else:
            hospital.checked(stay(hospital), month=LAST.plus(-1).first)
        send(made_up.browser(lead))
        assert [one.despite for one in signed(lead)] == [""]

    def test_drafts_of_the_month_are_named_and_keep_it_from_being_signed(self, hospital: Hospital, lead: Post) -> None:
        cards(hospital.institution, LAST, 2)
        client = made_up.browser(lead)
        page = shown(client)
        assert f"{LAST} 已有 2 份报告卡（含草稿）" in page
        assert f"topic=month&amp;key={LAST}" in page
        assert "已有 2 份报告卡" in send(client)
        assert signed(lead) == []

    def test_strangers_are_told_nothing_of_them_and_sign_their_own(self, hospital: Hospital) -> None:
        batch = waits(hospital)
        other = made_up.hospital("STRANGER1", "510104")
        point(other)
        stranger = made_up.post("point_lead", other)
        client = made_up.browser(stranger)
        assert f"#{batch.pk}" not in shown(client)
        assert f"已签署 {LAST} 的零报告" in send(client, known=batch.pk)
        assert [one.institution_id for one in signed(stranger)] == [other.pk]


class TestCardsAfterwards:
    """The cards count; the report says since when, and who answers for the point is told once."""

    @pytest.fixture
    def held(self, lead: Post) -> ZeroReport:
        with made_up.acting(lead) as by:
            return services.sign_zero(month=LAST, by=by)

    def told(self) -> list[tuple[str, str]]:
        with open_scope(system_scope("migration")):
            found = Notice.objects.filter(kind="surveillance.contradicted").select_related("person")
            return sorted((one.person.posts.get().role, kinds()[one.kind].sentence(one.data)) for one in found)

    def test_the_report_is_marked_and_lead_and_deputy_are_told_once(
        self, hospital: Hospital, lead: Post, held: ZeroReport
    ) -> None:
        made_up.post("responsible_deputy", hospital.institution)
        stranger = made_up.post("point_lead", made_up.hospital("STRANGER2", "510104"))
        assert looked() == 0
        made = cards(hospital.institution, LAST, 2)
        assert looked() == 2
        assert looked() == 0
        assert [role for role, _said in self.told()] == ["point_lead", "responsible_deputy"]
        assert all("现有 2 份报告卡" in said for _role, said in self.told())
        (now,) = signed(lead)
        assert now.contradicted_at is not None
        with made_up.acting(lead):
            cell = board.cells_of(hospital.institution.pk, [LAST], TODAY)[LAST]
            assert (cell.cards, cell.contradicted) == (2, True)
            assert cell.state in ("open", "overdue"), "no zero any more"
            history = event_model("surveillance.zeroreport").objects.filter(pgh_obj_id=held.pk).order_by("pgh_id")
            assert [row.contradicted_at is None for row in history] == [True, False]
            assert Event.objects.filter(kind="surveillance.contradicted").count() == 1
        client = made_up.browser(lead)
        page = shown(client, f"/reporting/months/{LAST}")
        assert "已有报告卡，按报告卡计" in page
        assert "起该月有报告卡" in page
        assert "零报告与报告卡矛盾" in shown(client, "/reporting")
        with made_up.acting(stranger):
            assert not ZeroReport.objects.exists()
        # Voided, they count no more: the report stands as it was signed, and nobody is told a second time.
        with open_scope(system_scope("migration")):
            Card.objects.filter(pk__in=[one.pk for one in made]).update(state="voided")
        assert looked() == 0
        assert signed(lead)[0].contradicted_at is None
        cards(hospital.institution, LAST)
        assert looked() == 0
        assert signed(lead)[0].contradicted_at is not None

    def test_an_import_that_is_confirmed_after_it_is_such_cards(self, hospital: Hospital, held: ZeroReport) -> None:
        hospital.confirmed(waits(hospital))
        assert looked() == 1
        assert self.told() == [
            ("point_lead", f"{LAST} 已签零报告，现有 1 份报告卡：该月按报告卡计。请核对：撤回零报告，或作废误录的卡")
        ]

    def test_a_withdrawn_report_is_left_alone(self, hospital: Hospital, lead: Post, held: ZeroReport) -> None:
        with made_up.acting(lead) as by:
            services.withdraw_zero(report=held, reason="发现一例", by=by)
        cards(hospital.institution, LAST)
        assert looked() == 0
        assert self.told() == []

    @pytest.mark.parametrize("role", ["entry_clerk", "responsible_deputy"])
    def test_nobody_else_writes_it(self, hospital: Hospital, held: ZeroReport, role: str) -> None:
        with made_up.acting(made_up.post(role, hospital.institution)), transaction.atomic():
            assert ZeroReport.objects.filter(pk=held.pk).update(contradicted_at=timezone.now()) == 0


def test_the_first_screen_asks_what_the_day_makes_of_the_month(
    hospital: Hospital, lead: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tonghu.surveillance import first_screen
    from tonghu.surveillance.board import Cell

    def question(today: date, *, cards: int = 5, reported: int = 2, zero_on: date | None = None) -> str:
        cell = Cell(
            institution=1, month=Month(date(2026, 10, 1)), cards=cards, reported=reported, on_time=0, assumed=0,
            state="open", days=0, zero_on=zero_on,
        )  # fmt: skip
        return first_screen._question(cell, today)

    assert question(date(2026, 10, 20)) == "2026-10 能按时报齐吗？截止 11-15"
    assert question(date(2026, 10, 20), reported=5) == "2026-10 能按时报齐吗？截止 11-15", "the month still runs"
    assert question(date(2026, 11, 14)) == "2026-10 能按时报齐吗？截止 11-15"
    assert question(date(2026, 11, 15)) == "2026-10 今天截止：报齐了吗？"
    assert question(date(2026, 11, 16)) == "2026-10 已过截止日 11-15：还差什么？"
    assert question(date(2026, 11, 16), cards=0, reported=0) == "2026-10 已过截止日 11-15：还差什么？"
    assert question(date(2026, 11, 10), reported=5) == "2026-10 已报齐"
    assert question(date(2026, 11, 10), cards=0, reported=0, zero_on=date(2026, 11, 2)) == "2026-10 已报齐"


def test_a_hospital_hears_of_its_own_reports_alone(hospital: Hospital, lead: Post) -> None:
    from tonghu.registry.zero import signed_zero

    other: Institution = made_up.hospital("STRANGER3", "510104")
    point(other)
    with made_up.acting(made_up.post("point_lead", other)) as by:
        services.sign_zero(month=LAST, by=by)
    with hospital.acting():
        assert signed_zero(hospital.institution.pk) == {}
        assert signed_zero(other.pk) == {}
    with made_up.acting(lead) as by:
        services.sign_zero(month=LAST, by=by)
    with hospital.acting():
        assert list(signed_zero(hospital.institution.pk, [LAST.first])) == [LAST.first]
        assert signed_zero(hospital.institution.pk, [LAST.plus(-1).first]) == {}


@pytest.mark.parametrize(("month", "over"), [(Month.of(TODAY), False), (LAST, True)])
def test_of_a_month_that_is_not_over_the_page_says_from_when_it_is_signed(lead: Post, month: Month, over: bool) -> None:
    browser = made_up.browser(lead)
    page = browser.get(f"/reporting/months/{month}/zero").content.decode()
    assert (f"{month} 还没有结束，{month.plus(1).first} 起可以签署零报告" not in page) is over
    assert ("确认签署零报告" in page) is over, "nothing is offered that would be refused"
    signed = browser.post(f"/reporting/months/{month}/zero", follow=True).content.decode()
    assert (f"已签署 {month} 的零报告" in signed) is over
