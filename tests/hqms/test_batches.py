"""What is written does not depend on how the rows were gathered on the way."""

from __future__ import annotations

from functools import partial

import pytest
from discharge_files import as_csv

from tonghu.hqms import asking
from tonghu.hqms import check as checking
from tonghu.hqms.reading import Source


@pytest.mark.parametrize(("batch", "judged", "few"), [(7, 20, 1000), (10, 11, 0), (1, 1000, 5)])
def test_batches_of_any_size_give_the_same_results(batch, judged, few, check, sample_rows, monkeypatch):
    header, *rows = sample_rows
    for number, column in ((3, "P6"), (11, "P22"), (24, "P782"), (60, "P27"), (99, "P5")):
        rows[number] = list(rows[number])
        rows[number][header.index(column)] = "２０２６x"
    file = as_csv([header, *rows])
    expected = check(file, "--all-rows", "--mark")
    monkeypatch.setattr(checking, "BATCH", batch)
    monkeypatch.setattr(checking, "JUDGED", judged)
    monkeypatch.setattr(asking.Asked.__init__, "__defaults__", (few,))
    opened = checking.open_file

    def in_pieces(path, known):
        """The same file, its rows handed over nine at a time, as a large file comes in blocks."""
        source = opened(path, known)
        frames = source.frames
        monkeypatch.setattr(source, "frames", lambda: frames(9), raising=False)
        monkeypatch.setattr(source, "screen", partial(Source.screen, source), raising=False)
        return source

    monkeypatch.setattr(checking, "open_file", in_pieces)
    result = check(file, "--all-rows", "--mark")
    assert result.findings == expected.findings
    assert result.cases == expected.cases
    assert {**result.summary, "seconds": 0, "made_on": ""} == {**expected.summary, "seconds": 0, "made_on": ""}
