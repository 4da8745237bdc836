"""What the rows of a file say: the front page, the supplement, and of which card they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import repeat

import polars as pl

from tonghu.codes.text import clean
from tonghu.hqms.layout import Columns
from tonghu.intake.items import items_in, said_in
from tonghu.registry.exporting import KEY_COLUMN, VERSION_COLUMN, plain
from tonghu.registry.from_page import drawn


@dataclass(frozen=True, slots=True)
class Said:
    """What one row says.

    Attributes:
        front: codes of the fields → texts as written.
        supplement: what they say of the card's supplement, and what the file's own columns of it say.
        of_items: whether these columns say anything.
        key, version: the card and its version as an exported file names them; None where it does not.
    """

    front: dict[str, str]
    supplement: dict[str, str]
    of_items: bool
    key: str | None
    version: str | None


def rows_say(columns: Columns, data: pl.DataFrame, groups: pl.Series, on: date) -> Iterator[Said]:
    """Yield what rows say, one after the other.

    Args:
        data: their cells, in columns c0, c1 and so on.
        groups: the scope group of each.
        on: the day whose items hold.
    """
    places = sorted(columns.fields)
    codes = [columns.fields[at].code for at in places]
    fronts = data.select(f"c{at}" for at in places).iter_rows()
    exported, keys = _own_column(columns, KEY_COLUMN, data)
    _, versions = _own_column(columns, VERSION_COLUMN, data)
    items = {f"c{at}": item.name for at, item in items_in(columns.header).items()}
    of_items = data.select(list(items)).iter_rows() if items else repeat((), len(data))
    for group, cells, key, version, written in zip(groups, fronts, keys, versions, of_items, strict=True):
        front = {code: text for code, text in zip(codes, cells, strict=True) if text}
        if exported:
            front = {code: plain(text) for code, text in front.items()}
        supplement, own = drawn(front, columns.named, group, on), dict[str, str]()
        if items:
            # Of a row that names its card an empty cell says that the item is blank, as on the front page.
            if key:
                supplement = {name: text for name, text in supplement.items() if name not in items.values()}
            own = said_in(dict(zip(items.values(), written, strict=True)))
            supplement |= own
        yield Said(front, supplement, bool(own), key, version)


def _own_column(columns: Columns, heading: str, data: pl.DataFrame) -> tuple[bool, pl.Series]:
    """Whether a file has a column of our own export, and its cells."""
    at = next((at for at, text in enumerate(columns.header) if (clean(text) or "") == heading), None)
    if at is None:
        return False, pl.repeat(None, len(data), dtype=pl.String, eager=True)
    return True, data[f"c{at}"]
