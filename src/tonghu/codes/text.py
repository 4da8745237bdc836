"""Cleaning of cell text: what counts as blank, and full-width characters.

Hospital systems write ideographic spaces, no-break spaces and byte-order marks around values, and input methods
leave full-width digits and letters. Both are mended here and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata

# Full-width ASCII (U+FF01–U+FF5E) and the ideographic space lie at a fixed distance from their plain forms.
_TO_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WIDE = re.compile("[\u3000\uff01-\uff5e]")

#: Every character that counts as blank at the edges of a cell (and all of a blank cell): ASCII white space and NUL,
#: the Unicode space separators, line and paragraph separators, zero-width characters and the byte-order mark.
BLANKS = (
    "\x00\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u180e"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)

#: What exports put around a code so that a spreadsheet leaves it alone, and people by habit: ``'C91.0``,
#: ``="C91.0"``, ``(C91.0)``. None of these characters belongs to a code.
GUARDS = "'`\"=()[]＇｀＂＝（）［］‘’“”【】"

#: Control and format characters and halves of pairs. Private use is seen: systems write rare characters of names there.
_UNSEEN = ("Cc", "Cf", "Cs")
#: Letters by their category that have no shape.
_FILLERS = "\u115f\u1160\u3164\uffa0"


def halfwidth(text: str) -> str:
    """`text` with full-width ASCII characters and ideographic spaces as their plain forms; the rest unchanged.

    >>> halfwidth("Ｃ９１．０００")
    'C91.000'
    """
    return text.translate(_TO_HALF) if has_fullwidth(text) else text


def has_fullwidth(text: str) -> bool:
    """Whether `text` holds a character that :func:`halfwidth` would change."""
    return not text.isascii() and _WIDE.search(text) is not None


def clean(text: str | None) -> str | None:
    """`text` without blanks at its edges (see :data:`BLANKS`); None when nothing is left.

    >>> clean("\\u3000张三\\xa0")
    '张三'
    """
    if text is None:
        return None
    return text.strip(BLANKS) or None


def seen(text: str) -> str:
    """`text` without characters that nobody sees, each stretch of blanks as one space and none at the edges.

    Marks of writing direction and characters of no width come along when a name is copied out of a web page; they make
    two names that look alike differ, and a name of them alone looks like none.

    >>> seen("\\u202e张\\u200b三 ")
    '张三'
    """
    kept = "".join(
        one for one in text if one.isspace() or (unicodedata.category(one) not in _UNSEEN and one not in _FILLERS)
    )
    return " ".join(kept.split())
