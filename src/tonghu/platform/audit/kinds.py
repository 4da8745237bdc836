"""Kinds of events: what may be recorded, and how it reads in both languages.

A room declares its kinds in its ``events.py`` and records with the constants. Recording an undeclared kind, or other
data than it names, is an error. Example::

    CASE_RETURNED = kind(
        "registry.returned",
        zh="退回病例 {subject}：{note}", en="returned case {subject}: {note}",
        data=("note",),
    )

`data` is kept readable for good, so it never names a person: what does goes into `personal`, which can be shredded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

_CODE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    Attributes:
        code: ``room.verb``.
        zh, en: the sentence without its subject (who did it), with ``{subject}`` and names of data in braces.
        data: what it keeps readable; numbers, codes, words, never a person's name or number.
        personal: what it keeps sealed under the subject's key.
        opened_by: the permission with which the personal data are shown on the page of the log.
    """

    code: str
    zh: str
    en: str
    data: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    opened_by: str = "children.read"

    def sentence(self, subject: str, data: Mapping[str, Any], personal: Mapping[str, Any] | str) -> str:
        """Return the sentence in the reader's language; a text as `personal` stands in for what is closed."""
        wording = self.zh if (get_language() or "zh").startswith("zh") else self.en
        closed = dict.fromkeys(self.personal, personal) if isinstance(personal, str) else personal
        said = dict.fromkeys((*self.data, *self.personal), "—") | dict(data) | dict(closed) | {"subject": subject}
        said = {name: "、".join(map(str, one)) if isinstance(one, list) else one for name, one in said.items()}
        said |= {name: in_words(said[name]) for name in _WORDED & said.keys()}
        return wording.format_map(said)


_declared: dict[str, Kind] = {}


def kind(
    code: str,
    *,
    zh: str,
    en: str,
    data: tuple[str, ...] = (),
    personal: tuple[str, ...] = (),
    opened_by: str = "children.read",
) -> Kind:
    """Make a kind known and return it.

    Raises:
        ValueError: the code is not ``room.verb``, a wording uses a name that is not kept, or the code means two things.
    """
    wanted = Kind(code, zh, en, data, personal, opened_by)
    if not _CODE.fullmatch(code):
        raise ValueError(f"a kind of event is called room.verb, not {code!r}")
    for wording in (zh, en):
        names = {name for _text, name, _spec, _conversion in Formatter().parse(wording) if name is not None}
        if not wording or not names <= {"subject", *data, *personal}:
            raise ValueError(f"the wording of {code} is empty or uses a name that is not kept: {wording!r}")
    if _declared.setdefault(code, wanted) != wanted:
        raise ValueError(f"the kind {code} is declared twice, differently")
    return wanted


def kinds() -> Mapping[str, Kind]:
    """Return every kind by code; complete once Django has loaded its apps."""
    return MappingProxyType(_declared)


#: The data that hold words of a few, and those words by either language: (zh, en).
_WORDED = {"purpose", "what"}
_words: dict[str, tuple[str, str]] = {}


def word(zh: str, *, en: str) -> str:
    """Make known a word that events keep as data, a purpose for example, and return what is kept.

    What is kept is the Chinese word, in whichever language somebody acted; rows that hold the English one are read too.
    """
    _words.setdefault(zh, (zh, en))
    _words.setdefault(en, (zh, en))
    return zh


def in_words(kept: Any) -> Any:
    """Return a kept word in the reader's language; what is none stays as it is."""
    known = _words.get(kept) if isinstance(kept, str) else None
    return known[not (get_language() or "zh").startswith("zh")] if known else kept


#: How subjects are called, by their kind: (zh, en).
_subjects: dict[str, tuple[str, str]] = {}


def subject_kind(code: str, *, zh: str, en: str) -> str:
    """Say how subjects of a kind are called, and return the kind."""
    _subjects[code] = (zh, en)
    return code


def subject_words(code: str, number: str) -> str:
    """Return a subject in words, such as 患儿 #12."""
    if not code:
        return _("the site")
    zh, en = _subjects.get(code, (code, code))
    said = zh if (get_language() or "zh").startswith("zh") else en
    return f"{said} #{number}"
