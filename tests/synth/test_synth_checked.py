"""A made-up month through the whole check: two parties who share no code must tell the same story of every row."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from tonghu import cli


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.requirement("REG-03")
@pytest.mark.requirement("REG-04")
@pytest.mark.parametrize("everywhere", [False, True], ids=["cards", "all rows"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("month.csv", "--layout 2012 --maker compact --encoding gb18030"),
        ("month.csv", "--layout 2020 --maker quoted --header chinese --shuffle-columns --drop-column"),
        ("month.dbf", "--layout 2012 --maker slash"),
        ("month.xls", "--layout 2020 --maker filled"),
    ],
)
def test_the_check_finds_what_was_planted_and_nothing_else(
    tmp_path: Path, name: str, options: str, everywhere: bool
) -> None:
    out, truth_path = tmp_path / name, tmp_path / "truth.json"
    words = f"--rows 600 --in-scope 0.5 --children 0.7 --mistakes 0.7 --seed 17 {options}".split()
    if everywhere:
        words.append("--mistakes-everywhere")
    assert cli.main(["synth", "--out", str(out), "--truth", str(truth_path), *words]) == 0
    more = ["--all-rows"] if everywhere else []
    assert cli.main(["hqms", "check", str(out), "--out", str(tmp_path / "out"), "--on", "2026-01-01", *more]) == 0
    truth = json.loads(truth_path.read_text(encoding="utf-8"))

    cases, undetermined = {}, []
    for case in _rows(tmp_path / "out" / "cases.csv"):
        if case["scope_group"] == "undetermined":
            undetermined.append(int(case["row"]))
        else:
            entry = [case["scope_group"], case["scope_code"], int(case["scope_position"]), int(case["age_years"])]
            cases[case["row"]] = entry
    assert cases == truth["in_scope"]
    assert undetermined == truth["undetermined"]

    found, planted, allowed = defaultdict(set), defaultdict(set), defaultdict(set)
    for finding in _rows(tmp_path / "out" / "findings.csv"):
        found[int(finding["row"])].add(finding["rule"])
    for row, rule, _ in truth["planted"]:
        planted[row].add(rule)
    for row, rule in truth["touched"]:
        allowed[row].add(rule)
    assert len(planted) > 150
    for row in found.keys() | planted.keys():
        assert planted[row] <= found[row], row
        assert found[row] <= planted[row] | allowed[row], row
