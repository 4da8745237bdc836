"""Search everywhere: every app's providers are asked under the reader's scope, and the shell's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tonghu.codes.pinyin import initials, readings
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import SearchHit, SearchProvider, Words
from tonghu.platform.web import duties

#: Answers of one kind on the page; the box shows fewer.
LIMIT = 20
LIMIT_IN_BOX = 5


@dataclass(frozen=True, slots=True)
class Found:
    """The answers of one kind."""

    kind: Words
    hits: tuple[SearchHit, ...]


def search(scope: Scope, text: str, limit: int = LIMIT) -> tuple[Found, ...]:
    """What every provider that the reader may ask finds for `text`, kinds without an answer left out."""
    wanted = text.strip()
    if not wanted:
        return ()
    asked = [provider for module in duties.modules("search") for provider in module.providers()]
    found = (
        Found(provider.kind, tuple(provider.find(scope, wanted, limit))[:limit])
        for provider in asked
        if provider.permission is None or scope.may(provider.permission)
    )
    return tuple(kind for kind in found if kind.hits)


def providers() -> tuple[SearchProvider, ...]:
    """The shell's own: pages of the reader's menu, by words, pinyin or initials."""
    return (SearchProvider(_("Pages"), find_pages),)


def find_pages(scope: Scope, text: str, limit: int) -> Iterable[SearchHit]:
    """The entries of the reader's menu whose name holds `text`, or sounds like it."""
    wanted = text.casefold().replace(" ", "")
    for item in duties.allowed(scope):
        label = str(item.label)
        if any(wanted in spelling for spelling in spellings(label)) and limit > 0:
            limit -= 1
            yield SearchHit(label, reverse(item.url), str(item.group.value))


def spellings(label: str) -> set[str]:
    """How a label may be typed: as it stands, in pinyin, by initials."""
    said = {label.casefold().replace(" ", "")}
    for reading in readings(label):
        said |= {"".join(reading).casefold(), initials(reading).casefold()}
    return said
