"""Access to the CSV tables of this package. Lines that begin with ``#`` name source, version and verification."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


def read_csv(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table by column name; empty cells are empty strings."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def heading(name: str) -> tuple[str, ...]:
    """What the table says about itself: title first, then source and verification."""
    with (FOLDER / name).open(encoding="utf-8") as file:
        return tuple(line[1:].strip() for line in file if line.startswith("#"))
