"""Dates in the one plain shape of a file, read by the million: for the screen, which needs them only for an age.

The bytes of cells of one length are a table of numbers, and a few sums over its columns are several times cheaper than
a pattern for each cell. Narrower than :func:`casting.day` and never
wider (a generated test holds them together): what is not read here is read with care.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int32]
Years = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_TIMES: Final = {0: 0, 6: 5, 9: 8}  # bytes behind the day, and how many of them spell the time
#: Bytes of the longest cell that is read, and one to show that it ends there.
WIDEST: Final = 20
_LAST_DAY: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)


def days(texts: pl.Series, sign: str) -> Numbers:
    """The days of texts as numbers yyyymmdd (1900 to 2099); 0 for what is not written with `sign`, or is no day."""
    found = np.zeros(len(texts), np.int32)
    lengths = texts.str.len_bytes()
    for behind, time in _TIMES.items():
        width = 8 + 2 * len(sign) + behind
        where = (lengths == width).arg_true()
        if len(where) == len(texts):
            return _read(_table(texts, width), sign, time)
        if len(where):
            found[where.to_numpy()] = _read(_table(texts.gather(where), width), sign, time)
    return found


def days_at(heads: Bytes, sign: str) -> Numbers:
    """The same of cells that are given as bytes, at least `WIDEST` of each: a row a cell, a zero where it ends."""
    found = np.zeros(len(heads), np.int32)
    for behind, time in _TIMES.items():
        width = 8 + 2 * len(sign) + behind
        where = np.flatnonzero(heads[:, width] == 0)
        if len(where) == len(heads):
            return _read(heads, sign, time)
        if len(where):
            read = _read(heads[where], sign, time)
            # A cell that ends sooner has a zero among its digits, and is no day.
            found[where] = np.maximum(found[where], read)
    return found


def completed_years(birth: Numbers, on: Numbers) -> Years:
    """Birthdays completed by `on`, counted as in :func:`ages.completed_years`; -1 where a day is unknown or birth lies
    after it."""
    return np.where((birth > 0) & (birth <= on), (on - birth) // 10_000, -1).astype(np.int64)


def _table(texts: pl.Series, width: int) -> Bytes:
    """Texts of `width` bytes each, a row for each text."""
    cells = texts.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, width))
    return cells.arr.explode().to_numpy().reshape(-1, width)


def _read(table: Bytes, sign: str, time: int) -> Numbers:
    gap = len(sign)
    digits = table - np.uint8(ord("0"))  # what is no digit comes out above 9
    year, right = _number(digits, 0, 4)
    month, right_month = _number(digits, 4 + gap, 2)
    day, right_day = _number(digits, 6 + 2 * gap, 2)
    right &= right_month & right_day & (year >= 1900) & (year <= 2099) & (month >= 1) & (month <= 12) & (day >= 1)
    leap = (month == 2) & (year % 4 == 0) & (year != 1900)
    right &= day <= _LAST_DAY[np.minimum(month, 12)] + leap
    if sign:
        right &= (table[:, 4] == ord(sign)) & (table[:, 7] == ord(sign))
    if time:
        at = 8 + 2 * gap
        hour, right_hour = _number(digits, at + 1, 2)
        minute, right_minute = _number(digits, at + 4, 2)
        right &= right_hour & right_minute & (hour <= 23) & (minute <= 59)
        right &= (table[:, at] == ord(" ")) & (table[:, at + 3] == ord(":"))
    if time == 8:
        second, right_second = _number(digits, at + 7, 2)
        right &= right_second & (second <= 59) & (table[:, at + 6] == ord(":"))
    return np.where(right, year * 10_000 + month * 100 + day, 0).astype(np.int32)


def _number(digits: Bytes, at: int, length: int) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The number that some columns spell, and whether all of them are digits."""
    number = digits[:, at].astype(np.int32)
    right = digits[:, at] <= 9
    for place in range(at + 1, at + length):
        number = number * 10 + digits[:, place]
        right &= digits[:, place] <= 9
    return number, right
