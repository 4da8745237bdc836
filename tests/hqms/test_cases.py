"""cases.csv: what the check puts before a row, and the row as it was, also where cells need quotation marks."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from tonghu.hqms.cases import OWN_COLUMNS, CasesFile

CODES = ["C91.000", 'C91 "a"', "C91,\nx", None]
CELLS = ["plain", "a,b", 'a"b', ""]
LINES = [b"plain,1", b'"a,b",1', b'"a""b",1', b",1"]


@pytest.mark.parametrize("raw_lines", [None, LINES])
def test_rows_come_back_as_they_were(raw_lines: list[bytes] | None, tmp_path: Path) -> None:
    texts = {"scope_code": CODES, "scope_group": ["malignant"] * 4}
    own = pl.DataFrame(
        [pl.Series(name, texts.get(name, [1, 2, None, 4])) for name in OWN_COLUMNS],
    )
    data = pl.DataFrame({"c0": [cell or None for cell in CELLS], "c1": ["1"] * 4})
    with CasesFile(tmp_path / "cases.csv", ["P 1", "P,2"]) as cases:
        cases.write(own[:2], data[:2], None if raw_lines is None else raw_lines[:2])
        cases.write(own[2:], data[2:], None if raw_lines is None else raw_lines[2:])
    with (tmp_path / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [*OWN_COLUMNS, "P 1", "P,2"]
    assert [row[-2:] for row in rows] == [[cell, "1"] for cell in CELLS]
    assert [row[OWN_COLUMNS.index("scope_code")] for row in rows] == [code or "" for code in CODES]
    assert [row[0] for row in rows] == ["1", "2", "", "4"]
