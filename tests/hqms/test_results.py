"""The result files: their columns, order and encoding; summary.json by its schema; all rows; the marked workbook."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import openpyxl
import pytest
from discharge_files import DATA, as_csv, stays

from tonghu.hqms.cases import OWN_COLUMNS
from tonghu.hqms.marking.style import ROWS_SHEET

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
    assert book[ROWS_SHEET].max_row == 1 + len(truth["in_scope"])


def test_the_same_file_gives_the_same_results(check, sample_rows):
    one, other = (check(as_csv(sample_rows)) for _ in range(2))
    assert (one.folder / "cases.csv").read_bytes() == (other.folder / "cases.csv").read_bytes()
    assert (one.folder / "findings.csv").read_bytes() == (other.folder / "findings.csv").read_bytes()


def test_the_rules_of_the_day_are_applied(check, clean):
    """A discharge after the day of the check is no discharge yet (HQ045)."""
    assert "HQ045" in check(stays(clean), on="2026-01-01").rules(1)
    assert "HQ045" not in check(stays(clean), on="2026-12-31").rules(1)


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


def test_the_place_whose_rules_apply_is_printed_by_name(check, clean):
    assert "适用于 510000 四川省" in check(stays(clean), "--at", "510000").out


def test_what_asks_for_attention_is_printed_first_and_only_then(check, clean, sample_rows):
    ragged = [*sample_rows[:3], sample_rows[3][:-1], *sample_rows[4:]]
    first, second, *_ = check(as_csv(ragged), on="2026-11-22").out.splitlines()
    assert first.startswith("注意　　　1 行的列数与表头不同")
    assert second.startswith("文件")
    month = clean["P25"][:7]
    year, number = int(month[:4]), int(month[5:])
    next_month = f"{year + number // 12}-{number % 12 + 1:02d}-10"
    assert check(stays(clean), on=next_month).out.startswith("文件")
    assumed = check(stays(clean), on="2026-12-31")
    assert assumed.out.startswith(f"注意　　　病例多在 {month} 出院，不是上月（2026-11）")
    assert [note["attention"] for note in assumed.summary["notes"]] == [True]
    assert check(stays(clean), "--archive-month", month, on="2026-12-31").out.startswith("文件")


def test_rules_that_are_not_shown_are_counted_by_level(check, sample_rows):
    result = check(as_csv(sample_rows))
    shown = [line.split()[0] for line in result.out.splitlines() if line.startswith("　　　　　") and "HQ" in line]
    levels = [rule["level"] for rule in result.summary["findings_by_rule"]]
    left = {zh: levels.count(level) - shown.count(zh) for level, zh in (("error", "错误"), ("warning", "提示"))}
    told = "、".join(f"{zh}规则 {count} 条" for zh, count in left.items() if count)
    assert f"……另有{told}，见 findings.csv" in result.out


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
