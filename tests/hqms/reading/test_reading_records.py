from __future__ import annotations

import csv
import io

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tonghu.hqms.reading.records import cells_of, first_records, scan


def csv_rows(text: str) -> list[list[str]]:
    return [row or [""] for row in csv.reader(io.StringIO(text, newline=""))]


def scanned(text: str, delimiter: bytes = b",") -> tuple[list[list[str]], list[int], int]:
    records, consumed = scan(text.encode(), delimiter)
    rows = [
        [cell.decode() for cell in cells_of(records.data[start:end], delimiter)]
        for start, end in zip(records.starts, records.ends, strict=True)
    ]
    return rows, records.cells.tolist(), consumed


@given(st.text('",\nab', max_size=60).map(lambda text: text + "\n"))
def test_records_and_cells_are_those_of_the_csv_module(text: str) -> None:
    rows, counts, consumed = scanned(text)
    assume(consumed == len(text))  # else a quotation mark never closes, which the csv module swallows
    assert rows == csv_rows(text)
    assert counts == [len(row) for row in rows]


@given(st.text('",\nab', max_size=60))
def test_what_is_not_whole_is_left_for_the_caller(text: str) -> None:
    rows, _, consumed = scanned(text)
    rest = text[consumed:]
    assert rows == csv_rows(text[:consumed])
    # Nothing whole is left: the rest has no line end outside quotation marks.
    assert not scanned(rest)[0]


@given(st.lists(st.lists(st.text('",\n\r;é中', max_size=5), min_size=2, max_size=4), min_size=1, max_size=30))
def test_quoted_texts_are_counted_and_cut_rightly(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    found, counts, consumed = scanned(out.getvalue())
    assert consumed == len(out.getvalue().encode())
    assert found == rows
    assert counts == [len(row) for row in rows]


def test_first_records_stop_at_a_mark_that_never_closes() -> None:
    assert first_records(b'a,b\n1,"x\n2,3\n', b",", 10) == [[b"a", b"b"]]


def test_head_and_tail_of_a_block_are_blocks() -> None:
    records, _ = scan(b'a\n"b\nc"\nd,e\n', b",", first_line=7)
    tail = records.tail(1)
    assert (tail.data, tail.first_line, tail.starts.tolist()) == (b'"b\nc"\nd,e\n', 8, [0, 6])
    assert records.tail(2).first_line == 10
    assert records.head(2).data == b'a\n"b\nc"\n'
    assert len(records.head(0)) == 0
    assert records.lines(np.array([0, 2])) == b"a\nd,e\n"


def test_ragged_records_are_those_whose_cells_may_be_shifted() -> None:
    records, _ = scan(b'1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n\n1,2,3,""\n,,,\n1\n1,2,,x,\n', b",")
    assert records.ragged(3).tolist() == [1, 2, 7, 8]


def test_empty_records_have_no_text() -> None:
    records, _ = scan(b'\n,,\r\n"",""\n"""",\n ,\n', b",")
    assert [records.is_empty(index) for index in range(5)] == [True, True, True, False, False]
