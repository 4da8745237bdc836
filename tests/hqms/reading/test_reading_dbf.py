from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_help import refusal, texts

from tonghu.hqms.reading import dbf, open_file

Put = Callable[[str, bytes], Path]
FieldSpec = tuple[str, str, int, int]


def made(
    fields: list[FieldSpec],
    records: list[bytes],
    *,
    version: int = 0x03,
    count: int | None = None,
    end: bytes = b"\x1a",
) -> bytes:
    """A DBF file from field specifications and whole records (deletion mark first)."""
    entries = b"".join(
        name.encode("gb18030").ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([size, decimals]) + bytes(14)
        for name, kind, size, decimals in fields
    )
    length = 1 + sum(size + (256 * decimals if kind == "C" else 0) for _, kind, size, decimals in fields)
    head = bytes([version, 126, 1, 15]) + struct.pack(
        "<IHH", len(records) if count is None else count, 33 + len(entries), length
    )
    return head.ljust(32, b"\0") + entries + b"\r" + b"".join(records) + end


def row(*cells: str, encoding: str = "gb18030", sizes: tuple[int, ...] = (10, 8), mark: bytes = b" ") -> bytes:
    return mark + b"".join(cell.encode(encoding).ljust(size)[:size] for cell, size in zip(cells, sizes, strict=True))


TWO = [("P4", "C", 10, 0), ("P6", "D", 8, 0)]


@pytest.mark.parametrize(("encoding", "name"), [("gb18030", "GB18030"), ("utf-8", "UTF-8")])
def test_texts_and_dates_as_they_stand(put: Put, encoding: str, name: str) -> None:
    records = [
        row("李怡涵", "20160925", encoding=encoding),
        row("", "20161345", encoding=encoding),
        row(" a b", "", encoding=encoding),
    ]
    source = open_file(put("h.dbf", made(TWO, records)))
    assert (source.format, source.header, source.encoding) == ("dbf", ["P4", "P6"], name)
    assert texts(source) == [["李怡涵", "20160925"], [None, "20161345"], [" a b", None]]
    assert source.described_en == f"DBF table in {name}"


@given(
    st.lists(st.tuples(st.text("a0é李 ", max_size=4), st.text("0123456789 ", max_size=8)), max_size=8), st.booleans()
)
@settings(deadline=None)
def test_whatever_stands_in_the_fields_comes_back(rows: list[tuple[str, str]], small: bool) -> None:
    import tempfile

    records = [row(text, day, sizes=(16, 8)) for text, day in rows]
    expected = [[text.rstrip(" ") or None, day.strip(" ") or None] for text, day in rows]
    while expected and expected[-1] == [None, None]:
        expected.pop()
    with tempfile.TemporaryDirectory() as folder, patch.object(dbf, "BATCH", 50 if small else 1 << 20):
        path = Path(folder) / "h.dbf"
        path.write_bytes(made([("P4", "C", 16, 0), ("P6", "D", 8, 0)], records))
        source = open_file(path)
        if source.encoding == "GB18030":
            assert texts(source, 3) == expected


def test_deleted_records_are_skipped_and_counted(put: Put) -> None:
    records = [row("a", ""), row("b", "", mark=b"*"), row("c", ""), row("d", "", mark=b"*")]
    source = open_file(put("h.dbf", made(TWO, records)))
    assert texts(source) == [["a", None], ["c", None]]
    assert source.notes[0].en.startswith("2 record(s) are marked as deleted")


def test_all_deleted_or_none_at_all(put: Put) -> None:
    assert texts(open_file(put("h.dbf", made(TWO, [row("b", "", mark=b"*")])))) == []
    assert texts(open_file(put("h.dbf", made(TWO, [])))) == []


def test_empty_records_keep_their_numbers_but_at_the_end(put: Put) -> None:
    records = [row("a", ""), row("", ""), row("", ""), row("b", ""), row("", "")]
    for batch in (19, 38, 1 << 20):
        with patch.object(dbf, "BATCH", batch):
            assert texts(open_file(put("h.dbf", made(TWO, records)))) == [
                ["a", None],
                [None] * 2,
                [None] * 2,
                ["b", None],
            ]


def test_every_type_of_field(put: Put) -> None:
    fields = [
        ("N", "N", 6, 2), ("F", "F", 6, 2), ("L", "L", 1, 0), ("I", "I", 4, 0), ("B", "B", 8, 0), ("Y", "Y", 8, 0),
        ("T", "T", 8, 0), ("M", "M", 4, 0), ("_NullFlags", "0", 1, 0), ("LONG", "C", 44, 1),
    ]  # fmt: skip
    julian = 1721425 + 736232  # 2016-09-25

    def record(n: bytes, logical: bytes, i: int, b: float, y: int, day: int, ms: int, text: bytes) -> bytes:
        numbers = struct.pack("<idq", i, b, y) + struct.pack("<ii", day, ms)
        return b" " + n.rjust(6) + n.rjust(6) + logical + numbers + b"abcd" + b"\0" + text.ljust(300)

    records = [
        record(b"12.50", b"T", -7, 0.1, 123400, julian, 36_307_000, b"x" * 299),
        record(b"", b"?", 0, 2.0, -5, 0, 0, b"y\0\0"),
        record(b"1", b" ", 1, 3.5, 10001, 99, 5, b""),
    ]
    source = open_file(put("h.dbf", made(fields, records, version=0x30)))
    assert source.header == ["N", "F", "L", "I", "B", "Y", "T", "M", "LONG"]
    assert texts(source) == [
        ["12.50", "12.50", "T", "-7", "0.1", "12.34", "2016-09-25 10:05:07", None, "x" * 299],
        [None, None, None, "0", "2", "-0.0005", None, None, "y"],
        ["1", "1", None, "1", "3.5", "1.0001", "99:5", None, None],
    ]
    assert "备注型" in source.notes[0].zh


def test_dbase_calls_its_binary_memo_b(put: Put) -> None:
    source = open_file(put("h.dbf", made([("P4", "C", 3, 0), ("X", "B", 10, 0)], [b" abc0000000001"])))
    assert texts(source) == [["abc", None]]
    assert source.notes


def test_texts_cut_inside_a_character_are_noted(put: Put) -> None:
    name = "再生障碍性".encode("gb18030")[:9]
    source = open_file(put("h.dbf", made([("P4", "C", 9, 0), ("P5", "C", 1, 0)], [b" " + name + b"1"] * 2)))
    assert texts(source) == [["再生障碍�", "1"]] * 2
    assert "第 1 行" in source.notes[0].zh


def test_screening_gives_what_reading_all_gives(put: Put) -> None:
    records = [row(name, "20160925") for name in ("李", "a", "", "李", "b")] + [row("", "")] * 3 + [row("李", "")]
    records.insert(1, row("x", "", mark=b"*"))
    for batch in (1, 60, 1 << 20):
        with patch.object(dbf, "BATCH", batch):
            source = open_file(put("h.dbf", made(TWO, records)))
            hits = list(source.screen([0, 0], lambda seen: seen["c0"] == "李"))
            assert [number for one in hits for number in one.rows] == [1, 4, 9]
            assert [cells for one in hits for cells in one.data.rows()] == [("李", "20160925")] * 2 + [("李", None)]
            assert sum(one.screened for one in hits) == source.rows == 9


class TestRefused:
    def test_cut_off(self, put: Put) -> None:
        whole = made(TWO, [row("a", "")] * 3)
        error = refusal(put("h.dbf", whole[:-25]))
        assert "3 条记录，实际只有 1 条" in error.zh
        assert "3 records, but it holds 1" in error.en
        assert refusal(put("h.dbf", whole[:60]))

    def test_not_closed(self, put: Put) -> None:
        assert "0 条" in refusal(put("h.dbf", made(TWO, [row("a", "")] * 3, count=0))).zh

    def test_head_that_does_not_fit(self, put: Put) -> None:
        whole = made(TWO, [row("a", "")])
        for place, value in ((10, 99), (8, 40), (32 + 16, 11)):
            assert "损坏" in refusal(put("h.dbf", whole[:place] + bytes([value]) + whole[place + 1 :])).zh
        assert refusal(put("h.dbf", made([("I", "I", 5, 0)], [b"      "])))
        assert refusal(put("h.dbf", made([("X", "0", 5, 0)], [b"      "])))

    def test_types_that_cannot_be_read(self, put: Put) -> None:
        assert "“V”" in refusal(put("h.dbf", made([("P4", "V", 3, 0)], [b" abc"], version=0x32))).zh
        assert "dBASE 7" in refusal(put("h.dbf", made(TWO, [], version=0x04))).en

    def test_bytes_of_no_encoding(self, put: Put) -> None:
        error = refusal(put("h.dbf", made(TWO, [row("a", ""), b" \xff\xffabcdefgh20160925"])))
        assert "第 2 行字段 P4" in error.zh


def test_what_only_resembles_a_dbf_is_read_as_text(put: Put) -> None:
    assert not dbf.is_dbf(b"\x03")
    assert not dbf.is_dbf(b"P900,P6891" + bytes(40))
