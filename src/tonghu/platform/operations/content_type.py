"""Before Django sees a request: a content type that it could not read, or would read text wrongly by, is set aside.

Django takes the charset of the header for everything, the address too, before any middleware stands around it: one
that is no text (``hex``) ends in the server's own naked error, one that is (``utf-7``, ``gbk``) in other text than was
meant. All text of ours is UTF-8. What is refused is answered by the middlewares, like all else.
"""

from __future__ import annotations

import codecs
from typing import Any, Final

from django.utils.http import parse_header_parameters

#: In ``META`` of a request whose content type was set aside.
REFUSED: Final = "tonghu.content_type_refused"
_OURS: Final = ("utf-8", "ascii")
#: What some clients say by habit of forms that hold ASCII alone; it has no Chinese, so what it says is read as ours.
_BY_HABIT: Final = ("iso8859-1",)


def settle(environ: dict[str, Any]) -> None:
    """Leave of the content type what can be read, and note where that is not all of it."""
    said = environ.get("CONTENT_TYPE", "")
    charset = _charset(said)
    if charset in _OURS:
        return
    environ["CONTENT_TYPE"] = said.partition(";")[0]
    if charset not in _BY_HABIT:
        environ[REFUSED] = True


def _charset(said: str) -> str:
    """Python's name of the charset, UTF-8 where none is said, empty where it is none."""
    try:
        _kind, more = parse_header_parameters(said)
        return codecs.lookup(more.get("charset", "utf-8")).name
    except (LookupError, ValueError):
        return ""
