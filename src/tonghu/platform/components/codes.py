"""A field for a code: found by code, by Chinese name, by pinyin or initials, with the keyboard alone.

The reader sees ``C91.0 急性淋巴细胞白血病``; the form cleans to ``C91.0``. Without scripts a code or an exact name may
be typed. Long lists stay on the server, which answers with the best few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tonghu.codes import tables
from tonghu.codes.bad_code import BadCode
from tonghu.codes.pinyin import initials, readings
from tonghu.codes.text import halfwidth

BEST: Final = 20
#: So many readings of a name are known to a search.
_READINGS: Final = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry: its code, its names, and every way in which it may be typed."""

    code: str
    zh: str
    en: str
    typed: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.en if self.en and (get_language() or "").startswith("en") else self.zh

    @property
    def shown(self) -> str:
        """What stands in the field: code and name."""
        return f"{self.code} {self.name}"


#: Lists of other rooms (ICD-10, regions, drugs): id → entries as (code, zh, en).
SOURCES: Final[dict[str, Callable[[], Iterable[tuple[str, str, str]]]]] = {}


@cache
def choices(list_id: str) -> tuple[Choice, ...]:
    """Every entry of a list, in its own order: a table of ``tonghu.codes``, or one of :data:`SOURCES`.

    Raises:
        BadCode: no such list.
    """
    if list_id in SOURCES:
        entries: Iterable[tuple[str, str, str]] = SOURCES[list_id]()
    else:
        entries = ((entry.code, entry.name_zh, entry.name_en) for entry in tables.table(list_id).entries)
    return tuple(choice(code, zh, en) for code, zh, en in entries)


def find(list_id: str, text: str, limit: int = BEST) -> list[Choice]:
    """The entries that fit what was typed: those that begin with it before those that have it inside.

    Of both come first what is called just so, then what has it as whole syllables (shen: 肾 before 声门), each in the
    list's own order.
    """
    return among(choices(list_id), text, limit)


def among(entries: Sequence[Choice], text: str, limit: int = BEST) -> list[Choice]:
    """As :func:`find`, in a list that a room made itself with :func:`choice`."""
    wanted = _folded(text)
    if not wanted:
        return list(entries[:limit])
    begins = [c for c in entries if any(typed.startswith(wanted) for typed in c.typed)]
    found = sorted(begins, key=lambda c: _nearness(c, wanted, begins=True))
    if len(found) < limit:
        chosen = set(begins)
        inside = [c for c in entries if c not in chosen and any(wanted in typed for typed in c.typed)]
        found += sorted(inside, key=lambda c: _nearness(c, wanted, begins=False))
    return found[:limit]


def _nearness(one: Choice, wanted: str, *, begins: bool) -> int:
    """How near an entry is to what was typed: 0 where it is called so, 1 where that is whole syllables, else 2."""
    if wanted in one.typed:
        return 0
    if not wanted.isascii() or not wanted.isalpha() or one.zh.isascii():
        return 2
    return 1 if any(_is_syllables(wanted, reading, begins) for reading in readings(one.zh)[:_READINGS]) else 2


def _is_syllables(wanted: str, reading: Sequence[str], begins: bool) -> bool:
    starts = range(1 if begins else len(reading))
    return any(wanted in accumulate(reading[at:]) for at in starts)


def choice(code: str, zh: str, en: str = "", found_by: Sequence[str] = ()) -> Choice:
    """One entry, with every way in which it may be typed.

    Args:
        found_by: Chinese words by which it is found, where that is not its name.
    """
    return Choice(code, zh, en, _typed(code, found_by or (zh,), en))


def resolve(list_id: str, text: str) -> Choice | None:
    """The one entry that a field's text names: by code, by ``code name``, by exact name; None otherwise."""
    wanted = text.strip()
    first = wanted.split(" ", 1)[0]
    for choice in choices(list_id):
        whole = (f"{choice.code} {choice.zh}", f"{choice.code} {choice.en}")
        if wanted in (choice.code, choice.zh, choice.en) or (first == choice.code and wanted in whole):
            return choice
    return None


class CodeInput(forms.TextInput):
    """The text field with its list of suggestions."""

    template_name = "components/code_input.html"

    def __init__(self, list_id: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.list_id = list_id

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["url"] = reverse("web:codes", args=[self.list_id])
        return context

    def format_value(self, value: Any) -> str | None:
        """The code with its name, where it has one; what cannot be read stays as it was typed."""
        if value in (None, ""):
            return None
        found = resolve(self.list_id, str(value))
        return found.shown if found else str(value)


class CodeField(forms.CharField):
    """Cleans to the code; refuses what the list does not have, with the nearest that it has."""

    def __init__(self, list_id: str, **options: Any) -> None:
        options.setdefault("widget", CodeInput(list_id))
        options.setdefault("max_length", 200)
        super().__init__(**options)
        self.list_id = list_id

    def clean(self, value: Any) -> str:
        """The code of what was typed.

        Raises:
            ValidationError: nothing in the list is called that; says what to do and what is near.
        """
        text = super().clean(value)
        if not text:
            return ""
        found = resolve(self.list_id, text)
        if found:
            return found.code
        near = find(self.list_id, text, 3)
        if near:
            raise ValidationError(
                _("“%(text)s” is not in this list. Choose one entry: %(near)s."),
                code="unknown",
                params={"text": text, "near": _(", ").join(choice.shown for choice in near)},
            )
        raise ValidationError(
            _("“%(text)s” is not in this list. Type a code, a Chinese name or its initials, and choose an entry."),
            code="unknown",
            params={"text": text},
        )


def known(list_id: str) -> bool:
    """Whether there is such a list."""
    try:
        choices(list_id)
    except BadCode:
        return False
    return True


def _typed(code: str, names: Iterable[str], en: str) -> tuple[str, ...]:
    said = {_folded(code): None}
    for zh in names:
        said |= dict.fromkeys(_heard(zh))
    said[_folded(en)] = None
    said.pop("", None)
    return tuple(said)


@lru_cache(maxsize=10_000)
def _heard(zh: str) -> tuple[str, ...]:
    """A name, its pinyin and its initials; a text without a Chinese character by itself."""
    heard = [] if zh.isascii() else readings(zh)[:_READINGS]
    return (_folded(zh), *(each for reading in heard for each in ("".join(reading), initials(reading))))


def _folded(text: str) -> str:
    return "".join(halfwidth(text).casefold().split()).replace(".", "")
