"""What the rooms' checks find that is no error: the site starts, but somebody sees to it, such as swap that is on.

Errors stop the start (``config.site.require_sound``).
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Final

from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.utils.translation import get_language

#: What was found is believed for so long; the machine changes seldom, and looking takes 30 ms.
KEPT_SECONDS: Final = 300


def warnings() -> tuple[CheckMessage, ...]:
    """Return what the checks warn of, as they found it in the last five minutes."""
    return _found(int(time.monotonic() // KEPT_SECONDS))


def in_words(found: CheckMessage) -> str:
    """Return what a warning says in the reader's language; both are written as ``中文 / English``."""
    zh, _slash, en = str(found.msg).partition(" / ")
    return zh if not en or (get_language() or "zh").startswith("zh") else en


@lru_cache(maxsize=1)
def _found(_period: int) -> tuple[CheckMessage, ...]:
    return tuple(one for one in run_checks() if WARNING <= one.level < ERROR and not one.is_silenced())
