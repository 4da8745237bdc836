"""Rows passed over at a glance: never one that the prefilter would fetch, and counted as it would count them."""

from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tonghu.hqms.layout import detect
from tonghu.hqms.prefilter import Bounds, Prefilter, bounds
from tonghu.hqms.reading.records import BlockCells, scan
from tonghu.hqms.screen import SET
from tonghu.hqms.sieve import Sieve
from tonghu.rulebook import PACKAGED, load

HEADER = ["P6", "P4", "P22", "P7", "P66", "P321", "P322", "P324"]
COLUMNS = detect(HEADER)
LIMITS = bounds(load([PACKAGED / "registry"]).on(date(2026, 11, 22), None, [SET], "2012").rules)

DAYS = st.dates(date(1990, 1, 1), date(2026, 12, 31))
SIGNS = st.sampled_from(["-", "/", ""])
TIMES = st.sampled_from(["", " 07:27", " 07:27:00", " 24:00", " 07:60:00", "T07:27", " 7:27"])
ODD = st.sampled_from(
    ["", "-", "20211345", "2016-9-5", "2016-02-30", "昨天", " 2016-09-05", '2016-09-05"', "2016-09-05,"]
)
CODES = st.one_of(
    st.sampled_from(
        [
            "",
            "-",
            "--",
            " ",
            "C91.000",
            "c64.x00",
            "Ｄ６６",
            " D61.9",
            "D10.0",
            "Z51.1",
            '"C91',
            "C,91",
            "C9",
            "白血病",
            "'C91.0",
            '="D66"',
            "(C64.x00)",
        ]
    ),
    st.from_regex(r"\A[A-Z][0-9]{2}\.[0-9]{3}\Z"),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    sign, time = draw(SIGNS), draw(TIMES)

    def day() -> str:
        plain = draw(DAYS).strftime(f"%Y{sign}%m{sign}%d")
        return draw(st.sampled_from([plain, plain + time, draw(ODD), draw(DAYS).isoformat()]))

    names = st.sampled_from(["张某", "a,b", 'a"b', "a\nb"])
    rows = [
        [day(), draw(names), day(), draw(st.sampled_from(["", "5", "30"])), "", draw(CODES), draw(names), draw(CODES)]
        for _ in range(draw(st.integers(1, 12)))
    ]
    return [row[: draw(st.sampled_from([8, 8, 8, 8, 7, 1]))] for row in rows]


def written(rows: list[list[str]], delimiter: str, quoting: int, encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode(encoding)


@settings(deadline=None)
@given(
    tables(),
    st.sampled_from(",\t;"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_what_is_settled_needs_no_second_look(
    rows: list[list[str]], delimiter: str, quoting: int, encoding: str
) -> None:
    records, _ = scan(written(rows, delimiter, quoting, encoding), delimiter.encode())
    assert len(records) == len(rows)
    sieve = Sieve(COLUMNS, LIMITS)
    seen = sieve.look(BlockCells(records))
    sieve.passed(seen)
    assert sieve.rows == seen.settled.sum()
    settled = [row for row, passed in zip(rows, seen.settled, strict=True) if passed]
    assert all(len(row) == len(HEADER) for row in settled)
    prefilter = Prefilter(COLUMNS, LIMITS)
    data = pl.DataFrame(
        {f"c{at}": pl.Series([row[at] or None for row in settled], dtype=pl.String) for at in range(len(HEADER))}
    )
    assert not prefilter.keep(data).any()
    assert prefilter.young == sieve.young
    assert prefilter.uncoded == sieve.uncoded
    assert prefilter.dates_read == prefilter.dates_given == 2 * sieve.rows


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@pytest.mark.parametrize(
    ("birth", "code", "other", "settled", "young"),
    [
        ("1974-01-04", "C91.000", "", True, False),
        ("2016-09-05", "J18.900", "", True, True),
        ("2016-09-05", "J18.900", "-", True, True),
        ("2016-09-05", "J18.900", "C91.000", False, False),
        ("2016-09-05", "C91.000", "", False, False),
        ("2016-09-05", "", "Ｃ91", False, False),
        ("2016-9-5", "J18.900", "", False, False),
        ("2026-09-08", "J18.900", "", False, False),
    ],
)
def test_plain_rows_are_settled(birth: str, code: str, other: str, settled: bool, young: bool, quoting: int) -> None:
    for sign in ("-", "/", ""):
        row = [birth.replace("-", sign), "张,某", f"2026{sign}09{sign}07 08:00:00", "", "", code, "", other]
        records, _ = scan(written([row] * 3, ",", quoting, "utf-8"), b",")
        seen = Sieve(COLUMNS, LIMITS).look(BlockCells(records))
        odd = sign == "" and birth == "2016-9-5"  # that is the day 201695, which is none
        assert seen.settled.tolist() == [settled and not odd] * 3
        assert seen.young.tolist() == [young and not odd] * 3


def test_without_limits_or_dates_nothing_is_settled() -> None:
    records, _ = scan(written([["1974-01-04", "", "2026-09-07", "", "", "J18", "", ""]], ",", 0, "utf-8"), b",")
    assert not Sieve(COLUMNS, Bounds(None, 20)).look(BlockCells(records)).settled.any()
    assert not Sieve(detect(["P7", "P321", *"abcdef"]), LIMITS).look(BlockCells(records)).settled.any()
    assert Sieve(COLUMNS, LIMITS).look(BlockCells(records)).settled.all()
    # Without a bound on the age all who have one are young enough.
    seen = Sieve(COLUMNS, Bounds(LIMITS.codes, None)).look(BlockCells(records))
    assert (seen.settled & seen.young).all()
    assert not Sieve(COLUMNS, LIMITS).look(BlockCells(records.head(0))).settled.any()
    assert isinstance(seen.settled, np.ndarray)
