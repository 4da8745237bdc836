from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_help import refusal, texts

from tonghu.errors import InputRefused
from tonghu.hqms.reading import Hits, Ragged, Source, lines, open_file

Put = Callable[[str, bytes], Path]

ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16"]
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 BOM", "gb18030": "GB18030", "utf-16": "UTF-16 LE"}

# No surrogates (no encoding holds them), no NUL (refused), no carriage return (before a line feed it ends the line).
# The header settles what short texts leave open.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12))
    return [["姓名", *(f"P{i}" for i in range(1, width))], *rows]


def written(table: list[list[str]], delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return out.getvalue()


def expected(table: list[list[str]]) -> list[list[str | None]]:
    rows = [[cell or None for cell in row] for row in table[1:]]
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def saved(folder: str, content: bytes) -> Path:
    path = Path(folder) / "f.csv"
    path.write_bytes(content)
    return path


@given(
    table=tables(),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from(",\t;|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    block=st.sampled_from([7, 64, 1 << 20]),
)
@settings(deadline=None)
def test_any_table_of_texts_comes_back_as_it_was(
    table: list[list[str]], encoding: str, delimiter: str, end: str, quoting: int, block: int
) -> None:
    content = written(table, delimiter, end, quoting).encode(encoding)
    with tempfile.TemporaryDirectory() as folder, patch.object(lines, "BLOCK", block):
        source = open_file(saved(folder, content))
        assert source.header == table[0]
        assert (source.format, source.delimiter, source.encoding) == ("csv", delimiter, NAMES[encoding])
        assert texts(source, rows_per_frame=3) == expected(table)
        assert all(not frame.ragged for frame in source.frames())


@given(
    table=tables(),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from(",|"),
    wanted=st.text("ab中1é", max_size=2),
    block=st.sampled_from([7, 64, 1 << 20]),
    column=st.integers(0, 1),
)
@settings(deadline=None)
def test_screening_finds_the_rows_that_reading_all_would_find(
    table: list[list[str]], encoding: str, delimiter: str, wanted: str, block: int, column: int
) -> None:
    content = written(table, delimiter).encode(encoding)

    asked = []

    def keep(seen: pl.DataFrame) -> pl.Series:
        assert seen.columns == [f"c{column}"]
        asked.extend(seen[f"c{column}"])
        return seen[f"c{column}"].str.contains(wanted, literal=True)

    with tempfile.TemporaryDirectory() as folder, patch.object(lines, "BLOCK", block):
        source = open_file(saved(folder, content))
        fast = list(source.screen([column, column], keep))
        rows = source.rows
        assert asked == [row[column] for row in expected(table)]
        slow = list(Source.screen(source, [column], keep))
    assert sum(hits.screened for hits in fast) == rows == len(expected(table))
    found = {row: cells for hits in fast for row, cells in zip(hits.rows, hits.data.rows(), strict=True)}
    assert found == {row: cells for hits in slow for row, cells in zip(hits.rows, hits.data.rows(), strict=True)}
    assert found == {
        number: tuple(row)
        for number, row in enumerate(expected(table), 1)
        if row[column] is not None and wanted in (row[column] or "")
    }
    for hits in fast:
        assert (hits.raw_lines is not None) == (delimiter == "," and encoding != "gb18030")
        if hits.raw_lines is not None and len(hits.rows):
            again = list(csv.reader(io.StringIO(b"\n".join([*hits.raw_lines, b""]).decode(), newline="")))
            assert [[cell or None for cell in row] for row in again] == [list(row) for row in hits.data.rows()]


@given(
    body=st.text('",\nab\u4e2d', max_size=60),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    block=st.sampled_from([5, 1 << 20]),
)
@settings(deadline=None)
def test_screening_agrees_with_reading_on_the_oddest_lines(body: str, encoding: str, block: int) -> None:
    """Rows of any length, quotation marks anywhere: both ways give the same rows, or refuse the file alike."""
    content = ("\u59d3\u540d,b,c\n" + body).encode(encoding)

    def outcome(way: Callable[[Source], list[object]]) -> list[object] | str:
        try:
            return way(open_file(path))
        except InputRefused as refused:
            return refused.en

    def keep(seen: pl.DataFrame) -> pl.Series:
        return seen["c1"].str.contains("a")

    def rows_of(found: Iterable[Hits]) -> list[object]:
        hits = list(found)
        rows = [row for one in hits for row in zip(one.rows, one.data.rows(), strict=True)]
        return [*rows, *(ragged for one in hits for ragged in one.ragged)]

    def fast(source: Source) -> list[object]:
        return rows_of(source.screen([1], keep))

    def slow(source: Source) -> list[object]:
        return rows_of(Source.screen(source, [1], keep))

    with tempfile.TemporaryDirectory() as folder, patch.object(lines, "BLOCK", block):
        path = saved(folder, content)
        assert outcome(fast) == outcome(slow)


def test_lone_carriage_returns_end_lines(put: Put) -> None:
    source = open_file(put("mac.csv", b"P1,P2\r1,2\r3,4"))
    assert (source.header, texts(source)) == (["P1", "P2"], [["1", "2"], ["3", "4"]])


def test_ascii_alone_counts_as_utf8_until_a_later_block_says_more(put: Put) -> None:
    path = put("late.csv", "P1,P2\n1,2\n3,病\n".encode("gb18030"))
    with patch("tonghu.hqms.reading.delimited.SAMPLE", 10), patch.object(lines, "BLOCK", 10):
        source = open_file(path)
        assert source.encoding == "UTF-8"
        assert texts(source) == [["1", "2"], ["3", "病"]]
        assert source.encoding == "GB18030"


def test_utf8_may_show_late_too(put: Put) -> None:
    path = put("late.csv", "P1,P2\n1,2\n3,病\n".encode())
    with patch("tonghu.hqms.reading.delimited.SAMPLE", 10), patch.object(lines, "BLOCK", 10):
        source = open_file(path)
        assert texts(source) == [["1", "2"], ["3", "病"]]
        assert source.encoding == "UTF-8"


def test_a_bar_inside_a_gb18030_character_does_not_cut_it(put: Put) -> None:
    inner = b"\x81\x7c".decode("gb18030")
    source = open_file(put("bar.txt", f"P1|姓名\n1|{inner}\n".encode("gb18030")))
    assert texts(source) == [["1", inner]]


def test_header_only_is_a_readable_file_without_rows(put: Put) -> None:
    for content in (b"P1,P2", b"P1,P2\n", b"P1,P2\r\n\r\n,\r\n"):
        source = open_file(put("h.csv", content))
        assert texts(source) == []
        assert source.rows == 0
        assert [hits for hits in source.screen([0], lambda seen: seen["c0"].is_null()) if len(hits.rows)] == []


def test_empty_lines_between_rows_are_rows_and_those_at_the_end_are_not(put: Put) -> None:
    content = b"P1,P2\n1,2\n\n,\n3,4\n\n,\n\n"
    for block in (4, 1 << 20):
        with patch.object(lines, "BLOCK", block):
            source = open_file(put("e.csv", content))
            assert texts(source) == [["1", "2"], [None, None], [None, None], ["3", "4"]]
            hits = list(source.screen([0], lambda seen: seen["c0"].is_null()))
            assert [row for one in hits for row in one.rows] == [2, 3]
            assert source.rows == 4


def test_rows_with_more_or_fewer_cells_are_named_and_never_lost(put: Put) -> None:
    content = b"P1,P2,P3\n1,2,3\n1,2\n1,2,3,4\n1,2,3,\n"
    source = open_file(put("r.csv", content))
    frames = list(source.frames(2))
    assert [frame.ragged for frame in frames] == [(Ragged(2, 2),), (Ragged(3, 4),)]
    assert texts(source) == [["1", "2", "3"], ["1", "2", None], ["1", "2", "3"], ["1", "2", "3"]]
    hits = list(source.screen([0], lambda seen: seen["c0"] == "none such"))
    assert [(list(one.rows), one.ragged) for one in hits] == [([2, 3], (Ragged(2, 2), Ragged(3, 4)))]
    assert hits[0].raw_lines is None  # they would not stand under the header


def test_a_file_cut_off_in_its_last_line_says_so(put: Put) -> None:
    source = open_file(put("cut.csv", b"P1,P2,P3\n1,2,3\n4,5"))
    assert [one for frame in source.frames() for one in frame.ragged] == [Ragged(2, 2)]
    assert any("截断" in note.zh and "cut off" in note.en for note in source.notes)


def test_the_end_mark_of_dos_programs_is_no_row(put: Put) -> None:
    assert texts(open_file(put("dos.csv", b"P1,P2\r\n1,2\r\n\x1a"))) == [["1", "2"]]


def test_a_line_end_is_not_needed_after_the_last_row(put: Put) -> None:
    source = open_file(put("whole.csv", b"P1,P2\n1,2"))
    assert texts(source) == [["1", "2"]]
    assert source.notes == []


def test_doubled_empty_and_surplus_names_of_columns(put: Put) -> None:
    source = open_file(put("h.csv", b"P1,P1,,5,\n1,2,3,4,\n"))
    assert source.header == ["P1", "P1", "", "5"]
    assert texts(source) == [["1", "2", "3", "4"]]
    assert all(not frame.ragged for frame in source.frames())


def test_quotes_in_the_middle_of_a_cell_are_text(put: Put) -> None:
    source = open_file(put("q.csv", b'P1,P2\n5"tube,b\n"a, b",c\n"x"y,z\nplain,1\n'))
    assert texts(source) == [['5"tube', "b"], ["a, b", "c"], ["xy", "z"], ["plain", "1"]]


def test_line_ends_inside_quotes_belong_to_the_text(put: Put) -> None:
    content = b'P1,P2\r\n"a\r\nb",1\r\n2,"c\n"\r\n'
    for block in (5, 1 << 20):
        with patch.object(lines, "BLOCK", block):
            assert texts(open_file(put("q.csv", content))) == [["a\r\nb", "1"], ["2", "c\n"]]


def test_a_mark_before_the_first_text_of_a_block_is_text(put: Put) -> None:
    source = open_file(put("bom.csv", "P1,P2\n\ufeffa,b\n".encode()))
    assert texts(source) == [["\ufeffa", "b"]]


def known(text: str) -> bool:
    return text in {"P1", "P2", "P3", "姓名", "病案号"}


def test_titles_above_and_chinese_names_below_the_header_are_no_data(put: Put) -> None:
    content = "某医院 2026年1月\n\nP1,P2,P3\n姓名,病案号,不详\n1,2,3\n".encode()
    source = open_file(put("t.csv", content), known)
    assert source.header == ["P1", "P2", "P3"]
    assert texts(source) == [["1", "2", "3"]]
    assert len(source.notes) == 2


def test_without_known_names_a_title_is_told_by_its_single_cell(put: Put) -> None:
    source = open_file(put("t.csv", b"title\na,b,c\n1,2,3\n"), known)
    assert source.header == ["a", "b", "c"]
    assert texts(source) == [["1", "2", "3"]]


def test_known_names_decide_between_delimiters(put: Put) -> None:
    assert open_file(put("t.csv", b"P1;P2,a,b,c,d\n"), known).delimiter == ";"


def test_one_row_of_names_is_no_second_header(put: Put) -> None:
    assert open_file(put("t.csv", b"P1,P2\n"), known).header == ["P1", "P2"]


class TestRefused:
    def test_nothing_in_it(self, put: Put) -> None:
        for content in (b"", b"\xef\xbb\xbf", b"\n \r\n"):
            assert "空" in refusal(put("e.csv", content)).zh

    def test_one_column(self, put: Put) -> None:
        error = refusal(put("d.csv", b"P900^P6891^P686\n1^2^3\n"))
        assert "“^”出现 2 次" in error.zh
        assert "'^' occurs 2 times" in error.en
        assert "只有一列" in refusal(put("d.csv", b"P900\n1\n")).zh

    def test_rows_separated_otherwise_than_the_header(self, put: Put) -> None:
        header = ",".join(f"P{n}" for n in range(30))
        error = refusal(put("d.csv", f"{header}\n{header.replace(',', ';')}\n".encode()))
        assert "表头以逗号分隔，数据行却以分号分隔" in error.zh
        assert "rows by something else" in refusal(put("d.csv", f"{header}\n1^2^3\n".encode())).en

    def test_nul_bytes_with_their_line(self, put: Put) -> None:
        assert "第 3 行" in refusal(put("n.csv", b"P1,P2\n1,2\n3,\x004\n")).zh
        with patch("tonghu.hqms.reading.delimited.SAMPLE", 8), patch.object(lines, "BLOCK", 8):
            assert "line 4" in refusal(put("n.csv", b"P1,P2\n1,2\n3,4\n5,\x006\n")).en

    def test_bytes_of_no_encoding_with_line_and_place(self, put: Put) -> None:
        error = refusal(put("b.csv", "P1,姓名\n1,".encode() + b"\xff\n"))
        assert "第 2 行第 3 个字节（0xFF）按 UTF-8" in error.zh
        error = refusal(put("b.csv", "P1,姓名\n1,".encode("gb18030") + b"\xff\n"))
        assert "line 2, byte 3 (0xFF) is not valid GB18030" in error.en
        assert "UTF-8" in refusal(put("b.csv", b"\xef\xbb\xbfP1,P2\n1,\xff\n")).zh

    def test_two_encodings_in_one_file(self, put: Put) -> None:
        utf8 = "1,再生障碍性贫血\n".encode()
        other = "2,急性淋巴细胞白血病\n".encode("gb18030")
        for content in (utf8 + other, other + utf8, other + utf8[:-1]):
            error = refusal(put("m.csv", b"P1,P2\n" + content))
            assert "混用" in error.zh
            assert "line 3" in error.en

    def test_two_encodings_in_later_blocks(self, put: Put) -> None:
        utf8 = "1,再生障碍性贫血\n".encode()
        other = "2,急性淋巴细胞白血病\n".encode("gb18030")
        with patch("tonghu.hqms.reading.delimited.SAMPLE", 40), patch.object(lines, "BLOCK", 40):
            for content in (utf8 * 3 + other, other * 3 + utf8 * 3):
                assert "line 5" in refusal(put("m.csv", b"P1,P2\n" + content)).en

    def test_a_broken_byte_in_a_later_block(self, put: Put) -> None:
        with patch("tonghu.hqms.reading.delimited.SAMPLE", 40), patch.object(lines, "BLOCK", 30):
            for encoding, name in (("utf-8", "UTF-8"), ("gb18030", "GB18030")):
                line = "1,再生障碍性贫血\n".encode(encoding)
                error = refusal(put("b.csv", b"P1,P2\n" + line * 4 + b"1,\xff\xff\n" + line))
                assert f"line 6, byte 3 (0xFF) is not valid {name}" in error.en

    def test_a_broken_byte_in_a_hit(self, put: Put) -> None:
        line = "1,再生障碍性贫血\n".encode("gb18030")
        path = put("b.csv", b"P1,P2\n" + line * 4 + b"7,\xff\xff\n" + line)
        with patch("tonghu.hqms.reading.delimited.SAMPLE", 40):
            source = open_file(path)
            assert [len(hits.rows) for hits in source.screen([0], lambda seen: seen["c0"] == "none")] == [0]
            with pytest.raises(Exception, match="line 6, byte 3"):
                list(source.screen([0], lambda seen: seen["c0"] == "7"))

    def test_utf16_that_does_not_hold(self, put: Put) -> None:
        content = "P1,P2\n1,2\n".encode("utf-16")
        assert "UTF-16" in refusal(put("w.csv", content[:-1])).zh

    def test_a_quotation_mark_that_never_closes(self, put: Put) -> None:
        error = refusal(put("q.csv", b'P1,P2\n1,2\n3,"4\n5,6\n7,8\n'))
        assert "第 3 行" in error.zh
        assert "line 3" in refusal(put("q.csv", b'P1,P2\n1,2\n3,"4\n5,6\n7",8\n')).en
        assert "line 1" in refusal(put("q.csv", b'"P1,P2\n1,2\n')).en

    def test_a_quotation_mark_that_swallows_rows_of_a_wide_table(self, put: Put) -> None:
        rows = [",".join(f"{mark}{column}" for column in range(20)) for mark in "PabcdE"]
        rows[2] = rows[2].replace("b19", '"b19')
        rows[4] = rows[4].replace("d19", 'd19"')
        assert "第 3 行" in refusal(put("q.csv", "\n".join(rows).encode())).zh
        rows[2] = rows[2].replace('"b19', '"b19\n1,2,3"')
        rows[4] = rows[4].replace('"', "")
        assert len(texts(open_file(put("q.csv", "\n".join(rows).encode())))) == 5

    def test_a_line_without_end(self, put: Put) -> None:
        with patch.object(lines, "LONGEST_LINE", 100), patch.object(lines, "BLOCK", 50):
            assert "一行超过" in refusal(put("l.csv", b"P1,P2\n" + b"1," * 200)).zh
        with patch("tonghu.hqms.reading.delimited.LONGEST_LINE", 100), patch.object(lines, "BLOCK", 50):
            assert "引号" in refusal(put("l.csv", b"P1,P2\n" + b'1,"' + b"a\n" * 200)).zh


def test_leaving_off_in_the_middle_ends_the_reading_thread(put: Put) -> None:
    with patch.object(lines, "BLOCK", 8):
        source = open_file(put("m.csv", b"P1,P2\n" + b"1,2\n" * 50))
        for _ in source.frames():
            break
        assert source.rows is None
        assert len(texts(source)) == 50


def test_what_the_file_was_taken_for(put: Put) -> None:
    source = open_file(put("a.txt", "姓名\tP1\n".encode("gb18030")))
    assert source.described_zh == "制表符分隔的文本，GB18030 编码"
    assert source.described_en == "tab-separated text in GB18030"
    assert not source.zipped


@given(text=st.text(max_size=12), place=st.none() | st.integers(0, 40), byte=st.integers(0, 255), at=st.integers(4, 9))
def test_utf8_is_checked_part_by_part_as_in_one_go(text: str, place: int | None, byte: int, at: int) -> None:
    piece = bytearray(text.encode())
    if place is not None and piece:
        piece[place % len(piece)] = byte
    try:
        piece.decode()
        valid = True
    except UnicodeDecodeError:
        valid = False
    with patch.object(lines, "CHARACTERS", at):
        assert lines.is_utf8(bytes(piece)) == valid


@pytest.mark.parametrize("tail", [4, 16, 64])
def test_lines_longer_than_a_tail_and_a_block(put: Put, tail: int) -> None:
    rows = [[str(n), "汉" * (n * 7 % 40)] for n in range(60)]
    path = put("f.csv", b"P1,P2\n" + "".join(f"{one},{two}\n" for one, two in rows).encode())
    with patch.object(lines, "BLOCK", 128), patch.object(lines, "TAIL", tail):
        frames = [frame.data for frame in open_file(path).frames()]
    assert [list(row) for row in pl.concat(frames).iter_rows()] == [[one, two or None] for one, two in rows]
