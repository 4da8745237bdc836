"""The range of region codes that a region covers."""

from __future__ import annotations

NATION = "000000"


def covered(code: str) -> tuple[str, str]:
    """Return ``(from, to)`` such that a code lies in the region of `code` when ``from <= it < to``.

    The nation is ``000000``, a province ``510000``, a city ``510100``, a county ``510104``. Text, not numbers:
    codes are compared in the database by byte order.

    Raises:
        ValueError: `code` is not six digits.
    """
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        raise ValueError(f"a region code has six digits, not {code!r}")
    if code == NATION:
        return "000000", "999999"
    width = 2 if code.endswith("0000") else 4 if code.endswith("00") else 6
    upper = str(int(code[:width]) + 1).zfill(width)
    return code, upper.ljust(6, "0")
