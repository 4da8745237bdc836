"""What a screen shows of a name or number, and what happens when that comes back.

A masked value is for reading. Posted back it is never stored: :func:`kept` takes it for "unchanged" when it is exactly
what was shown, and refuses any other text with a mask in it; sealed fields refuse it once more.
"""

from __future__ import annotations

from collections.abc import Callable

from tonghu.errors import InputRefused

STAR = "*"
STARS = frozenset("*＊")


class MaskedPosted(InputRefused):
    """A masked value was given where the whole one is needed."""

    def __init__(self) -> None:
        super().__init__(
            "内容含有掩码“*”：请填写完整内容，或不改动这一栏",
            "The value holds the mask “*”: give it whole, or leave the field as it was",
        )


def mask_name(name: str) -> str:
    """Return a name with its middle hidden.

    >>> mask_name("张子涵"), mask_name("张涵"), mask_name("欧阳子涵")
    ('张*涵', '张*', '欧**涵')
    """
    if len(name) <= 1:
        return STAR * len(name)
    if len(name) == 2:
        return name[0] + STAR
    return name[0] + STAR * (len(name) - 2) + name[-1]


def mask_id(number: str) -> str:
    """Return an identity number with its first three and last four characters; shorter than ten, the last two only.

    >>> mask_id("11010120100307002X")
    '110***********002X'
    """
    if len(number) < 10:
        return STAR * max(len(number) - 2, 0) + number[-2:] if len(number) > 2 else STAR * len(number)
    return number[:3] + STAR * (len(number) - 7) + number[-4:]


def mask_phone(number: str) -> str:
    """Return a telephone number with its middle hidden: the first three and last four of a mobile's eleven digits.

    >>> mask_phone("13800001234"), mask_phone("028-85551234")
    ('138****1234', '********1234')
    """
    if len(number) == 11 and number.isascii() and number.isdigit():
        return f"{number[:3]}{STAR * 4}{number[-4:]}"
    return STAR * (len(number) - 4) + number[-4:] if len(number) > 6 else STAR * len(number)


def is_masked(text: str) -> bool:
    """Whether a text holds a mask."""
    return not STARS.isdisjoint(text)


def kept(posted: str, held: str, mask: Callable[[str], str]) -> str:
    """Return what to store for a field that showed ``mask(held)``: `held` where it came back as shown, else `posted`.

    Raises:
        MaskedPosted: `posted` holds a mask and is not what was shown.
    """
    if held and posted.strip() == mask(held):
        return held
    if is_masked(posted):
        raise MaskedPosted
    return posted
