from __future__ import annotations

import datetime as dt
import io
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading_help import refusal, texts

from tonghu.errors import InputRefused
from tonghu.hqms.reading import Ragged, Source, binary, open_file, sheet_pieces, workbook
from tonghu.hqms.reading.ooxml import date_text, format_kind, number_text
from tonghu.hqms.reading.sheet_stream import column_index

Put = Callable[[str, bytes], Path]
Fill = Callable[[xlsxwriter.Workbook], None]

EXACTLY = patch.object(workbook, "is_usual", return_value=False)
"""Every sheet is read the exact way."""


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """A workbook by xlsxwriter."""

    def write(fill: Fill, name: str = "b.xlsx", **options: object) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path, options) as made:
            fill(made)
        return path

    return write


def both_ways(path: Path, **options: object) -> tuple[list[list[str | None]], list[list[str | None]]]:
    """The rows by the fast way, and by the exact way that it must agree with."""
    fast = open_file(path, **options)  # type: ignore[arg-type]
    with EXACTLY:
        exact = open_file(path, **options)  # type: ignore[arg-type]
    assert isinstance(fast._grid, workbook.PieceGrid)  # type: ignore[attr-defined]
    assert isinstance(exact._grid, workbook.RowGrid)  # type: ignore[attr-defined]
    assert fast.header == exact.header
    assert [one for f in fast.frames() for one in f.ragged] == [one for f in exact.frames() for one in f.ragged]
    rows = texts(fast)
    # Pieces of one row each, and screened by one column: the same rows, whole.
    with patch.object(sheet_pieces, "CHUNK", 64):
        assert texts(fast, 2) == rows
        assert screened(fast) == [(at, row) for at, row in enumerate(rows, 1) if row[0]]
    assert screened(fast) == [(at, row) for at, row in enumerate(rows, 1) if row[0]]
    return rows, texts(exact)


def screened(source: Source) -> list[tuple[int, list[str | None]]]:
    """The rows with text in the first column; ragged ones, which come in any case, left out."""
    found = []
    seen = 0
    for hits in source.screen([0], lambda seen: seen["c0"].is_not_null()):
        seen += hits.screened
        assert hits.data.columns == [f"c{at}" for at in range(len(source.header))]
        found += [(at, list(row)) for at, row in zip(hits.rows, hits.data.iter_rows(), strict=True) if row[0]]
    assert seen == source.rows
    return found


def everything(made: xlsxwriter.Workbook) -> None:
    sheet = made.add_worksheet("首页")
    date = made.add_format({"num_format": "yyyy-mm-dd"})
    moment = made.add_format({"num_format": "yyyy/m/d h:mm"})
    clock = made.add_format({"num_format": "h:mm"})
    chinese = made.add_format({"num_format": 31})
    sheet.write_row(0, 0, [f"P{i}" for i in range(18)] + ["P17", 5])
    sheet.write_row(1, 0, [1, 0.1, 510107201609250028, 12.5, 1e15, 123456789012345, 1e-7, -3, 0.1 + 0.2])
    sheet.write_datetime(1, 9, dt.datetime(2016, 9, 25), date)
    sheet.write_datetime(1, 10, dt.datetime(2016, 9, 25), moment)
    sheet.write_datetime(1, 11, dt.datetime(2016, 9, 25, 10, 5, 7), date)
    sheet.write_datetime(1, 12, dt.time(10, 5), clock)
    sheet.write_datetime(1, 13, dt.datetime(2016, 9, 25), chinese)
    sheet.write_boolean(1, 14, True)
    sheet.write_formula(1, 15, "=NA()", None, "#N/A")
    sheet.write_string(1, 16, " 007 ")
    sheet.write_string(1, 17, "510107201609250028")
    sheet.write_formula(1, 18, "=1+1", None, 2)
    sheet.write_formula(1, 19, '="a"', None, "a")
    sheet.write_string(3, 0, "2016-09-25 00:00:00")
    sheet.write_string(3, 1, "a\nb", date)
    sheet.write_boolean(3, 2, False)
    sheet.write_rich_string(3, 3, "x", made.add_format({"bold": True}), "y")
    sheet.write_blank(9, 3, None, date)


EVERYTHING = [
    "1", "0.1", "5.1010720160925E+17", "12.5", "1E+15", "123456789012345", "0.0000001", "-3", "0.3",
    "2016-09-25", "2016-09-25 00:00:00", "2016-09-25 10:05:07", "10:05:00", "2016-09-25", "TRUE", "#N/A",
    " 007 ", "510107201609250028", "2", "a",
]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}])
def test_every_kind_of_cell_as_the_text_that_excel_shows(book: Callable[..., Path], options: dict[str, bool]) -> None:
    path = book(everything, **options)
    fast, exact = both_ways(path)
    assert exact[0] == EVERYTHING
    assert exact[1] == [None] * 20
    assert exact[2] == ["2016-09-25 00:00:00", "a\nb", "FALSE", "xy", *[None] * 16]
    assert len(exact) == 3
    assert fast == exact
    source = open_file(path)
    assert source.header[-2:] == ["P17", "5"]
    assert (source.format, source.encoding, source.delimiter) == ("xlsx", None, None)
    assert source.described_en == "Excel workbook (xlsx)"


numbers = st.one_of(
    st.integers(-(10**19), 10**19),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.decimals(-(10**6), 10**6, places=2).map(float),
)
plain = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=5)
values = st.one_of(st.none(), numbers, plain, st.booleans(), st.datetimes(dt.datetime(1900, 3, 1)))


@given(st.lists(st.lists(values, min_size=3, max_size=3), max_size=6), st.booleans())
@example(rows=[[None, None, -0.0]], shared=False)
@settings(deadline=None)
def test_the_fast_way_agrees_with_the_exact_way(rows: list[list[object]], shared: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.xlsx"
        with xlsxwriter.Workbook(
            path, {"constant_memory": not shared, "default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}
        ) as made:
            sheet = made.add_worksheet()
            sheet.write_row(0, 0, ["P1", "P2", "P3"])
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif value is not None:
                        sheet.write(number, column, value)
        fast, exact = both_ways(path)
        assert fast == exact
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str) and number < len(exact) and "_x" not in value:
                    assert exact[number][column] == (value or None)


def test_rows_above_the_header_and_cells_beyond_it(book: Callable[..., Path]) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write(2, 0, "某医院")
        sheet.write_row(4, 0, ["P1", "P2"])
        sheet.write_row(5, 0, ["姓名", "性别"])
        sheet.write_row(6, 0, ["a", "b"])
        sheet.write_row(7, 0, ["c", "d", "", "e"])

    path = book(fill)
    fast, exact = both_ways(path, known=lambda text: text in {"P1", "P2", "姓名", "性别"})
    assert fast == exact == [["a", "b"], ["c", "d"]]
    source = open_file(path, known=lambda text: text in {"P1", "P2", "姓名", "性别"})
    assert [one for frame in source.frames(1) for one in frame.ragged] == [Ragged(2, 4)]
    assert "第 5 行" in source.notes[0].zh
    hits = list(source.screen([0], lambda seen: seen["c0"] == "none"))
    assert [row for one in hits for row in one.rows] == [2]


def test_a_sheet_of_a_header_only_has_no_rows(book: Callable[..., Path]) -> None:
    assert both_ways(book(lambda made: made.add_worksheet().write_row(0, 0, ["P1", "P2"]))) == ([], [])


def test_the_first_column_may_be_empty(book: Callable[..., Path]) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 1, ["P1", "P2"])
        sheet.write_row(1, 1, ["a", 5e17])

    source = open_file(book(fill))
    assert source.header == ["", "P1", "P2"]
    assert texts(source) == [[None, "a", "5E+17"]]


def test_the_sheet_whose_header_is_known_is_read_and_the_others_named(book: Callable[..., Path]) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet("空")
        made.add_worksheet("说明").write(0, 0, "说明文字")
        hidden = made.add_worksheet("藏")
        hidden.write_row(0, 0, ["P1", "P2", "P3"])
        hidden.hide()
        sheet = made.add_worksheet("首页")
        sheet.write_row(0, 0, ["P1", "P2"])
        sheet.write_row(1, 0, ["a", "b"])

    path = book(fill)
    source = open_file(path, known=lambda text: text in {"P1", "P2", "P3"})
    assert source.header == ["P1", "P2"]
    assert "说明、藏" in source.notes[0].zh
    assert open_file(path).header == ["说明文字"]


def test_a_workbook_without_visible_content_is_refused(book: Callable[..., Path]) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet("空")
        hidden = made.add_worksheet("藏")
        hidden.write(0, 0, "P1")
        hidden.hide()

    assert "没有含数据的可见工作表" in refusal(book(fill)).zh


def test_macros_are_noted_and_left_alone(book: Callable[..., Path], put: Put) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet().write_row(0, 0, ["P1", "P2"])

    path = book(fill)
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"macro")
    source = open_file(path)
    assert [note.en for note in source.notes] == ["The workbook has macros; they were not run"]


def test_formulas_that_were_never_calculated_are_noted(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["P1", "P2"])
    made.active.append(["=1+1", "a"])
    made.save(tmp_path / "f.xlsx")
    source = open_file(tmp_path / "f.xlsx")
    assert texts(source) == [[None, "a"]]
    assert "1 个公式单元格" in source.notes[0].zh


def test_a_million_phantom_rows_cost_nothing(tmp_path: Path) -> None:
    """Formats without values down to the last row, as some programs save; and one stray value there."""
    made = openpyxl.Workbook()
    made.active.append(["P1", "P2"])
    made.active.append(["a", "b"])
    made.active.cell(1_048_576, 300).number_format = "0.00"
    made.save(tmp_path / "f.xlsx")
    assert texts(open_file(tmp_path / "f.xlsx")) == [["a", "b"]]
    made.active.cell(1_048_576, 300).value = "x"
    made.save(tmp_path / "f.xlsx")
    with patch.object(sheet_pieces.fastexcel, "read_excel", side_effect=AssertionError("laid out as a rectangle")):
        source = open_file(tmp_path / "f.xlsx")
        frames = list(source.frames(100_000))
    assert source.rows == 1_048_575
    assert frames[-1].ragged == (Ragged(1_048_575, 300),)
    assert sum(frame.data.height - frame.data["c0"].null_count() for frame in frames) == 1


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_unusual_but_legal_xml_is_read_the_exact_way(book: Callable[..., Path], put: Put) -> None:
    """No references, prefixed elements, other order of attributes: all legal, all in the field."""

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["P1", "P2"])
        sheet.write_row(1, 0, ["a", 5.1e17])

    parts = parts_of(book(fill))
    sheet = "xl/worksheets/sheet1.xml"
    plain = parts[sheet].decode()
    prefixed = plain.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    bare = plain.replace(' r="A1"', "").replace(' r="B1"', "").replace(' r="A2"', "").replace(' r="B2"', "")
    for changed in (
        bare,
        bare.replace(' r="1"', "").replace(' r="2"', ""),
        prefixed,
        plain.replace(' t="s"', "").replace("<c r=", '<c t="s" r=').replace('<c t="s" r="B2"', '<c r="B2"'),
    ):
        assert changed != plain
        source = open_file(put("u.xlsx", packed({**parts, sheet: changed.encode()})))
        assert isinstance(source._grid, workbook.RowGrid)  # type: ignore[attr-defined]
        assert texts(source) == [["a", "5.1E+17"]]
    for size in ("", '<dimension ref="A1"/>', '<dimension ref="A1:XFD1048576"/>'):
        changed = plain.replace('<dimension ref="A1:B2"/>', size)
        source = open_file(put("u.xlsx", packed({**parts, sheet: changed.encode()})))
        assert isinstance(source._grid, workbook.PieceGrid)  # type: ignore[attr-defined]
        assert texts(source) == [["a", "5.1E+17"]]


MEASURED = r"""
import pathlib, re, sys
from tonghu.hqms.reading import open_file
source = open_file(sys.argv[1])
rows = sum(frame.data.height for frame in source.frames())
hits = sum(len(hit.rows) for hit in source.screen([0], lambda seen: seen["c0"] == "last"))
# Not ru_maxrss: a process takes that over from the one that started it.
status = pathlib.Path("/proc/self/status").read_text()
print(rows, hits, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024)
"""


@pytest.mark.parametrize("size", ["", '<dimension ref="A1"/>', '<dimension ref="A1:B2"/>'])
def test_a_sheet_that_lies_about_its_size_takes_no_memory(book: Callable[..., Path], put: Put, size: str) -> None:
    """20,000 rows of two cells and one cell in the last column: laid out, they would take ten gigabytes."""

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        for row in range(20_000):
            sheet.write_row(row, 0, [f"P{row}", "b"])
        sheet.write_row(20_000, 0, ["last", "b"])

    sheet = "xl/worksheets/sheet1.xml"
    parts = parts_of(book(fill))
    changed = re.sub(rb"<dimension[^>]*>", size.encode(), parts[sheet])
    far = b'<c r="XFD15001" t="str"><v>far</v></c></row>'
    changed = re.sub(rb'(<row r="15001".*?)</row>', rb"\1" + far, changed)
    assert far in changed
    assert changed.count(b"<dimension") == bool(size)
    path = put("lie.xlsx", packed({**parts, sheet: changed}))
    done = subprocess.run([sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True)
    rows, hits, peak = map(int, done.stdout.split())
    # The last row, and the one that has a cell beyond the header.
    assert (rows, hits) == (20_000, 2)
    assert peak < 600


def test_rows_out_of_order_are_refused(book: Callable[..., Path], put: Put) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        for row in range(4):
            sheet.write_row(row, 0, [f"P{row}", "b"])

    sheet = "xl/worksheets/sheet1.xml"
    parts = parts_of(book(fill))
    changed = re.sub(rb'r="([A-B]?)3"', rb'r="\g<1>900000"', parts[sheet])
    assert changed != parts[sheet]
    assert "损坏" in refusal(put("o.xlsx", packed({**parts, sheet: changed}))).zh


def test_damaged_workbooks_are_refused(book: Callable[..., Path], put: Put) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        for row in range(50):
            sheet.write_row(row, 0, [f"P{row}", "b", row])

    path = book(fill)
    whole = path.read_bytes()
    assert "损坏" in refusal(put("t.xlsx", whole[: len(whole) // 2])).zh
    parts = parts_of(path)
    broken = {
        "xl/workbook.xml": b"<workbook",
        "xl/worksheets/sheet1.xml": parts["xl/worksheets/sheet1.xml"][:1000],
        "xl/sharedStrings.xml": b"<sst><si><t>",
    }
    for name, content in broken.items():
        assert "损坏" in refusal(put("t.xlsx", packed({**parts, name: content}))).zh
        with EXACTLY:
            assert "损坏" in refusal(put("t.xlsx", packed({**parts, name: content}))).zh
    rows = parts["xl/worksheets/sheet1.xml"]
    impossible = ((b'<row r="2"', b'<row r="9999999"'), (b'<c r="A2"', b'<c r="7"'), (b'<c r="A2"', b'<c r="ZZZ2"'))
    with EXACTLY:
        for right, wrong in impossible:
            content = rows.replace(right, wrong, 1)
            assert content != rows
            assert "损坏" in refusal(put("t.xlsx", packed({**parts, "xl/worksheets/sheet1.xml": content}))).zh
    del parts["xl/worksheets/sheet1.xml"]
    assert "damaged" in refusal(put("t.xlsx", packed(parts))).en


def test_damage_far_down_a_sheet_is_found_while_it_is_read(book: Callable[..., Path], put: Put) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        for row in range(5000):
            sheet.write_row(row, 0, ["P1", "P2", row])

    parts = parts_of(book(fill))
    sheet = "xl/worksheets/sheet1.xml"
    path = put("t.xlsx", packed({**parts, sheet: parts[sheet][:-2000]}))
    with EXACTLY:
        source = open_file(path)
        with pytest.raises(InputRefused, match="损坏"):
            list(source.frames(10))


def record(number: int, body: bytes) -> bytes:
    """A record of a binary workbook (MS-XLSB 2.1.4)."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    return head + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def binary_book(
    rows: list[list[str | float | bytes]], size: tuple[int, int] = (1, 1), *, hidden: bool = False,
    at: dict[int, int] | None = None,
) -> bytes:  # fmt: skip
    """A binary workbook that says it has `size` (last row and column, 0-based). `bytes`: a packed number; `at`: where
    a row stands that is not in its place."""
    cells = record(129, b"") + record(148, struct.pack("<4I", 0, size[0], 0, size[1])) + record(145, b"")
    for number, row in enumerate(rows):
        cells += record(0, struct.pack("<IIHBBI", (at or {}).get(number, number), 0, 300, 0, 0, 0) + b"\0")
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            if isinstance(value, str):
                cells += record(6, place + wide(value)) if value else record(1, place)
            elif isinstance(value, bytes):
                cells += record(2, place + value)
            else:
                cells += record(5, place + struct.pack("<d", value))
    cells += record(146, b"") + record(130, b"")
    sheets = (
        record(143, b"")
        + record(156, struct.pack("<II", int(hidden), 1) + wide("rId1") + wide("页"))
        + record(144, b"")
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return packed(
        {
            "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "xl/workbook.bin": record(131, b"") + sheets + record(132, b""),
            "xl/_rels/workbook.bin.rels": (
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                f'<Relationship Id="rId1" Type="{relation}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
            ).encode(),
            "xl/worksheets/sheet1.bin": cells,
        }
    )


def packed_double(value: float, *, hundredths: bool = False) -> bytes:
    """A number as 30 bits of a double (RkNumber)."""
    return struct.pack("<I", struct.unpack("<Q", struct.pack("<d", value))[0] >> 32 & ~3 | hundredths)


def test_binary_workbooks(put: Put) -> None:
    content = binary_book([["P1", "P2"], ["病", 12.5], [5.1010720160925e17, "510107201609250028"]])
    source = open_file(put("b.xlsb", content))
    assert (source.format, source.header) == ("xlsb", ["P1", "P2"])
    assert texts(source) == [["病", "12.5"], ["5.1010720160925E+17", "510107201609250028"]]


def test_texts_of_many_digits_in_a_binary_workbook_are_what_they_are(put: Put) -> None:
    """Each of these texts is also a number that a spreadsheet can hold."""
    exact = ["1234567890123456", "510107201609250048", "9007199254740992", "0000000000000016"]
    assert all(float(text) == int(text) for text in exact)
    rows: list[list[str | float | bytes]] = [["", "P1", "P2"], *(["", text, float(text)] for text in exact)]
    got = texts(open_file(put("b.xlsb", binary_book(rows))))
    assert [row[0] for row in got] == exact
    assert [row[1] for row in got] == [number_text(float(text)) for text in exact]


def test_packed_numbers_of_a_binary_workbook(put: Put) -> None:
    whole = struct.pack("<I", 123456789 << 2 | 2)
    large, hundredth = packed_double(2.0**60), packed_double(2.0**60, hundredths=True)
    rows: list[list[str | float | bytes]] = [["P1", "P2"], [whole, large], [packed_double(1.5), hundredth]]
    assert texts(open_file(put("b.xlsb", binary_book(rows)))) == [
        ["123456789", number_text(2.0**60)],
        ["1.5", number_text(2.0**60 / 100)],
    ]


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (1_048_575, 16_383)])
def test_what_a_binary_sheet_says_about_its_size_is_not_believed(put: Put, size: tuple[int, int]) -> None:
    rows: list[list[str | float | bytes]] = [["P1", "P2"], ["a", "b"]]
    assert texts(open_file(put("b.xlsb", binary_book(rows, size)))) == [["a", "b"]]
    far = binary_book([*rows, [*[""] * 200, "c"]], size, at={2: 1_000_000})
    assert str(1_000_001 * 201) in refusal(put("b.xlsb", far)).zh
    assert "可见" in refusal(put("b.xlsb", binary_book(rows, size, hidden=True))).zh


def test_damaged_binary_sheets(put: Put) -> None:
    rows: list[list[str | float | bytes]] = [["P1", "P2"], ["a", "b"], ["c", "d"]]
    assert "损坏" in refusal(put("b.xlsb", binary_book(rows, at={2: 0}))).zh
    assert "损坏" in refusal(put("b.xlsb", binary_book(rows, at={2: 1 << 20}))).zh
    assert "没有含数据" in refusal(put("b.xlsb", binary_book([]))).zh
    for tail in (record(6, bytes(8))[:-2], b"\x06\xff\xff\xff\x0f" + bytes(50)):
        with pytest.raises((ValueError, IndexError)):
            binary.extent(io.BytesIO(record(145, b"") + tail))


@pytest.mark.parametrize("block", [1, 7, 64])
def test_records_that_are_cut_anywhere_are_read_on(block: int) -> None:
    content = binary_book([["P1", "P2"], ["长" * 500, 5e17], ["x", "y"]])
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = record(700, bytes(300)) + parts.read("xl/worksheets/sheet1.bin")
    with patch.object(binary, "_BLOCK", block):
        found = binary.extent(io.BytesIO(sheet))
    assert found == binary.Extent(0, 2, 0, 1, [(1, 1)])


def test_zipped_workbooks_are_read_in_memory(book: Callable[..., Path], put: Put) -> None:
    inner = book(everything).read_bytes()
    source = open_file(put("w.zip", packed({"首页.xlsx": inner})))
    assert source.zipped
    assert source.described_zh.endswith("（压缩包内）")
    assert texts(source)[0] == EVERYTHING
    with EXACTLY:
        assert texts(open_file(put("w.zip", packed({"首页.xlsx": inner}))))[0] == EVERYTHING


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"), ('yyyy"年"m"月"d"日"', "date"), ("m/d/yy h:mm", "datetime"), ("h:mm:ss", "time"),
        ("[h]:mm", "time"), ("mm:ss", "time"), ("mmm", "date"), ("General", None), ("0.00", None),
        ('0"d"', None), ("[Red]0.00", None), ("[$-804]yyyy/m/d", "date"), ("@", None), ("0.00_);[Red](0.00)", None),
    ],
)  # fmt: skip
def test_which_formats_show_dates(code: str, kind: str | None) -> None:
    assert format_kind(code) == kind


@pytest.mark.parametrize(
    ("serial", "kind", "text"),
    [
        (1, "date", "1900-01-01"), (59, "date", "1900-02-28"), (61, "date", "1900-03-01"),
        (42638.999999999, "datetime", "2016-09-26 00:00:00"), (0.5, "datetime", "1899-12-31 12:00:00"),
        (42638.0000116, "date", "2016-09-25 00:00:01.002"), (-1, "date", "-1"), (1e9, "date", "1000000000"),
    ],
)  # fmt: skip
def test_dates_of_serial_numbers(serial: float, kind: str, text: str) -> None:
    assert date_text(serial, kind) == text  # type: ignore[arg-type]


@given(
    st.floats(
        allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15, exclude_min=True, exclude_max=True
    )
)
def test_numbers_keep_fifteen_digits(value: float) -> None:
    text = number_text(value)
    if abs(value) < 999_999_999_999_999:
        assert "E" not in text
    assert float(text) == pytest.approx(value, rel=1e-14)


@given(st.integers(0, 16_383))
def test_columns_are_counted_in_letters(index: int) -> None:
    assert column_index(xlsxwriter.utility.xl_col_to_name(index) + "7") == index


def test_screening_a_workbook(book: Callable[..., Path]) -> None:
    source = open_file(book(everything))
    hits = list(source.screen([0], lambda seen: seen["c0"].str.starts_with("2016")))
    assert [(list(one.rows), one.data["c1"][0], one.screened, one.raw_lines) for one in hits] == [
        ([3], "a\nb", 3, None)
    ]
    assert isinstance(hits[0].rows.dtype, pl.Int64)


def test_pieces_are_read_the_fast_way_where_they_can_be(book: Callable[..., Path]) -> None:
    """Shared texts, inline texts, dates and long numbers need no second way; a text like our own sign does."""
    with patch.object(sheet_pieces.PieceGrid, "_exactly", side_effect=AssertionError("the exact way")):
        for options in ({}, {"constant_memory": True}):
            source = open_file(book(everything, **options))
            assert texts(source)[0] == EVERYTHING

    def sign(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet().write_column(0, 0, ["P1", "\ue0007", "x"])

    fast, exact = both_ways(book(sign, constant_memory=True))
    assert fast == exact == [["\ue0007"], ["x"]]


def test_hits_of_a_long_sheet_are_whole_rows(book: Callable[..., Path]) -> None:
    """Few hits are fetched from the piece; where hits are many, pieces are read whole; wide rows are never lost."""

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["P1", "P2", "P3"])
        for row in range(1, 400):
            sheet.write_row(row, 0, ["x" if row % 50 == 0 or row > 300 else "y", row, f"t{row}"])
        sheet.write(77, 9, "beyond")
        sheet.write(420, 2, "last")

    source = open_file(book(fill))
    for size in (256, 4096, 1 << 20):
        with patch.object(sheet_pieces, "CHUNK", size):
            hits = list(source.screen([0], lambda seen: seen["c0"] == "x"))
            rows = [row for one in hits for row in one.rows]
            assert rows == sorted({77, *range(50, 301, 50), *range(301, 400)})
            cells = [row for one in hits for row in one.data.iter_rows()]
            assert cells == [("y" if row == 77 else "x", str(row), f"t{row}") for row in rows]
            assert [one for hit in hits for one in hit.ragged] == [Ragged(77, 10)]
            assert source.rows == sum(one.screened for one in hits) == 420
