"""HQ065 with a clinical-edition list that the user loads."""

from __future__ import annotations

import pytest
from discharge_files import as_csv, stays

ROWS = [
    ["序号", "疾病编码", "疾病名称"],
    ["1", "C91.000", "急性淋巴细胞白血病"],
    ["2", "Z51.100", "肿瘤化学治疗疗程"],
    ["3", "", ""],
]


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(as_csv(ROWS, "gb18030"))
    return path


def hq065(result):
    return [(f["row"], f["column"]) for f in result.findings if f["rule"] == "HQ065"]


def test_codes_and_names_are_held_against_the_list(check, clean, listed):
    right = {**clean, "P321": "c91.000", "P322": "急性淋巴细胞白血病", "P324": "", "P325": "", "P327": ""}
    wrong_name = {**right, "P322": "白血病", "P3": "b"}
    unknown_code = {**right, "P321": "C91.100", "P3": "c"}
    result = check(stays(right, wrong_name, unknown_code), "--clinical-list", str(listed))
    assert {row for row, _ in hq065(result)} == {"2", "3"}
    assert "HQ065" not in result.summary["inert_rules"]
    assert any("list.csv（2 条" in note["zh"] for note in result.summary["notes"])


def test_without_a_list_the_rule_waits(check, clean):
    result = check(stays({**clean, "P322": "anything"}))
    assert hq065(result) == []
    assert "HQ065" in result.summary["inert_rules"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["疾病编码", "说明"], ["C91.000", "x"]], "名称"),
        ([["说明", "疾病名称"], ["x", "y"]], "编码"),
        ([["疾病编码", "疾病名称"], ["", "y"]], "没有编码与名称"),
    ],
)
def test_a_list_that_is_none(rows, words, check, clean, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(as_csv(rows))
    assert words in check(stays(clean), "--clinical-list", str(path)).refused()
