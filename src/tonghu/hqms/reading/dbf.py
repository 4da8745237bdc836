"""DBF files (dBase III/IV, FoxBase, FoxPro, Visual FoxPro), every field as text.

Own reader, because those at hand lose data without a word: a bad date becomes 1970-01-01, or ends the reading. A
record is a line of fixed width: a deletion mark, then the fields one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from tonghu.errors import InputRefused
from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.archive import DAMAGED, damaged
from tonghu.hqms.reading.header import Known
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.model import Frame, Hits, Keep, Source

Bytes = npt.NDArray[np.uint8]

VERSIONS = {0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB}
DBASE7 = {0x04, 0x8C}
VISUAL_FOXPRO = {0x30, 0x31, 0x32}

DELETED = ord("*")
SPACE = ord(" ")
BATCH = 8 << 20
"""Bytes of records read at a time."""

PADDED = "CDLNF"
"""Field types that are text, padded with spaces."""
MEMO = "MGPW"
"""Field types whose content is in another file."""
SIZES = {"I": 4, "T": 8, "@": 8, "Y": 8, "B": 8}

# Julian day number of the day before 0001-01-01, on which date ordinals are 0.
JULIAN = 1_721_425


@dataclass(frozen=True)
class Field:
    """One column of the table."""

    name: str
    kind: str
    start: int
    """Place of its first byte in a record."""
    size: int
    decimals: int


def is_dbf(head: bytes) -> bool:
    """Whether these first bytes are those of a DBF file: a known version, a date, and fitting lengths."""
    if len(head) < 33 or head[0] not in VERSIONS | DBASE7:
        return False
    header, record = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    return head[2] <= 12 and head[3] <= 31 and header >= 33 and record >= 2 and 0 not in head[32:33]


class DbfSource(Source):
    """A DBF table. Records marked as deleted are skipped; the others are numbered from 1."""

    format = "dbf"

    def __init__(self, given: Input, known: Known | None = None) -> None:  # noqa: ARG002 -- as all sources
        """Read the head. Raises `InputRefused` when it does not fit the file, or a field type cannot be read."""
        super().__init__(given)
        with given.open() as stream:
            head = stream.read(32)
            self._count = int.from_bytes(head[4:8], "little")
            self._offset = int.from_bytes(head[8:10], "little")
            self._length = int.from_bytes(head[10:12], "little")
            head += stream.read(self._offset - 32)
            self._fields = self._read_fields(head)
            self._check_size()
            sample = stream.read(min(self._count * self._length, BATCH) // self._length * self._length)
        self.header = [field.name for field in self._fields]
        records = np.frombuffer(sample, np.uint8).reshape(-1, self._length)
        self._encoding = _encoding_of([self._column(records, field) for field in self._fields if field.kind == "C"])
        self.encoding = enc.NAMES[self._encoding]

    def _read_fields(self, head: bytes) -> list[Field]:
        name = self.input.name
        if head[0] in DBASE7:
            raise InputRefused(
                f"{name}：这是 dBASE 7 格式的 DBF，请另存为 dBASE III/IV 或 FoxPro 格式，或导出为 .csv",
                f"{name}: this is a dBASE 7 file; save it as dBASE III/IV or FoxPro, or export .csv",
            )
        fields: list[Field] = []
        start = 1
        place = 32
        while place < len(head) and head[place] != 0x0D:
            entry = head[place : place + 32]
            if len(entry) < 32:
                raise self._damaged()
            label = entry[:11].split(b"\0")[0].decode(enc.GB18030, "replace")
            kind, size, decimals = chr(entry[11]), entry[16], entry[17]
            if kind == "C":  # FoxPro and Clipper keep long texts by using the decimals as a second byte
                size, decimals = size + 256 * decimals, 0
            if kind == "B" and head[0] not in VISUAL_FOXPRO:
                kind = "M"  # dBase: a binary memo; Visual FoxPro: a double
            if kind in SIZES and size != SIZES[kind]:
                raise self._damaged()
            if kind in MEMO:
                self.note(
                    f"字段 {label} 是备注型，内容在另一个文件中，按空白读取",
                    f"Field {label} is a memo, whose content is in another file; it reads as empty",
                )
            elif kind not in PADDED and kind not in SIZES and kind != "0":
                raise InputRefused(
                    f"{name}：字段 {label} 的类型“{kind}”无法读取，请将该字段改为字符型，或导出为 .csv",
                    f"{name}: field {label} is of type '{kind}', which cannot be read; make it a character field, or "
                    "export .csv",
                )
            if kind != "0":  # the hidden field of null flags
                fields.append(Field(label, kind, start, size, decimals))
            start += size
            place += 32
        if not fields or start != self._length or place >= self._offset:
            raise self._damaged()
        return fields

    def _check_size(self) -> None:
        whole = (self.input.size - self._offset) // self._length
        if self._count > whole:
            raise InputRefused(
                f"{self.input.name}：文件头标明 {self._count} 条记录，实际只有 {max(whole, 0)} 条，文件被截断；"
                "请重新导出或重新传输",
                f"{self.input.name}: its head states {self._count} records, but it holds {max(whole, 0)}; the file is "
                "cut off: export it or transfer it again",
            )
        if self._count == 0 and whole > 0:
            raise InputRefused(
                f"{self.input.name}：文件头标明 0 条记录，实际有 {whole} 条，文件可能未正常关闭；请重新导出",
                f"{self.input.name}: its head states 0 records, but it holds {whole}; it was perhaps not closed "
                "properly: export it again",
            )

    def _damaged(self) -> InputRefused:
        return InputRefused(
            f"{self.input.name}：DBF 文件头与内容不符，文件已损坏；请重新导出",
            f"{self.input.name}: the head of the DBF file does not fit its content; export it again",
        )

    def screen(self, columns: Sequence[int], keep: Keep) -> Iterator[Hits]:
        """See `Source.screen`: only the wanted fields of all records are decoded, and all fields of the hits."""
        self._hash.start()
        self.rows = None
        wanted = sorted(set(columns))
        rows = 0
        for first, records in self._filled():
            chosen = keep(self._table(records, first, wanted)).fill_null(value=False).arg_true()
            numbers = (chosen.cast(pl.Int64) + first).alias("row")
            yield Hits(len(records), numbers, self._table(records[chosen.to_numpy()], first))
            rows = first + len(records) - 1
        self.rows = rows

    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        for first, records in self._filled():
            for begin in range(0, len(records), rows_per_frame):
                part = records[begin : begin + rows_per_frame]
                yield Frame(first + begin, self._table(part, first + begin))

    def _filled(self) -> Iterator[tuple[int, Bytes]]:
        """The records in use, with the number of the first; empty ones at the end of the table left out."""
        first = 1
        empty = 0
        deleted = 0
        for records in self._batches():
            live = records[records[:, 0] != DELETED]
            deleted += len(records) - len(live)
            filled = np.flatnonzero((live[:, 1:] > SPACE).any(axis=1))
            if not len(filled):
                empty += len(live)
                continue
            last = int(filled[-1]) + 1
            while empty:
                gap = min(empty, max(BATCH // self._length, 1))
                yield first, np.full((gap, self._length), SPACE, np.uint8)
                first, empty = first + gap, empty - gap
            yield first, live[:last]
            first += last
            empty = len(live) - last
        if deleted:
            self.note(
                f"有 {deleted} 条记录带删除标记，未读取；行号只计未删除的记录",
                f"{deleted} record(s) are marked as deleted and were not read; row numbers count the others",
            )

    def _batches(self) -> Iterator[Bytes]:
        """The records as rows of bytes."""
        size = max(BATCH // self._length, 1) * self._length
        left = self._count * self._length
        try:
            with self.input.open() as stream:
                stream.read(self._offset)
                while left:
                    data = stream.read(min(size, left))
                    left -= len(data)
                    yield np.frombuffer(data, np.uint8).reshape(-1, self._length)
        except DAMAGED:
            if not self.zipped:
                raise
            raise damaged(self.input.name) from None

    def _column(self, records: Bytes, field: Field) -> Bytes:
        return np.ascontiguousarray(records[:, field.start : field.start + field.size])

    def _table(self, records: Bytes, first_row: int, wanted: Sequence[int] | None = None) -> pl.DataFrame:
        """All fields of the records as text columns, or the wanted positions."""
        columns = []
        for position in range(len(self._fields)) if wanted is None else wanted:
            field = self._fields[position]
            cells = self._column(records, field)
            if field.kind in PADDED:
                texts = self._texts(cells, field, first_row)
            elif field.kind in MEMO:
                texts = pl.Series([None] * len(cells), dtype=pl.String)
            else:
                texts = pl.Series(_numbers(cells, field.kind), dtype=pl.String)
            columns.append(texts.alias(f"c{position}"))
        return pl.DataFrame(columns)

    def _texts(self, cells: Bytes, field: Field, first_row: int) -> pl.Series:
        """Padded texts; what pads them (spaces, NUL bytes) is taken off: behind texts, on both sides of numbers."""
        if not (cells > SPACE).any():
            return pl.Series([None] * len(cells), dtype=pl.String)
        cells = np.where(cells == 0, np.uint8(SPACE), cells)
        if (cells < 0x80).all():
            packed = pl.Series(cells.view(f"S{field.size}").ravel().tolist(), dtype=pl.Binary)
            texts = packed.cast(pl.String)
        else:
            texts = pl.Series(
                [self._decoded(bytes(cell), field, row) for row, cell in enumerate(cells, first_row)], dtype=pl.String
            )
        texts = texts.str.strip_chars_end(" ") if field.kind == "C" else texts.str.strip_chars(" ")
        return texts.replace(["", "?"] if field.kind == "L" else "", None)

    def _decoded(self, cell: bytes, field: Field, row: int) -> str:
        try:
            return cell.decode(self._encoding)
        except UnicodeDecodeError as error:
            # A text as long as its field is cut between the bytes of its last character: that much is lost.
            if error.end == len(cell):
                self.note(
                    f"字段 {field.name} 有文字因字段长度不足被截断（第 {row} 行）",
                    f"Field {field.name} is too short for its text, which is cut off (row {row})",
                )
                return cell[: error.start].decode(self._encoding) + "�"
            shown = enc.NAMES[self._encoding]
            raise InputRefused(
                f"{self.input.name}：第 {row} 行字段 {field.name} 按 {shown} 无法解读，文件可能已损坏，请重新导出",
                f"{self.input.name}: row {row}, field {field.name} is not valid {shown}; the file may be damaged: "
                "export it again",
            ) from None

    def _kind(self) -> tuple[str, str]:
        return f"DBF 数据表，{self.encoding} 编码", f"DBF table in {self.encoding}"


def _encoding_of(columns: list[Bytes]) -> str:
    """GB18030, unless the texts beyond ASCII are UTF-8. The language byte of the head says nothing (it is mostly 0)."""
    utf8 = other = 0
    for cells in columns:
        for cell in cells[(cells >= 0x80).any(axis=1)][:1000]:
            text = bytes(cell).rstrip(b" \0")
            if enc.holds(text, enc.UTF8):
                utf8 += 1
            else:
                other += 1
    # Texts that are cut off inside a character are never UTF-8; two-character words of GBK rarely are.
    return enc.UTF8 if utf8 > other else enc.GB18030


def _numbers(cells: Bytes, kind: str) -> list[str | None]:
    """Binary fields as text."""
    if kind == "I":
        return [str(value) for value in cells.view("<i4").ravel().tolist()]
    if kind == "B":
        return [f"{value:.15g}" for value in cells.view("<f8").ravel().tolist()]
    if kind == "Y":
        return [_money(value) for value in cells.view("<i8").ravel().tolist()]
    return [_moment(day, milliseconds) for day, milliseconds in cells.view("<i4").reshape(-1, 2).tolist()]


def _money(ten_thousandths: int) -> str:
    whole, rest = divmod(abs(ten_thousandths), 10_000)
    sign = "-" if ten_thousandths < 0 else ""
    places = f"{rest:04d}"
    return f"{sign}{whole}.{places[:2] if places.endswith('00') else places}"


def _moment(day: int, milliseconds: int) -> str | None:
    """A date-time field: Julian day number and milliseconds since midnight; what is no date is shown as it is."""
    if day == 0 or (day, milliseconds) == (0x20202020, 0x20202020):
        return None
    if not JULIAN < day <= JULIAN + date.max.toordinal():
        return f"{day}:{milliseconds}"
    seconds = round(milliseconds / 1000)
    return f"{date.fromordinal(day - JULIAN)} {timedelta(seconds=min(seconds, 86_399))!s:0>8}"
