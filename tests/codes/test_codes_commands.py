"""`tonghu codes`."""

from __future__ import annotations

import pytest

from tonghu.cli import main


def test_list_names_layouts_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "list"]) == 0
    shown = capsys.readouterr().out
    assert "346 个字段" in shown
    assert "642 个字段，另识别 90 个厂商扩展列" in shown
    assert shown.count("\n") == 2 + 7 + 35
    assert "GB/T 2260" in shown
    assert "未核实" in next(line for line in shown.splitlines() if line.startswith("RC_ICU"))


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("RC023", "07.07   小儿血液病专业（亦作 0707）  paediatric haematology"),
        ("RC_ICU", "核实 · verified: 否 · no"),
        ("P321", "内部名 · name: principal_diagnosis_code"),
        ("C03C", "代码表 · table: —"),
        ("出生日期", "A13  出生日期"),
        ("cost_total", "类型 · type: decimal，长度 · length 10,2"),
        ("A15C", "RC038（不核对 · not checked）"),
        ("A23C", "未核实 · unverified"),
        ("2012", "  47 P321     principal_diagnosis_code               主要诊断编码"),
        ("510123", "510123  温江县  ≤1984–2001  上级 · parent: 510100"),
        ("510000", "上级 · parent: —"),
        ("regions", "许可 · licence: MIT"),
        ("icd10", "许可 · licence: —"),
    ],
)
def test_show(capsys: pytest.CaptureFixture[str], what: str, expected: str) -> None:
    assert main(["codes", "show", what]) == 0
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize("what", ["RC999", "999999", "没有这个", "５１０１０７"])
def test_what_is_unknown_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], what: str) -> None:
    assert main(["codes", "show", what]) == 2
    refused = capsys.readouterr().err
    assert what in refused
    assert refused.count("\n") == 1
