"""Cards as a discharge file that can be corrected and imported again: a card's number, front page and supplement.

The number stands in a column of its own, so that an edited row finds its card even where the record number or the
discharge time was put right; the version stands beside it, so that what was edited is told from what the card has
moved on from meanwhile. A file that comes back as it went changes nothing. The columns of the supplement
come back as those of the page do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import xlsxwriter

from tonghu.codes.hqms_fields import layout as dictionary
from tonghu.registry.content import open_
from tonghu.registry.models import CardVersion
from tonghu.registry.supplement import Item, items

#: The header of the column with the card's number.
KEY_COLUMN: Final = "童护卡号"
#: The header of the column with the card's version that the row says.
VERSION_COLUMN: Final = "童护卡版本"
#: So many contents are opened together.
_TOGETHER: Final = 500
_BEGIN_FORMULAS: Final = frozenset("=+-@\t\r")
_NUMBER: Final = re.compile(r"[-+]?[\d.,]+")
#: Told, row after row, how many are written.
Told = Callable[[int], None]


def _nobody(_written: int) -> None:
    """Nobody waits for the rows."""


def header(layout: str) -> list[str]:
    """Return the headers of a file in a layout."""
    return [KEY_COLUMN, VERSION_COLUMN, *_codes(layout), *supplement_columns()]


def supplement_columns() -> dict[str, Item]:
    """Return the items of the supplement by their headings: the name that stays, and what it is called in Chinese."""
    return {f"{item.name} {item.zh}": item for item in items()}


def lines(cards: Sequence[int], layout: str) -> Iterator[list[str]]:
    """Yield the rows of cards in a layout, each in the newest version that the scope sees."""
    codes, columns = _codes(layout), supplement_columns().values()
    for start in range(0, len(cards), _TOGETHER):
        chunk = list(cards[start : start + _TOGETHER])
        versions = CardVersion.objects.filter(card__in=chunk).order_by("card", "-number").distinct("card")
        newest = {one.card_id: one for one in versions}
        for card in chunk:
            if card in newest:
                content = open_(newest[card].content)
                items = (_coded(item, content.supplement.get(item.name, "")) for item in columns)
                front = (content.front.get(code, "") for code in codes)
                yield [str(card), str(newest[card].number), *front, *items]


def as_csv(cards: Sequence[int], layout: str, watermark: str, told: Told = _nobody) -> bytes:
    """Return cards as CSV: UTF-8 with a BOM, as WPS and Excel read it; the watermark stands above the header."""
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow([watermark])
    written.writerow(header(layout))
    for row, line in enumerate(lines(cards, layout), 1):
        written.writerow([_harmless(cell) for cell in line])
        told(row)
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(cards: Sequence[int], layout: str, watermark: str, told: Told = _nobody) -> bytes:
    """Return cards as a workbook; every cell is text, so that numbers keep their zeros."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet("报告卡")
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"num_format": "@", "bold": True})
    sheet.write_string(0, 0, watermark)
    comments = {field.code: field.name_zh for field in dictionary(layout).fields}
    comments |= {heading: _values(item) for heading, item in supplement_columns().items()}
    for column, heading in enumerate(header(layout)):
        sheet.write_string(1, column, heading, bold)
        if comments.get(heading):
            sheet.write_comment(1, column, comments[heading])
    sheet.freeze_panes(2, 1)
    for row, line in enumerate(lines(cards, layout), 2):
        for column, cell in enumerate(line):
            if cell:  # as text it is no formula; only what would be taken for made harmless is marked
                sheet.write_string(row, column, _harmless(cell) if cell[0] == "'" else cell, text)
        told(row - 1)
    book.close()
    return out.getvalue()


def _codes(layout: str) -> list[str]:
    return [field.code for field in dictionary(layout).fields]


def _coded(item: Item, text: str) -> str:
    """An item as its code or its day where a text says that in another way; as written where it says neither."""
    return item.read(text)[1] or text


def _values(item: Item) -> str:
    """How an item is filled in and what its codes mean; the stages, of every disease, are too many for a comment."""
    options = () if item.choices_of else item.options
    return "\n".join(filter(None, [item.help_zh, *(f"{option.code} {option.zh}" for option in options)]))


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is kept as text, and so is one that looks kept already."""
    return f"'{cell}" if _is_kept(cell) else cell


def _is_kept(cell: str) -> bool:
    """Whether a cell gets an apostrophe: a formula, but not a number or a filler; or a formula behind apostrophes."""
    bare = cell.lstrip("'")
    return bare[:1] in _BEGIN_FORMULAS and len(bare) > 1 and not _NUMBER.fullmatch(bare)


def plain(cell: str) -> str:
    """Return a cell of such a file as it was before it was made harmless."""
    return cell[1:] if cell[:1] == "'" and _is_kept(cell) else cell
