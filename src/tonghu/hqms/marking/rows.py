"""The sheets with the rows in scope: who and what is wrong in front, the file's own cells behind, marked and commented.

Bad cells may be hundreds of columns away, so each row names its problems in front, and its number leads to them. It
is the number that carries the link: LibreOffice shows a cell with a link on one line, whatever its format says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from tonghu.hqms.labels import GROUPS_ZH, LEVELS, field_label
from tonghu.hqms.marking.style import (
    HEAD,
    LINK,
    MAX_TEXT,
    ROWS_SHEET,
    Marked,
    level_format,
    lines,
    page,
)
from tonghu.hqms.outputs import MARKED_HEADS

MAX_ROWS = 1_048_575
"""Of a sheet, its header row not counted."""

MAX_COMMENTS = 50_000
"""Each comment is a drawing that the spreadsheet program lays out when it opens the file: beyond this many, WPS and
Excel take minutes. Cells past the limit stay coloured, and the first sheet says so and where the rest is."""

MAX_LINKS = 60_000
"""A sheet holds 65,530 hyperlinks at most."""

NAMED = 4
"""Lines of problems that a row has in its own cell; the others are counted there."""

_FIELDS = 3
"""Fields that such a line names."""

KEPT = 4
"""Of these the first stay in view."""

_WIDTHS = (9, 13, 11, 48, 16, 11, 11, 7)
_PROBLEMS_AT, _PROBLEM_CHARS = 3, 50
_RANK = {"error": 0, "warning": 1, "confirm": 2}
_COMMENT_WIDTH, _COMMENT_CHARS, _COMMENT_LINE = 300, 40, 18
"""Of a comment: pixels across, half-width characters that surely fit into a line of them, pixels of a line."""

_Problem = tuple[int, int]  # (entry, said) of the register


class RowSheets:
    """As many sheets as the rows need.

    Known when they are written: `first_of`, the first cell that a rule (id, level) marks, and `first_undetermined`,
    both as internal links; `problem_cells`, how many cells have a problem.
    """

    def __init__(self, book: xlsxwriter.Workbook, marked: Marked) -> None:
        self.book = book
        self.marked = marked
        columns = marked.columns
        self.labels = [field_label(columns, at) for at in range(len(columns.header))]
        self.names = [columns.fields[at].name_zh if at in columns.fields else "" for at in range(len(columns.header))]
        self.record = columns.position.get("medical_record_no")
        self.discharge = columns.position.get("discharge_datetime")
        self.comments_left = MAX_COMMENTS
        self.problem_cells = 0
        self.first_of: dict[tuple[str, str], str] = {}
        self.first_undetermined = ""
        base: dict[str, object] = {"font_name": "宋体", "font_size": 10, "valign": "top"}
        self.text = book.add_format({**base, "num_format": "@"})
        self.number = book.add_format({**base, "num_format": "0", "align": "center"})
        self.linked = book.add_format({**base, **LINK, "num_format": "0", "align": "center"})
        self.head = book.add_format({**base, **HEAD})
        self.own_head = book.add_format({**base, **HEAD, "bg_color": "#D5E8D4"})
        self.levels = {level: level_format(book, level, base) for level in LEVELS}
        self.listed = {level: level_format(book, level, {**base, "text_wrap": True}) for level in LEVELS}
        self.name = ""
        self.sheets = 0
        self.links_left = 0
        self.at = 0

    def write(self, parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]], progress: Callable[[int], None]) -> None:
        """Stream the rows of `parts` in order; `progress` is told how many there have been."""
        written = 0
        progress(written)
        sheet = self._new_sheet()
        problems = _Problems(self.marked.findings)
        for cases, data in parts:
            fronts = cases.select("row", "scope_group", "scope_code", "scope_position", "age_years").iter_rows()
            for front, cells in zip(fronts, data.iter_rows(), strict=True):
                if self.at > MAX_ROWS:
                    self._end_sheet(sheet)
                    sheet = self._new_sheet()
                self._row(sheet, front, cells, problems.of(front[0]))
                written += 1
                progress(written)
        self._end_sheet(sheet)

    def _new_sheet(self) -> Worksheet:
        self.sheets += 1
        self.links_left = MAX_LINKS
        self.name = ROWS_SHEET if self.sheets == 1 else f"{ROWS_SHEET}{self.sheets}"
        sheet = self.book.add_worksheet(self.name)
        for column, width in enumerate((*_WIDTHS, *map(_width, self.names))):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, KEPT)
        page(sheet, upright=True)
        sheet.repeat_rows(0)
        sheet.set_row(0, 42)
        header = self.marked.columns.header
        for column, head in enumerate(MARKED_HEADS):
            sheet.write_string(0, column, head, self.own_head)
        for column, (head, name_zh) in enumerate(zip(header, self.names, strict=True), len(MARKED_HEADS)):
            sheet.write_string(0, column, f"{head}\n{name_zh}" if name_zh and name_zh != head else head, self.head)
        self.at = 1
        return sheet

    def _end_sheet(self, sheet: Worksheet) -> None:
        last = self.at - 1
        sheet.autofilter(0, 0, last, len(MARKED_HEADS) + len(self.marked.columns.header) - 1)
        # The hundreds of columns behind would take thousands of pages that nobody can read.
        sheet.print_area(0, 0, last, len(MARKED_HEADS) - 1)

    def _row(
        self,
        sheet: Worksheet,
        front: tuple[object, ...],
        cells: tuple[str | None, ...],
        problems: dict[int, list[_Problem]],
    ) -> None:
        row, group, code, position, age = front
        if problems:
            self._list(sheet, int(str(row)), problems)
        else:
            sheet.write_number(self.at, 0, int(str(row)), self.number)
        if group == "undetermined" and not self.first_undetermined:
            self.first_undetermined = self._link(0)
        record = cells[self.record] if self.record is not None else None
        discharge = cells[self.discharge] if self.discharge is not None else None
        for column, text in (
            (1, record),
            (2, (discharge or "").strip().split(" ")[0].split("T")[0]),
            (4, GROUPS_ZH.get(str(group), str(group))),
            (5, code),
            (6, _slot(position)),
        ):
            if text:
                sheet.write_string(self.at, column, str(text)[:MAX_TEXT], self.text)
        first = len(MARKED_HEADS)
        if age is not None:
            sheet.write_number(self.at, first - 1, int(str(age)), self.number)
        write, at, style = sheet.write_string, self.at, self.text
        for column, cell in enumerate(cells):
            if column in problems:
                self._marked_cell(sheet, first + column, cell or "", problems[column])
            elif cell is not None:
                write(at, first + column, cell[:MAX_TEXT], style)
        self.at += 1

    def _list(self, sheet: Worksheet, row: int, problems: dict[int, list[_Problem]]) -> None:
        """The row's number as a link to its first problem, and its problems in one cell, errors first.

        What a rule says of several fields in the same words is said once.
        """
        entries, texts = self.marked.register.entries, self.marked.register.texts
        found = sorted(
            (_RANK[entries[entry].level], column, entries[entry].id, entry, said)
            for column in problems
            for entry, said in problems[column]
        )
        alike: dict[tuple[str, int], list[str]] = {}
        for _, column, rule, _, said in found:
            alike.setdefault((rule, said), []).append(self.labels[column])
        named = [f"{_listed(labels)}：{texts[said].cause_zh} {rule}" for (rule, said), labels in alike.items()]
        if left := sum(len(labels) for labels in list(alike.values())[NAMED:]):
            named[NAMED:] = [f"……另有 {left} 个"]
        worst = entries[found[0][3]].level
        text = "\n".join(named)[:MAX_TEXT]
        sheet.write_string(self.at, _PROBLEMS_AT, text, self.listed[worst])
        sheet.set_row(self.at, min(3 + 13.5 * lines(text, _PROBLEM_CHARS), 409))
        if self.links_left > 0:
            self.links_left -= 1
            place = self._link(len(MARKED_HEADS) + found[0][1])
            sheet.write_url(self.at, 0, place, self.linked, str(row), "转到该行的第一个问题单元格")
            # The link stays with the cell; a number sorts and filters as one.
            sheet.write_number(self.at, 0, row, self.linked)
        else:
            sheet.write_number(self.at, 0, row, self.number)

    def _link(self, column: int) -> str:
        """An internal link to a cell of the row that is being written."""
        return f"internal:'{self.name}'!{xl_rowcol_to_cell(self.at, column)}"

    def _marked_cell(self, sheet: Worksheet, column: int, text: str, problems: list[_Problem]) -> None:
        row = self.at
        self.problem_cells += 1
        register = self.marked.register
        found = sorted(problems, key=lambda p: (_RANK[register.entries[p[0]].level], register.entries[p[0]].id))
        style = self.levels[register.entries[found[0][0]].level]
        for entry, _ in found:
            self.first_of.setdefault((register.entries[entry].id, register.entries[entry].level), self._link(column))
        if text:
            sheet.write_string(row, column, text[:MAX_TEXT], style)
        else:
            sheet.write_blank(row, column, None, style)
        if self.comments_left <= 0:
            return
        self.comments_left -= 1
        label = self.labels[column - len(MARKED_HEADS)]
        words = "\n\n".join((label, *(self._comment(entry, said) for entry, said in found)))[:MAX_TEXT]
        height = 16 + _COMMENT_LINE * lines(words, _COMMENT_CHARS)
        sheet.write_comment(row, column, words, {"width": _COMMENT_WIDTH, "height": height, "font_size": 9})

    def _comment(self, entry: int, said: int) -> str:
        rule, words = self.marked.register.entries[entry], self.marked.register.texts[said]
        told = [f"【{LEVELS[rule.level]}】{rule.title_zh}（{rule.id}）", f"原因：{words.cause_zh}"]
        if words.mend_zh:
            told.append(f"改法：{words.mend_zh}")
        return "\n".join(told)


class _Problems:
    """The findings of one row after the other, by column: findings come ordered by row, and rows are asked in order."""

    def __init__(self, findings: pl.DataFrame) -> None:
        on_cells = findings.filter((pl.col("row") > 0) & (pl.col("column") >= 0))
        self._next = on_cells.select("row", "column", "entry", "said").iter_rows()
        self._ahead: tuple[int, int, int, int] | None = next(self._next, None)

    def of(self, row: object) -> dict[int, list[_Problem]]:
        """Column → findings of `row`; rows before it are passed over."""
        found: dict[int, list[_Problem]] = {}
        while self._ahead is not None and self._ahead[0] <= int(str(row)):
            at, column, entry, said = self._ahead
            if at == row:
                found.setdefault(column, []).append((entry, said))
            self._ahead = next(self._next, None)
        return found


def _listed(labels: list[str]) -> str:
    """The fields that something is said of."""
    return "、".join(labels[:_FIELDS]) + (f" 等 {len(labels)} 项" if len(labels) > _FIELDS else "")


def _slot(position: object) -> str:
    if position is None:
        return ""
    return "主要诊断" if position == 0 else f"其他诊断{position}"


def _width(name_zh: str) -> int:
    """A column width from what the field is called: dates and identity numbers need room, most cells are short."""
    if "身份证" in name_zh or "日期" in name_zh or "时间" in name_zh or "机构代码" in name_zh:
        return 20
    if "地址" in name_zh or "名称" in name_zh or "描述" in name_zh:
        return 24
    return 12
