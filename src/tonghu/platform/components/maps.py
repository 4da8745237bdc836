"""Tile-grid maps: one square of one size for each place, so that Tibet does not shout and Shanghai does not vanish.

No boundary is drawn, so no approved map is needed. ``data/tiles.csv`` holds our own arrangement of the provinces;
any other list of places is laid out in rows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from django.utils.translation import get_language

from tonghu.platform.shell import Words

TILE: Final = 52  #: user units between the left edges of two tiles
Tone = Literal["none", "0", "1", "2", "3", "4", "ask", "block", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a map says of one place.

    Attributes:
        value: what stands in the tile under the name: a number with its unit, or a word. '' shows the name alone.
        tone: ``0``–``4`` shades by amount; ``ask``, ``block``, ``done`` say a state; ``none`` has no data.
        state: the state in words, for those who do not see the colour.
        url: what the tile opens.
    """

    value: str = ""
    tone: Tone = "none"
    state: Words = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One square as the template draws it; `x` and `y` in user units."""

    code: str
    name: str
    x: int
    y: int
    place: Place
    title: str = ""


@dataclass(frozen=True, slots=True)
class TileMap:
    """A whole map: its question, its tiles, its size and the meaning of its tones."""

    question: Words
    tiles: tuple[Tile, ...]
    width: int
    height: int
    legend: tuple[tuple[Tone, Words], ...]


def provinces(question: Words, places: Mapping[str, Place], legend: Sequence[tuple[Tone, Words]] = ()) -> TileMap:
    """The map of the nation; `places` by six-digit province code, those left out have no data.

    Raises:
        KeyError: a code that is no province.
    """
    known = {row["code"] for row in grid()}
    if unknown := set(places) - known:
        raise KeyError(f"no such province: {sorted(unknown)}")
    english = (get_language() or "").startswith("en")
    tiles = tuple(
        Tile(
            row["code"],
            row["en"] if english else row["zh"],
            int(row["column"]) * TILE,
            int(row["row"]) * TILE,
            places.get(row["code"], Place()),
            row["name_en"] if english else row["zh"],
        )
        for row in grid()
    )
    return _map(question, tiles, legend)


def listed(
    question: Words,
    places: Sequence[tuple[str, str, Place]],
    legend: Sequence[tuple[Tone, Words]] = (),
    across: int = 8,
) -> TileMap:
    """The map of any list of (code, name, place): rows of `across` tiles, in the list's order."""
    tiles = tuple(
        Tile(code, name, number % across * TILE, number // across * TILE, place)
        for number, (code, name, place) in enumerate(places)
    )
    return _map(question, tiles, legend)


def _map(question: Words, tiles: tuple[Tile, ...], legend: Sequence[tuple[Tone, Words]]) -> TileMap:
    width = max((tile.x for tile in tiles), default=0) + TILE
    height = max((tile.y for tile in tiles), default=0) + TILE
    return TileMap(question, tiles, width, height, tuple(legend))


@cache
def grid() -> tuple[dict[str, str], ...]:
    """The provinces' tiles: code, row, column, short names."""
    text = files("tonghu.platform.components").joinpath("data/tiles.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
