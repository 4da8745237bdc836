"""ICD-10 codes as Chinese hospitals write them: WHO form, clinical edition 2.0 and insurance edition.

The Chinese editions extend a WHO category to six places and further by ``xnnn``: ``C91.000``, ``C91.000x006``,
``C64.x00``, ``D66.x00x001`` (an ``x`` stands where WHO has no fourth character). Two writings of one code have one
*key* (:func:`normalise`), and rules match keys by prefix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tonghu.codes.bad_code import BadCode
from tonghu.codes.text import halfwidth

_NOT_IN_KEY = re.compile(r"[\s.\u200b\ufeff]+")
# Category, then nothing, WHO's fourth character, or the four to six places of the Chinese editions.
_SHAPE = re.compile(r"([A-Z][0-9]{2})(?:([0-9])[0-9]{0,2}|X(?:[0-9]{2})?)?(X[0-9]{3})?[+*†]?", re.ASCII)


def normalise(text: str) -> str:
    """The matching key of a code: upper case, half-width, without spaces and dots. Never fails.

    >>> normalise("d66.x00x001")
    'D66X00X001'
    >>> normalise(" Ｃ91．0 ")
    'C910'
    """
    return _NOT_IN_KEY.sub("", halfwidth(text).upper())


@dataclass(frozen=True, slots=True)
class Icd10:
    """One code with a right shape. ``key`` is its matching key, ``category`` its first three characters."""

    key: str
    category: str
    fourth: str | None

    @property
    def who(self) -> str:
        """The WHO code that this one extends: ``C91.0``, or ``D66`` where WHO has no fourth character."""
        return f"{self.category}.{self.fourth}" if self.fourth is not None else self.category

    @property
    def chapter_letter(self) -> str:
        """The first letter."""
        return self.category[0]

    def __str__(self) -> str:
        return self.key if len(self.key) == 3 else f"{self.key[:3]}.{self.key[3:].replace('X', 'x')}"


def parse(text: str) -> Icd10:
    """The code that `text` writes, in any edition, with or without its dot.

    Raises BadCode when the shape is wrong. That a code of the right shape exists in an edition is not said here.
    """
    key = normalise(text)
    found = _SHAPE.fullmatch(key)
    if not found:
        raise BadCode(
            f"“{text}”不是 ICD-10 编码：应为一个字母加两位数字，如 C91.000、D66.x00",
            f"“{text}” is not an ICD-10 code: one letter and two digits first, such as C91.000 or D66.x00",
        )
    return Icd10(key, found[1], found[2])


def is_code(text: str) -> bool:
    """Whether :func:`parse` would take `text`."""
    return _SHAPE.fullmatch(normalise(text)) is not None
