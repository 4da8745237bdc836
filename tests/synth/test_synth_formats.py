"""Every format that hospitals send, read back by other means than ours, holds the same cells."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from synth_reading import File, made, read_csv, read_dbf, read_html

from tonghu.errors import InputRefused
from tonghu.synth import roster
from tonghu.synth.habits import habit_named
from tonghu.synth.making import Order, make_file, sheet_of
from tonghu.synth.writers import EXCEL_ROWS, CsvWriter, DbfWriter, HtmlWriter, format_for, open_writer

SMALL = {"rows": 60, "children": 0.8, "in_scope": 0.5}


@pytest.fixture(scope="module", params=["2012", "2020"])
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> File:
    return made(tmp_path_factory.mktemp("plain"), layout=request.param, **SMALL)


def order(plain: File, out: Path, **options: object) -> Path:
    make_file(Order(out=out, layout=plain.truth["layout"], **SMALL, **options))
    return out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("delimiter", "sign"), [("comma", ","), ("tab", "\t"), ("bar", "|")])
def test_csv(plain: File, tmp_path: Path, encoding: str, delimiter: str, sign: str) -> None:
    data = order(plain, tmp_path / "a.csv", encoding=encoding, delimiter=delimiter).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert read_csv(data, encoding, sign) == (plain.header, plain.rows)


def test_excel(plain: File, tmp_path: Path) -> None:
    out = order(plain, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(out)
    header, *rows = [["" if cell is None else cell for cell in row] for row in book.worksheets[0].values]
    assert header == plain.header
    assert rows == plain.rows, "every cell is a text: nothing was rounded, no zero lost"


def test_dbf(plain: File, tmp_path: Path) -> None:
    header, rows = read_dbf(order(plain, tmp_path / "a.dbf", mistakes=0).read_bytes())
    clean = made(tmp_path, layout=plain.truth["layout"], mistakes=0, **SMALL)
    assert header == clean.header
    birth = header.index("P6" if plain.truth["layout"] == "2012" else "A13")
    for row in clean.rows:
        row[birth] = row[birth].replace("-", "")
    assert rows == clean.rows


@pytest.mark.parametrize("maker", ["slash", "compact", "filled"])
def test_dbf_dates_are_eight_digits_whatever_the_habit(tmp_path: Path, maker: str) -> None:
    make_file(Order(out=tmp_path / "a.dbf", maker=maker, rows=40, mistakes=0))
    header, rows = read_dbf((tmp_path / "a.dbf").read_bytes())
    births = [row[header.index("P6")] for row in rows]
    assert all(len(birth) == 8 and birth.isdigit() for birth in births)
    assert births == [row[header.index("P13")][6:14] for row in rows]


@pytest.mark.parametrize(("encoding", "fits"), [("gb18030", 40), ("utf-8", 26)])
def test_dbf_cuts_a_long_text_between_two_characters(encoding: str, fits: int) -> None:
    columns = sheet_of(Order(out=Path("x")))
    row = [""] * columns.width
    row[columns.at["patient_name"]] = "虚构" * 50
    stream = io.BytesIO()
    writer = DbfWriter(stream, columns, 1, encoding)
    writer.write([row])
    writer.close()
    header, ((*cells,),) = read_dbf(stream.getvalue(), encoding)
    assert cells[header.index("P4")] == ("虚构" * 50)[:fits]


def test_html_called_xls(plain: File, tmp_path: Path) -> None:
    data = order(plain, tmp_path / "a.xls").read_bytes()
    assert b"charset=gb2312" in data
    assert read_html(data) == (plain.header, plain.rows)
    utf8 = order(plain, tmp_path / "b.html", encoding="utf-8-sig").read_bytes()
    assert read_html(utf8, "utf-8") == (plain.header, plain.rows)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "dbf", "html"])
def test_zipped_files_hold_the_same_bytes(plain: File, tmp_path: Path, kind: str) -> None:
    bare = order(plain, tmp_path / "bare", format=kind).read_bytes()
    first = order(plain, tmp_path / "made.zip", format=kind).read_bytes()
    again = order(plain, tmp_path / "made.zip", format=kind, zipped=True).read_bytes()
    assert first == again, "zipping is reproducible too"
    with ZipFile(io.BytesIO(first)) as archive:
        (member,) = archive.namelist()
        assert member.startswith("made_up_")
        assert archive.read(member) == bare


def test_cells_that_need_it_are_quoted_or_escaped() -> None:
    columns = sheet_of(Order(out=Path("x")))
    awkward = ['a"b', "c,d", "e\nf", "<g> & h", *[""] * (columns.width - 4), "beyond the last column"]
    for maker in ("plain", "quoted"):
        stream = io.BytesIO()
        CsvWriter(stream, columns, habit_named(maker), "utf-8", ",").write([awkward.copy()])
        _, rows = read_csv(stream.getvalue())
        assert rows == [awkward[:-1]]
    stream = io.BytesIO()
    writer = HtmlWriter(stream, columns, "utf-8")
    writer.write([awkward])
    writer.close()
    assert read_html(stream.getvalue(), "utf-8")[1] == [awkward[:-1]]


def test_the_name_tells_the_format_or_it_is_asked_for() -> None:
    assert format_for(Path("a.XLS"), None) == "html"
    assert format_for(Path("a.zip"), "dbf") == "dbf"
    with pytest.raises(InputRefused, match=r"--format.* / .*--format"):
        format_for(Path("a.parquet"), None)


def test_more_rows_than_a_worksheet_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"csv.* / .*csv"):
        make_file(Order(out=tmp_path / "a.xlsx", rows=EXCEL_ROWS + 1))
    assert list(tmp_path.iterdir()) == []


def test_no_truth_without_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CsvWriter, "write", full)
    with pytest.raises(OSError, match="No space"):
        make_file(Order(out=tmp_path / "a.csv", truth=tmp_path / "t.json", rows=5))
    monkeypatch.undo()
    monkeypatch.setattr(CsvWriter, "close", full)
    with pytest.raises(OSError, match="No space"):
        make_file(Order(out=tmp_path / "a.csv", rows=5))
    monkeypatch.setattr("tonghu.synth.making._note", full)
    with pytest.raises(OSError, match="No space"):
        make_file(Order(out=tmp_path / "a.csv", truth=tmp_path / "t.json", rows=5))
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_done_stays_behind(tmp_path: Path) -> None:
    columns = sheet_of(Order(out=tmp_path / "x"))
    out = tmp_path / "x.csv"
    out.write_text("what was there before")
    options = {"sheet": columns, "habit": habit_named("plain"), "rows": 1, "encoding": "utf-8", "delimiter": ","}
    for kind in ("csv", "xlsx"):
        with pytest.raises(RuntimeError), open_writer(out, kind=kind, zipped=False, **options):
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert out.read_text() == "what was there before"


def test_rows_stream_memory_does_not_grow_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "FORMS_IN_SCOPE", 1)
    monkeypatch.setattr(roster, "FORMS_ORDINARY", 1)

    def peak(rows: int) -> int:
        tracemalloc.start()
        make_file(Order(out=tmp_path / "x.csv", truth=tmp_path / "t.json", rows=rows, in_scope=0.005))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(12_000)  # fills the caches of days, which hold no more than the days of a century
    assert peak(12_000) < 1.2 * peak(4_000)
