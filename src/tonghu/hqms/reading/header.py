"""Which of the first rows is the header: exporters put titles above it and Chinese names beneath it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tonghu.hqms.reading.model import Note

Known = Callable[[str], bool]
"""Whether a text is the name or code of a column that the layouts know."""

LOOK_AT = 10
"""How many rows with text are looked at."""


class Header(NamedTuple):
    """The header, and where the data rows begin."""

    names: list[str]
    known: int
    """How many of its names are known."""
    first_data: int
    """0-based number of the first data row among all rows."""
    notes: tuple[Note, ...] = ()


def find_header(rows: Sequence[Sequence[str | None]], known: Known | None) -> Header | None:
    """The row with most known names among the first ten; without any, the first that is not much less filled.

    A second row of known names right beneath it (codes above, Chinese names below) is no data either.
    Returns None when there is no row with text.
    """
    filled = [index for index, row in enumerate(rows) if any(row)][:LOOK_AT]
    if not filled:
        return None
    counts = {index: _count(rows[index], known) for index in filled}
    best = max(filled, key=lambda index: (counts[index], -index))
    if not counts[best]:  # a title stands in one cell, a header in as many as there are columns
        fill = {index: sum(map(bool, rows[index])) for index in filled}
        best = next(index for index in filled if fill[index] * 2 >= max(fill.values()))
    names = _names(rows[best])
    notes = []
    if best > 0:
        notes.append(
            Note(
                f"表头在第 {best + 1} 行，其上的 {best} 行不作为数据",
                f"The header is in row {best + 1}; the {best} row(s) above it are not data",
            )
        )
    first_data = best + 1
    if counts[best] and first_data < len(rows):
        below = rows[first_data]
        cells = sum(1 for cell in below if cell)
        if cells and _count(below, known) * 2 > cells:
            first_data += 1
            notes.append(
                Note(
                    f"第 {first_data} 行是第二行表头，不作为数据",
                    f"Row {first_data} is a second header row, not data",
                )
            )
    return Header(names, counts[best], first_data, tuple(notes))


def _count(row: Sequence[str | None], known: Known | None) -> int:
    return sum(1 for cell in row if cell and known(cell)) if known else 0


def _names(row: Sequence[str | None]) -> list[str]:
    names = [cell or "" for cell in row]
    while names and not names[-1]:
        names.pop()
    return names
