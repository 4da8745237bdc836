"""Access to the CSV files of this package."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


def read_csv(name: str) -> Iterator[dict[str, str]]:
    """The rows of a data file by column name; empty cells are empty strings."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_rows(name: str) -> Iterator[list[str]]:
    """The rows of a data file by position, without its heading: for files that are read at every start."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def read_date_cell(cell: str) -> date | None:
    """A date of a data file (ISO form); None for an empty cell."""
    return date.fromisoformat(cell) if cell else None
