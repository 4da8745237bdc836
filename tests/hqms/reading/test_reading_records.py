from __future__ import annotations

import csv
import io
from typing import Literal

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tonghu.hqms.reading.bits import Ranked, listed, places_of
from tonghu.hqms.reading.records import BlockCells, cells_of, first_records, joined, scan


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


@given(
    st.lists(st.lists(st.text('",\n\rab中', max_size=9), min_size=1, max_size=4), min_size=1, max_size=80),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(1, 8),
    st.data(),
)
def test_heads_are_the_first_bytes_of_cells(
    rows: list[list[str]], quoting: Literal[0, 1], width: int, data: st.DataObject
) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\n").writerows(rows)
    text = out.getvalue().encode()
    records, consumed = scan(text, b",")
    assert consumed == len(text)
    position = data.draw(st.integers(0, 3))
    chosen = np.flatnonzero(records.cells > position)
    cells = BlockCells(records)
    heads = cells.heads(cells.begins(position, chosen), width)
    assert heads.shape == (len(chosen), width)
    for head, index in zip(heads, chosen, strict=True):
        cell = cells_of(records.data[records.starts[index] : records.ends[index]], b",")[position]
        seen = head.tobytes()
        # A mark inside quotation marks is doubled in the file, and a return before the line end is seen.
        if b'"' in cell or b"\r" in cell or records.data[records.ends[index] - 1] == ord("\r"):
            continue
        assert seen.startswith(cell[:width])
        assert len(cell) >= width or seen[len(cell)] == 0
        assert 0 not in seen[: len(cell)]


@given(st.lists(st.binary(max_size=200).map(lambda text: text.replace(b"\n", b"") + b"\n"), min_size=1), st.data())
def test_places_are_counted_and_looked_up(lines: list[bytes], data: st.DataObject) -> None:
    array = np.frombuffer(b"".join(lines) * data.draw(st.sampled_from([1, 50])), np.uint8)
    bits = places_of(array, ord("\n"))
    places = np.flatnonzero(array == ord("\n"))
    assert listed(bits).tolist() == places.tolist()
    ranked = Ranked(bits)
    assert ranked.before(places).tolist() == list(range(len(places)))
    assert ranked.nth(np.arange(len(places))).tolist() == places.tolist()


def test_every_bit_of_a_word_is_found() -> None:
    ranked = Ranked(np.array([0, 2**64 - 1, 0, 1 << 63, 0], np.uint64))
    assert ranked.nth(np.arange(65)).tolist() == [*range(64, 128), 255]


@given(st.text('",\nab', max_size=60), st.data())
def test_records_taken_out_and_joined_are_the_same(text: str, data: st.DataObject) -> None:
    records, _ = scan(text.encode(), b",")
    cut = data.draw(st.integers(0, len(records)))
    again = joined([records.head(cut), records.tail(cut).taken(np.arange(len(records) - cut))])
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records))), np.bool_)
    taken = again.taken(np.flatnonzero(chosen))
    assert again.text == records.text
    assert [taken.data[a:b] for a, b in zip(taken.starts, taken.ends, strict=True)] == [
        records.data[a:b] for a, b in zip(records.starts[chosen], records.ends[chosen], strict=True)
    ]
    assert taken.cells.tolist() == records.cells[chosen].tolist()


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
    assert (tail.text, tail.first_line, tail.cells.tolist()) == (b'"b\nc"\nd,e\n', 8, [1, 2])
    assert tail.over_several_lines().tolist() == [0]
    assert tail.tail(1).first_line == 10
    assert records.head(2).text == b'a\n"b\nc"\n'
    assert (len(records.head(0)), records.head(0).text) == (0, b"")
    assert records.lines(np.array([0, 2])) == b"a\nd,e\n"


def test_ragged_records_are_those_whose_cells_may_be_shifted() -> None:
    records, _ = scan(b'1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n\n1,2,3,""\n,,,\n1\n1,2,,x,\n', b",")
    assert records.ragged(3).tolist() == [1, 2, 7, 8]


def test_empty_records_have_no_text() -> None:
    records, _ = scan(b'\n,,\r\n"",""\n"""",\n ,\n', b",")
    assert [records.is_empty(index) for index in range(5)] == [True, True, True, False, False]
