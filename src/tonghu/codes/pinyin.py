"""Chinese names in Latin letters, for order and for search.

A surname is often read otherwise than the character alone (单 Shàn, 曾 Zēng, 万俟 Mòqí): ``data/surnames.csv`` holds
those. The rest of a name has one usual reading, and others that a person may type; all are offered to a search.
"""

from __future__ import annotations

import itertools
from functools import cache, lru_cache

from pypinyin import Style, lazy_pinyin, pinyin

from tonghu.codes._data import read_csv

#: More readings than this are not kept: a name of four characters with two each has sixteen.
MOST_READINGS = 16
#: So many names are spelled once: a file names most children in several of its rows.
KEPT = 20_000


@lru_cache(maxsize=KEPT)
def spell(name: str) -> tuple[str, ...]:
    """Return the usual reading, one syllable a character, lower case and without tones; ü is written v.

    Latin words and digits stay as they are, in lower case; blanks and marks fall away.
    """
    surname, given = _split(name)
    first = _surnames()[surname][0] if surname else ()
    return (*first, *(plain for syllable in lazy_pinyin(given) if (plain := _plain(syllable))))


@lru_cache(maxsize=KEPT)
def readings(name: str) -> tuple[tuple[str, ...], ...]:
    """Return every reading that a person may type, the usual one first, at most :data:`MOST_READINGS`."""
    surname, given = _split(name)
    rest = [
        sorted({plain for reading in heard if (plain := _plain(reading))})
        for heard in pinyin(given, style=Style.NORMAL, heteronym=True)
    ]
    firsts = _surnames()[surname] if surname else ((),)
    found = {spell(name): None}
    for first in firsts:
        for others in itertools.product(*(heard for heard in rest if heard)):
            found.setdefault((*first, *others))
            if len(found) == MOST_READINGS:
                return tuple(found)
    return tuple(found)


def initials(syllables: tuple[str, ...]) -> str:
    """Return the first letters: ``("shan", "xue")`` gives ``sx``."""
    return "".join(syllable[0] for syllable in syllables)


def sort_key(name: str) -> str:
    """Return what names are ordered by, alike on every server: syllables, then the characters themselves."""
    return f"{' '.join(spell(name))} {name}".strip()


def _split(name: str) -> tuple[str, str]:
    """The surname, where its reading needs the table, and the rest; no surname where it does not."""
    whole = "".join(name.split())
    for length in (2, 1):
        if len(whole) > length and whole[:length] in _surnames():
            return whole[:length], whole[length:]
    return "", whole


@lru_cache(maxsize=4_096)  # there are some 400 syllables; Latin names add theirs
def _plain(syllable: str) -> str:
    return "".join(letter for letter in syllable.lower().replace("ü", "v") if letter.isascii() and letter.isalnum())


@cache
def _surnames() -> dict[str, tuple[tuple[str, ...], ...]]:
    return {
        row["surname"]: tuple(tuple(reading.split("-")) for reading in (row["reading"], *row["other_readings"].split()))
        for row in read_csv("surnames.csv")
    }
