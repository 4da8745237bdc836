"""The sample in three formats, and its twin in the other layout: rows in scope exactly, planted defects all found."""

from __future__ import annotations

import pytest
from discharge_files import DATA, as_csv

from tonghu.codes.hqms_fields import layout

FILES = ["hqms_2012_sample.gb18030.csv", "hqms_2012_sample.xlsx", "dbf"]


def held_against(truth, result):
    """Compare a run with the truth."""
    found = {
        row["row"]: [row["scope_group"], row["scope_code"], int(row["scope_position"]), int(row["age_years"])]
        for row in result.cases
    }
    assert found == truth["in_scope"]
    assert [row["row"] for row in result.cases] == sorted(truth["in_scope"], key=int)
    planted = {(str(row), rule) for row, rule in truth["planted"]}
    reported = {(finding["row"], finding["rule"]) for finding in result.findings}
    assert planted <= reported
    rules, dirty = {rule for _, rule in planted}, {row for row, _ in planted}
    assert not {(row, rule) for row, rule in reported if rule in rules and row in found and row not in dirty}


@pytest.mark.requirement("REG-03")
@pytest.mark.requirement("REG-04")
@pytest.mark.parametrize("name", FILES)
def test_the_sample_is_screened_and_checked_exactly(name, check, truth, sample_dbf):
    result = check(sample_dbf if name == "dbf" else DATA / name)
    assert result.code == 0
    held_against(truth, result)
    assert result.summary["rows"] == 120
    assert result.summary["in_scope"] == len(truth["in_scope"])
    assert result.summary["layout"] == "2012"
    assert result.summary["undetermined"] == 0


@pytest.mark.requirement("REG-04")
def test_its_twin_in_the_layout_of_2020_says_the_same(check, truth, sample_rows):
    """The 2012 columns under their 2020 codes; infants' ages change their unit, and codes replace two names."""
    header, *rows = sample_rows
    by_p = {f.p_code: f for f in layout("2020").fields if f.p_code}
    places = [(at, by_p[code]) for at, code in enumerate(header) if code in by_p]
    renamed = []
    for row in rows:
        cells = []
        for at, field in places:
            cell = row[at]
            if field.name == "age_infant_days":
                cell = ""
            cells.append({"ethnicity": "01", "nationality": "CHN"}.get(field.name, cell))
        renamed.append(cells)
    result = check(as_csv([[field.code for _, field in places], *renamed]))
    held_against({**truth, "planted": [p for p in truth["planted"] if p[1] in result_rules(result)]}, result)
    assert {rule for _, rule in truth["planted"]} <= result_rules(result)
    assert result.summary["layout"] == "2020"


def result_rules(result):
    return {finding["rule"] for finding in result.findings}


def test_own_columns_come_back_unchanged(check, sample_rows):
    for encoding in ("gb18030", "utf-8", "utf-8-sig"):
        result = check(as_csv(sample_rows, encoding))
        header, *rows = sample_rows
        for case in result.cases:
            assert [case[name] for name in header] == rows[int(case["row"]) - 1]
