"""The pages of an import: upload, progress, preview, decisions, confirmation, undo; refusals in one clear line."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from made_up_files import Hospital, a_file

import made_up
from tonghu.intake.models import Batch, Row, State
from tonghu.platform.files import vault
from tonghu.registry.models import Card
from tonghu.registry.services import save_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The clerk's browser."""
    # An upload is kept when its transaction commits, which a test's never does.
    monkeypatch.setattr(vault, "remove", lambda _place: None)
    return made_up.browser(hospital.clerk)


def upload(clerk: Client, content: bytes, name: str = "虚构.csv", month: str = "2026-10", **headers: str) -> object:
    sent = {"file": SimpleUploadedFile(name, content), "archive_month": month}
    return clerk.post("/imports/upload", sent, headers=headers, follow=not headers)


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_the_page_offers_last_month(clerk: Client) -> None:
    page = text(clerk.get("/imports"))
    assert "把本月导出的文件拖到这里" in page
    assert 'value="2026-10" selected' in page


def test_a_list_of_rows_fetches_one_page_of_them(
    hospital: Hospital, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may have 100,000 rows of one kind: a page of the list, which may be decided for all, takes fifty."""
    upload(clerk, a_file([hospital.page(P3=f"ZY{number:04}") for number in range(70)]))
    with hospital.acting():
        batch = Batch.objects.get()
    hospital.run(batch)
    fetched = []
    real = Row.from_db.__func__
    monkeypatch.setattr(
        Row, "from_db", classmethod(lambda cls, *held, **more: fetched.append(1) or real(cls, *held, **more))
    )
    page = text(clerk.get(f"/imports/{batch.pk}/rows?match=new"))
    assert "ZY0049" in page
    assert "ZY0050" not in page
    assert "70" in page  # how many there are
    assert len(fetched) <= 51


def test_from_file_to_cards_and_back(hospital: Hospital, clerk: Client) -> None:
    answer = upload(clerk, a_file([hospital.page(), hospital.page(P3="ZY0002", P27="99")]))
    assert "正在核对" in text(answer)
    with hospital.acting():
        batch = Batch.objects.get()
    hospital.run(batch)
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert "确认导入 2 次住院" in page
    assert "实际住院天数" in page
    assert "<q>99</q>" in page
    assert text(clerk.get(f"/imports/{batch.pk}/rows?match=new")).count("ZY000") == 2
    assert "急性淋巴细胞白血病" in text(clerk.get(f"/imports/{batch.pk}/rows/1"))
    page = text(clerk.post(f"/imports/{batch.pk}/confirm", follow=True))
    assert "正在导入" in page
    hospital.run(batch)
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert "导入批次 2026-0001" in page
    page = text(clerk.post(f"/imports/{batch.pk}/undo", follow=True))
    hospital.run(batch)
    assert "已撤销" in text(clerk.get(f"/imports/{batch.pk}"))


def test_a_row_that_waits_is_compared_and_decided(hospital: Hospital, clerk: Client) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P25="2026-10-09 09:00", P782="1.00", P13="990101202003010019"))
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert "1 行等您决定" in page
    assert "确认导入 " not in page
    page = text(clerk.get(f"/imports/{batch.pk}/rows/1"))
    assert "是同一次住院吗" in page
    assert "12000.00" in page
    assert "990101202003010019" not in page  # masked
    answer = clerk.post(f"/imports/{batch.pk}/choose", {"row": "1", "choice": "new"}, follow=True)
    assert "每一行都已决定" in text(answer)
    assert "确认导入 1 次住院" in text(answer)


def test_what_is_not_imported_leads_to_its_rows_and_cards(hospital: Hospital, clerk: Client) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3=""), hospital.page(P3="ZY0002"))
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert f'<a href="/imports/{batch.pk}/rows?counts=failed">1</a>' in page
    rows = text(clerk.get(f"/imports/{batch.pk}/rows?counts=failed"))
    assert f"/imports/{batch.pk}/rows/2" in rows
    assert f"/imports/{batch.pk}/rows/3" not in rows
    assert f"/imports/{batch.pk}/rows/3" in text(clerk.get(f"/imports/{batch.pk}/rows?counts=created"))
    assert "没有符合" in text(clerk.get(f"/imports/{batch.pk}/rows?counts=skipped"))
    with hospital.acting() as by:  # somebody changes the card while the file is looked at
        card = Card.objects.get(record_number="ZY0001")
        save_card(card=card.pk, based_on=1, front={"P5": "2"}, by=by)
    hospital.confirmed(batch)
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert f'<a href="/cards/{card.pk}">报告卡 ZY0001</a>' in page
    assert f"#{card.pk}" not in page


def test_cards_that_an_undo_left_are_named_by_their_record(hospital: Hospital, clerk: Client) -> None:
    batch = hospital.imported(hospital.page())
    with hospital.acting() as by:
        card = Card.objects.get()
        save_card(card=card.pk, based_on=1, front={"P5": "2"}, by=by)
    hospital.undone(batch)
    assert f'href="/cards/{card.pk}">ZY0001</a>' in text(clerk.get(f"/imports/{batch.pk}"))


def test_refusals_are_one_clear_line(hospital: Hospital, clerk: Client) -> None:
    said = upload(clerk, b"", Accept="application/json").json()  # type: ignore[attr-defined]
    assert "文件是空的" in said["refused"]
    said = upload(clerk, a_file([hospital.page()]), month="2026-12", Accept="application/json").json()  # type: ignore[attr-defined]
    assert "以后的月份还没有到" in said["refused"]
    upload(clerk, "随便,什么\n1,2\n".encode())
    with hospital.acting():
        batch = Batch.objects.get()
    hospital.run(batch)
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert "无法识别表头" in page
    assert hospital.seen(batch).state == State.REFUSED


def test_work_whose_record_is_gone_can_be_taken_up_again(hospital: Hospital, clerk: Client) -> None:
    batch = hospital.checked(hospital.page())
    clerk.post(f"/imports/{batch.pk}/confirm")
    with hospital.acting():  # cancelled half a year ago: the job's record was kept no longer
        Batch.objects.filter(pk=batch.pk).update(job=None)
    page = text(clerk.get(f"/imports/{batch.pk}"))
    assert f'action="/imports/{batch.pk}/go-on"' in page
    clerk.post(f"/imports/{batch.pk}/go-on")
    assert hospital.run(batch).state == State.CONFIRMED


def test_the_same_file_twice_is_one_import(hospital: Hospital, clerk: Client) -> None:
    content = a_file([hospital.page()])
    upload(clerk, content)
    assert "没有重复导入" in text(upload(clerk, content))
    with hospital.acting():
        assert Batch.objects.count() == 1
