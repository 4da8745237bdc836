"""What the card's rules find in the columns of the supplement: marked in the workbook and told in the preview."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from exported_files import HEADINGS, brought, edited, exported
from made_up_files import Hospital, a_file
from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

import made_up
import made_up_cards
import run_jobs
from tonghu.codes import hqms_fields
from tonghu.hqms import check as engine
from tonghu.hqms.check import Options
from tonghu.hqms.marking.style import ROWS_SHEET, SUMMARY_SHEET
from tonghu.intake import item_findings, services
from tonghu.intake.checking import checked
from tonghu.intake.models import Batch, RowFinding, State
from tonghu.intake.queries import groups
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import open_plain
from tonghu.platform.jobs.models import Job
from tonghu.registry.checks import check
from tonghu.registry.content import open_
from tonghu.registry.models import Card, CardVersion, Finding

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]
#: An unreadable code, an unreadable day, and a site that has no sides; all in one row.
BAD = {"laterality": "不是编码", "first_diagnosis_date": "昨天", "topography": "C42.1", "death_cause_code": "白血病"}
FOUND = {"laterality": "HQ023", "first_diagnosis_date": "HQ021", "death_cause_code": "CARD07"}


def whole(hospital: Hospital, **changes: str) -> dict[str, str]:
    """A front page with every column of the standard, in which the rules find nothing."""
    front = {field.code: "" for field in hqms_fields.layout("2012").fields} | dict(made_up_cards.page().front)
    return front | {"P900": hospital.institution.code, "P6891": "虚构儿童医院", **changes}


@pytest.fixture
def two(hospital: Hospital) -> Hospital:
    """A hospital with two imported cards."""
    other = {made_up_cards.code("national_id"): made_up_cards.identity_number(7)}
    hospital.imported(whole(hospital, P3="ZY0001"), whole(hospital, P3="ZY0003", **other))
    return hospital


def bad(hospital: Hospital, kind: str, folder: Path, **cells: str) -> Batch:
    """An exported file in which items of one row are wrong, brought and checked."""
    written = {HEADINGS[name]: text for name, text in (cells or BAD).items()}
    return brought(hospital, edited(exported(hospital, kind), kind, "ZY0003", written, folder), kind)


def marked(hospital: Hospital, batch: Batch, folder: Path) -> dict[str, Worksheet]:
    """The sheets of the marked workbook of a file that waits."""
    with hospital.acting():
        job = Job.objects.filter(kind="intake.mark").latest("pk")
    done = run_jobs.run_one(job.pk)
    assert done.state == "done", (done.error_zh, done.error_place)
    stored = hospital.seen(batch).marked
    with hospital.acting() as by, open_plain(StoredFile.objects.get(pk=stored), by=by) as path:
        (folder / "标注.xlsx").write_bytes(path.read_bytes())
    book = load_workbook(folder / "标注.xlsx")
    return {name: book[name] for name in (SUMMARY_SHEET, ROWS_SHEET)}


def cell_of(sheet: Worksheet, record: str, heading: str) -> Cell:
    """The cell of a row, by its record number, under a heading of the file."""
    at = [str(cell.value).split("\n")[0] for cell in sheet[1]].index(heading)
    return next(line[at] for line in sheet.iter_rows(min_row=2) if line[1].value == record)


def preview(hospital: Hospital, batch: Batch, language: str = "zh-hans") -> str:
    clerk = made_up.browser(hospital.clerk)
    clerk.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return html.unescape(clerk.get(f"/imports/{batch.pk}").content.decode())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_bad_cell_of_an_item_is_marked_where_it_stands(two: Hospital, kind: str, tmp_path: Path) -> None:
    sheets = marked(two, bad(two, kind, tmp_path), tmp_path)
    rows = sheets[ROWS_SHEET]
    for name, rule in FOUND.items():
        cell = cell_of(rows, "ZY0003", HEADINGS[name])
        assert (cell.value, cell.fill.fgColor.rgb) == (BAD[name], "FFF4B6B6"), name
        assert cell.comment is not None
        words = cell.comment.text
        assert words.startswith(HEADINGS[name])
        assert f"（{rule}）" in words
        assert "原因：" in words
        assert "改法：" in words
    assert "可填：" in str(cell_of(rows, "ZY0003", HEADINGS["laterality"]).comment)
    right = cell_of(rows, "ZY0003", HEADINGS["topography"])
    assert (right.value, right.comment) == ("C42.1", None)
    for name in HEADINGS:
        assert cell_of(rows, "ZY0001", HEADINGS[name]).comment is None
    problems = next(line[3].value for line in rows.iter_rows(min_row=2) if line[1].value == "ZY0003")
    assert all(rule in problems for rule in FOUND.values())
    listed = {line[5].value: line for line in sheets[SUMMARY_SHEET].iter_rows()}
    assert listed["CARD07"][0].value == "死亡原因应为疾病编码"
    assert HEADINGS["death_cause_code"] in str(listed["CARD07"][1].value)
    assert "填写根本死因的编码" in str(listed["CARD07"][4].value)
    assert listed["CARD07"][5].hyperlink is not None, "it leads to the cell"


def test_what_items_say_together_is_marked_with_cause_and_mend_apart(two: Hospital, tmp_path: Path) -> None:
    batch = bad(two, "csv", tmp_path, laterality="1", topography="C42.1", histology="9811", case_status="新发")
    cell = cell_of(marked(two, batch, tmp_path)[ROWS_SHEET], "ZY0003", HEADINGS["laterality"])
    assert cell.comment is not None
    lines = cell.comment.text.split("\n")
    assert [line for line in lines if line.startswith(("【", "原因", "改法"))] == [
        "【提示】侧别限于成对器官（CARD05）",
        "原因：部位 C42.1 不是成对器官，侧别却填为 1",
        "改法：侧别改为“0”，或核对部位",
    ]


def cells(path: Path) -> list[list[list[tuple[Any, ...]]]]:
    """Everything that a workbook shows: values, comments, colours, sheet by sheet."""
    return [
        [
            [(c.value, c.comment and c.comment.text, c.fill.fgColor.rgb, c.font.b, c.font.i) for c in line]
            for line in sheet.iter_rows()
        ]
        for sheet in load_workbook(path).worksheets
    ]


def test_a_file_without_items_is_marked_as_ever_and_asked_nothing_more(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "月.csv"
    file.write_bytes(a_file([whole(hospital, P27="99"), whole(hospital, P3="ZY0002", P5="男")]))
    options = Options(on=date(2026, 11, 1), mark=True)
    engine.check(file, tmp_path / "out", options)
    monkeypatch.setattr(item_findings, "check", lambda *_: pytest.fail("no row of the file speaks of items"))
    with checked(file, "月.csv", options, lambda _rows: None) as found:
        assert cells(found.marked) == cells(tmp_path / "out" / "marked.xlsx")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_preview_names_item_sample_form_and_mend(two: Hospital, kind: str, tmp_path: Path) -> None:
    batch = bad(two, kind, tmp_path)
    with two.acting():
        found = {group.rule: group for group in groups(batch, zh=True)}
        foreign = {group.rule: group for group in groups(batch, zh=False)}
    code, day, card = found["HQ023"], found["HQ021"], found["CARD07"]
    assert (code.findings, code.rows, code.on_card) == (1, 1, False)
    assert (code.fields, code.samples) == ((("侧别", 1),), (("侧别", "不是编码"),))
    assert code.expected[0].startswith("侧别：0 ")
    assert day.expected == ("首次诊断日期：日期，如 2026-09-07",)
    assert (card.fields, card.samples) == ((("死亡原因编码", 1),), (("死亡原因编码", "白血病"),))
    assert card.mend == "填写根本死因的编码，如 C91.000"
    assert foreign["CARD07"].mend == "Fill in the code of the underlying cause, such as C91.000"
    assert foreign["HQ023"].expected[0].startswith("Laterality: 0 ")
    assert all(field.isascii() for rule in FOUND.values() for field, _count in foreign[rule].fields)
    said = preview(two, batch)
    assert "<q>不是编码</q>" in said
    assert "侧别：0 " in said
    assert "导入后在报告卡上补填或改正" not in said, "it is mended in the file"
    assert "补录各列的错误请在本文件中改好后重新上传" in said
    english = preview(two, batch, "en")
    assert "Laterality" in english
    assert "Date of first diagnosis: a date such as 2026-09-07" in english


def test_a_rule_of_file_and_items_stands_once(two: Hospital, tmp_path: Path) -> None:
    written = {HEADINGS["laterality"]: "不是编码", "P5": "男孩"}
    batch = brought(two, edited(exported(two, "csv"), "csv", "ZY0003", written, tmp_path))
    with two.acting():
        [group] = [group for group in groups(batch, zh=True) if group.rule == "HQ023"]
    assert (group.findings, group.rows) == (2, 1)
    assert {field for field, _count in group.fields} == {"性别（P5）", "侧别"}
    assert {value for _field, value in group.samples} == {"男孩", "不是编码"}


def test_what_a_missing_column_leaves_blank_names_the_field_and_where_it_is_mended(hospital: Hospital) -> None:
    batch = hospital.checked({code: text for code, text in whole(hospital).items() if code != "P5"})
    with hospital.acting():
        last = [group for group in groups(batch, zh=True) if group.on_card]
    assert [field for group in last for field, _count in group.fields if "P5" in field] == ["性别（P5）"]
    assert all(group.mend for group in last)
    assert "导入后在报告卡上补填或改正" in preview(hospital, batch)


def test_values_are_sealed_and_gone_with_the_file_and_strangers_see_nothing(two: Hospital, tmp_path: Path) -> None:
    batch = bad(two, "csv", tmp_path)
    with two.acting():
        assert "不是编码" not in str(Batch.objects.filter(pk=batch.pk).values_list("summary", flat=True)[0])
    stranger = made_up.browser(made_up.post("entry_clerk", made_up.hospital()))
    answer = stranger.get(f"/imports/{batch.pk}")
    assert answer.status_code == 404
    assert "不是编码" not in answer.content.decode()
    with two.acting() as by:
        assert services.discard(batch=batch.pk, by=by).samples is None
        assert not RowFinding.objects.filter(batch=batch).exists()
    assert "不是编码" not in preview(two, batch)


@pytest.mark.parametrize("lacking", [False, True])
def test_a_new_card_has_the_findings_of_its_items(hospital: Hospital, lacking: bool) -> None:
    page = whole(hospital) | {HEADINGS[name]: text for name, text in BAD.items()}
    if lacking:
        del page["P5"]
    batch = hospital.checked(page)
    assert batch.state == State.READY, batch.refusal
    hospital.confirmed(batch)
    with hospital.acting():
        card = Card.objects.get()
        content = open_(CardVersion.objects.get(card=card).content)
        found = {(one.rule, one.column, one.level, one.rule_version) for one in Finding.objects.filter(card=card)}
    asked = check(content, timezone.localdate(batch.created_at), hospital.institution.region_code)
    assert found == {(one.rule, one.column, one.level, one.rule_version) for one in asked}
    assert {(rule, name) for name, rule in FOUND.items()} <= {(rule, column) for rule, column, _, _ in found}


#: What items may say: each is wrong in another way, or right.
SAYING: list[dict[str, str]] = [
    {}, {"laterality": "1"}, {"laterality": "右侧"}, {"topography": "C999"}, {"stage": "NB:L1"}, {"stage": "没有"},
    {"topography": "C42.1", "histology": "9811", "behaviour": "3"}, {"topography": "C64.9", "histology": "9811"},
    {"topography": "C62.9", "histology": "9064", "behaviour": "3", "grade": "9"}, {"death_cause_name": "字" * 120},
    {"first_diagnosis_date": "2026-10-30"}, {"first_diagnosis_date": "2010-01-01", "case_status": "1"},
    {"chemotherapy": "2"}, {"basis": "5"}, {"basis": "0"}, {"basis": "7", "histology": "坏"}, {"grade": "Ⅰ级"},
    {"case_status": "2", "first_diagnosis_date": "2026-09-08"}, {"topography": "C56.9", "laterality": "0"},
]  # fmt: skip


@pytest.mark.parametrize("layout", ["2012", "2020"])
def test_each_row_has_the_findings_of_the_card_that_it_would_become(hospital: Hospital, layout: str) -> None:
    front = whole(hospital)
    if layout == "2020":
        old, new = (hqms_fields.layout(one) for one in ("2012", "2020"))
        named = {old.by_code[code].name: text for code, text in front.items() if code in old.by_code}
        front = {field.code: named.get(field.name, "") for field in new.fields}
    blank = dict.fromkeys(HEADINGS.values(), "")
    batch = hospital.checked(*[
        front | blank | {HEADINGS[name]: text for name, text in said.items()} for said in SAYING
    ])  # fmt: skip
    assert batch.state == State.READY, batch.refusal
    on, many = timezone.localdate(batch.created_at), 0
    with hospital.acting():
        for row in batch.rows.all():
            found = RowFinding.objects.filter(batch=batch, row=row.row)
            asked = check(open_(row.content), on, hospital.institution.region_code)
            said = {(one.rule, one.column, one.level, one.rule_version) for one in found}
            assert said == {(one.rule, one.column, one.level, one.rule_version) for one in asked}, SAYING[row.row - 1]
            many += any(one.column in HEADINGS for one in asked)
        assert many >= len(SAYING) // 2
