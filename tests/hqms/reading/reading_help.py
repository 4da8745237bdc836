"""What the tests of the readers share."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tonghu.errors import InputRefused
from tonghu.hqms.reading import Source, open_file

Rows = list[list[str | None]]


def texts(source: Source, rows_per_frame: int = 20_000) -> Rows:
    """All data rows of a source; the frames' row numbers must be without gaps."""
    rows: Rows = []
    for frame in source.frames(rows_per_frame):
        assert frame.first_row == len(rows) + 1
        assert 0 < frame.data.height <= rows_per_frame
        assert frame.data.columns == [f"c{i}" for i in range(len(source.header))]
        assert set(frame.data.dtypes) <= {pl.String}
        rows += [list(row) for row in frame.data.iter_rows()]
    assert source.rows == len(rows)
    return rows


def refusal(path: Path, **options: object) -> InputRefused:
    """Why a file is refused, at opening or while it is read; one line in each language."""
    with pytest.raises(InputRefused) as caught:
        texts(open_file(path, **options))  # type: ignore[arg-type]
    for text in (caught.value.zh, caught.value.en):
        assert text
        assert "\n" not in text
    assert caught.value.zh.startswith(path.name) or str(path) in caught.value.zh
    return caught.value
