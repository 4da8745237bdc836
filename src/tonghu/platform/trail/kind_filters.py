"""The two filters of the log by kind of act: what it is about first, then the acts of that.

There are too many kinds for one list. How each is called there, in a few words, stands in ``kinds.yaml``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tonghu.platform.audit.kinds import Kind, kinds
from tonghu.platform.audit.models import Event
from tonghu.platform.components.table import Filter
from tonghu.platform.shell import Words

FILE: Final = Path(__file__).with_name("kinds.yaml")
#: What acts are about: the first words of the codes of their kinds, by what the list calls them.
SUBJECTS: Final[dict[str, tuple[Words, tuple[str, ...]]]] = {
    "cards": (_("Cards"), ("registry",)),
    "imports": (_("Imports"), ("intake",)),
    "children": (_("Children"), ("children", "child")),
    "months": (_("Months and points"), ("surveillance",)),
    "institutions": (_("Institutions"), ("network",)),
    "files": (_("Files"), ("files",)),
    "docking": (_("Docking"), ("api",)),
    "log": (_("Log and exports"), ("audit",)),
}


def kind_filters(about: str, kind: str) -> tuple[Filter, ...]:
    """Return the filter by subject, and that by act once a subject, or an act by a link, is chosen."""
    first = Filter("about", _("The subject of the acts"), _about, choices=tuple(_subjects().items()))
    chosen = about if about in _subjects() else subject_of(kind) if kind in kinds() else ""
    if not chosen:
        return (first,)
    acts = sorted(
        ((code, short(one)) for code, one in kinds().items() if subject_of(code) == chosen), key=lambda act: act[1]
    )
    return (first, Filter("kind", _("Kind"), lambda rows, said: rows.filter(kind=said), choices=acts))


def subject_of(code: str) -> str:
    """Return what acts of a kind are about; a room that :data:`SUBJECTS` does not name stands for itself."""
    room = code.partition(".")[0]
    return next((name for name, (_label, rooms) in SUBJECTS.items() if room in rooms), room)


def short(kind: Kind) -> str:
    """Return a kind in a few words; its sentence without what changes in it where nobody wrote them."""
    zh = (get_language() or "zh").startswith("zh")
    said = _words().get(kind.code)
    return said["zh" if zh else "en"] if said else re.sub(r"\s*\{\w+\}\s*", "…", kind.zh if zh else kind.en)


def _subjects() -> dict[str, Words]:
    there = {subject_of(code) for code in kinds()}
    named = {name: label for name, (label, _rooms) in SUBJECTS.items() if name in there}
    return named | {name: name for name in sorted(there - named.keys())}


def _about(rows: QuerySet[Event], chosen: str) -> QuerySet[Event]:
    wanted = Q()
    for room in SUBJECTS[chosen][1] if chosen in SUBJECTS else (chosen,):
        wanted |= Q(kind__startswith=f"{room}.")
    return rows.filter(wanted)


@cache
def _words() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read
