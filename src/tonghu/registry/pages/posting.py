"""What a card's form brings: what was typed, the version that it was typed on, what the tab knew, and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest

from tonghu.codes import hqms_fields
from tonghu.errors import InputRefused
from tonghu.registry.content import Content
from tonghu.registry.drafts import LONGEST_REASON, REASON, Typed
from tonghu.registry.forms import cells
from tonghu.registry.forms.cells import Sight
from tonghu.registry.supplement import items

#: Begins the name under which a tab says what it knew of a field.
KNEW: Final = "_knew_"
#: The name of a reason: its prefix, a rule and a field.
LONGEST_REASON_NAME: Final = 100
#: So many characters somebody may type into a field; the dictionary's own lengths are a rule's matter.
LONGEST: Final = 400


def posted(request: HttpRequest) -> dict[str, str]:
    """The fields of a posted form; what the page itself adds begins with an underscore."""
    return {
        name: str(value)
        for name, value in request.POST.items()
        if not name.startswith("_") and request.POST.get(f"_keep_{name}") != "theirs"
    }


def number(request: HttpRequest, otherwise: int, name: str = "_version") -> int:
    """The version that was on the screen, or another number that the page sends back."""
    said = request.POST.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 18 else otherwise


def posted_changes(content: Content, said: dict[str, str], sight: Sight) -> tuple[dict[str, str], dict[str, str]]:
    """What of a posted form differs from a content: front page and supplement.

    Names that are no field are left out. A masked field that comes back empty is as it was, and so is a text that
    differs by nothing but what an input of one line cannot hold.
    """
    known = hqms_fields.layout(content.layout).by_code
    names = {item.name for item in items()}
    front: dict[str, str] = {}
    supplement: dict[str, str] = {}
    for name, text in said.items():
        wanted, held = cells.one_line(text), content.value(name).strip()
        if wanted == cells.one_line(held):
            continue
        if name in names:
            supplement[name] = wanted
        elif name in known and (wanted or not sight.of(known[name], held)):
            front[name] = wanted
    return front, supplement


def require_short(layout: str, *changes: Mapping[str, str]) -> None:
    """Refuse texts that are too long to be kept, rather than to cut them; what nobody changed may be longer.

    Raises:
        InputRefused: one is too long.
    """
    for name, text in (one for each in changes for one in each.items()):
        if len(text) > LONGEST:
            called, much = cells.label(name, layout) or name, len(text) - LONGEST
            raise InputRefused(
                f"没有保存：“{called}”有 {len(text)} 个字符，最多 {LONGEST} 个，请删去 {much} 个字符后再保存",
                f"Not saved: “{called}” has {len(text)} characters, {LONGEST} at most; take out {much} and save again",
            )


def typed(request: HttpRequest, base: Content, based_on: int, sight: Sight) -> Typed:
    """What a tab sends of what was typed, and what it knew of each field before."""
    front, supplement = posted_changes(base, posted(request), sight)
    known = {name[len(KNEW) :]: str(value) for name, value in request.POST.items() if name.startswith(KNEW)}
    return Typed(based_on, front, supplement, sent(request), known, given_reasons(request))


def given_reasons(request: HttpRequest) -> dict[str, str]:
    """The reasons for findings that a form brings, by their names; a blank one was taken back."""
    said = ((name, str(value).strip()) for name, value in request.POST.items() if name.startswith(REASON))
    return {name[:LONGEST_REASON_NAME]: value[:LONGEST_REASON] for name, value in said}


def sent(request: HttpRequest) -> frozenset[str]:
    """The names of the fields of a posted form."""
    return frozenset(name for name in request.POST if not name.startswith("_"))
