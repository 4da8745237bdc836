"""Reading made-up files back with other means than the writers: std csv, openpyxl, html.parser, and plain bytes."""

from __future__ import annotations

import csv
import io
import json
import struct
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from tonghu.synth.making import Order, make_file


@dataclass
class File:
    header: list[str]
    rows: list[list[str]]
    truth: dict

    def column(self, name: str) -> list[str]:
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


def made(folder: Path, name: str = "made.csv", **options: object) -> File:
    """Make a file and read it back as CSV."""
    out, truth = folder / name, folder / (name + ".json")
    make_file(Order(out=out, truth=truth, **options))
    return File(*read_csv(out.read_bytes()), json.loads(truth.read_text(encoding="utf-8")))


def read_csv(data: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> tuple[list[str], list[list[str]]]:
    text = data.decode(encoding)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return header, rows


def read_dbf(data: bytes, encoding: str = "gb18030") -> tuple[list[str], list[list[str]]]:
    """A dBase III file by its published layout: 32 bytes of header, 32 a field, then records of fixed width."""
    count, header_size, record_size = struct.unpack_from("<IHH", data, 4)
    fields = []
    at = 32
    while data[at] != 0x0D:
        fields.append((data[at : at + 11].rstrip(b"\0").decode(), data[at + 16]))
        at += 32
    assert header_size == at + 1
    assert record_size == 1 + sum(width for _, width in fields)
    assert data[header_size + count * record_size :] == b"\x1a"
    rows = []
    for n in range(count):
        at = header_size + n * record_size
        assert data[at : at + 1] == b" "
        at += 1
        row = []
        for _, width in fields:
            row.append(data[at : at + width].decode(encoding).strip())
            at += width
        rows.append(row)
    return [name for name, _ in fields], rows


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip("\n"):
            self.rows[-1][-1] += data


def read_html(data: bytes, encoding: str = "gb18030") -> tuple[list[str], list[list[str]]]:
    table = _Table()
    table.feed(data.decode(encoding))
    return table.rows[0], table.rows[1:]
