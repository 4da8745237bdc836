"""marked.xlsx: the rows in scope as the user knows them, bad cells coloured and commented, counts per rule in front.

Written fresh and streamed row by row (xlsxwriter in constant memory); the original is never opened. Every cell of the
file is text, so identity and record numbers keep all digits. Bad cells may be hundreds of columns away, so each row
names its problems in front and leads to them. Colour is never the only sign: a marked cell has a comment, and
errors are bold where warnings are italic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from tonghu.hqms.findings import Register
from tonghu.hqms.summary import Summary

SUMMARY_SHEET = "校验汇总"
ROWS_SHEET = "应报告病例"
MAX_ROWS = 1_048_575  # of a sheet, its header row not counted
MAX_TEXT = 32_767  # characters of a cell or a comment
# Each comment is a drawing that the spreadsheet program lays out when it opens the file: beyond this many, WPS and
# Excel take minutes. Cells past the limit stay coloured, and the summary sheet says so and where the rest is.
MAX_COMMENTS = 50_000
# A sheet holds 65,530 hyperlinks at most.
MAX_LINKS = 60_000
# Problems that a row names in its own cell; the others are counted there.
NAMED = 3
UNDETERMINED = "待判定"
LEVELS = {"error": "错误", "warning": "提示", "confirm": "请确认"}
_FILL = {"error": "#F4B6B6", "warning": "#FCE8A6", "confirm": "#CFE2F3"}
_INK = {"error": "#7A0000", "warning": "#5C4400", "confirm": "#0B3A5E"}
_RANK = {"error": 0, "warning": 1, "confirm": 2}

#: Chinese heads of the columns that the screen adds in front of the file's own.
HEADS = ("数据行号", "问题", "病种分组", "触发编码", "诊断位置", "年龄（岁）")
#: Of these the first stay in view, and are printed on every page.
KEPT = 2
_WIDTHS = (9, 44, 18, 12, 11, 11)
_PROBLEMS_AT = 1
GROUPS_ZH = {
    "malignant": "恶性肿瘤",
    "in_situ": "原位癌",
    "cns_benign": "中枢神经系统良性肿瘤",
    "uncertain": "动态未定或未知的肿瘤",
    "aplastic_anaemia": "再生障碍性贫血",
    "itp": "免疫性血小板减少症",
    "haemophilia": "血友病",
    "hlh": "噬血细胞综合征",
    "benign_other": "其他良性肿瘤（可选）",
    "other_blood": "其他血液病（可选）",
    "lch": "朗格汉斯细胞组织细胞增生症（可选）",
    "undetermined": "待判定（年龄不明）",
}


_HEAD = {"bold": True, "bg_color": "#E7EDF3", "bottom": 1, "text_wrap": True}


@dataclass(frozen=True)
class Marked:
    """What goes into the workbook.

    `facts`: about the file (label, value). `names_zh`: the fields' names under the file's own headers. `rules`: as in
    summary.json (`findings_by_rule`). `findings`: by row and column.
    """

    facts: Sequence[tuple[str, str]]
    header: Sequence[str]
    names_zh: Sequence[str]
    rules: Sequence[Mapping[str, object]]
    findings: pl.DataFrame
    register: Register


def facts(made: Summary) -> list[tuple[str, str]]:
    """What the first sheet says about the file and the check."""
    groups = "，".join(f"{GROUPS_ZH.get(name, name)} {count:,}" for name, count in made.by_group.items() if count)
    layers = f"；可选范围：{'、'.join(GROUPS_ZH[layer] for layer in made.layers)}" if made.layers else ""
    month = (
        f"{made.archive_month}{'（按出院月份推定）' if made.archive_month_assumed else ''}"
        if made.archive_month
        else "—"
    )
    return [
        ("文件", made.file),
        ("识别为", f"{made.layout} 版首页，{made.taken_for['zh']}"),
        ("校验和", f"SHA-256 {made.sha256}"),
        ("检查日期", f"{made.on}（按该日有效的规则）；归档月 {month}"),
        ("行数", f"{made.rows:,} 行，其中入院时不满 20 岁 {made.under_20:,} 行"),
        ("应报告病例", f"{made.in_scope:,} 行" + (f"：{groups}" if groups else "") + layers),
        (UNDETERMINED, f"{made.undetermined:,} 行（诊断在范围内而年龄不明）"),
        ("问题", f"{made.findings:,} 个；至少有一个错误的病例 {made.problem_cards:,} 行"),
        *(("说明", note["zh"]) for note in made.notes),
    ]


def write(path: Path, marked: Marked, parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> None:
    """Write the workbook. `parts` are (cases, the file's own cells) in row order, as they went into cases.csv."""
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    try:
        front = book.add_worksheet(SUMMARY_SHEET)
        rows = _Rows(book, marked)
        rows.write(parts)
        _Summary(book, front).write(marked, rows)
    finally:
        book.close()


class _Summary:
    """The first sheet: what the file is, what the colours mean, and how often each rule fired."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 0
        base = {"font_name": "宋体", "font_size": 11, "valign": "top"}
        self.plain = book.add_format({**base, "text_wrap": True})
        self.mend = book.add_format({**base, "text_wrap": True, "align": "left", "indent": 2})
        self.label = book.add_format({**base, "font_color": "#555555"})
        self.title = book.add_format({**base, "bold": True, "font_size": 16})
        self.head = book.add_format({**base, **_HEAD})
        self.number_head = book.add_format({**base, **_HEAD, "align": "right"})
        self.mend_head = book.add_format({**base, **_HEAD, "align": "left", "indent": 2})
        self.number = book.add_format({**base, "num_format": "#,##0", "align": "right"})
        self.link = book.add_format({**base, "font_color": "#0B57D0", "underline": 1})
        self.levels = {level: _level_format(book, level, base) for level in LEVELS}

    def write(self, marked: Marked, rows: _Rows) -> None:
        """Fill the sheet; `rows` know where the problems are."""
        sheet = self.sheet
        for column, width in enumerate((12, 9, 38, 9, 10, 56)):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        _print_setup(sheet)
        sheet.fit_to_pages(1, 0)
        self._line(30, (self.title, "出院病案首页校验汇总"))
        for label, value in marked.facts:
            sheet.write_string(self.row, 0, label, self.label)
            if label == UNDETERMINED and rows.first_undetermined:
                sheet.write_url(self.row, 0, rows.first_undetermined, self.link, label, "转到第一行")
            sheet.merge_range(self.row, 1, self.row, 5, "", self.plain)
            sheet.write_string(self.row, 1, value[:MAX_TEXT], self.plain)
            sheet.set_row(self.row, 6 + 15 * _lines(value, 108))
            self.row += 1
        self.row += 1
        self._legend(rows.problem_cells)
        self.row += 1
        self._rules(marked, rows)

    def _legend(self, commented: int) -> None:
        sheet = self.sheet
        words = {
            "error": "红底粗体：错误，修改后才能通过审核",
            "warning": "黄底斜体：提示，请核对；属实的可说明理由后通过",
            "confirm": "蓝底：请确认",
        }
        for level in ("error", "warning"):
            sheet.write_string(self.row, 0, LEVELS[level], self.levels[level])
            sheet.write_string(self.row, 1, f"{words[level]}。问题单元格均有批注：规则、原因、改法", self.label)
            self.row += 1
        self.sheet.write_string(
            self.row,
            0,
            "点击规则编号转到它的第一个问题单元格；点击病例行的“问题”转到该行的第一个问题单元格",
            self.label,
        )
        self.row += 1
        if commented > MAX_COMMENTS:
            sheet.write_string(
                self.row,
                0,
                f"问题单元格共 {commented:,} 个，批注只写前 {MAX_COMMENTS:,} 个，其余只着色；全部问题见 findings.csv",
                self.label,
            )
            self.row += 1

    def _rules(self, marked: Marked, rows: _Rows) -> None:
        self.sheet.repeat_rows(self.row)
        heads = ("级别", "规则", "检查内容", "问题数", "涉及行数", "改法")
        styles = (self.head, self.head, self.head, self.number_head, self.number_head, self.mend_head)
        self._line(21, *zip(styles, heads, strict=True))
        for line in marked.rules:
            sheet = self.sheet
            level = str(line["level"])
            sheet.write_string(self.row, 0, LEVELS[level], self.levels[level])
            rule = str(line["rule"])
            place = rows.first_of.get((rule, level))
            if place:
                sheet.write_url(self.row, 1, place, self.link, rule, "转到第一个问题单元格")
            else:
                sheet.write_string(self.row, 1, rule, self.plain)
            sheet.write_string(self.row, 2, str(line["title_zh"]), self.plain)
            sheet.write_number(self.row, 3, int(str(line["findings"])), self.number)
            sheet.write_number(self.row, 4, int(str(line["rows"])), self.number)
            sheet.write_string(self.row, 5, str(line["mend_zh"]), self.mend)
            # Spreadsheet programs do not fit the height of rows that they did not lay out themselves.
            lines = max(_lines(str(line["title_zh"]), 34), _lines(str(line["mend_zh"]), 48))
            sheet.set_row(self.row, 6 + 15 * lines)
            self.row += 1
        if marked.findings.is_empty():
            self.sheet.write_string(self.row, 0, "没有发现问题", self.plain)
            self.row += 1

    def _line(self, height: int, *cells: tuple[Format, str]) -> None:
        self.sheet.set_row(self.row, height)
        for column, (style, text) in enumerate(cells):
            self.sheet.write_string(self.row, column, text, style)
        self.row += 1


def _print_setup(sheet: Worksheet) -> None:
    """A4 across, narrow margins, the page's number at the foot."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&R第 &P 页，共 &N 页")


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column of so many half-width characters."""
    return max(1, -(-sum(1 if char.isascii() else 2 for char in text) // width))


def _level_format(book: xlsxwriter.Workbook, level: str, base: dict[str, object]) -> Format:
    style = {"bold": True} if level == "error" else {"italic": True}
    return book.add_format({**base, **style, "bg_color": _FILL[level], "font_color": _INK[level], "num_format": "@"})


class _Rows:
    """The sheets with the rows in scope: as many as the rows need.

    Known when they are written: `first_of`, the first cell that a rule (id, level) marks, and `first_undetermined`,
    both as internal links; `problem_cells`, how many cells have a problem.
    """

    def __init__(self, book: xlsxwriter.Workbook, marked: Marked) -> None:
        self.book = book
        self.marked = marked
        self.comments_left = MAX_COMMENTS
        self.problem_cells = 0
        self.first_of: dict[tuple[str, str], str] = {}
        self.first_undetermined = ""
        base: dict[str, object] = {"font_name": "宋体", "font_size": 10, "valign": "top"}
        self.text = book.add_format({**base, "num_format": "@"})
        self.number = book.add_format({**base, "num_format": "0", "align": "right"})
        self.head = book.add_format({**base, **_HEAD})
        self.own_head = book.add_format({**base, **_HEAD, "bg_color": "#D5E8D4"})
        self.levels = {level: _level_format(book, level, base) for level in LEVELS}
        self.listed = {level: _level_format(book, level, {**base, "text_wrap": True}) for level in LEVELS}
        self.name = ""
        self.sheets = 0
        self.links_left = 0
        self.at = 0

    def write(self, parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> None:
        """Stream the rows of `parts` in order."""
        sheet = self._new_sheet()
        problems = _Problems(self.marked.findings)
        for cases, data in parts:
            fronts = cases.select("row", "scope_group", "scope_code", "scope_position", "age_years").iter_rows()
            for front, cells in zip(fronts, data.iter_rows(), strict=True):
                if self.at > MAX_ROWS:
                    self._end_sheet(sheet)
                    sheet = self._new_sheet()
                self._row(sheet, front, cells, problems.of(front[0]))
        self._end_sheet(sheet)

    def _new_sheet(self) -> Worksheet:
        self.sheets += 1
        self.links_left = MAX_LINKS
        self.name = ROWS_SHEET if self.sheets == 1 else f"{ROWS_SHEET}{self.sheets}"
        sheet = self.book.add_worksheet(self.name)
        for column, width in enumerate((*_WIDTHS, *map(_width, self.marked.names_zh))):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, KEPT)
        _print_setup(sheet)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0, KEPT - 1)
        sheet.print_across()
        sheet.set_row(0, 42)
        for column, head in enumerate(HEADS):
            sheet.write_string(0, column, head, self.own_head)
        for column, (head, name_zh) in enumerate(
            zip(self.marked.header, self.marked.names_zh, strict=True), len(HEADS)
        ):
            sheet.write_string(0, column, f"{head}\n{name_zh}" if name_zh and name_zh != head else head, self.head)
        self.at = 1
        return sheet

    def _end_sheet(self, sheet: Worksheet) -> None:
        sheet.autofilter(0, 0, self.at - 1, len(HEADS) + len(self.marked.header) - 1)

    def _row(
        self,
        sheet: Worksheet,
        front: tuple[object, ...],
        cells: tuple[str | None, ...],
        problems: dict[int, list[_Problem]],
    ) -> None:
        row, group, code, position, age = front
        sheet.write_number(self.at, 0, int(str(row)), self.number)
        if problems:
            self._list(sheet, problems)
        if group == "undetermined" and not self.first_undetermined:
            self.first_undetermined = self._link(0)
        for column, text in enumerate((GROUPS_ZH.get(str(group), str(group)), code, _slot(position)), KEPT):
            if text:
                sheet.write_string(self.at, column, str(text), self.text)
        first = len(HEADS)
        if age is not None:
            sheet.write_number(self.at, first - 1, int(str(age)), self.number)
        write, at, style = sheet.write_string, self.at, self.text
        for column, cell in enumerate(cells):
            if column in problems:
                self._marked_cell(sheet, first + column, cell or "", problems[column])
            elif cell is not None:
                write(at, first + column, cell[:MAX_TEXT], style)
        self.at += 1

    def _list(self, sheet: Worksheet, problems: dict[int, list[_Problem]]) -> None:
        """The row's problems in one cell, errors first, with a link to the first of them."""
        entries = self.marked.register.entries
        found = sorted(
            (
                (_RANK[entries[entry].level], column, entries[entry].id, entry)
                for column in problems
                for entry, _ in problems[column]
            )
        )
        lines = []
        for _, column, _, entry in found[:NAMED]:
            line = f"{self.marked.header[column].strip()}: {entries[entry].id} {entries[entry].title_zh}"
            lines.append(_shortened(line, _WIDTHS[_PROBLEMS_AT] + 2))
        if len(found) > NAMED:
            lines.append(f"……另有 {len(found) - NAMED} 个")
        if len(lines) > 1:
            sheet.set_row(self.at, 3 + 13.5 * len(lines))
        worst = entries[found[0][3]].level
        # A program that shows a link on one line only still keeps the problems apart.
        text = "；\n".join(lines)
        if self.links_left > 0:
            self.links_left -= 1
            place = self._link(len(HEADS) + found[0][1])
            sheet.write_url(self.at, _PROBLEMS_AT, place, self.listed[worst], text, "转到该行的第一个问题单元格")
        else:
            sheet.write_string(self.at, _PROBLEMS_AT, text, self.listed[worst])

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
        words = "\n\n".join(self._comment(entry, said) for entry, said in found)
        lines = sum(1 + len(line) // 22 for line in words.splitlines())
        sheet.write_comment(
            row, column, words[:MAX_TEXT], {"x_scale": 2.2, "height": min(20 + 17 * lines, 400), "font_size": 9}
        )

    def _comment(self, entry: int, said: int) -> str:
        rule, words = self.marked.register.entries[entry], self.marked.register.texts[said]
        lines = [f"【{LEVELS[rule.level]}】{rule.id} {rule.title_zh}", f"原因：{words.cause_zh}"]
        if words.mend_zh:
            lines.append(f"改法：{words.mend_zh}")
        return "\n".join(lines)


_Problem = tuple[int, int]  # (entry, said) of the register


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


def _shortened(text: str, width: int) -> str:
    """A text that fits into so many half-width characters."""
    used = 0
    for at, char in enumerate(text):
        used += 1 if char.isascii() else 2
        if used > width:
            return text[: at - 1] + "…"
    return text


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
