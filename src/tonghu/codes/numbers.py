"""Reading of whole and decimal numbers from cells. Values are exact: decimals are never binary fractions.

==================== ============= =============================== ==========================
text                 as integer    as decimal (2 places)           note
==================== ============= =============================== ==========================
``12``, ``-3``       12, -3        12, -3                          none
``12.0``             12            12.0                            ``decimal_for_integer`` (integer only)
``12.5``, ``.5``     no value      12.5, 0.5                       ``unreadable`` (integer only)
``12.50``, ``1.230`` no value      12.50, 1.23                     zeros at the end are no further places
``12.345``           no value      12.35 (half away from zero)     ``too_many_places``
``１２``             12            12                              ``fullwidth``
``1.2E+5``           no value      no value                        ``scientific``
``1,234``, ``12 元`` no value      no value                        ``unreadable``
==================== ============= =============================== ==========================

At most 15 digits before the point: more do not fit the columns of a table (DECIMAL(18,2)) and are no count or sum
of money on a front page.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from tonghu.codes.reading import DECIMAL_FOR_INTEGER, FULLWIDTH, SCIENTIFIC, TOO_MANY_PLACES, UNREADABLE, Reading
from tonghu.codes.text import clean, halfwidth, has_fullwidth

_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)
_WHOLE_DECIMAL = re.compile(r"(-?\d{1,15})\.0+", re.ASCII)
_DECIMAL = re.compile(r"-?(?:\d{1,15}(?:\.\d{1,30})?|\.\d{1,30})", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+", re.ASCII)

#: (text, whole number or None, note): walked by the tests of every twin of :func:`read_int`.
INTEGER_FORMS: tuple[tuple[str, int | None, str | None], ...] = (
    ("0", 0, None), ("12", 12, None), ("007", 7, None), ("-3", -3, None), (" 12\u3000", 12, None),
    ("999999999999999", 999_999_999_999_999, None), ("12.0", 12, DECIMAL_FOR_INTEGER),
    ("-3.000", -3, DECIMAL_FOR_INTEGER), ("１２", 12, FULLWIDTH), ("－３", -3, FULLWIDTH), ("１２．０", 12, FULLWIDTH),
    ("12.5", None, UNREADABLE), ("1,234", None, UNREADABLE), ("1 2", None, UNREADABLE), ("十二", None, UNREADABLE),
    ("+5", None, UNREADABLE), ("12.", None, UNREADABLE), ("-", None, UNREADABLE), ("", None, None),
    ("1000000000000000", None, UNREADABLE), ("1E3", None, SCIENTIFIC), ("5.10107E+17", None, SCIENTIFIC),
    ("0x10", None, UNREADABLE), ("１，２３４", None, UNREADABLE), ("nan", None, UNREADABLE), ("--1", None, UNREADABLE),
)  # fmt: skip

#: (text, decimal as text or None, note) at two places: walked by the tests of every twin of :func:`read_decimal`.
DECIMAL_FORMS: tuple[tuple[str, str | None, str | None], ...] = (
    ("0", "0", None), ("12", "12", None), ("12.5", "12.5", None), ("12.50", "12.5", None), ("1.230", "1.23", None),
    ("-0.01", "-0.01", None), (".5", "0.5", None), ("-.5", "-0.5", None), ("0012.10", "12.1", None),
    ("12.345", "12.35", TOO_MANY_PLACES), ("-12.345", "-12.35", TOO_MANY_PLACES),
    ("0.001", "0", TOO_MANY_PLACES), ("１２．５", "12.5", FULLWIDTH), ("１２．３４５", "12.35", FULLWIDTH),
    ("999999999999999.99", "999999999999999.99", None), ("1000000000000000", None, UNREADABLE),
    ("1,234.5", None, UNREADABLE), ("12元", None, UNREADABLE), ("¥12", None, UNREADABLE), ("12.", None, UNREADABLE),
    ("+1", None, UNREADABLE), ("-", None, UNREADABLE), ("", None, None), (".", None, UNREADABLE),
    ("1.2E+5", None, SCIENTIFIC), ("1e5", None, SCIENTIFIC), ("inf", None, UNREADABLE), ("1_000", None, UNREADABLE),
)  # fmt: skip


def read_int(text: str | None) -> Reading[int]:
    """The whole number that `text` says."""
    cleaned = clean(text)
    if cleaned is None:
        return Reading(None)
    plain = halfwidth(cleaned)
    if _INTEGER.fullmatch(plain):
        return Reading(int(plain), _fullwidth_or(cleaned, None))
    if whole := _WHOLE_DECIMAL.fullmatch(plain):
        return Reading(int(whole[1]), _fullwidth_or(cleaned, DECIMAL_FOR_INTEGER))
    return Reading(None, _why_not(plain))


def read_decimal(text: str | None, places: int = 2) -> Reading[Decimal]:
    """The decimal number that `text` says, rounded to `places` (half away from zero) when it has more."""
    cleaned = clean(text)
    if cleaned is None:
        return Reading(None)
    plain = halfwidth(cleaned)
    if not _DECIMAL.fullmatch(plain):
        return Reading(None, _why_not(plain))
    value = Decimal(plain)
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if rounded == value:
        return Reading(rounded, _fullwidth_or(cleaned, None))
    return Reading(rounded, _fullwidth_or(cleaned, TOO_MANY_PLACES))


def _fullwidth_or(cleaned: str, note: str | None) -> str | None:
    return FULLWIDTH if has_fullwidth(cleaned) else note


def _why_not(plain: str) -> str:
    return SCIENTIFIC if _SCIENTIFIC.fullmatch(plain) else UNREADABLE
