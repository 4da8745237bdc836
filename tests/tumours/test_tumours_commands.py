"""`tonghu tumours classify | check` from file to file, and what is said of files that cannot be used."""

import csv
import os

import pytest

from tonghu.cli import main
from tonghu.tumours import commands
from tonghu.tumours.checks import PROFILES
from tonghu.tumours.recode import VERSIONS

NEW = ["iccc3_main", "iccc3_subgroup", "iccc3_extended", "iccc3_name_zh", "iccc3_name_en", "reason"]


def classify(tmp_path, content, *options):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    return main(["tumours", "classify", str(source), str(target), *options]), target


def read(path, delimiter=","):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_rows_and_columns_stay_and_the_groups_come_after(tmp_path, capsys):
    content = (
        'id,Histology , behaviour,"备注, 说明",TOPOGRAPHY,备注\n'
        '7,8960,3,"a ""b""\nc",C649,\n'
        ",,,,,\n"
        "\n"
        "9,M98210/3,,x,C42.1\n"
    )
    code, target = classify(tmp_path, content)
    assert code == 0
    header, *rows = read(target)
    assert header == ["id", "Histology ", " behaviour", "备注, 说明", "TOPOGRAPHY", "备注", *NEW]
    assert rows[0][:9] == ["7", "8960", "3", 'a "b"\nc', "C649", "", "VI", "061", "036"]
    assert rows[1][6:9] == rows[2][6:9] == ["", "999", "999"]
    assert rows[3][:8] == ["9", "M98210/3", "", "x", "C42.1", "", "I", "011"]
    assert "ICD-O-2" in rows[3][-1]
    assert "4 行，已归类 2 行，未归类 2 行" in capsys.readouterr().out
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\r\n\r\n\r\n"])
def test_blank_lines_at_the_end_are_no_rows(tmp_path, ending):
    _, target = classify(tmp_path, "topography,histology,behaviour\nC649,8960,3" + ending)
    assert len(read(target)) == 2


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("gb18030"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
)
def test_encodings_and_delimiters(tmp_path, encode):
    code, target = classify(tmp_path, encode("部位名,topography,histology,behaviour\n肾,C649,8960,3\n"))
    assert code == 0
    text = target.read_text(encoding="utf-8-sig")
    delimiter = "\t" if "\t" in text else ","
    assert read(target, delimiter)[1][:6] == ["肾", "C649", "8960", "3", "VI", "061"]


def test_a_long_file_whose_encoding_shows_late(tmp_path):
    rows = "C649,8960,3,\n" * 1_400_000 + "C649,8960,3,肾\n"
    code, target = classify(tmp_path, ("topography,histology,behaviour,n\n" + rows).encode("gb18030"))
    assert code == 0
    with target.open("rb") as file:
        file.seek(-80, os.SEEK_END)
        assert "C649,8960,3,肾,VI,061,036,肾母细胞瘤,Nephroblastoma,iarc2017\n" in file.read().decode(errors="replace")


@pytest.mark.parametrize(
    "lines",
    [
        ["C649,8960,3,甲", "C64,9500,3,", "c64.9,M89600/3,,乙", "C650,“x”,3,丙"],
        ["C649,8960,3,甲", "", "C741,9500,3,乙"],
        ["C649,8960,3", "C741,9500,3,乙"],
        ["C649,8960,3,\x1f", "C741,9500,3,乙"],
    ],
)
def test_lines_passed_on_whole_and_lines_taken_apart_give_one_answer(tmp_path, lines):
    text = "\n".join(["topography,histology,behaviour,n", *lines]) + "\n"
    whole = read(classify(tmp_path, text)[1])
    # A quotation mark anywhere means that lines may not be rows, and every cell is read.
    apart = read(classify(tmp_path, text.replace(",n\n", ',"n"\n', 1))[1])
    assert whole == apart
    assert [row[:4] for row in whole[1:]] == [(line.split(",") + [""] * 4)[:4] for line in lines]


def test_tabs_with_commas_in_cells(tmp_path):
    _, target = classify(tmp_path, "topography\thistology\tbehaviour\tn\nC64,9\t8960\t3\ta,b\nC649\t8960\t3\t\n")
    rows = read(target, "\t")
    assert [row[3:6] for row in rows[1:]] == [["a,b", "", "999"], ["", "VI", "061"]]
    assert "“C64,9”格式不符" in rows[1][-1]


def test_versions(tmp_path):
    content = "topography,histology,behaviour\nC421,9930,3\n"
    for version, subgroup in zip(VERSIONS, ("012", "015", "015"), strict=True):
        assert read(classify(tmp_path, content, "--version", version)[1])[1][4] == subgroup


def test_a_header_alone(tmp_path):
    code, target = classify(tmp_path, "topography,histology,behaviour\n")
    assert code == 0
    assert read(target) == [["topography", "histology", "behaviour", *NEW]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空文件"),
        (b"\xef\xbb\xbf\n \n", "空文件"),
        (b"topography,histology\nC649,8960\n", "缺少列：behaviour"),
        (b"topography;histology;behaviour\nC649;8960;3\n", "缺少列：topography、histology、behaviour"),
        (b"topography,histology,behaviour,Histology\nC649,8960,3,1\n", "重复的列：histology"),
        (b"topography,histology,behaviour,reason\nC649,8960,3,1\n", "已有列 reason"),
        (b"topography,histology,behaviour\nC649,8960,3\nC649,8960,3,4\n", "数据第 2 行多出单元格（4 格，表头 3 格）"),
        (b'topography,histology,behaviour\nC649,8960,"3\n', "引号不成对"),
        (b"PK\x03\x04xl/workbook.xml", "不是文本表格"),
        (b"topography\x00,histology,behaviour\n", "不是文本表格"),
        ("topography,histology,behaviour,肾\n".encode() + "C649,8960,3,肾\n".encode("gb18030"), "编码"),
        (b"topography,histology,behaviour,\xff\xff\n", "既不是 UTF-8 也不是 GB18030"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_leaves_nothing(tmp_path, capsys, content, said):
    code, target = classify(tmp_path, content)
    line = capsys.readouterr().err
    assert code == 2
    assert said in line
    assert " / " in line
    assert line.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert not target.exists()


def test_the_input_is_never_the_output(tmp_path, capsys):
    path = tmp_path / "in.csv"
    path.write_text("topography,histology,behaviour\nC649,8960,3\n")
    for command in ("classify", "check"):
        assert main(["tumours", command, str(path), str(tmp_path / "." / "in.csv")]) == 2
    assert path.read_text().count("\n") == 2
    assert "输出文件不能就是输入文件" in capsys.readouterr().err


def test_paths_that_lead_nowhere(tmp_path, capsys):
    path = tmp_path / "in.csv"
    assert main(["tumours", "classify", str(path), str(tmp_path / "out.csv")]) == 2
    path.write_text("topography,histology,behaviour\nC649,8960,3\n")
    assert main(["tumours", "classify", str(path), str(tmp_path / "no" / "out.csv")]) == 2
    assert "无法读取" in (said := capsys.readouterr().err)
    assert "无法写入" in said


def test_check_writes_a_row_for_each_finding(tmp_path, capsys):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(
        "basis,id,age,sex,topography,histology,behaviour,grade\n"
        "7,1,7,9,C69.2,9510,3,9\n7,2,3,9,C649,8960,3,9\n7,3,2,1,C779,9650,3,\n7,4,30,1,C569,8960,3,9\n"
    )
    assert main(["tumours", "check", str(path), str(out)]) == 0
    header, *rows = read(out)
    assert header == ["row", "check", "level", "message_zh", "message_en"]
    assert [row[:3] for row in rows] == [
        ["1", "A08", "confirm"], ["1", "A13", "confirm"], ["3", "A11", "confirm"],
        ["4", "S01", "error"], ["4", "A03", "confirm"], ["4", "A46", "confirm"], ["4", "T01", "confirm"],
    ]  # fmt: skip
    assert all(row[3] and row[4] for row in rows)
    assert "4 行，错误 1 条，警告 0 条，待核实 6 条" in capsys.readouterr().out
    assert main(["tumours", "check", str(path), str(out), "--profile", "encr"]) == 0
    assert ["3", "A51", "confirm"] in [row[:3] for row in read(out)]


def test_the_command_line_offers_what_there_is():
    # Said twice so that `--help` needs no import.
    assert tuple(VERSIONS) == commands.VERSIONS
    assert tuple(PROFILES) == commands.PROFILES
