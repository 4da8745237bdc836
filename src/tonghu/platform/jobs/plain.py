"""What may stand in a queue, a result or a notice: numbers, days and codes. Never a name or an identity number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: A code or a day: ASCII, no blanks, short.
_CODE = re.compile(r"[A-Za-z0-9_.:+-]{0,80}")
#: A telephone number, a resident's identity number of 15 or 18 places, or eleven digits of anything else.
_IDENTITY = re.compile(r"(?<![0-9A-Fa-f])\d{11,18}[\dXx]?(?![0-9A-Fa-f])")
_LARGEST = 10**10


def require_plain(values: Mapping[str, Any], what: str) -> None:
    """Refuse values that could name somebody.

    Raises:
        ValueError: a text is not a code, or looks like an identity or telephone number; a number is as long as one.
    """
    for key, value in values.items():
        _require(value, f"{what}.{key}")


def _require(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool | float):
        return
    if isinstance(value, int):
        if abs(value) >= _LARGEST:
            raise ValueError(f"{where} is a number as long as a telephone number; give the row's number instead")
    elif isinstance(value, str):
        if not _CODE.fullmatch(value) or _IDENTITY.search(value):
            raise ValueError(f"{where} is text that could name somebody; give a code or the row's number instead")
    elif isinstance(value, list | tuple):
        for n, one in enumerate(value):
            _require(one, f"{where}[{n}]")
    elif isinstance(value, Mapping):
        require_plain(value, where)
    else:
        raise ValueError(f"{where} is a {type(value).__name__}: numbers, codes, days as text, lists of them")
