"""About how many rows a file has, told at a glance, so that progress can say how much is left: a guess, no count."""

from __future__ import annotations

import re
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

_PIECE: Final = 1 << 24
_SHEET: Final = re.compile(r"xl/worksheets/sheet\d+\.xml")
_DIMENSION: Final = re.compile(rb'<dimension ref="[A-Z]+\d+:[A-Z]+(\d+)"')
#: A workbook that says it has more rows than a sheet can hold, or hardly any, says nothing.
_MOST: Final = 1_048_576


def guess_rows(file: Path, kind: str) -> int | None:
    """Return about how many rows there are; None where nothing at a glance tells.

    Args:
        kind: what the file is by its content (``tonghu.platform.files.kinds``).
    """
    with suppress(OSError, zipfile.BadZipFile, struct.error, NotImplementedError, RuntimeError):
        if kind == "csv":
            with file.open("rb") as stream:
                return max(_lines(stream) - 1, 1)
        if kind == "dbf":
            with file.open("rb") as stream:
                return int(struct.unpack("<4xI", stream.read(8))[0]) or None
        if kind == "xlsx":
            return _sheet_rows(file)
    return None


def _lines(stream: IO[bytes]) -> int:
    lines = 0
    while piece := stream.read(_PIECE):
        lines += piece.count(b"\n")
    return lines


def _sheet_rows(file: Path) -> int | None:
    most = 0
    with zipfile.ZipFile(file) as book:
        for name in book.namelist():
            if _SHEET.fullmatch(name):
                with book.open(name) as sheet:
                    said = _DIMENSION.search(sheet.read(2_000))
                most = max(most, int(said[1]) - 1 if said else 0)
    return most if 1 < most < _MOST else None
