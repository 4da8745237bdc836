"""`tonghu synth` from the outside: what it makes, what it says, and what it refuses in both languages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from synth_reading import read_csv, read_dbf

from tonghu import cli


def run(*words: object) -> int:
    return cli.main(["synth", *map(str, words)])


def test_a_file_with_its_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, truth = tmp_path / "month.csv", tmp_path / "truth.json"
    options = ("--rows", 120, "--layout", "2020", "--header", "chinese", "--month", "2024-02", "--seed", 3)
    assert run("--out", out, "--truth", truth, "--in-scope", "0.5", "--encoding", "gb18030", *options) == 0
    header, rows = read_csv(out.read_bytes(), "gb18030")
    assert len(rows) == 120
    assert header[0] == "组织机构代码"
    answer = json.loads(truth.read_text(encoding="utf-8"))
    assert answer["seed"] == 3
    assert len(answer["in_scope"]) + len(answer["undetermined"]) == 60
    said = capsys.readouterr().out
    assert "虚构数据" in said
    assert "made-up data: 120 rows" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--out"),
        (("--out", "{}/a.csv", "--month", "2025"), "YYYY-MM"),
        (("--out", "{}/a.csv", "--maker", "nobody"), "nobody"),
        (("--out", "{}/a.parquet"), "--format"),
        (("--out", "{}/taken/a.csv"), "taken"),
        (("--out", "{}"), "--format"),
        (("--out", "{}", "--format", "csv"), "made0"),
        (("--out", "{}/a.csv", "--truth", "{}/a.csv"), "truth"),
        (("--out", "{}/a.csv", "--truth", "{}"), "made0"),
        (("country",), "--out"),
        (("country", "--out", "{}/c", "--from-month", "soon"), "YYYY-MM"),
        (("country", "--out", "{}/taken/c"), "taken"),
    ],
)
def test_what_cannot_be_made_is_one_line_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    assert run(*(word.format(tmp_path) for word in words)) == 2
    said = tmp_path.name if said == "made0" else said
    line = capsys.readouterr().err.strip()
    assert said in line
    assert " / " in line
    assert "\n" not in line
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    "words", [("--children", "2"), ("--in-scope", "half"), ("--rows", "-1"), ("--seed", "x"), ("--format", "pdf")]
)
def test_wrong_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--out", tmp_path / "a.csv", *words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_a_country(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--rows", 90, "--hospitals", 8, "--months", 2, "--in-scope", "0.4", "--children", "0.5")
    assert run("country", "--out", tmp_path, *words) == 0
    assert "16" in capsys.readouterr().out
    listed = list(csv.DictReader((tmp_path / "hospitals.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len({one["org_code"] for one in listed}) == 8
    assert all("示例" in one["org_name"] for one in listed)
    for one in listed:
        files = sorted((tmp_path / one["folder"]).glob("hqms_2025-0?.*"))
        assert len(files) == 4  # two months, each with its truth
        truths = [json.loads(path.read_text(encoding="utf-8")) for path in files if path.suffix == ".json"]
        assert [truth["month"] for truth in truths] == ["2025-01", "2025-02"]
        assert {truth["layout"] for truth in truths} == {one["layout"]}
        if "儿童医院" in one["org_name"]:
            # Only those whose birth date cannot be read are not known to be under 20.
            assert all(truth["under_20"] + len(truth["undetermined"]) == truth["rows"] for truth in truths)
        else:
            assert all(truth["under_20"] < 0.6 * truth["rows"] for truth in truths)
    assert {one["format"] for one in listed} == {"csv", "xlsx", "dbf", "html"}


def test_children_come_back_next_month(tmp_path: Path) -> None:
    words = ("--rows", 150, "--hospitals", 4, "--months", 3, "--in-scope", "0.5", "--mistakes", "0", "--children", "1")
    assert run("country", "--out", tmp_path, *words) == 0
    (sender,) = [
        one
        for one in csv.DictReader((tmp_path / "hospitals.csv").read_text(encoding="utf-8-sig").splitlines())
        if one["format"] == "dbf"
    ]
    seen: dict[str, tuple[str, int]] = {}
    back = 0
    for path in sorted((tmp_path / sender["folder"]).glob("*.dbf")):
        header, rows = read_dbf(path.read_bytes())
        names = ("P3", "P13", "P2") if sender["layout"] == "2012" else ("A48", "A20", "A49")
        record, number, count = (header.index(name) for name in names)
        for row in sorted(rows, key=lambda row: int(row[count])):
            if row[record] in seen:
                same, before = seen[row[record]]
                assert same == row[number]
                assert int(row[count]) > before
                back += 1
            seen[row[record]] = row[number], int(row[count])
    assert back > 20
