"""What a preview says is what happens, and adds up; what is odd about a file is said before it is confirmed."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from made_up_files import Hospital, a_file, card_in

import made_up
import made_up_cards
from tonghu.codes import hqms_fields
from tonghu.intake import queries, services
from tonghu.intake.absent import absent
from tonghu.intake.models import Batch, State
from tonghu.intake.undoing import Stays, forecast
from tonghu.platform.files import vault
from tonghu.registry.models import Card, CardAct
from tonghu.registry.services import move, save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


@pytest.fixture
def clerk(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The clerk's browser."""
    monkeypatch.setattr(vault, "remove", lambda _place: None)
    return made_up.browser(hospital.clerk)


def page(clerk: Client, batch: Batch, more: str = "", **headers: str) -> str:
    return clerk.get(f"/imports/{batch.pk}{more}", headers=headers).content.decode()


def test_the_stays_with_errors_are_those_whose_rows_have_them(hospital: Hospital, clerk: Client) -> None:
    """Rules of the card alone find errors too, which the check of a file does not know."""
    batch = hospital.checked(
        hospital.page(), hospital.page(P3="ZY0002", P321="D47.100", P322="虚构病"), hospital.page(P3="ZY0003", P27="99")
    )
    with hospital.acting():
        with_errors = batch.rows.filter(errors__gt=0).count()
        preview = queries.preview(batch)
        named = {group.rule for group in queries.groups(batch, zh=True)}
        found = set(batch.findings.values_list("rule", flat=True))
    assert preview.with_errors == with_errors > 0
    assert f"3 次住院中 {with_errors} 次有错误" in page(clerk, batch)
    assert found <= named, "what counts as an error is named"


def test_the_preview_counts_the_stays_that_the_check_of_the_file_counts(hospital: Hospital, clerk: Client) -> None:
    """With the errors that show only beside another row; where the rules of cards find more, it says so."""
    whole = {field.code: "" for field in hqms_fields.layout("2012").fields} | dict(made_up_cards.page().front)
    whole |= {"P900": hospital.institution.code, "P6891": "虚构儿童医院"}
    later = f"{whole['P25'][:10]} 23:30"
    batch = hospital.checked(whole, {**whole, "P25": later})
    with hospital.acting():
        assert not batch.rows.filter(errors__gt=0).exists(), "alone each is right"
        assert queries.preview(batch).with_errors == batch.summary["problem_cards"] == 2
    assert "2 次住院中 2 次有错误" in page(clerk, batch)
    assert "tonghu hqms check" not in page(clerk, batch)
    few = {name: text for name, text in whole.items() if name not in ("P30", "P752")}
    more = hospital.checked({**few, "P3": "ZY0009"})
    with hospital.acting():
        cards, file = queries.preview(more).with_errors, more.summary["problem_cards"]
    assert cards > file
    assert f"计 {file} 次；作为报告卡计 {cards} 次" in page(clerk, more)


def test_the_counts_and_what_the_file_holds_add_up(hospital: Hospital, clerk: Client) -> None:
    batch = hospital.checked(
        hospital.page(),
        hospital.page(P3="ZY0002", P6="", P7="", P13=""),
        hospital.page(P3=""),
        hospital.page(P3="ZY0004"),
    )
    assert (batch.summary["in_scope"], batch.summary["undetermined"]) == (3, 1)
    said = page(clerk, batch)
    about = said[said.index("about-file") :]
    assert "年龄不明" in about
    with hospital.acting() as by:
        would = queries.preview(batch)
        assert sum(would.counts.values()) == batch.rows.count() == 4
        assert sum(kind.rows for kind in would.kinds) == 4
        services.choose(batch=batch.pk, choice="skip", match="undetermined", by=by)
    batch = hospital.confirmed(batch)
    assert sum(batch.counts[name] for name in services.COUNTS) == batch.counts["of"] == 4
    by_group = sum(batch.summary["by_group"].values())
    assert by_group == batch.summary["in_scope"], "the groups are those of the stays in scope"


@pytest.mark.parametrize(
    ("discharged", "when"),
    [("2026-10-31 23:59", ""), ("2026-11-01 00:00", "after"), ("2026-04-01 00:00", ""), ("2026-03-31 23:59", "before")],
)
def test_a_discharge_that_fits_the_archive_month_badly_is_said_before(
    hospital: Hospital, clerk: Client, discharged: str, when: str
) -> None:
    batch = hospital.checked(hospital.page(P22="2026-03-01 08:00", P25=discharged), hospital.page(P3="ZY0002"))
    said = page(clerk, batch)
    assert ("出院晚于归档月" in said) == (when == "after")
    assert ("出院早于归档月半年以上" in said) == (when == "before")
    if when:
        assert f"/imports/{batch.pk}/rows?discharged={when}" in said
        rows = page(clerk, batch, f"/rows?discharged={when}")
        assert f"/imports/{batch.pk}/rows/1" in rows
        assert f"/imports/{batch.pk}/rows/2" not in rows
    assert "确认导入 2 次住院" in said, "it is a warning"


@pytest.mark.parametrize(("september", "asked"), [(1, False), (2, True)])
def test_a_file_of_another_month_is_asked_about(hospital: Hospital, clerk: Client, september: int, asked: bool) -> None:
    """A few stays archived late are honest; most of a file discharged in another month may be a month chosen wrong."""
    days = ["2026-09-30 23:30"] * september + ["2026-10-08 09:00"] * (3 - september)
    pages = [hospital.page(P3=f"ZY{at}", P22="2026-09-01 08:30", P25=day) for at, day in enumerate(days)]
    batch = hospital.checked(*pages)
    said = page(clerk, batch)
    question = "文件中 2 次住院多为 2026-09 出院，归档月选的是 2026-10？如选错，请放弃后重新上传。"
    assert (question in said) == asked
    assert said.count(f'action="/imports/{batch.pk}/discard"') == 1 + asked, "and the way to discard beside it"
    assert "确认导入 3 次住院" in said, "it is a question"


@pytest.mark.parametrize("state", ["submitted", "accepted"])
def test_a_fill_with_nothing_to_fill_leaves_a_card_on_its_way_alone(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    card = card_in(hospital, state, monkeypatch)
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        acts = CardAct.objects.count()
        services.choose(batch=batch.pk, choice="fill", rows=[1], by=by)
    assert hospital.confirmed(batch).counts["unchanged"] == 1
    with hospital.acting():
        card.refresh_from_db()
        assert (card.state, card.version, CardAct.objects.count()) == (state, 2, acts)


def test_an_undo_says_before_what_it_leaves(hospital: Hospital, clerk: Client) -> None:
    hospital.imported(hospital.page(P3="ZY0009"))
    batch = hospital.imported(
        hospital.page(), hospital.page(P3="ZY0002"), hospital.page(P3="ZY0003"), hospital.page(P3="ZY0009", P782="1.00")
    )
    with hospital.acting() as by:
        card = Card.objects.get(record_number="ZY0002")
        save_card(card=card.pk, based_on=1, by=by, supplement={"laterality": "1"})
        would = forecast(batch)
    assert (would.voided, would.restored, would.left) == (2, 1, {card.pk: Stays.EDITED})
    said = page(clerk, batch)
    assert "撤销时，以下报告卡会保持原样" in said
    assert f'href="/cards/{card.pk}">ZY0002</a>' in said
    done = hospital.undone(batch).counts
    assert (done["voided"], done["restored"], done["kept"]) == (2, 1, 1)


def test_of_a_large_import_an_undo_says_at_most_how_many(
    hospital: Hospital, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tonghu.intake.views.FORESEEN", 0)
    assert "最多 1" in page(clerk, hospital.imported(hospital.page()))


def test_a_refused_file_is_still_named(hospital: Hospital, clerk: Client) -> None:
    batch = hospital.check(hospital.upload("随便,什么\n1,2\n".encode(), name="虚构-选错的.csv"))
    assert batch.state == State.REFUSED
    said = page(clerk, batch)
    assert "虚构-选错的.csv" in said
    assert "无法识别表头" in said
    english = page(clerk, batch, **{"Accept-Language": "en"})
    assert "虚构-选错的.csv" in english


def test_a_column_without_which_no_row_becomes_a_card_is_named_first(hospital: Hospital, clerk: Client) -> None:
    hospital.imported(hospital.page())
    heading = hqms_fields.layout("2012").by_name["discharge_datetime"].code
    content = a_file([hospital.page()]).replace(f"{heading},".encode(), "出院时刻,".encode(), 1)
    batch = hospital.check(hospital.upload(content))
    assert batch.summary["unknown_columns"] == 1
    with hospital.acting():
        assert queries.preview(batch).counts["failed"] == 1
        assert absent(batch).total == 0, "no row says whose it is, so no card is missing"
    said = page(clerk, batch)
    assert "缺少它，任何一行都不能成为报告卡" in said
    assert heading in said.partition("缺少它")[0]
    assert "未能识别的表头：出院时刻" in said
    assert "文件没有新内容" not in said


def test_a_heading_that_names_somebody_goes_with_the_file(hospital: Hospital, clerk: Client) -> None:
    head, row = a_file([hospital.page()]).splitlines()
    batch = hospital.check(
        hospital.upload(b"\n".join([head + ",虚构的人 510104201501011234".encode(), row + b",1", b""]))
    )
    assert batch.state == State.READY
    assert "标准以外的列 1 个：虚构的人 510104201501011234" in page(clerk, batch)
    with hospital.acting(), connection.cursor() as cursor:
        cursor.execute("SELECT b::text FROM intake_batch b WHERE id = %s", [batch.pk])
        assert "虚构的人" not in cursor.fetchone()[0]
    with hospital.acting() as scope:
        assert services.discard(batch=batch.pk, by=scope).samples is None
    assert "虚构的人" not in page(clerk, batch)


def test_a_locked_month_is_said_before(hospital: Hospital, clerk: Client, locked: set[tuple[int, date]]) -> None:
    batch = hospital.checked(hospital.page())
    assert "不能整批撤销" not in page(clerk, batch)
    locked.add((hospital.institution.pk, batch.archive_month))
    assert "不能整批撤销" in page(clerk, batch)


def test_whoever_confirms_into_a_locked_month_is_asked_with_what_happens(
    hospital: Hospital, clerk: Client, locked: set[tuple[int, date]]
) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"), hospital.page(P3="ZY0002"), hospital.page(P3="ZY0003"))
    plain = page(clerk, batch)
    assert "确认导入 3 次住院" in plain, "in an open month one press is enough: it is undone as a whole"
    locked.add((hospital.institution.pk, batch.archive_month))
    asked = page(clerk, batch)
    assert "确认导入 3 次住院" not in asked
    dialog = asked.split("<dialog")[1].split("</dialog>")[0]
    assert "导入 3 次住院到已锁定的 2026-10" in dialog
    told = dict(re.findall(r"<dt>(\d+)</dt><dd>([^<]+)</dd>", dialog))
    assert "已锁定的 2026-10" in told["2"]
    assert all("记为锁定后的变化" in said for said in told.values()), told
    assert told.keys() == {"1", "2"}
    assert "不能整批撤销" in dialog
    # Who opened the page before the lock was not told: nothing is imported yet.
    seen = {"compared_at": re.findall(r'name="compared_at" value="([^"]*)"', plain)[0]}
    said = clerk.post(f"/imports/{batch.pk}/confirm", seen, follow=True).content.decode()
    assert "归档月刚刚被锁定" in said
    assert hospital.seen(batch).state == State.READY
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', dialog))
    clerk.post(f"/imports/{batch.pk}/confirm", fields)
    assert hospital.seen(batch).state == State.CONFIRMING
    with hospital.acting():
        assert Card.objects.count() == 1
    assert hospital.run(batch).counts["created"] == 2


def test_groups_have_english_names_in_english(hospital: Hospital, clerk: Client) -> None:
    batch = hospital.checked(hospital.page())
    assert "恶性肿瘤" in page(clerk, batch, "/rows")
    clerk.cookies["django_language"] = "en"
    for more in ("", "/rows"):
        said = page(clerk, batch, more)
        assert "malignant tumour" in said
        assert "恶性肿瘤" not in said


def test_a_file_that_only_keeps_cards_can_be_ended(hospital: Hospital, clerk: Client) -> None:
    hospital.imported(hospital.page())
    batch = hospital.checked(hospital.page(P782="13000.00"))
    with hospital.acting() as by:
        services.choose(batch=batch.pk, choice="keep", rows=[1], by=by)
    assert "完成（不改动报告卡）" in page(clerk, batch)
    clerk.post(f"/imports/{batch.pk}/confirm")
    assert hospital.run(batch).counts["skipped"] == 1


@pytest.mark.requirement("REG-04")
def test_a_card_whose_stay_left_the_scope_is_named_before(hospital: Hospital) -> None:
    hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    corrected = hospital.page(P28="J18.900", P281="肺炎", P321="J18.900", P322="肺炎")
    batch = hospital.checked(corrected, hospital.page(P3="ZY0002"))
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "已有的 1 份报告卡，在此文件的应报住院中没有对应记录" in page
    with hospital.acting():
        card = Card.objects.get(record_number="ZY0001")
        assert [one.pk for one in absent(batch).cards] == [card.pk]
    assert f'href="/cards/{card.pk}"' in page
    same = hospital.checked(hospital.page(), hospital.page(P3="ZY0002"))
    with hospital.acting():
        assert absent(same).total == 0


@pytest.mark.requirement("REG-04")
def test_of_many_such_cards_all_are_counted_and_the_first_listed(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tonghu.intake.absent.SHOWN", 2)
    hospital.imported(*(hospital.page(P3=f"ZY000{n}") for n in range(1, 6)))
    batch = hospital.checked(hospital.page())
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "已有的 4 份报告卡，在此文件的应报住院中没有对应记录" in page
    assert "另有 2 份" in page
    with hospital.acting() as by:
        voided = absent(batch).cards[0]
        move(cards=[voided.pk], act="void", by=by, reason="误点")
        assert [len(absent(batch).cards), absent(batch).total] == [1, 3]
