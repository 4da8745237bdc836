"""Web pages with a table, which many systems export under the name of .xls."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import cast

from lxml import etree

from tonghu.errors import InputRefused
from tonghu.hqms.reading import encoding as enc
from tonghu.hqms.reading.header import Known, find_header
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.lines import Checked, style_of
from tonghu.hqms.reading.model import Frame, Source, frames_of_rows
from tonghu.hqms.reading.ooxml import free

LOOK_AT_ROWS = 1_000
"""Rows of the page among which the table and its header are looked for."""

WIDEST = 2_000
"""A cell over more columns than this is a slip in the page."""

SPACES = re.compile(r"[ \t\r\n\f]+")
BREAK = "\v"

Row = list[str | None]


class HtmlSource(Source):
    """The table of a page whose header is known, else the first that has text."""

    format = "html"

    def __init__(self, given: Input, known: Known | None = None) -> None:
        """Find the table. Raises `InputRefused` when the page has none."""
        super().__init__(given)
        with given.open() as stream:
            self._style = style_of(stream.read(1 << 16))
        tables: defaultdict[int, list[Row]] = defaultdict(list)
        for table, row in islice(self._rows(), LOOK_AT_ROWS):
            tables[table].append(row)
        found = [(table, header) for table, rows in tables.items() if (header := find_header(rows, known))]
        if not found:
            raise InputRefused(
                f"{given.name}：这是网页，其中没有数据表格（可能保存的是登录页面），请重新导出",
                f"{given.name}: this is a web page without a table of data (perhaps a login page was saved); export "
                "it again",
            )
        self._table, header = max(found, key=lambda one: (one[1].known, -one[0]))
        self.header, self._first_data = header.names, header.first_data
        self.notes.extend(header.notes)

    def _frames(self, rows_per_frame: int) -> Iterator[Frame]:
        rows = (row for table, row in self._rows() if table == self._table)
        return frames_of_rows(islice(rows, self._first_data, None), len(self.header), rows_per_frame)

    def _kind(self) -> tuple[str, str]:
        return f"网页表格（HTML），{self.encoding} 编码", f"HTML table in {self.encoding}"

    def _rows(self) -> Iterator[tuple[int, Row]]:
        """Each row with the number of its table, in the order of the page; a row is freed once it is read."""
        parser = etree.HTMLPullParser(events=("start", "end"), tag=("table", "tr"), encoding="utf-8", huge_tree=True)
        open_tables = [0]
        count = 0
        for text in self._texts():
            parser.feed(text)
            for event, found in parser.read_events():
                element = cast("etree._Element", found)
                if event == "start" and element.tag == "table":
                    count += 1
                    open_tables.append(count)
                elif event == "end" and element.tag == "table":
                    open_tables.pop()
                elif event == "end":
                    yield open_tables[-1], _cells(element)
                    free(element)

    def _texts(self) -> Iterator[bytes]:
        """The page as UTF-8; what its head says of its encoding is not believed but tried."""
        checked = Checked(self.input, self._style, enc.UTF8 if self._style.encoding else None)
        line = 1
        for piece in checked:
            self.encoding = enc.NAMES[self._style.encoding or checked.encoding or enc.UTF8]
            if checked.encoding == enc.GB18030:
                yield enc.as_utf8(piece, self.input.name, line)
            else:
                yield piece
            line += piece.count(b"\n")


def _cells(row: etree._Element) -> Row:
    cells: Row = []
    for cell in row.iterchildren("td", "th"):
        cells.append(_text(cell))
        span = str(cell.get("colspan", "1"))
        if span.isdecimal():
            cells += [None] * (min(int(span), WIDEST) - 1)
    return cells


def _text(cell: etree._Element) -> str | None:
    """The text that a browser would show: runs of white space are one space, <br> ends a line."""
    parts = []
    for node in cell.iter():
        if node.tag == "br":
            parts.append(BREAK)
        if isinstance(node.tag, str):
            parts.append(node.text or "")
        if node is not cell:
            parts.append(node.tail or "")
    lines = [line.strip(" ") for line in SPACES.sub(" ", "".join(parts)).split(BREAK)]
    text = "\n".join(lines)
    return text if text.strip() else None
