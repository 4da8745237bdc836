"""The supplement of many cards is corrected in an exported file: what comes back changed changes the cards, no more."""

from __future__ import annotations

import csv
import html
import io
from datetime import datetime
from pathlib import Path

import pytest
from exported_files import HEADINGS, brought, edited, exported
from made_up_files import Hospital, a_file, a_hospital, card_in

import made_up
from tonghu.intake import services
from tonghu.intake.models import State
from tonghu.registry.content import Content, open_
from tonghu.registry.exporting import KEY_COLUMN
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services import save_card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def said(record: str) -> Content:
    card = Card.objects.get(record_number=record)
    return open_(CardVersion.objects.get(card=card, number=card.version).content)


@pytest.fixture
def filled(hospital: Hospital) -> Hospital:
    """A hospital with two imported cards, one of them with a supplement that a clerk wrote."""
    hospital.imported(hospital.page(), hospital.page(P3="ZY0003"))
    with hospital.acting() as by:
        card = Card.objects.get(record_number="ZY0003")
        written = {"laterality": "1", "basis": "病理（原发灶）", "first_diagnosis_date": "2026-10-01"}
        save_card(card=card.pk, based_on=1, by=by, front={}, supplement=written)
    return hospital


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_comes_back_as_it_went_changes_nothing(filled: Hospital, kind: str) -> None:
    batch = brought(filled, exported(filled, kind), kind)
    assert batch.summary["supplement_items"] == sorted(HEADINGS)
    with filled.acting():
        assert [row.match for row in batch.rows.order_by("row")] == ["unchanged", "unchanged"]
        versions = CardVersion.objects.count()
    assert filled.confirmed(batch).counts["unchanged"] == 2
    with filled.acting():
        assert CardVersion.objects.count() == versions


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("name", "text", "becomes"),
    [
        ("laterality", "2", "2"),
        ("laterality", "左侧", "2"),
        ("topography", "C42.1", "C42.1"),
        ("first_diagnosis_date", datetime(2026, 9, 30), "2026-09-30"),
    ],
)
def test_one_corrected_cell_changes_exactly_one_field(
    filled: Hospital, kind: str, name: str, text: object, becomes: str, tmp_path: Path
) -> None:
    batch = brought(filled, edited(exported(filled, kind), kind, "ZY0003", {HEADINGS[name]: text}, tmp_path), kind)
    with filled.acting() as by:
        before = said("ZY0003")
        row = batch.rows.get(record_number="ZY0003")
        assert (row.match, row.changed) == ("changed", [name])
        assert batch.rows.exclude(pk=row.pk).get().match == "unchanged"
        if not row.choice:  # a person wrote it, so a person decides
            assert row.why == "edited"
            services.choose(batch=batch.pk, choice="replace", rows=[row.row], by=by)
    counts = filled.confirmed(batch).counts
    assert (counts["updated"], counts["unchanged"]) == (1, 1)
    with filled.acting():
        assert said("ZY0003").front == before.front
        assert said("ZY0003").supplement == {**before.supplement, name: becomes}
        version = CardVersion.objects.filter(card__record_number="ZY0003").latest("number")
        assert (version.changed, version.origin, version.batch) == ([name], "import", batch.pk)


def test_the_page_of_a_row_compares_the_supplement_in_words(filled: Hospital, tmp_path: Path) -> None:
    content = edited(exported(filled, "csv"), "csv", "ZY0003", {HEADINGS["laterality"]: "2"}, tmp_path)
    batch = brought(filled, content)
    with filled.acting():
        row = batch.rows.get(record_number="ZY0003")
    clerk = made_up.browser(made_up.post("entry_clerk", filled.institution))
    page = html.unescape(clerk.get(f"/imports/{batch.pk}/rows/{row.row}").content.decode())
    assert "侧别" in page
    preview = html.unescape(clerk.get(f"/imports/{batch.pk}").content.decode())
    assert f"文件带有补录的 {len(HEADINGS)} 列" in preview
    assert "同报告卡逐项对照" in preview
    assert "标准以外的列" not in preview


@pytest.mark.parametrize("choice", ["fill", "keep"])
def test_a_fill_writes_blanks_alone_and_keep_nothing(filled: Hospital, choice: str, tmp_path: Path) -> None:
    cells = {HEADINGS["laterality"]: "2", HEADINGS["topography"]: "C42.1", HEADINGS["first_diagnosis_date"]: ""}
    batch = brought(filled, edited(exported(filled, "csv"), "csv", "ZY0003", cells, tmp_path))
    with filled.acting() as by:
        before = dict(said("ZY0003").supplement)
        row = batch.rows.get(record_number="ZY0003")
        assert sorted(row.changed) == ["first_diagnosis_date", "laterality", "topography"]
        services.choose(batch=batch.pk, choice=choice, rows=[row.row], by=by)
    filled.confirmed(batch)
    with filled.acting():
        assert said("ZY0003").supplement == (before | {"topography": "C42.1"} if choice == "fill" else before)


def test_an_empty_cell_empties_only_where_the_file_is_taken(filled: Hospital, tmp_path: Path) -> None:
    cells = {HEADINGS["first_diagnosis_date"]: "", HEADINGS["topography"]: "C42.1"}
    batch = brought(filled, edited(exported(filled, "csv"), "csv", "ZY0003", cells, tmp_path))
    with filled.acting() as by:
        row = batch.rows.get(record_number="ZY0003")
        services.choose(batch=batch.pk, choice="replace", rows=[row.row], by=by)
    filled.confirmed(batch)
    with filled.acting():
        assert said("ZY0003").supplement == {"laterality": "1", "basis": "病理（原发灶）", "topography": "C42.1"}


def test_a_code_that_is_none_is_an_error_that_names_row_and_item(filled: Hospital, tmp_path: Path) -> None:
    content = edited(exported(filled, "csv"), "csv", "ZY0003", {HEADINGS["laterality"]: "不是编码"}, tmp_path)
    batch = brought(filled, content)
    with filled.acting() as by:
        row = batch.rows.get(record_number="ZY0003")
        services.choose(batch=batch.pk, choice="replace", rows=[row.row], by=by)
    assert row.errors >= 1
    clerk = made_up.browser(made_up.post("entry_clerk", filled.institution))
    page = html.unescape(clerk.get(f"/imports/{batch.pk}/rows/{row.row}").content.decode())
    assert "侧别" in page
    assert "不是编码" in page
    filled.confirmed(batch)
    with filled.acting():
        found = Finding.objects.filter(card__record_number="ZY0003", column="laterality")
        assert [one.level for one in found] == ["error"], "the findings are those of the new supplement"


def test_a_row_that_makes_a_card_takes_its_supplement_too(hospital: Hospital) -> None:
    header, row = next(iter([a_file([hospital.page()]).splitlines()[:2]]))
    marks = f",{HEADINGS['laterality']},{HEADINGS['topography']}".encode()
    batch = brought(hospital, b"\n".join([header + marks, row + ",右侧,C42.1".encode()]) + b"\n")
    with hospital.acting():
        assert batch.rows.get().match == "new"
    hospital.confirmed(batch)
    with hospital.acting():
        supplement = open_(CardVersion.objects.get().content).supplement
        assert (supplement["laterality"], supplement["topography"]) == ("1", "C42.1")


def test_an_undo_gives_the_supplement_back(filled: Hospital, tmp_path: Path) -> None:
    cells = {HEADINGS["laterality"]: "2", HEADINGS["topography"]: "C42.1"}
    batch = brought(filled, edited(exported(filled, "csv"), "csv", "ZY0003", cells, tmp_path))
    with filled.acting() as by:
        before = said("ZY0003")
        row = batch.rows.get(record_number="ZY0003")
        services.choose(batch=batch.pk, choice="replace", rows=[row.row], by=by)
    filled.confirmed(batch)
    with filled.acting():
        assert said("ZY0003").supplement["laterality"] == "2"
    filled.undone(batch)
    with filled.acting():
        assert said("ZY0003") == before


def test_a_monthly_file_says_nothing_of_the_supplement(filled: Hospital) -> None:
    batch = brought(filled, a_file([filled.page(), filled.page(P3="ZY0003", P782="99.00")]))
    filled.confirmed(batch)
    with filled.acting():
        assert said("ZY0003").front["P782"] == "99.00"
        assert said("ZY0003").supplement["laterality"] == "1"


def test_a_stranger_s_file_changes_no_card_of_another_hospital(filled: Hospital, tmp_path: Path) -> None:
    content = edited(exported(filled, "csv"), "csv", "ZY0003", {HEADINGS["laterality"]: "2"}, tmp_path)
    stranger = a_hospital()
    assert KEY_COLUMN in content.decode()
    batch = stranger.check(stranger.upload(content, name="导出.csv"))
    if batch.state == State.READY:
        stranger.confirmed(batch)
    with filled.acting():
        assert said("ZY0003").supplement["laterality"] == "1"


@pytest.mark.parametrize(
    ("state", "waits", "ends"),
    [("submitted", "submitted", "draft"), ("accepted", "accepted", "draft"), ("approved", "held", "approved")],
)
def test_a_card_that_was_handed_on_is_taken_in_hand_as_for_its_page(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: str, waits: str, ends: str
) -> None:
    card = card_in(hospital, state, monkeypatch)
    content = edited(exported(hospital, "csv"), "csv", "ZY0001", {HEADINGS["laterality"]: "2"}, tmp_path)
    batch = brought(hospital, content)
    with hospital.acting() as by:
        row = batch.rows.get()
        assert (row.match, row.why, row.changed) == ("changed", waits, ["laterality"])
        if waits != "held":
            services.choose(batch=batch.pk, choice="replace", rows=[row.row], by=by)
    hospital.confirmed(batch)
    with hospital.acting():
        card.refresh_from_db()
        assert card.state == ends
        assert said("ZY0001").supplement["laterality"] == ("1" if waits == "held" else "2")


def test_the_check_finds_no_fault_with_the_columns_of_our_own_export(filled: Hospital) -> None:
    batch = brought(filled, exported(filled, "csv"))
    assert batch.summary["missing_columns"] == []
    assert "HQ033" not in {line["rule"] for line in batch.summary["findings_by_rule"]}
    header, *rows = list(csv.reader(io.StringIO(exported(filled, "csv").decode("utf-8-sig"))))[1:]
    out = io.StringIO()
    csv.writer(out).writerows([[*header, "院内备注"], *([*row, "2"] for row in rows)])
    other = brought(filled, out.getvalue().encode())
    line = next(line for line in other.summary["findings_by_rule"] if line["rule"] == "HQ033")
    assert line["findings"] == 1
    with filled.acting():
        assert "laterality" not in html.unescape(other.samples or ""), "the one column alone is named"
