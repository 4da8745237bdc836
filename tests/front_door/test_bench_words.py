"""The table of speeds says the same in both READMEs, each in its language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bench.__main__ import RESULTS, durations, table
from bench.chinese import chinese
from bench.measure import Line

ROOT = Path(__file__).resolve().parents[2]
LINES = [Line(**line) for line in json.loads(RESULTS.read_text("utf-8"))["lines"]]


def figures(text: str) -> list[str]:
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


@pytest.mark.parametrize("label", sorted({part for line in LINES for part in (line.what, line.peer, line.note)} - {""}))
def test_a_label_has_its_chinese_with_the_same_numbers(label: str) -> None:
    said = chinese(label)
    assert re.search("[\u4e00-\u9fff]", said)
    assert figures(said) == figures(label)


def test_the_chinese_page_has_the_chinese_table() -> None:
    page = (ROOT / "README.zh.md").read_text("utf-8")
    rows = table(LINES, (), chinese).splitlines()[2:]
    assert rows
    assert all(row in page for row in rows)


def test_a_label_that_nobody_put_into_chinese_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        chinese("something new")


def test_figures_side_by_side_have_one_unit() -> None:
    assert durations(0.0201, 0.1) == ["20 ms", "100 ms"]
    assert durations(0.00046, 0.002) == ["0.46 ms", "2.00 ms"]
    assert durations(0.5, 62.25) == ["0.50 s", "62.25 s"]
    for row in table(LINES, (), str).splitlines()[2:]:
        ours, peer = (cell.strip().split()[1] for cell in row.split("|")[3:5])
        assert ours == peer, row
