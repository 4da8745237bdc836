"""What a file is, by its content and never by its ending."""

from __future__ import annotations

from pathlib import Path

from tonghu.hqms.reading.delimited import DelimitedSource
from tonghu.hqms.reading.header import Known
from tonghu.hqms.reading.input import Input
from tonghu.hqms.reading.model import Source


def open_file(path: Path | str, known: Known | None = None) -> Source:
    """Open a discharge file of any readable format.

    `known` says whether a text is a column name or code of the layouts; it finds the header among title rows.
    Raises `InputRefused` with one clear line where the file cannot be used.
    """
    path = Path(path)
    return DelimitedSource(Input(path, path.stat().st_size), known)
