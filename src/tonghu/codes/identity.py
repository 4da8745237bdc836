"""Resident identity numbers (GB 11643): shape, check character, and what they say about birth and sex.

A number of 18 characters is six digits of region, eight of birth date, three of sequence (odd: male) and a check
character by ISO 7064 MOD 11-2; one of 15 digits (issued until 1999) has a two-digit year, 19yy, and no check.
"""

from __future__ import annotations

import re
from datetime import date

from tonghu.codes.bad_code import BadCode

_EIGHTEEN = re.compile(r"(\d{6})(\d{4})(\d{2})(\d{2})\d{2}(\d)[0-9Xx]", re.ASCII)
_FIFTEEN = re.compile(r"(\d{6})(\d{2})(\d{2})(\d{2})\d{2}(\d)", re.ASCII)
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECKS = "10X98765432"


def check_character(seventeen: str) -> str:
    """The right 18th character (``0``–``9`` or ``X``) after seventeen digits.

    >>> check_character("51010720160925002")
    '8'

    Raises BadCode when `seventeen` is not seventeen ASCII digits.
    """
    if len(seventeen) != 17 or not (seventeen.isascii() and seventeen.isdigit()):
        raise BadCode("身份证号的前 17 位应为数字", "The first 17 characters of an identity number are digits")
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, seventeen, strict=True)) % 11]


def is_valid(number: str) -> bool:
    """Whether `number` is a right identity number of 18 characters, a small ``x`` allowed.

    Its birth date must exist and its check character be right; the region is not looked up here.
    """
    if birth_date(number) is None or len(number) != 18:
        return False
    return check_character(number[:17]) == number[17].upper()


def is_well_formed(number: str) -> bool:
    """Whether `number` is a right number of 18 characters, or 15 digits with a birth date that exists."""
    return is_valid(number) or (len(number) == 15 and birth_date(number) is not None)


def has_small_x(number: str) -> bool:
    """Whether the check character is a small ``x``: right, but the standard writes ``X``."""
    return len(number) == 18 and number[17] == "x"


def birth_date(number: str) -> date | None:
    """The birth date inside a number of 15 or 18 characters; None when there is none that exists (1900–2099)."""
    if found := _EIGHTEEN.fullmatch(number):
        year = int(found[2])
    elif found := _FIFTEEN.fullmatch(number):
        year = 1900 + int(found[2])
    else:
        return None
    try:
        return date(year, int(found[3]), int(found[4])) if 1900 <= year <= 2099 else None
    except ValueError:
        return None


def is_male(number: str) -> bool | None:
    """Whether the sequence digit is odd, which says male; None when `number` has not the shape of one."""
    found = _EIGHTEEN.fullmatch(number) or _FIFTEEN.fullmatch(number)
    return int(found[5]) % 2 == 1 if found else None


def province_prefix(number: str) -> str | None:
    """The first two digits as a six-digit province code (``51`` → ``510000``); None without the shape of a number."""
    found = _EIGHTEEN.fullmatch(number) or _FIFTEEN.fullmatch(number)
    return f"{number[:2]}0000" if found else None
