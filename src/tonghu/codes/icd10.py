"""ICD-10 codes as Chinese hospitals write them: WHO form, clinical edition 2.0 and insurance edition.

The Chinese editions extend a WHO category to six places and further by ``xnnn``: ``C91.000``, ``C91.000x006``,
``C64.x00``, ``D66.x00x001`` (an ``x`` stands where WHO has no fourth character). Two writings of one code have one
*key* (:func:`normalise`), and rules match keys by prefix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tonghu.codes.bad_code import BadCode
from tonghu.codes.text import BLANKS, GUARDS

_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDE = [chr(code) for code in range(0xFF01, 0xFF5F) if chr(code) not in "．" + GUARDS]
#: ``translate`` arguments of :func:`normalise`, for engines that have no Python: each character of the first text
#: becomes the one at its place in the second, and those beyond its end are dropped. Letters outside ASCII stay as
#: they are, since engines disagree on their capitals.
KEY_CHARACTERS = (
    _LOWER + "".join(_WIDE) + ".．" + BLANKS + GUARDS,
    _UPPER + "".join(chr(ord(wide) - 0xFEE0) for wide in _WIDE).upper(),
)
_KEPT = len(KEY_CHARACTERS[1])
_KEY_TABLE = str.maketrans(KEY_CHARACTERS[0][:_KEPT], KEY_CHARACTERS[1], KEY_CHARACTERS[0][_KEPT:])
# Category, then nothing, WHO's fourth character, or the four to six places of the Chinese editions.
_SHAPE = re.compile(r"[A-Z][0-9]{2}(?:[0-9]{1,3}|X(?:[0-9]{2})?)?(?:X[0-9]{3})?[+*†]?", re.ASCII)


def normalise(text: str) -> str:
    """The matching key of a code: upper case, half-width, without spaces, dots and guards. Never fails.

    >>> normalise("d66.x00x001")
    'D66X00X001'
    >>> normalise(" Ｃ91．0 ")
    'C910'
    >>> normalise('="C91.0"')
    'C910'
    """
    return text.translate(_KEY_TABLE)


@dataclass(frozen=True, slots=True)
class Icd10:
    """One code with a right shape, by its matching key. Raises BadCode for any other text."""

    key: str

    def __post_init__(self) -> None:
        if not _SHAPE.fullmatch(self.key):
            raise BadCode(
                f"“{self.key}”不是 ICD-10 编码：应为一个字母加两位数字，如 C91.000、D66.x00",
                f"“{self.key}” is not an ICD-10 code: one letter and two digits first, such as C91.000 or D66.x00",
            )

    @property
    def category(self) -> str:
        """The first three characters."""
        return self.key[:3]

    @property
    def who(self) -> str:
        """The WHO code that this one extends: ``C91.0``, or ``D66`` where WHO has no fourth character."""
        fourth = self.key[3:4]
        return f"{self.category}.{fourth}" if fourth.isdigit() else self.category

    def __str__(self) -> str:
        return self.key if len(self.key) == 3 else f"{self.category}.{self.key[3:].replace('X', 'x')}"


def parse(text: str) -> Icd10:
    """The code that `text` writes, in any edition, with or without its dot.

    Raises BadCode when the shape is wrong. That a code of the right shape exists in an edition is not said here.
    """
    return Icd10(normalise(text))


def is_code(text: str) -> bool:
    """Whether :func:`parse` would take `text`."""
    return _SHAPE.fullmatch(normalise(text)) is not None
