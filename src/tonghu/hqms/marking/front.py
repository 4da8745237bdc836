"""The first sheet: what to do, what to look at first, how often each rule fired, and what the answer rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tonghu.hqms.labels import GROUPS_ZH, LEVELS
from tonghu.hqms.marking import rows as row_sheets
from tonghu.hqms.marking.rows import RowSheets
from tonghu.hqms.marking.style import HEAD, LINK, MAX_TEXT, ROWS_SHEET, Marked, level_format, lines, page
from tonghu.hqms.outputs import MARKED_HEADS
from tonghu.hqms.summary import Summary

UNDETERMINED = "待判定"
_WIDTHS = (34, 34, 8, 8, 54, 10)
_ACROSS = sum(_WIDTHS)
_HEADS = ("检查内容", "涉及项目（问题数）", "问题数", "行数", "改法", "规则")
_NAMED = 4
"""Fields that the line of a rule names."""

_SECTIONS = {
    "error": "错误：改正后才能通过审核（红底粗体）",
    "warning": "提示：请核对，属实的可说明理由后通过（黄底斜体）",
    "confirm": "请确认：少见，可能属实（蓝底）",
}


def to_do(made: Summary) -> str:
    """The one line that a clerk needs first."""
    warnings = made.findings_by_level.get("warning", 0) + made.findings_by_level.get("confirm", 0)
    if not made.scoped:
        return "检查日期没有生效的监测范围，未判断应报告病例"
    if made.problem_cards:
        return f"待改：{made.problem_cards:,} 行病例有错误" + (f"；另有提示 {warnings:,} 处" if warnings else "")
    if made.findings_by_level.get("error", 0):
        return "待改：文件的表头有错误" + (f"；另有提示 {warnings:,} 处" if warnings else "")
    return f"没有错误；有提示 {warnings:,} 处，请核对" if warnings else "没有发现问题"


def about(made: Summary) -> list[tuple[str, str]]:
    """What the sheet says at its foot about the file and the check."""
    groups = "，".join(f"{GROUPS_ZH.get(name, name)} {count:,}" for name, count in made.by_group.items() if count)
    layers = f"；可选范围：{'、'.join(GROUPS_ZH[layer] for layer in made.layers)}" if made.layers else ""
    month = (
        f"{made.archive_month}{'（按出院月份推定）' if made.archive_month_assumed else ''}"
        if made.archive_month
        else "—"
    )
    reportable = f"{made.in_scope:,} 行" + (f"：{groups}" if groups else "") + layers
    undetermined = f"{made.undetermined:,} 行（诊断在范围内而年龄不明）"
    return [
        ("文件", made.file),
        ("识别为", f"{made.layout} 版首页，{made.taken_for['zh']}"),
        ("行数", f"{made.rows:,} 行" + (f"，其中入院时不满 20 岁 {made.under_20:,} 行" if made.scoped else "")),
        ("应报告病例", reportable if made.scoped else "未判断：检查日期没有生效的监测范围"),
        *([(UNDETERMINED, undetermined)] if made.undetermined else []),
        *(("说明", note) for note in made.said(attention=False)),
        ("检查日期", f"{made.on}（按该日有效的规则）；归档月 {month}"),
        ("校验和", f"SHA-256 {made.sha256}"),
    ]


class FrontSheet:
    """The sheet in the making."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 0
        base = {"font_name": "宋体", "font_size": 11, "valign": "top"}
        self.plain = book.add_format({**base, "text_wrap": True})
        self.label = book.add_format({**base, "font_color": "#555555"})
        self.title = book.add_format({**base, "font_size": 12, "font_color": "#555555"})
        self.to_do = book.add_format({**base, "bold": True, "font_size": 18, "valign": "vcenter"})
        self.attention = book.add_format({**base, "bold": True, "font_color": "#B00020", "text_wrap": True})
        self.head = book.add_format({**base, **HEAD})
        self.number_head = book.add_format({**base, **HEAD, "align": "right"})
        self.mend = book.add_format({**base, "text_wrap": True, "align": "left", "indent": 1})
        self.mend_head = book.add_format({**base, **HEAD, "align": "left", "indent": 1})
        self.number = book.add_format({**base, "num_format": "#,##0", "align": "right"})
        self.link = book.add_format({**base, **LINK})
        self.levels = {level: level_format(book, level, base) for level in LEVELS}

    def write(self, marked: Marked, rows: RowSheets) -> None:
        """Fill the sheet; `rows` know where the problems are."""
        made, sheet = marked.made, self.sheet
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        page(sheet)
        self._across("出院病案首页校验汇总", self.title, 20)
        self._across(to_do(made), self.to_do, 34)
        for text in made.said(attention=True):
            self._across(f"注意：{text}", self.attention)
        for number, text in enumerate(_steps(made, rows), 1):
            self._across(f"{number}. {text}", self.plain)
        self.row += 1
        if made.findings_by_rule:
            self._heads()
        for level, section in _SECTIONS.items():
            if found := [line for line in made.findings_by_rule if line["level"] == level]:
                self._rules(section, level, found, rows)
        self._about(made, rows)

    def _across(self, text: str, style: Format, height: int | None = None) -> None:
        """One text over the whole width; spreadsheet programs do not fit the height of merged cells."""
        sheet = self.sheet
        sheet.merge_range(self.row, 0, self.row, len(_WIDTHS) - 1, "", style)
        sheet.write_string(self.row, 0, text[:MAX_TEXT], style)
        sheet.set_row(self.row, height or 5 + 15 * lines(text, _ACROSS - 4))
        self.row += 1

    def _heads(self) -> None:
        self.sheet.repeat_rows(self.row)
        styles = (self.head, self.head, self.number_head, self.number_head, self.mend_head, self.head)
        for column, (style, text) in enumerate(zip(styles, _HEADS, strict=True)):
            self.sheet.write_string(self.row, column, text, style)
        self.row += 1

    def _rules(self, section: str, level: str, found: Sequence[Mapping[str, object]], rows: RowSheets) -> None:
        self._across(f"{section}，{len(found)} 条规则", self.levels[level], 20)
        for line in found:
            self._rule(line, rows.first_of.get((str(line["rule"]), level)))
        self.row += 1

    def _rule(self, line: Mapping[str, object], place: str | None) -> None:
        sheet = self.sheet
        texts = (str(line["title_zh"]), _fields(line), str(line["mend_zh"]))
        for column, text in zip((0, 1, 4), texts, strict=True):
            sheet.write_string(self.row, column, text, self.mend if column == 4 else self.plain)
        sheet.write_number(self.row, 2, int(str(line["findings"])), self.number)
        sheet.write_number(self.row, 3, int(str(line["rows"])), self.number)
        rule = str(line["rule"])
        if place:
            sheet.write_url(self.row, 5, place, self.link, rule, "转到第一个问题单元格")
        else:
            sheet.write_string(self.row, 5, rule, self.plain)
        # Spreadsheet programs do not fit the height of rows that they did not lay out themselves.
        tallest = max(lines(text, _WIDTHS[at] - 4) for at, text in zip((0, 1, 4), texts, strict=True))
        sheet.set_row(self.row, 5 + 15 * tallest)
        self.row += 1

    def _about(self, made: Summary, rows: RowSheets) -> None:
        self._across("本次检查", self.head, 20)
        for label, value in about(made):
            text = f"{label}　{value}"
            if label == UNDETERMINED and rows.first_undetermined:
                self.sheet.write_url(
                    self.row, 0, rows.first_undetermined, self.link, f"{text}，转到第一行", "转到第一行"
                )
                self.row += 1
            else:
                self._across(text, self.plain)


def _steps(made: Summary, rows: RowSheets) -> list[str]:
    """What the clerk does, one thing after the other."""
    if not made.scoped:
        return ["核对检查日期（--on）后重新检查。"]
    if not made.findings:
        return ["可提交审核。"]
    steps = []
    if rows.problem_cells:
        steps.append(
            f"打开工作表“{ROWS_SHEET}”，逐行看“问题”；点击蓝色的数据行号，转到该行第一个问题单元格，批注里有原因和改法。"
        )
        if rows.problem_cells > row_sheets.MAX_COMMENTS:
            steps.append(
                f"问题单元格共 {rows.problem_cells:,} 个，批注只写前 {row_sheets.MAX_COMMENTS:,} 个，"
                "其余只着色；全部问题见 findings.csv。"
            )
        steps.append(f"打印“{ROWS_SHEET}”只印前面 {len(MARKED_HEADS)} 列，可作修改清单。")
    steps.append(
        "在病案系统中改正错误、核对提示，重新导出后再查一遍。"
        if made.findings_by_level.get("error", 0)
        else "核对后可提交审核。"
    )
    return steps


def _fields(line: Mapping[str, object]) -> str:
    """Which fields a rule found something in, the most frequent first."""
    found = line["columns"]
    assert isinstance(found, Sequence)
    named = "、".join(f"{one['label']} {one['findings']:,}" for one in found[:_NAMED])
    return f"{named} 等 {len(found)} 项" if len(found) > _NAMED else named
