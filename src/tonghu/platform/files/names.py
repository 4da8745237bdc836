"""Names of files as people give them: whatever they hold, they are text to show and never a path."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
_RESERVED: Final = re.compile(r'[<>:"|?*;]')


def clean_name(name: str) -> str:
    """Return a name that is safe to show and to save under anywhere: no folders, no control or direction characters.

    Chinese, blanks inside and the ending stay. Nothing left over is called ``file``.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    shown = _RESERVED.sub("_", " ".join(shown.split())).strip(" .")
    stem, dot, ending = shown.rpartition(".")
    if dot and len(ending) <= 10:
        shown = f"{stem[: LONGEST - len(ending) - 1].rstrip()}.{ending}"
    return shown[:LONGEST] or "file"


def watermarked(name: str, *, who: str, when: str) -> str:
    """Return the name under which somebody downloads a file: it says who took it and when."""
    stem, dot, ending = clean_name(name).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    return clean_name(f"{stem[:60]}_{who}_{when}{dot}{ending}")
