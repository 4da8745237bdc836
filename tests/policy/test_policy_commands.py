"""`tonghu policy`."""

from __future__ import annotations

import json

import pytest

from tonghu.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["policy", *arguments]) == 0
    return capsys.readouterr().out


def test_list_shows_every_document_once(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "list")
    assert shown.count("国家儿童肿瘤监测工作要求（") == 1
    assert "NHC20.3.2" in shown
    assert "105 clauses" in shown


def test_list_of_one_document_and_of_one_requirement(capsys: pytest.CaptureFixture[str]) -> None:
    assert "NHC20" not in run(capsys, "list", "--document", "HP12").replace("NHC2012", "")
    shown = run(capsys, "list", "--requirement", "REG-11")
    assert "NHC20.3.2" in shown
    assert "SC18.4" in shown
    assert "2 clauses" in shown


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "list", "--document", "NCPCS", "--json"))
    scope = next(row for row in rows if row["path"] == "NCPCS.2.2")
    assert scope["requirements"] == ["REG-04"]
    assert scope["printed"] == "二(二)"
    assert set(scope) == {"path", "document", "title", "printed", "zh", "en", "terms", "requirements"}


def test_show_a_clause_chinese_first(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "show", "NHC20.3.2")
    assert "国卫办医函〔2020〕22号 三(二)" in shown
    assert "REG-08" in shown
    assert shown.index("病案管理部门") < shown.index("The deputy head")


def test_show_a_requirement_and_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "show", "REG-04")
    assert "NCPCS.2.2" in shown
    assert "登记与监测 · registry and surveillance" in shown
    assert "14 clauses" in run(capsys, "show", "NCPCS")


@pytest.mark.parametrize("arguments", [("show", "NHC20.99"), ("show", "REG-99"), ("list", "--document", "X")])
def test_what_there_is_not_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert main(["policy", *arguments]) == 2
    refused = capsys.readouterr().err
    assert arguments[-1] in refused
    assert refused.count("\n") == 1
