"""Small tables of tumours in and out: CSV or tab-separated, UTF-8 or GB18030, every cell as text, no row lost."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import polars as pl

from tonghu.codes.text import clean, halfwidth
from tonghu.errors import InputRefused
from tonghu.in_place import put_in_place

BOM = b"\xef\xbb\xbf"
_HEAD = 1 << 16
_BLOCK = 1 << 24
_PART = 1 << 18
# A delimiter that a plain file does not have, so that a line is one cell.
_NOWHERE = "\x1f"
_NOT_PLAIN = (b'"', b"\r", _NOWHERE.encode())

#: For some rows the number of each one's answer, and the answers.
Answering = Callable[[pl.DataFrame], tuple[pl.Series, pl.DataFrame]]


@dataclass(frozen=True)
class Table:
    """A file that was looked at, not yet read.

    ``source``: what Polars reads, the path or the text as UTF-8. ``plain``: every line of it is a row, for it has no
    quotation marks and ends its lines with a line feed.
    """

    path: Path
    source: Path | bytes
    header: tuple[str, ...]
    delimiter: str
    plain: bool

    def positions(self, wanted: Sequence[str]) -> list[int]:
        """Where the columns with these headings stand, whatever their case and blanks around them.

        Raises InputRefused naming those that are missing or stand there twice.
        """
        headings = [halfwidth(clean(cell) or "").lower() for cell in self.header]
        if missing := [name for name in wanted if name not in headings]:
            raise InputRefused(
                f"{self.path} 缺少列：{'、'.join(missing)}；现有列：{'、'.join(self.header)}",
                f"{self.path} lacks the columns {', '.join(missing)}; it has {', '.join(self.header)}",
            )
        if doubled := [name for name in wanted if headings.count(name) > 1]:
            raise InputRefused(
                f"{self.path} 有重复的列：{'、'.join(doubled)}，无法确定取哪一列",
                f"{self.path} has the columns {', '.join(doubled)} twice; which one to take cannot be told",
            )
        return [headings.index(name) for name in wanted]

    def scan(self) -> pl.LazyFrame:
        """The rows with all cells as text, columns named ``c0``, ``c1``, … by position; blank cells are null."""
        return pl.scan_csv(
            self.source,
            separator=self.delimiter,
            infer_schema=False,
            with_column_names=lambda names: [f"c{at}" for at in range(len(names))],
        )

    def read(self, wanted: Sequence[str]) -> pl.DataFrame:
        """The columns with these headings, under them. Raises InputRefused as :meth:`positions` does, and when the
        rows do not fit the header.
        """
        columns = (pl.col(f"c{at}").alias(name) for at, name in zip(self.positions(wanted), wanted, strict=True))
        with self.explained():
            return self.scan().select(columns).collect()

    def append(self, target: Path, new: Sequence[str], wanted: Sequence[str], answer: Answering) -> None:
        """Write all rows unchanged to `target` with `new` columns, which `answer` works out of the `wanted` ones.

        `answer` takes a part of the rows and gives, for each, the number of a row of a table of answers, and that
        table. The order stays; the output is UTF-8 with BOM and has the input's delimiter. Raises InputRefused when
        the rows do not fit the header and when `target` cannot be written; then nothing is left of it.
        """
        keys = [f"c{at}" for at in self.positions(wanted)]
        with self.explained(), written_whole(target) as file:
            write_header(file, (*self.header, *new), self.delimiter)
            if not (self.plain and self._append_to_lines(file, keys, answer)):
                self._append_to_cells(file, new, keys, answer)

    def _append_to_lines(self, file: FileIO, keys: Sequence[str], answer: Answering) -> bool:
        """Lines as they stand, each with its answer's text behind it: nothing but the keys is taken apart.

        False, with nothing written, when a line is no whole row (blank, or with cells missing).
        """
        cells = self.scan().select(keys).collect()
        marks = pl.col("line").str.count_matches(self.delimiter, literal=True)
        lines = (
            pl.scan_csv(
                self.source,
                separator=_NOWHERE,
                quote_char=None,
                infer_schema=False,
                with_column_names=lambda _: ["line"],
            )
            .with_columns(whole=(marks == len(self.header) - 1).fill_null(False))
            .collect(engine="streaming")  # counts on all processors
        )
        if lines.height != cells.height or not lines["whole"].all():
            return False

        def answered(at: int) -> pl.DataFrame:
            found, answers = answer(cells.slice(at, _PART))
            texts = answers.write_csv(include_header=False, separator=self.delimiter).split("\n")
            answer_of_each = pl.Series("answer", texts, dtype=pl.String).gather(found)
            return lines.slice(at, _PART).select("line", answer_of_each)

        with ThreadPoolExecutor(1) as ahead:  # answers the next parts while this one is written
            for rows in ahead.map(answered, range(0, cells.height, _PART)):
                rows.write_csv(file, include_header=False, separator=self.delimiter, quote_style="never")
        return True

    def _append_to_cells(self, file: FileIO, new: Sequence[str], keys: Sequence[str], answer: Answering) -> None:
        """Reading, answering and writing side by side, holding only parts of the file."""

        def widened(part: pl.DataFrame) -> pl.DataFrame:
            found, answers = answer(part.select(keys))
            return part.hstack(answers[found])

        rows = self.scan()
        schema = {**rows.collect_schema(), **dict.fromkeys(new, pl.String())}
        rows.map_batches(widened, streamable=True, schema=schema).sink_csv(
            file, include_header=False, separator=self.delimiter
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns a reading error of Polars into one that says which row does not fit."""
        try:
            yield
        except pl.exceptions.PolarsError as error:
            raise self._explain(error) from None

    def _explain(self, error: Exception) -> InputRefused:
        data = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        rows = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=self.delimiter)
        for number, cells in enumerate(rows):
            if len(cells) > len(self.header):
                return InputRefused(
                    f"{self.path} 数据第 {number} 行多出单元格（{len(cells)} 格，表头 {len(self.header)} 格）",
                    f"{self.path}: data row {number} has {len(cells)} cells, the header {len(self.header)}",
                )
        detail = str(error).splitlines()[0]
        return InputRefused(
            f"{self.path} 的引号不成对，无法分列（{detail}）",
            f"{self.path}: quotation marks are not in pairs, so the columns cannot be told apart ({detail})",
        )


def open_table(path: Path) -> Table:
    """Look at a table whose first row is its header. Raises InputRefused when it is not one.

    Every line is a row, a blank line between rows too (so that row numbers hold); blank lines at the end are not.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, path.stat().st_size - 16))
            end = file.read()
        source, plain = _as_utf8(path, head)
        if isinstance(source, bytes):
            head, end = source[:_HEAD], source[-16:]
        if end[len(end.rstrip(b"\r\n")) :].count(b"\n") > 1:
            source, plain = (source if isinstance(source, bytes) else path.read_bytes()).rstrip(b"\r\n"), False
    except OSError as error:
        raise InputRefused(f"无法读取 {path}：{error.strerror}", f"cannot read {path}: {error.strerror}") from None
    text = head.removeprefix(BOM).decode(errors="replace")
    first_line = text.split("\n", 1)[0]
    delimiter = "\t" if first_line.count("\t") > first_line.count(",") else ","
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return Table(path, source, tuple(header), delimiter, plain)


def _as_utf8(path: Path, head: bytes) -> tuple[Path | bytes, bool]:
    """The path when the file is UTF-8, else its text re-encoded; and whether it is plain.

    Raises InputRefused for what is no text.
    """
    if not head.removeprefix(BOM).strip():
        raise InputRefused(f"{path} 是空文件", f"{path} is empty")
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "gb18030"
    if encoding == "gb18030":
        if b"\x00" in head or head.startswith(b"PK\x03\x04"):
            raise InputRefused(
                f"{path} 不是文本表格，请将工作表另存为 CSV（UTF-8）",
                f"{path} is not a text table; please save the sheet as CSV (UTF-8)",
            )
        is_utf8, plain = _look(path)
        if is_utf8:
            return path, plain
    try:
        return path.read_bytes().decode(encoding).removeprefix("\ufeff").encode(), False
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"{path} 第 {error.start + 1} 个字节既不是 UTF-8 也不是 {encoding.upper()} 编码",
            f"{path}: byte {error.start + 1} is neither UTF-8 nor {encoding.upper()}",
        ) from None


def _look(path: Path) -> tuple[bool, bool]:
    """Whether the whole file is UTF-8, and whether it is plain; block by block, ASCII costs next to nothing."""
    rest, plain = b"", True
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            plain = plain and not any(mark in block for mark in _NOT_PLAIN)
            whole = rest + block if rest else block
            if whole.isascii():
                rest = b""
                continue
            cut = whole.rfind(b"\n") + 1
            rest = whole[cut:]
            if not _decodes(whole[:cut]):
                return False, False
    return _decodes(rest), plain


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def write_header(file: FileIO, header: Sequence[str], delimiter: str = ",") -> None:
    """The byte-order mark and the header row, before Polars writes the rest into the same file."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(header)
    file.write(BOM + line.getvalue().encode())
    file.flush()


def write_table(path: Path, rows: pl.DataFrame) -> None:
    """Write a frame as CSV for people: UTF-8 with BOM. Raises InputRefused when `path` cannot be written."""
    with written_whole(path) as file:
        rows.write_csv(file, include_bom=True)


@contextmanager
def written_whole(path: Path) -> Iterator[FileIO]:
    """A file beside `path` that takes its place when everything is written, and vanishes when something fails."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb", buffering=0) as file:
            yield file
        put_in_place(partial, path)
    except OSError as error:
        raise InputRefused(
            f"无法写入 {path}：{error.strerror or error}", f"cannot write {path}: {error.strerror or error}"
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def refuse_same(source: Path, target: Path) -> None:
    """Raises InputRefused when both are one file: the input is never overwritten."""
    if target.exists() and source.exists() and target.samefile(source):
        raise InputRefused(
            f"输出文件不能就是输入文件 {source}", f"the output must not be the input file {source} itself"
        )
