"""The result files: their columns, order and encoding; summary.json by its schema; all rows; the marked workbook."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import openpyxl
import pytest
from discharge_files import DATA, as_csv, stays

from tonghu.hqms import console, marking
from tonghu.hqms.cases import OWN_COLUMNS

SCHEMA = json.loads((files("tonghu.hqms") / "summary.schema.json").read_text("utf-8"))


def valid(result):
    jsonschema.validate(result.summary, SCHEMA)
    return result.summary


def test_files_for_people_have_a_byte_order_mark_and_the_promised_columns(check, sample_rows):
    result = check(as_csv(sample_rows))
    for name in ("cases.csv", "findings.csv"):
        assert (result.folder / name).read_bytes().startswith(b"\xef\xbb\xbf")
    assert tuple(result.cases[0])[:9] == OWN_COLUMNS
    assert list(result.cases[0])[9:] == sample_rows[0]
    assert list(result.findings[0]) == ["row", "column", "rule", "level", "value", "message_zh", "message_en"]
    assert {file.name for file in result.folder.iterdir()} == {"cases.csv", "findings.csv", "summary.json"}


@pytest.mark.requirement("REG-11")
def test_findings_come_by_row_then_column_then_rule(check, sample_rows):
    result = check(as_csv(sample_rows))
    place = {name: at for at, name in enumerate(sample_rows[0])}
    keys = [(int(f["row"]), place.get(f["column"], -1), f["rule"]) for f in result.findings]
    assert keys == sorted(keys)
    for finding in result.findings:
        assert finding["level"] in ("error", "warning")
        assert finding["message_zh"]
        assert finding["message_en"]
        assert not finding["message_zh"].startswith("=")
        assert finding["value"] == sample_rows[int(finding["row"])][place[finding["column"]]]


def test_the_summary_counts_what_the_files_hold(check, sample_rows):
    result = check(as_csv(sample_rows))
    summary = valid(result)
    assert summary["findings"] == len(result.findings) == sum(summary["findings_by_level"].values())
    assert summary["findings"] == sum(rule["findings"] for rule in summary["findings_by_rule"])
    assert summary["problem_cards"] == len({f["row"] for f in result.findings if f["level"] == "error"})
    assert summary["outputs"] == ["cases.csv", "findings.csv", "summary.json"]
    assert "HQ065" in summary["inert_rules"]
    assert {rules["set"] for rules in summary["rule_sets"]} == {"registry.scope", "registry.front_page"}
    assert summary["encoding"].startswith("UTF-8")
    assert summary["delimiter"] == ","


@pytest.mark.parametrize("name", ["hqms_2012_sample.xlsx", "hqms_2012_sample.gb18030.csv"])
def test_the_summary_of_every_format_keeps_to_its_schema(name, check):
    valid(check(DATA / name, "--all-rows", "--layers", "lch", "--archive-month", "2026-09"))


def test_a_file_without_cases(check, clean):
    result = check(stays({**clean, "P321": "J18.000"}))
    summary = valid(result)
    assert summary["archive_month"] is None
    assert summary["archive_month_assumed"] is False
    assert result.cases == []
    assert result.findings == []


def test_the_archive_month_is_declared_or_assumed(check, clean):
    assumed = valid(check(stays(clean)))
    assert (assumed["archive_month"], assumed["archive_month_assumed"]) == (clean["P25"][:7], True)
    declared = valid(check(stays(clean), "--archive-month", "2026-08"))
    assert (declared["archive_month"], declared["archive_month_assumed"]) == ("2026-08", False)


def test_all_rows_are_checked_where_it_is_asked_for_and_no_other_cell_is_written(check, sample_rows, truth):
    asked = check(as_csv(sample_rows), "--all-rows", "--mark")
    usual = check(as_csv(sample_rows))
    assert asked.cases == usual.cases
    assert {f["row"] for f in usual.findings} <= set(truth["in_scope"])
    assert {f["row"] for f in asked.findings} > {f["row"] for f in usual.findings}
    assert [f for f in asked.findings if f["row"] in truth["in_scope"]] == usual.findings
    assert asked.summary["under_20"] == usual.summary["under_20"]
    book = openpyxl.load_workbook(asked.folder / "marked.xlsx")
    assert book[marking.ROWS_SHEET].max_row == 1 + len(truth["in_scope"])


def test_the_same_file_gives_the_same_results(check, sample_rows):
    one, other = (check(as_csv(sample_rows)) for _ in range(2))
    assert (one.folder / "cases.csv").read_bytes() == (other.folder / "cases.csv").read_bytes()
    assert (one.folder / "findings.csv").read_bytes() == (other.folder / "findings.csv").read_bytes()


def test_the_rules_of_the_day_are_applied(check, clean):
    """A discharge after the day of the check is no discharge yet (HQ045)."""
    assert "HQ045" in check(stays(clean), on="2026-01-01").rules(1)
    assert "HQ045" not in check(stays(clean), on="2026-12-31").rules(1)


# --- The marked workbook


@pytest.fixture
def marked(check, sample_rows):
    rows = [list(row) for row in sample_rows]
    rows[88][rows[0].index("P3")] = "=1+1"
    rows[88][rows[0].index("P5")] = "X"
    result = check(as_csv(rows), "--mark")
    return result, openpyxl.load_workbook(result.folder / "marked.xlsx")


@pytest.mark.requirement("REG-06")
def test_marked_cells_are_coloured_and_say_rule_cause_and_mend(marked):
    result, book = marked
    sheet = book[marking.ROWS_SHEET]
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
        assert cell.fill.start_color.rgb[2:] == marking._FILL[worst].lstrip("#")
        assert cell.font.bold == (worst == "error")
        for finding in findings:
            assert finding["rule"] in cell.comment.text
            name, _, cause = finding["message_zh"].split("；")[0].partition("：")
            assert name in sheet.cell(1, cell.column).value
            assert cause in cell.comment.text
    commented = sum(cell.comment is not None for row in sheet.iter_rows() for cell in row)
    assert commented == len(found)


def test_the_workbook_keeps_every_digit_and_no_formula(marked, sample_rows):
    result, book = marked
    sheet = book[marking.ROWS_SHEET]
    assert sheet.freeze_panes == "C2"
    for case, cells in zip(result.cases, sheet.iter_rows(min_row=2, values_only=True), strict=True):
        assert [cell or "" for cell in cells[len(marking.HEADS) :]] == [case[name] for name in sample_rows[0]]
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows(min_row=2) for cell in row if cell.value)


def test_each_row_names_its_problems_and_leads_to_them(marked):
    result, book = marked
    sheet = book[marking.ROWS_SHEET]
    assert [cell.value for cell in sheet[1]][:6] == list(marking.HEADS)
    place = {str(cell.value).split("\n")[0]: at for at, cell in enumerate(sheet[1])}
    by_case = {}
    for finding in result.findings:
        by_case.setdefault(finding["row"], []).append(finding)
    assert max(map(len, by_case.values())) > marking.NAMED
    for cells in sheet.iter_rows(min_row=2):
        assert isinstance(cells[0].value, int)
        assert isinstance(cells[5].value, int | None)
        found = by_case.get(str(cells[0].value), [])
        if not found:
            assert cells[1].value is None
            continue
        found.sort(key=lambda f: (f["level"] != "error", place[f["column"]], f["rule"]))
        lines = cells[1].value.split("；\n")
        named = [f"{f['column']}: {f['rule']} " for f in found[: marking.NAMED]]
        assert all(line.startswith(start) for line, start in zip(lines, named, strict=False))
        if len(found) > marking.NAMED:
            assert lines[-1] == f"……另有 {len(found) - marking.NAMED} 个"
        target = sheet[cells[1].hyperlink.location.split("!")[1]]
        assert (target.row, target.column - 1) == (cells[0].row, place[found[0]["column"]])


def test_a_rule_leads_to_the_first_cell_that_it_marks(marked):
    result, book = marked
    sheet, front = book[marking.ROWS_SHEET], book[marking.SUMMARY_SHEET]
    led = {cell.value: cell.hyperlink.location for row in front.iter_rows() for cell in row if cell.hyperlink}
    assert set(led) == {f["rule"] for f in result.findings if f["row"] != "0"}
    for rule, location in led.items():
        name, place = location.split("!")
        assert name.strip("'") == marking.ROWS_SHEET
        assert f"】{rule} " in sheet[place].comment.text
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.print_title_cols == "$A:$B"
    assert (front.page_setup.orientation, front.page_setup.paperSize) == ("landscape", 9)
    assert front.print_title_rows


def test_an_undetermined_row_is_led_to_and_links_have_an_end(check, clean, sample_rows, monkeypatch):
    undetermined = check(stays(clean, {**clean, "P3": "0002", "P6": "", "P7": "", "P66": ""}), "--mark")
    front = openpyxl.load_workbook(undetermined.folder / "marked.xlsx")[marking.SUMMARY_SHEET]
    (cell,) = [cell for row in front.iter_rows() for cell in row if cell.value == marking.UNDETERMINED]
    assert cell.hyperlink.location.endswith("A3")
    monkeypatch.setattr(marking, "MAX_LINKS", 2)
    sheet = openpyxl.load_workbook(check(as_csv(sample_rows), "--mark").folder / "marked.xlsx")[marking.ROWS_SHEET]
    assert sum(cell.hyperlink is not None for row in sheet.iter_rows() for cell in row) == 2


def test_the_first_sheet_counts_per_rule(marked):
    result, book = marked
    assert book.sheetnames == [marking.SUMMARY_SHEET, marking.ROWS_SHEET]
    text = [
        [cell for cell in row if cell is not None] for row in book[marking.SUMMARY_SHEET].iter_rows(values_only=True)
    ]
    lines = [row for row in text if len(row) == 6 and row[1].startswith("HQ")]
    assert [(row[1], row[3], row[4]) for row in lines] == [
        (rule["rule"], rule["findings"], rule["rows"]) for rule in result.summary["findings_by_rule"]
    ]
    assert any(result.summary["sha256"] in str(row) for row in text)


def test_a_workbook_too_large_for_one_sheet_or_for_comments(check, sample_rows, monkeypatch):
    monkeypatch.setattr(marking, "MAX_ROWS", 10)
    monkeypatch.setattr(marking, "MAX_COMMENTS", 5)
    result = check(as_csv(sample_rows), "--mark")
    book = openpyxl.load_workbook(result.folder / "marked.xlsx")
    assert book.sheetnames == [marking.SUMMARY_SHEET, *(f"{marking.ROWS_SHEET}{n}" for n in ("", 2, 3))]
    rows = [str(row[0]) for name in book.sheetnames[1:] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert rows == [case["row"] for case in result.cases]
    commented = [cell for name in book.sheetnames[1:] for row in book[name].iter_rows() for cell in row if cell.comment]
    assert len(commented) == 5
    assert any("批注只写前 5 个" in str(row) for row in book[marking.SUMMARY_SHEET].iter_rows(values_only=True))


def test_a_workbook_without_findings(check, clean):
    result = check(stays({**clean, "P321": "J18.000"}), "--mark")
    text = str(list(openpyxl.load_workbook(result.folder / "marked.xlsx")[marking.SUMMARY_SHEET].values))
    assert "没有发现问题" in text


# --- What is printed


def test_the_printed_summary_is_short_and_says_where_the_results_are(check, sample_rows):
    result = check(as_csv(sample_rows))
    assert "应报告　　29 行" in result.out
    assert str(result.folder) in result.out
    assert result.err == ""
    assert len(result.out.splitlines()) < 25


def test_undetermined_rows_and_layers_are_printed(check, clean):
    result = check(stays({**clean, "P6": "", "P7": "", "P66": ""}), "--layers", "lch", "--mark")
    assert "待判定　　1 行" in result.out


def test_progress_is_shown_to_people_when_it_takes_long(monkeypatch, capsys):
    clock = iter([0.0, 0.5, 1.5, 1.6, 2.0])
    monkeypatch.setattr(console.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True)
    with console.Progress() as progress:
        for rows in (10, 1000, 1500, 2000):
            progress.rows(rows)
    shown = capsys.readouterr().err
    assert "1,000" in shown
    assert "2,000" in shown
    assert "1,500" not in shown
    assert shown.endswith("\r\x1b[K")


def test_a_workbook_of_an_earlier_check_is_named_as_such(check, sample_rows, tmp_path):
    (tmp_path / "out1").mkdir()
    (tmp_path / "out1" / "marked.xlsx").write_bytes(b"earlier")
    result = check(as_csv(sample_rows))
    assert any("以前检查" in note["zh"] for note in result.summary["notes"])
    assert "marked.xlsx" not in result.summary["outputs"]
    assert not (result.folder / "marked.xlsx").exists()
    assert (result.folder / "marked-previous.xlsx").read_bytes() == b"earlier"


def test_the_terminal_ends_with_what_to_do(check, sample_rows):
    told = check(as_csv(sample_rows)).out.splitlines()[-1]
    assert told.startswith("下一步")
    assert "先改 10 行有错误的病例（加 --mark" in told
    assert "marked.xlsx，先改 10 行" in check(as_csv(sample_rows), "--mark").out.splitlines()[-1]
    assert "没有错误，可提交审核" in check(as_csv([*sample_rows[:2]])).out.splitlines()[-1]
