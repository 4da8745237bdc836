"""What "fill blanks" writes on a card: what it lacks, and nothing beside what it says.

Blank is what the rules take for not filled in. Fields that say one thing together (a diagnosis: code, name, condition
on admission …; an operation: code, time, surgeon …; which they are: ``forms/sections.yaml``) are filled together:
where nothing of them is written, or where both say the same diagnosis. Those of which a page has several are known by
their codes, whatever their order: what the card lacks goes to a free place, what it has is not written twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Final

from tonghu.codes import hqms_fields
from tonghu.codes.hqms_fields import Field
from tonghu.codes.icd10 import normalise
from tonghu.codes.text import clean, halfwidth
from tonghu.hqms.casting import FILLERS, cell, unfilled
from tonghu.intake.meaning import says_the_same
from tonghu.registry.content import Content
from tonghu.registry.forms.sections import Together, together

_MIDNIGHT: Final = time()
#: How two groups that both say something go together.
_SAME, _ALIKE, _OTHER = "same", "alike", "other"


def fills(new: Mapping[str, str], held: Content) -> dict[str, str]:
    """Return what filling a card's blanks from a front page writes, both by the codes of the card's layout."""
    now = dict(held.front)
    fields = hqms_fields.layout(held.layout).fields
    of_a_group = {field.code for kind in together(held.layout) for one in kind for field in one.fields}
    for field in fields:
        if field.code not in of_a_group and unfilled(field, now.get(field.code)):
            _write(field, new, now)
    for kind in together(held.layout):
        _fill(kind, new, now)
    return {code: text for code, text in now.items() if text != held.front.get(code)}


def _write(field: Field, new: Mapping[str, str], now: dict[str, str]) -> None:
    text = new.get(field.code, "")
    if not unfilled(field, text):
        now[field.code] = text


def _fill(kind: Sequence[Together], new: Mapping[str, str], now: dict[str, str]) -> None:
    """Fill the groups of a kind: those that stand alone are one of their kind."""
    for number, one in enumerate(kind):
        if not (theirs := _said(one, new)):
            continue
        nearest = (one, *kind[:number], *kind[number + 1 :])
        ways = [(place, _like(place, _said(place, now), theirs)) for place in nearest]
        place = next((place for place, way in ways if way == _SAME), None)
        if place is None:
            if any(way == _ALIKE for _place, way in ways) or _stands_elsewhere(one, theirs, now):
                continue
            place = next((place for place in nearest if not _said(place, now)), None)
        if place is not None:
            _put(place, theirs, now)


def _put(place: Together, theirs: Mapping[str, str], now: dict[str, str]) -> None:
    has = _said(place, now)
    for member, field in place.members.items():
        if member in theirs and member not in has:
            now[field.code] = theirs[member]


def _said(one: Together, front: Mapping[str, str]) -> dict[str, str]:
    """What is written in a group, by its members; a dash says nothing there, in names neither (HQ004)."""
    texts = ((member, field, front.get(field.code, "")) for member, field in one.members.items())
    return {member: text for member, field, text in texts if not unfilled(field, text) and clean(text) not in FILLERS}


def _stands_elsewhere(one: Together, theirs: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether what would be added stands where it is not said again: another diagnosis that is the main one."""
    other = one.not_again
    return other is not None and _like(other, _said(other, now), theirs) != _OTHER


def _like(place: Together, ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Whether two groups say the same (then blanks of one may come from the other), or things alike: one name under
    two codes is written neither over nor twice."""
    both = ours.keys() & theirs.keys()
    if any(_another_time(place.members[member], ours[member], theirs[member]) for member in both):
        return _OTHER
    if not place.code:
        agree = all(says_the_same(place.members[member], theirs[member], ours[member]) for member in both)
        return _SAME if both and agree else _OTHER
    if place.code in both and normalise(ours[place.code]) == normalise(theirs[place.code]):
        return _SAME
    if "name" not in both or _bare(ours["name"]) != _bare(theirs["name"]):
        return _OTHER
    return _ALIKE if place.code in both else _SAME


def _another_time(field: Field, one: str, other: str) -> bool:
    """Whether both say when, and not the same; a day alone goes with every hour of it."""
    if field.type not in ("date", "datetime"):
        return False
    said = [value for value, _fault in (cell(field, text) for text in (one, other)) if value is not None]
    if len(said) < 2 or said[0] == said[1]:
        return len(said) < 2 and clean(one) != clean(other)
    times = [value for value in said if isinstance(value, datetime)]
    return len(times) < 2 or times[0].date() != times[1].date() or all(at.time() != _MIDNIGHT for at in times)


def _bare(text: str) -> str:
    return "".join(halfwidth(text).split()).upper()
