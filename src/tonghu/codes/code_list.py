"""Lists of codes as rules and tables write them: ``C00-C97, D32, D35.2-D35.4, D69.3`` or ``8010-8015, 8020``.

An item is a prefix, or an inclusive range of two prefixes of one length; dots and spaces are ignored. A key (see
:func:`tonghu.codes.icd10.normalise`) matches when it begins with a prefix or with one between the ends of a range.

Matching is by order of keys, so that one comparison of text says the same in every engine. A key that is shorter than
the ends of a range has no prefix to compare and falls where its text falls: ``C9`` is inside ``C00-C97``.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from tonghu.codes.bad_code import BadCode
from tonghu.codes.icd10 import normalise


@dataclass(frozen=True, slots=True)
class CodeList:
    """A parsed list: ordered, merged, half-open intervals of keys."""

    text: str
    _lows: tuple[str, ...]
    _highs: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> CodeList:
        """Read a list. Raises BadCode naming the item that is empty, has ends of unequal length or runs backwards."""
        return _parse(text)

    def matches(self, key: str) -> bool:
        """Whether a normalised code is in the list."""
        at = bisect_right(self._lows, key) - 1
        return at >= 0 and key < self._highs[at]

    def bounds(self) -> list[tuple[str, str]]:
        """The intervals as (low, high): a key is in the list exactly when ``low <= key AND key < high`` for one.

        Keys are compared by code point, as Python, DuckDB and Spark do; the intervals are ordered and do not touch.
        """
        return list(zip(self._lows, self._highs, strict=True))

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=2048)
def _parse(text: str) -> CodeList:
    intervals = sorted(_interval(item, text) for item in text.split(","))
    merged: list[tuple[str, str]] = []
    for low, high in intervals:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return CodeList(text, tuple(low for low, _ in merged), tuple(high for _, high in merged))


def _interval(item: str, text: str) -> tuple[str, str]:
    ends = [normalise(end) for end in item.split("-")]
    low, high = ends[0], ends[-1]
    if len(ends) > 2 or not low or len(low) != len(high) or low > high:
        raise BadCode(
            f"代码清单“{text}”中的“{item.strip()}”应为代码前缀，或两端等长、由小到大的范围",
            f"“{item.strip()}” in the code list “{text}” should be a prefix or a rising range of ends of one length",
        )
    # The first string after everything that begins with `high`.
    return low, high[:-1] + chr(ord(high[-1]) + 1)
