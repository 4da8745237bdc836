"""What is said before a file is imported: a month signed as without a case, cards of other months that are locked."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone
from made_up_files import MONTH, Hospital, a_hospital

import made_up
from tonghu.intake import asked_first
from tonghu.intake.models import Batch, State
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.surveillance.models import ZeroReport

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def clerk(hospital: Hospital) -> Client:
    return made_up.browser(hospital.clerk)


def zero(hospital: Hospital, month: date = MONTH) -> ZeroReport:
    """A zero report that stands, as the lead's signature leaves it."""
    lead = made_up.post("point_lead", hospital.institution)
    with open_scope(system_scope("migration")):
        return ZeroReport.objects.create(
            institution=hospital.institution, archive_month=month, signed_at=timezone.now(),
            signed_by_id=lead.person_id, signed_as="虚构负责人 · 监测点总负责人 · 虚构儿童医院",
        )  # fmt: skip


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def fields(page: str) -> dict[str, str]:
    """What the form sends by which the file is confirmed."""
    (form,) = re.findall(r'<form method="post" action="/imports/\d+/confirm".*?</form>', page, re.DOTALL)
    return dict(re.findall(r'name="(compared_at|locked|locked_others|zero)" value="([^"]*)"', form))


def send(client: Client, batch: Batch, said: dict[str, str]) -> str:
    return str(client.post(f"/imports/{batch.pk}/confirm", said, follow=True).content.decode())


class TestSignedAsWithoutACase:
    """Cards of such a month are made by a choice."""

    def test_the_upload_page_names_the_months_and_the_preview_who_signed(
        self, hospital: Hospital, clerk: Client
    ) -> None:
        batch = hospital.checked(hospital.page())
        assert "零报告" not in text(clerk, f"/imports/{batch.pk}").split("data-keys")[0].split("<main")[1]
        held = zero(hospital)
        page = text(clerk, "/imports")
        assert "已签零报告的归档月" in page
        assert "虚构负责人" in page
        page = text(clerk, f"/imports/{batch.pk}")
        assert "2026-10 的零报告已由 虚构负责人" in page
        assert "2026-10 已签零报告，仍要导入？" in page
        assert "仍然导入 1 次住院" in page
        assert fields(page)["zero"] == str(held.pk)
        send(clerk, batch, fields(page))
        assert hospital.seen(batch).state == State.CONFIRMING
        assert hospital.run(batch).counts["created"] == 1

    def test_one_that_is_signed_while_the_page_is_open_is_asked_about_first(
        self, hospital: Hospital, clerk: Client
    ) -> None:
        batch = hospital.checked(hospital.page())
        seen = fields(text(clerk, f"/imports/{batch.pk}"))
        held = zero(hospital)
        page = send(clerk, batch, seen)
        assert "签署了零报告。尚未导入任何内容" in page
        assert "2026-10 已签零报告，仍要导入？" in page
        held_now = hospital.seen(batch)
        assert (held_now.state, held_now.number, held_now.counts) == (State.READY, None, {})
        send(clerk, batch, seen | {"zero": str(held.pk + 1)})
        assert hospital.seen(batch).state == State.READY
        send(clerk, batch, fields(page))
        assert hospital.seen(batch).state == State.CONFIRMING
        send(clerk, batch, seen)  # asking again changes nothing
        assert hospital.seen(batch).state == State.CONFIRMING

    def test_a_withdrawn_one_or_another_hospitals_or_months_is_not_asked_about(
        self, hospital: Hospital, clerk: Client
    ) -> None:
        zero(hospital, SEPTEMBER)
        zero(a_hospital())
        withdrawn = zero(hospital)
        with open_scope(system_scope("migration")):
            now = {"withdrawn_at": timezone.now(), "withdrawn_because": "漏报"}
            ZeroReport.objects.filter(pk=withdrawn.pk).update(**now)
        batch = hospital.checked(hospital.page())
        page = text(clerk, f"/imports/{batch.pk}")
        assert "仍要导入" not in page
        assert "zero" not in fields(page)
        send(clerk, batch, fields(page))
        assert hospital.seen(batch).state == State.CONFIRMING

    def test_where_no_card_of_the_month_is_made_nobody_is_asked(self, hospital: Hospital, clerk: Client) -> None:
        hospital.confirmed(hospital.checked(hospital.page(), month=SEPTEMBER))
        zero(hospital)
        batch = hospital.checked(hospital.page(P782="13000.00"))
        page = text(clerk, f"/imports/{batch.pk}")
        assert "仍要导入" not in page
        send(clerk, batch, fields(page))
        assert hospital.seen(batch).state == State.CONFIRMING

    def test_strangers_confirm_nothing(self, hospital: Hospital) -> None:
        held, batch = zero(hospital), hospital.checked(hospital.page())
        stranger = made_up.browser(a_hospital().clerk)
        said = {"compared_at": batch.summary["compared_at"], "zero": str(held.pk)}
        assert stranger.post(f"/imports/{batch.pk}/confirm", said).status_code == 404
        assert hospital.seen(batch).state == State.READY


class TestCardsOfOtherLockedMonths:
    """A file of an open month that changes cards of a locked one says so."""

    @pytest.fixture
    def batch(self, hospital: Hospital) -> Batch:
        """A file of October: a new stay, and one whose card is of September."""
        hospital.confirmed(hospital.checked(hospital.page(), month=SEPTEMBER))
        return hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"))

    def test_it_is_said_how_many_of_which_month(
        self, hospital: Hospital, clerk: Client, batch: Batch, locked: set[tuple[int, date]]
    ) -> None:
        locked.add((hospital.institution.pk, SEPTEMBER))
        page = text(clerk, f"/imports/{batch.pk}")
        assert "已锁定的 2026-09 有 1 份报告卡将生成新版本" in page
        assert "导入并更新已锁定月份的报告卡？" in page
        assert "份属于已锁定的 2026-09：生成新版本" in page
        assert fields(page)["locked_others"] == "2026-09"
        assert "locked" not in fields(page)
        send(clerk, batch, fields(page))
        hospital.run(batch)
        with hospital.acting():
            assert Card.objects.get(archive_month=SEPTEMBER).version == 2

    def test_a_month_that_is_locked_meanwhile_is_asked_about_first(
        self, hospital: Hospital, clerk: Client, batch: Batch, locked: set[tuple[int, date]]
    ) -> None:
        seen = fields(text(clerk, f"/imports/{batch.pk}"))
        assert set(seen) == {"compared_at"}
        locked.add((hospital.institution.pk, SEPTEMBER))
        page = send(clerk, batch, seen)
        assert "有月份被锁定" in page
        assert hospital.seen(batch).state == State.READY
        send(clerk, batch, fields(page))
        assert hospital.seen(batch).state == State.CONFIRMING

    def test_all_of_it_is_one_question(
        self, hospital: Hospital, clerk: Client, batch: Batch, locked: set[tuple[int, date]]
    ) -> None:
        held = zero(hospital)
        locked.update({(hospital.institution.pk, SEPTEMBER), (hospital.institution.pk, MONTH)})
        page = text(clerk, f"/imports/{batch.pk}")
        assert page.count("<dialog") == text(clerk, "/imports").count("<dialog") + 1
        said = fields(page)
        assert (said["locked"], said["locked_others"], said["zero"]) == ("yes", "2026-09", str(held.pk))
        send(clerk, batch, said)
        assert hospital.seen(batch).state == State.CONFIRMING

    def test_cards_that_stay_as_they_are_and_other_hospitals_locks_are_not_counted(
        self, hospital: Hospital, batch: Batch, locked: set[tuple[int, date]]
    ) -> None:
        from tonghu.intake import queries
        from tonghu.intake.services import choose

        def said() -> dict[date, int]:
            with hospital.acting():
                return dict(asked_first.asks(batch, queries.preview(batch).counts).others)

        locked.add((a_hospital().institution.pk, SEPTEMBER))
        assert said() == {}
        locked.add((hospital.institution.pk, SEPTEMBER))
        assert said() == {SEPTEMBER: 1}
        with hospital.acting() as by:
            choose(batch=batch.pk, choice="keep", by=by, match="changed")
        assert said() == {}
