"""What can be wrong with a discharge file: each ends in one clear line, or in a finding that says how to mend it."""

from __future__ import annotations

import errno

import openpyxl
import pytest
from discharge_files import as_csv, stays

from tonghu import cli
from tonghu.hqms.cases import CasesFile
from tonghu.hqms.marking.style import ROWS_SHEET


def renamed(rows, **names):
    return [[names.get(cell, cell) for cell in rows[0]], *rows[1:]]


# --- Refused


def test_an_empty_file(check):
    check(b"").refused()


def test_a_header_and_no_rows(check, sample_rows):
    assert "没有数据行" in check(as_csv(sample_rows[:1])).refused()


def test_a_first_row_of_data(check, sample_rows):
    assert "首行是数据或序号" in check(as_csv(sample_rows[1:])).refused()


def test_a_header_of_numbers(check, sample_rows):
    numbers = [str(n) for n in range(1, 347)]
    assert "首行是数据或序号" in check(as_csv([numbers, *sample_rows[1:]])).refused()


def test_a_header_that_nobody_knows(check):
    line = check(b"alpha,beta,gamma\n1,2,3\n").refused()
    assert "无法识别表头" in line
    assert "P900" in line
    assert "A01" in line


def test_the_tcm_layout(check):
    assert "中医" in check(b"ZZJGDM,YLFKFS,BAH,XM,XB,CSRQ\n1,1,1,a,1,2020-01-01\n").refused()


def test_a_delimiter_that_is_none(check, sample_rows):
    check(as_csv(sample_rows, delimiter="^")).refused()


def test_a_column_twice(check, sample_rows):
    line = check(as_csv(renamed(sample_rows, P7="P6"))).refused()
    assert "P6（第 10、11 列）" in line


def test_the_marked_workbook_is_known_as_what_it_is(check, sample_rows, tmp_path):
    """People bring it back as they got it: it says so, and what to do, and without its own columns it is read."""
    done = check(as_csv(sample_rows), "--mark")
    marked = done.folder / "marked.xlsx"
    line = check(marked).refused()
    assert "标注工作簿" in line
    assert "前面的 8 列" in line
    sheet = openpyxl.load_workbook(marked)[ROWS_SHEET]
    alone = [["" if cell is None else str(cell) for cell in cells[8:]] for cells in sheet.iter_rows(values_only=True)]
    assert check(as_csv(alone)).code != 2, "without its own columns it is read"


def test_a_field_by_code_and_by_name(check, sample_rows):
    assert "列重复" in check(as_csv(renamed(sample_rows, P7="出生日期"))).refused()


def test_no_main_diagnosis(check, sample_rows):
    assert "P321" in check(as_csv(renamed(sample_rows, P321="X1"))).refused()


def test_nothing_that_tells_an_age(check, sample_rows):
    line = check(as_csv(renamed(sample_rows, P6="X1", P7="X2", P66="X3"))).refused()
    assert "P6 " in line
    assert "P66 " in line


def test_a_header_beside_its_columns(check, sample_rows):
    """One column lacks its header: everything behind stands one place to the left."""
    header = [*sample_rows[0][1:], "P781x"]
    assert "错位" in check(as_csv([header, *sample_rows[1:]])).refused()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--on", "yesterday"], "--on"),
        (["--archive-month", "2026-13"], "--archive-month"),
        (["--archive-month", "2027-01"], "归档月"),
        (["--layers", "benign_other,all"], "可选范围"),
        (["--at", "51"], "--at"),
        (["--at", "510199"], "最接近的是 510100 成都市"),
        (["--at", "999999"], "--at：行政区划代码（GB/T 2260）中没有 999999"),
    ],
)
def test_an_option_that_makes_no_sense(options, words, check, sample_rows):
    assert words in check(as_csv(sample_rows), *options, on=None if "--on" in options else "2026-11-22").refused()


def test_a_folder_that_is_a_file(check, sample_rows, tmp_path):
    (tmp_path / "out1").write_text("a file")
    result = check(as_csv(sample_rows))
    assert result.code == 2
    assert "不是目录" in result.err
    assert (tmp_path / "out1").read_text() == "a file"


@pytest.mark.parametrize(
    ("reason", "words"), [(errno.ENOSPC, "磁盘空间不足"), (errno.EACCES, "不可写"), (errno.EIO, "无法写入")]
)
def test_a_disk_that_fills_while_writing(reason, words, check, sample_rows, monkeypatch):
    def full(*_):
        raise OSError(reason, "no")

    monkeypatch.setattr(CasesFile, "write", full)
    assert words in check(as_csv(sample_rows)).refused()


def test_results_of_an_earlier_run_survive_a_run_that_fails(check, sample_rows, tmp_path, monkeypatch):
    earlier = tmp_path / "out1"
    earlier.mkdir()
    (earlier / "cases.csv").write_text("earlier")
    monkeypatch.setattr(CasesFile, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "no")))
    assert check(as_csv(sample_rows)).code == 2
    assert [file.name for file in earlier.iterdir()] == ["cases.csv"]
    assert (earlier / "cases.csv").read_text() == "earlier"


# --- Read, and said


def test_missing_and_unknown_columns_are_one_finding_on_the_file(check, sample_rows):
    result = check(as_csv(renamed(sample_rows, P686="来源", P800="")))
    (finding,) = [f for f in result.findings if f["rule"] == "HQ033"]
    assert (finding["row"], finding["column"], finding["level"]) == ("0", "", "error")
    assert "P686" in finding["value"]
    assert "来源" in finding["value"]
    assert result.summary["missing_columns"] == ["P686", "P800"]
    assert result.summary["unknown_columns"] == ["来源", "(第4列 column 4)"]
    assert "HQ033" in {rule["rule"] for rule in result.summary["findings_by_rule"]}


def test_rules_on_a_missing_column_do_not_answer(check, clean):
    header = [code for code in clean if code != "P8"]
    assert "HQ001" not in check(stays(clean, header=header)).rules(1)
    assert "HQ001" in check(stays({**clean, "P8": ""})).rules(1)


def test_a_header_of_both_layouts(check, sample_rows):
    result = check(as_csv(renamed(sample_rows, P686="C24C")))
    assert result.summary["layout"] == "2012"
    assert any("两个版本" in note["zh"] for note in result.summary["notes"])


def test_columns_in_any_order_by_code_or_name_in_any_writing(check, sample_rows, truth):
    by_name = {"P321": " 主要诊断编码 ", "P6": "出生日期", "P22": "ｐ22", "P900": "p900"}
    rows = [list(reversed(row)) for row in renamed(sample_rows, **by_name)]
    result = check(as_csv(rows))
    assert [case["row"] for case in result.cases] == sorted(truth["in_scope"], key=int)
    assert not [f for f in result.findings if f["rule"] == "HQ033"]
    assert "ｐ22" in result.cases[0]


def test_record_numbers_that_lost_their_zeros_are_remarked(check, clean):
    numbers = ["00012345", "00012346", "00099999", "12347"]
    result = check(stays(*({**clean, "P3": number, "P2": str(n)} for n, number in enumerate(numbers, 1))))
    assert any("前导零" in note["zh"] for note in result.summary["notes"])


def mended(result, rule, column):
    (finding,) = [f for f in result.findings if f["rule"] == rule and f["column"] == column]
    assert "\n" not in finding["message_zh"] + finding["message_en"]
    return finding["message_zh"]


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("P22", "２０２６－０９－０２", "应写作“2026-09-02 00:00:00”"),
        ("P25", "46267", "Excel 日期序号"),
        ("P31", "20211345", "月份 13"),
        ("P31", "26-09-02", "年份不足四位"),
        ("P31", "2023-02-30", "2 月没有 30 日"),
        ("P31", "2023-02-03 25:00", "时间部分"),
        ("P31", "1066-02-03", "1900–2099"),
        ("P31", "昨天", "应填写日期时间"),
        ("P27", "5.0", "应写作“5”"),
        ("P27", "5.5", "不是整数"),
        ("P27", "五", "无法识别"),
        ("P751", "1,234.50", "千位分隔符"),
        ("P751", "1.23E+4", "科学计数法"),
        ("P751", "12.345", "应写作“12.35”"),
        ("P3", "1.23E+11", "科学计数法"),
    ],
)
def test_a_cell_that_does_not_read_as_its_type(column, text, words, check, clean):
    result = check(stays({**clean, column: text}))
    assert words in mended(result, "HQ021", column)
    assert not {f["rule"] for f in result.findings if f["column"] == column} & {"HQ022", "HQ023"}


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("P5", "男", "应写作“1”"),
        ("P5", "１", "应写作“1”"),
        ("P5", "3", "可填：0"),
        ("P8", "01", "应写作“1”"),
        ("P23", "99.99", "请按代码表 RC023"),
    ],
)
def test_a_code_outside_its_table(column, text, words, check, clean):
    assert words in mended(check(stays({**clean, column: text})), "HQ023", column)


@pytest.mark.parametrize("department", ["0701", "07.01", "07"])
def test_departments_with_and_without_dot_are_right(department, check, clean):
    assert "HQ023" not in check(stays({**clean, "P23": department})).rules(1)


def test_a_text_that_is_too_long(check, clean):
    assert "共 41 个字符，超过上限 40" in mended(check(stays({**clean, "P4": "张" * 41})), "HQ022", "P4")
    assert "HQ022" not in check(stays({**clean, "P4": "张" * 40})).rules(1)


def test_identity_numbers_as_spreadsheets_and_people_write_them(check, clean):
    number = clean["P13"]
    assert "HQ036" in check(stays({**clean, "P13": "5.10107E+17"})).rules(1)
    assert "HQ036" not in check(stays({**clean, "P13": number[:6] + number[8:17]})).rules(1)
    ending_in_x = {**clean, "P13": "11010519491231002x"}
    assert "HQ036" not in check(stays(ending_in_x)).rules(1)


def test_a_quoted_line_break_is_part_of_its_cell(check, clean):
    result = check(stays({**clean, "P801": "四川省\n成都市,“示例”路"}, clean))
    assert result.summary["rows"] == 2
    assert result.cases[0]["P801"] == "四川省\n成都市,“示例”路"
    assert [case["row"] for case in result.cases] == ["1", "2"]


def test_rows_of_another_width_are_named(check, sample_rows):
    rows = [*sample_rows[:3], sample_rows[3][:-1], *sample_rows[4:]]
    result = check(as_csv(rows))
    assert any("数据行号 3（表头不计）" in note["zh"] for note in result.summary["notes"])


# --- Found by looking at the file as its user would


def test_a_short_file_whose_columns_are_shifted(check, sample_rows):
    shifted = [sample_rows[0], *(["", *row[:-1]] for row in sample_rows[1:4])]
    assert "错位" in check(as_csv(shifted)).refused()


def test_a_short_file_with_bad_dates_but_right_columns_is_read(check, sample_rows):
    birth, admission = (sample_rows[0].index(code) for code in ("P6", "P22"))
    row = list(sample_rows[1])
    row[birth], row[admission] = "20211345", "某日"
    result = check(as_csv([sample_rows[0], row]))
    assert {"P6", "P22"} <= {finding["column"] for finding in result.findings if finding["rule"] == "HQ021"}


def test_a_result_never_replaces_the_file_that_was_given(tmp_path, capsys, sample_rows):
    folder = tmp_path / "same"
    folder.mkdir()
    given = folder / "cases.csv"
    given.write_bytes(as_csv(sample_rows))
    link = tmp_path / "link.csv"
    link.symlink_to(given)
    for file in (given, link):
        assert cli.main(["hqms", "check", str(file), "--out", str(folder)]) == 2
        assert "覆盖" in capsys.readouterr().err
    assert given.read_bytes() == as_csv(sample_rows)
    assert [path.name for path in folder.iterdir()] == ["cases.csv"]


def test_a_row_with_a_cell_too_many_or_too_few_is_never_lost(check, sample_rows):
    whole, cut = list(sample_rows[1]), list(sample_rows[4])  # rows 1 and 4 of the sample are in scope
    at = sample_rows[0].index("P4")
    adult_ragged = [*sample_rows[2], "多出一格"]
    rows = [sample_rows[14], [*whole[:at], "多出一格", *whole[at:]], [*cut[:at], *cut[at + 1 :]], adult_ragged]
    result = check(as_csv([sample_rows[0], *rows]), "--mark")
    listed = [(case["row"], case["scope_group"], case["scope_code"], case["scope_position"]) for case in result.cases]
    assert listed == [
        ("1", "malignant", "C91.000", "0"),
        ("2", "undetermined", "C92.400", ""),
        ("3", "undetermined", "D69.300", ""),
    ]
    assert result.summary["undetermined"] == 2


@pytest.mark.parametrize("guard", ["'{}", "`{}", '="{}"', '"{}"', "({})", "（{}）", "[{}]", "“{}”"])
def test_a_code_behind_a_guard_is_found_and_told(check, clean, guard):
    result = check(stays({**clean, "P321": guard.format("C91.000")}))
    assert [case["scope_group"] for case in result.cases] == ["malignant"]
    [found] = [one for one in result.findings if one["column"] == "P321"]
    assert (found["rule"], found["level"]) == ("HQ021", "error")
    assert "应写作“C91.000”" in found["message_zh"]
    assert result.summary["problem_cards"] == 1


@pytest.mark.parametrize("wrong", ["", "-", "急性淋巴细胞白血病", "?C91.000"])
def test_a_file_without_codes_is_refused(check, clean, wrong):
    rows = [{**clean, "P3": f"A{n}", "P321": wrong} for n in range(25)]
    line = check(stays(*rows)).refused()
    assert "主要诊断编码列（P321）" in line
    assert "25 行" in line


def test_single_rows_without_a_code_are_told(check, clean):
    blank = [{**clean, "P3": f"B{n}", "P321": wrong} for n, wrong in enumerate(["", "?C91.000"])]
    result = check(stays(*({**clean, "P3": f"A{n}"} for n in range(3)), *blank))
    [note] = [one for one in result.summary["notes"] if "主要诊断编码为空" in one["zh"]]
    assert note["attention"]
    assert "5 行中，2 行" in note["zh"]


def test_before_there_was_a_scope_it_says_so(check, sample_rows):
    result = check(as_csv(sample_rows), "--mark", on="2016-12-31")
    assert result.cases == []
    assert result.summary["under_20"] == 0
    assert "可提交审核" not in result.out
    assert "不满 20 岁" not in result.out
    assert "没有生效的监测范围，未判断" in result.out
    assert any("没有生效的监测范围" in note["zh"] for note in result.summary["notes"])
