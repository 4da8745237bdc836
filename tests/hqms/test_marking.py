"""marked.xlsx: what a clerk finds in it, on the screen and on paper."""

from __future__ import annotations

import re
import zipfile

import openpyxl
import pytest
from discharge_files import as_csv, stays

from tonghu.hqms.marking import front, rows
from tonghu.hqms.marking.style import FILL, ROWS_SHEET, SUMMARY_SHEET
from tonghu.hqms.outputs import MARKED_HEADS


@pytest.fixture
def marked(check, sample_rows):
    given = [list(row) for row in sample_rows]
    given[88][given[0].index("P3")] = "=1+1"
    for row, column in ((88, "P5"), (1, "P5"), (1, "P8"), (1, "P23"), (1, "P31")):
        given[row][given[0].index(column)] = "X"
    for column in ("P11", "P12", "P18", "P19"):
        given[12][given[0].index(column)] = ""
    result = check(as_csv(given), "--mark")
    return result, openpyxl.load_workbook(result.folder / "marked.xlsx")


@pytest.mark.requirement("REG-06")
def test_marked_cells_are_coloured_and_say_rule_cause_and_mend(marked):
    result, book = marked
    sheet = book[ROWS_SHEET]
    header = [cell.value for cell in sheet[1]]
    columns = {name.split("\n")[0]: at for at, name in enumerate(header) if name}
    by_row = {str(sheet.cell(row, 1).value): row for row in range(2, sheet.max_row + 1)}
    assert list(by_row) == [case["row"] for case in result.cases]
    found = {}
    for finding in result.findings:
        found.setdefault((finding["row"], finding["column"]), []).append(finding)
    for (row, column), findings in found.items():
        cell = sheet.cell(by_row[row], columns[column] + 1)
        worst = "error" if any(f["level"] == "error" for f in findings) else "warning"
        assert cell.fill.start_color.rgb[2:] == FILL[worst].lstrip("#")
        assert cell.font.bold == (worst == "error")
        for finding in findings:
            assert finding["rule"] in cell.comment.text
            name, _, cause = finding["message_zh"].split("；")[0].partition("：")
            assert name in sheet.cell(1, cell.column).value
            assert cell.comment.text.startswith(f"{name}（{column}）\n")
            assert cause in cell.comment.text
    commented = sum(cell.comment is not None for row in sheet.iter_rows() for cell in row)
    assert commented == len(found)


def test_the_workbook_keeps_every_digit_and_no_formula(marked, sample_rows):
    result, book = marked
    sheet = book[ROWS_SHEET]
    assert sheet.freeze_panes == "E2"
    for case, cells in zip(result.cases, sheet.iter_rows(min_row=2, values_only=True), strict=True):
        assert [cell or "" for cell in cells[len(MARKED_HEADS) :]] == [case[name] for name in sample_rows[0]]
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows(min_row=2) for cell in row if cell.value)


def test_each_row_says_who_it_is_and_what_is_wrong_and_its_number_leads_there(marked):
    result, book = marked
    sheet = book[ROWS_SHEET]
    assert tuple(cell.value for cell in sheet[1])[: len(MARKED_HEADS)] == MARKED_HEADS
    place = {str(cell.value).split("\n")[0]: at for at, cell in enumerate(sheet[1])}
    by_case = {}
    for finding in result.findings:
        by_case.setdefault(finding["row"], []).append(finding)
    many = cut = False
    for case, cells in zip(result.cases, sheet.iter_rows(min_row=2), strict=True):
        number, record, discharge, problems = cells[: rows.KEPT]
        assert isinstance(number.value, int)
        assert isinstance(cells[len(MARKED_HEADS) - 1].value, int | None)
        assert (record.value, discharge.value) == (case["P3"], case["P25"].split(" ")[0])
        found = by_case.get(str(number.value), [])
        assert problems.hyperlink is None
        if not found:
            assert number.hyperlink is None
            assert problems.value is None
            continue
        found.sort(key=lambda f: (f["level"] != "error", place[f["column"]], f["rule"]))
        told = problems.value.split("\n")
        alike = {}
        for one in found:
            name, _, message = one["message_zh"].partition("：")
            alike.setdefault((one["rule"], message), []).append(f"{name}（{one['column']}）")
        for line, ((rule, message), labels) in zip(told[: rows.NAMED], alike.items(), strict=False):
            assert line.startswith("、".join(labels[:3]) + (f" 等 {len(labels)} 项：" if len(labels) > 3 else "："))
            assert line.endswith(f" {rule}")
            assert message.startswith(line.partition("：")[2].removesuffix(f" {rule}"))
        left = sum(map(len, list(alike.values())[rows.NAMED :]))
        assert (told[-1] == f"……另有 {left} 个") == (left > 0)
        assert len(told) == min(len(alike), rows.NAMED + 1)
        many |= any(len(labels) > 3 for labels in alike.values())
        cut |= left > 0
        target = sheet[number.hyperlink.location.split("!")[1]]
        assert (target.row, target.column - 1) == (number.row, place[found[0]["column"]])
    assert many
    assert cut


def test_rows_and_comments_are_high_enough_for_their_text(marked):
    result, book = marked
    sheet = book[ROWS_SHEET]
    wide = int(sheet.column_dimensions["D"].width * 7 / 6.5)  # pixels of a column unit, and of half 宋体 10
    for cells in sheet.iter_rows(min_row=2):
        if cells[3].value:
            taken = sum(-(-sum(1 + (not c.isascii()) for c in line) // wide) for line in cells[3].value.split("\n"))
            assert sheet.row_dimensions[cells[3].row].height >= 13 * taken
    with zipfile.ZipFile(result.folder / "marked.xlsx") as parts:
        (drawing,) = [name for name in parts.namelist() if name.endswith(".vml")]
        heights = [float(found) for found in re.findall(r";height:([0-9.]+)pt", parts.read(drawing).decode())]
    comments = [cell.comment.text for cells in sheet.iter_rows() for cell in cells if cell.comment]
    assert len(heights) == len(comments)
    for points, text in zip(heights, comments, strict=True):
        taken = sum(max(1, -(-len(line) // 22)) for line in text.split("\n"))
        assert points >= 12 * taken


def test_what_is_printed_is_the_columns_in_front(marked):
    result, book = marked
    sheet, first = book[ROWS_SHEET], book[SUMMARY_SHEET]
    assert sheet.print_area == f"'{ROWS_SHEET}'!$A$1:$H${1 + len(result.cases)}"
    assert sheet.print_title_rows == "$1:$1"
    for one in (sheet, first):
        assert one.sheet_properties.pageSetUpPr.fitToPage
        assert (one.page_setup.fitToWidth or 1, one.page_setup.fitToHeight) == (1, 0)
        assert one.page_setup.paperSize == 9
    assert (first.page_setup.orientation, sheet.page_setup.orientation) == ("landscape", "portrait")
    assert first.print_title_rows


def test_fields_are_named_where_the_header_is_in_chinese(check, clean):
    from tonghu.codes.hqms_fields import layout

    names = {field.code: field.name_zh for field in layout("2012").fields}
    header = [names[code] for code in clean]
    result = check(as_csv([header, list({**clean, "P782": "1.23"}.values())]), "--mark")
    sheet = openpyxl.load_workbook(result.folder / "marked.xlsx")[ROWS_SHEET]
    assert sheet["B2"].value == clean["P3"]
    assert sheet["D2"].value.startswith(f"{names['P782']}：")


def test_a_file_without_discharge_dates_leaves_them_out(check, clean):
    result = check(stays({**clean, "P5": "X"}, header=[code for code in clean if code not in ("P3", "P25")]), "--mark")
    sheet = openpyxl.load_workbook(result.folder / "marked.xlsx")[ROWS_SHEET]
    assert [sheet["B2"].value, sheet["C2"].value] == [None, None]
    assert sheet["D2"].value.startswith("性别（P5）：")


def test_an_undetermined_row_is_led_to_and_links_have_an_end(check, clean, sample_rows, monkeypatch):
    undetermined = check(stays(clean, {**clean, "P3": "0002", "P6": "", "P7": "", "P66": ""}), "--mark")
    first = openpyxl.load_workbook(undetermined.folder / "marked.xlsx")[SUMMARY_SHEET]
    (cell,) = [cell for row in first.iter_rows() for cell in row if front.UNDETERMINED in str(cell.value)]
    assert cell.hyperlink.location.endswith("A3")
    monkeypatch.setattr(rows, "MAX_LINKS", 2)
    sheet = openpyxl.load_workbook(check(as_csv(sample_rows), "--mark").folder / "marked.xlsx")[ROWS_SHEET]
    assert sum(cell.hyperlink is not None for row in sheet.iter_rows() for cell in row) == 2


def cells_of(sheet):
    return [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]


def test_the_first_sheet_begins_with_what_to_do_and_counts_per_rule(marked):
    result, book = marked
    assert book.sheetnames == [SUMMARY_SHEET, ROWS_SHEET]
    text = cells_of(book[SUMMARY_SHEET])
    summary = result.summary
    warnings = summary["findings_by_level"]["warning"]
    assert text[1] == [f"待改：{summary['problem_cards']} 行病例有错误；另有提示 {warnings} 处"]
    lines = [row for row in text if len(row) == 6 and row[5].startswith("HQ")]
    assert [(row[5], row[2], row[3]) for row in lines] == [
        (rule["rule"], rule["findings"], rule["rows"]) for rule in summary["findings_by_rule"]
    ]
    for row, rule in zip(lines, summary["findings_by_rule"], strict=True):
        assert row[1].startswith(rule["columns"][0]["label"])
        assert sum(one["findings"] for one in rule["columns"]) == rule["findings"]
    sections = [at for at, row in enumerate(text) if row and str(row[0]).startswith(("错误：", "提示："))]
    levels = [rule["level"] for rule in summary["findings_by_rule"]]
    assert [text[at][0].split("，")[-1] for at in sections] == [
        f"{levels.count(level)} 条规则" for level in ("error", "warning")
    ]
    assert text[-1] == [f"校验和　SHA-256 {summary['sha256']}"]
    assert not any(front.UNDETERMINED in str(row) for row in text)


def test_what_asks_for_attention_stands_above_the_rules(check, sample_rows):
    ragged = [*sample_rows[:3], sample_rows[3][:-1], *sample_rows[4:]]
    result = check(as_csv(ragged), "--mark")
    first = openpyxl.load_workbook(result.folder / "marked.xlsx").worksheets[0]
    text = [str(row[0]) if row else "" for row in cells_of(first)]
    (at,) = [at for at, line in enumerate(text) if line.startswith("注意：") and "列数与表头不同" in line]
    assert at == 2
    assert at < text.index("检查内容")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"P321": "J18.000"}, "没有发现问题"),
        ({}, "没有错误；有提示"),
    ],
)
def test_the_first_sheet_of_a_file_without_errors(cells, words, check, clean):
    result = check(stays({**clean, **cells}), "--mark")
    assert result.summary["findings_by_level"]["error"] == 0
    text = cells_of(openpyxl.load_workbook(result.folder / "marked.xlsx")[SUMMARY_SHEET])
    assert text[1][0].startswith(words)
    assert any("可提交审核" in str(row) for row in text)


def test_an_error_of_the_header_alone(check, clean):
    result = check(stays(clean, header=[code for code in clean if code != "P686"]), "--mark")
    assert [finding["row"] for finding in result.findings if finding["level"] == "error"] == ["0"]
    text = cells_of(openpyxl.load_workbook(result.folder / "marked.xlsx")[SUMMARY_SHEET])
    assert text[1][0].startswith("待改：文件的表头有错误")
    assert not any("可提交审核" in str(row) for row in text)


def test_a_workbook_too_large_for_one_sheet_or_for_comments(check, sample_rows, monkeypatch):
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    monkeypatch.setattr(rows, "MAX_COMMENTS", 5)
    result = check(as_csv(sample_rows), "--mark")
    book = openpyxl.load_workbook(result.folder / "marked.xlsx")
    assert book.sheetnames == [SUMMARY_SHEET, *(f"{ROWS_SHEET}{n}" for n in ("", 2, 3))]
    listed = [str(row[0]) for name in book.sheetnames[1:] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert listed == [case["row"] for case in result.cases]
    commented = [cell for name in book.sheetnames[1:] for row in book[name].iter_rows() for cell in row if cell.comment]
    assert len(commented) == 5
    assert any("批注只写前 5 个" in str(row) for row in book[SUMMARY_SHEET].iter_rows(values_only=True))


def test_a_workbook_without_findings(check, clean):
    result = check(stays({**clean, "P321": "J18.000"}), "--mark")
    text = str(list(openpyxl.load_workbook(result.folder / "marked.xlsx")[SUMMARY_SHEET].values))
    assert "没有发现问题" in text
