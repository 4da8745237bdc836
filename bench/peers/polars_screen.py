"""Peer: a bare Polars scan that only screens. `--lossy` reads a GB18030 file the way Polars can: as broken UTF-8."""

import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
from screening import COLUMNS, DIAGNOSES, SCOPE

path, *options = sys.argv[1:]
encoding = "utf8-lossy" if "--lossy" in options else "utf8"
birth = pl.col("P6").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
admission = pl.col("P22").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
before_birthday = (admission.dt.month() * 100 + admission.dt.day()) < (birth.dt.month() * 100 + birth.dt.day())
age = (admission.dt.year() - birth.dt.year() - before_birthday.cast(pl.Int32)).fill_null(
    pl.col("P7").cast(pl.Int32, strict=False).fill_null(pl.when(pl.col("P66").is_not_null()).then(0))
)
found = (
    pl.scan_csv(path, infer_schema=False, encoding=encoding)
    .select(COLUMNS)
    .with_row_index("row", 1)
    .filter((age < 20) & pl.any_horizontal(pl.col(DIAGNOSES).str.contains(SCOPE)))
    .select("row")
    .collect(engine="streaming")
)
print(len(found))
