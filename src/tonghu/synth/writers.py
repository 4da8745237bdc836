"""Writers of the formats that hospitals send, all streaming: CSV, Excel, DBF, and the HTML table called `.xls`."""

from __future__ import annotations

import html
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tonghu.errors import InputRefused
from tonghu.synth.habits import Habit
from tonghu.synth.sheet import Sheet

if TYPE_CHECKING:
    from tonghu.codes.hqms_fields import Field

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
DELIMITERS = {"comma": ",", "tab": "\t", "bar": "|"}
EXCEL_ROWS = 1_048_575
_FIXED_DAY = (2025, 1, 1, 0, 0, 0)


class Writer(Protocol):
    """Takes rows block by block. A row may be longer than the sheet is wide; what is beyond falls away."""

    def write(self, rows: Sequence[list[str]]) -> None:
        """Write these rows."""

    def close(self) -> None:
        """Write what comes after the rows. Does not close a stream that was given."""


class CsvWriter:
    """Delimited text. Cells are quoted where they must be, or all of them when the maker does so."""

    def __init__(self, stream: IO[bytes], sheet: Sheet, habit: Habit, encoding: str, delimiter: str) -> None:
        self._stream = stream
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._delimiter, self._end = delimiter, habit.line_end
        self._width = sheet.width
        self._line: Callable[[list[str]], str] = self._quoted if habit.quoted else self._plain
        if encoding == "utf-8-sig":
            stream.write(b"\xef\xbb\xbf")
        self.write([list(sheet.header)])

    def write(self, rows: Sequence[list[str]]) -> None:
        """Write these rows."""
        line, end = self._line, self._end
        text = end.join([line(row) for row in rows]) + end
        self._stream.write(text.encode(self._encoding))

    def close(self) -> None:
        """Nothing follows the rows."""

    def _plain(self, row: list[str]) -> str:
        del row[self._width :]
        text = self._delimiter.join(row)
        if '"' in text or "\n" in text or "\r" in text or text.count(self._delimiter) >= self._width:
            return self._delimiter.join([self._cell(cell) for cell in row])
        return text

    def _cell(self, cell: str) -> str:
        if any(mark in cell for mark in (self._delimiter, '"', "\n", "\r")):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    def _quoted(self, row: list[str]) -> str:
        del row[self._width :]
        return '"' + f'"{self._delimiter}"'.join([cell.replace('"', '""') for cell in row]) + '"'


class HtmlWriter:
    """The HTML table that hospital systems call an Excel file."""

    def __init__(self, stream: IO[bytes], sheet: Sheet, encoding: str) -> None:
        self._stream = stream
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._width = sheet.width
        charset = "gb2312" if encoding == "gb18030" else "utf-8"
        self._put(
            '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
            f'<meta http-equiv="Content-Type" content="text/html; charset={charset}"></head>\n'
            "<body><table border=1>\n"
        )
        self.write([list(sheet.header)])

    def _put(self, text: str) -> None:
        self._stream.write(text.encode(self._encoding))

    def write(self, rows: Sequence[list[str]]) -> None:
        """Write these rows, every cell marked as text for Excel."""
        cell = "</td><td style=\"mso-number-format:'\\@'\">"
        first = cell[5:]
        lines = []
        for row in rows:
            text = "\x00".join(row[: self._width])
            if "&" in text or "<" in text or ">" in text:
                text = html.escape(text, quote=False)
            lines.append("<tr>" + first + text.replace("\x00", cell) + "</td></tr>\n")
        self._put("".join(lines))

    def close(self) -> None:
        """End the table."""
        self._put("</table></body></html>\n")


class DbfWriter:
    """dBase III records: text in GB18030 with code page 0x7A (GBK), dates as `D`, numbers as `N`."""

    def __init__(self, stream: IO[bytes], sheet: Sheet, rows: int, encoding: str) -> None:
        self._stream = stream
        self._encoding = "gb18030" if encoding == "gb18030" else "utf-8"
        self._columns = [self._column(field) for field in sheet.fields]
        self._widths = [width for _, width, _ in self._columns]
        header = 32 + 32 * len(self._columns) + 1
        codepage = 0x7A if self._encoding == "gb18030" else 0
        stream.write(struct.pack("<B3BIHH16xBBH", 3, 125, 1, 1, rows, header, 1 + sum(self._widths), 0, codepage, 0))
        for field, (kind, width, places) in zip(sheet.fields, self._columns, strict=True):
            stream.write(struct.pack("<11sc4xBB14x", field.code.encode("ascii"), kind, width, places))
        stream.write(b"\r")

    @staticmethod
    def _column(field: Field) -> tuple[bytes, int, int]:
        if field.type == "date":
            return b"D", 8, 0
        if field.type == "integer":
            return b"N", 10, 0
        if field.type == "decimal":
            return b"N", 14, 2
        if field.type == "datetime":
            return b"C", 19, 0
        return b"C", min(254, 2 * (field.max_length or 100)), 0

    def write(self, rows: Sequence[list[str]]) -> None:
        """Write these rows. A text that does not fit is cut between two characters, as such exporters do."""
        parts: list[bytes] = []
        for row in rows:
            parts.append(b" ")
            for cell, (kind, width, _) in zip(row, self._columns, strict=False):
                if not cell:
                    parts.append(b" " * width)
                elif kind == b"N":
                    parts.append(self._bytes(cell, width).rjust(width))
                elif kind == b"D":
                    parts.append(self._bytes(_dbf_date(cell), width).ljust(width))
                else:
                    parts.append(self._bytes(cell, width).ljust(width))
        self._stream.write(b"".join(parts))

    def _bytes(self, cell: str, width: int) -> bytes:
        raw = cell.encode(self._encoding)
        while len(raw) > width:
            cell = cell[:-1]
            raw = cell.encode(self._encoding)
        return raw

    def close(self) -> None:
        """Write the end-of-file mark."""
        self._stream.write(b"\x1a")


def _dbf_date(cell: str) -> str:
    """A date of any writing habit as the eight digits of a DBF date; what is no date stays as it is."""
    cell = cell.partition(" ")[0]
    if "/" in cell:
        year, _, rest = cell.partition("/")
        month, _, day = rest.partition("/")
        return f"{year}{month:0>2}{day:0>2}"
    return cell.replace("-", "")


class ExcelWriter:
    """One worksheet, every cell a text, written row by row."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        from xlsxwriter import Workbook

        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._book.set_properties(
            {"title": "虚构数据 / made-up data", "created": datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)}
        )
        self._page = self._book.add_worksheet("hqms")
        self._width = sheet.width
        self._next = 0
        self.write([list(sheet.header)])

    def write(self, rows: Sequence[list[str]]) -> None:
        """Write these rows; empty cells are left out."""
        put = self._page.write_string
        for number, row in enumerate(rows, self._next):
            for column, cell in enumerate(row[: self._width]):
                if cell:
                    put(number, column, cell)
        self._next += len(rows)

    def close(self) -> None:
        """Finish the workbook."""
        self._book.close()


FORMATS = ("csv", "xlsx", "dbf", "html")
_ENDINGS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".zip": "csv",
    ".xlsx": "xlsx",
    ".dbf": "dbf",
    ".xls": "html",
    ".html": "html",
    ".htm": "html",
}
_MEMBER_ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "dbf": ".dbf", "html": ".xls"}


def format_for(path: Path, wanted: str | None) -> str:
    """The format asked for, else the one that the ending names. Raises InputRefused when neither says it."""
    found = wanted or _ENDINGS.get(path.suffix.lower())
    if found not in FORMATS:
        raise InputRefused(
            f"由文件名“{path.name}”看不出格式，请用 --format 指定（{'、'.join(FORMATS)}）",
            f"the name {path.name!r} does not tell the format: give --format ({', '.join(FORMATS)})",
        )
    return found


@contextmanager
def open_writer(
    path: Path, *, kind: str, sheet: Sheet, habit: Habit, rows: int, encoding: str, delimiter: str, zipped: bool
) -> Iterator[Writer]:
    """A writer to `path`, which exists only when everything was written. `rows` is what the DBF header announces.

    Raises OSError when the disk or the folder does not take it, InputRefused for more rows than a worksheet holds.
    """
    if kind == "xlsx" and rows > EXCEL_ROWS:
        raise InputRefused(
            f"一个工作表最多 {EXCEL_ROWS} 行数据，无法写入 {rows} 行，请改用 csv",
            f"a worksheet holds at most {EXCEL_ROWS} data rows, not {rows}: use csv",
        )
    with TemporaryDirectory(dir=path.parent, prefix=".synth-") as folder:
        unfinished = Path(folder) / ("page" + _MEMBER_ENDINGS[kind])
        member = "made_up_" + path.stem + _MEMBER_ENDINGS[kind]
        if kind == "xlsx":
            book = ExcelWriter(unfinished, sheet)
            try:
                yield book
            finally:  # closes its own temporary files, too
                book.close()
            if zipped:
                unfinished = _zip_file(unfinished, Path(folder) / "page.zip", member)
        else:
            with unfinished.open("wb") as file, _stream(file, member if zipped else None) as stream:
                writer: Writer
                if kind == "csv":
                    writer = CsvWriter(stream, sheet, habit, encoding, delimiter)
                elif kind == "dbf":
                    writer = DbfWriter(stream, sheet, rows, encoding)
                else:
                    writer = HtmlWriter(stream, sheet, encoding)
                yield writer
                writer.close()
        unfinished.replace(path)


@contextmanager
def _stream(file: IO[bytes], member: str | None) -> Iterator[IO[bytes]]:
    if member is None:
        yield file
        return
    with ZipFile(file, "w") as archive, archive.open(_entry(member), "w", force_zip64=True) as stream:
        yield stream


def _entry(member: str) -> ZipInfo:
    entry = ZipInfo(member, _FIXED_DAY)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _zip_file(path: Path, archive_path: Path, member: str) -> Path:
    with ZipFile(archive_path, "w") as archive:
        archive.writestr(_entry(member), path.read_bytes())
    return archive_path
