"""Discharge files made for tests."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tonghu.codes.hqms_fields import layout

DATA = Path(__file__).parent / "data"


def as_csv(rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Rows, header first, as a file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(encoding)


def stays(*stays: dict[str, str], header: list[str] | None = None) -> bytes:
    """Stays given by field code as a CSV file with the whole header of 2012."""
    header = header or [field.code for field in layout("2012").fields]
    return as_csv([header, *([stay.get(code, "") for code in header] for stay in stays)])
