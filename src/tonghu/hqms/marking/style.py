"""What both kinds of sheet share: what goes in, how levels look, how text takes up room, and how a page is printed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tonghu.hqms.findings import Register
from tonghu.hqms.layout import Columns
from tonghu.hqms.summary import Summary

SUMMARY_SHEET = "校验汇总"
ROWS_SHEET = "应报告病例"
MAX_TEXT = 32_767
"""Characters of a cell or a comment."""

FILL = {"error": "#F4B6B6", "warning": "#FCE8A6", "confirm": "#CFE2F3"}
_INK = {"error": "#7A0000", "warning": "#5C4400", "confirm": "#0B3A5E"}
HEAD = {"bold": True, "bg_color": "#E7EDF3", "bottom": 1, "text_wrap": True}
LINK = {"font_color": "#0B57D0", "underline": 1}


@dataclass(frozen=True)
class Marked:
    """What goes into the workbook: the run as it was counted, the file's columns, and the findings on them."""

    made: Summary
    columns: Columns
    findings: pl.DataFrame
    register: Register


def level_format(book: xlsxwriter.Workbook, level: str, base: dict[str, object]) -> Format:
    """How a cell of a level looks."""
    style = {"bold": True} if level == "error" else {"italic": True}
    return book.add_format({**base, **style, "bg_color": FILL[level], "font_color": _INK[level], "num_format": "@"})


def page(sheet: Worksheet, *, upright: bool = False) -> None:
    """A4 across or upright, one page wide and as many high as it takes, narrow margins, page numbers at the foot."""
    sheet.set_paper(9)
    if not upright:
        sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&R第 &P 页，共 &N 页")
    sheet.fit_to_pages(1, 0)


def lines(text: str, width: int) -> int:
    """How many lines a text takes where so many half-width characters fit into one."""
    return sum(max(1, -(-half_widths(line) // width)) for line in text.split("\n"))


def half_widths(text: str) -> int:
    """How wide a text is: Chinese characters count two."""
    return sum(1 if char.isascii() else 2 for char in text)
