"""The lists behind the card's code fields: code tables, ICD-O-3, and the pairs of code and name that hospitals write.

No list of diagnoses is shipped: the wording of the clinical edition belongs to others. What a hospital's own cards call
a code is what its clerks look for, then what several others call it (``written``). Nor is the Chinese wording of
ICD-O-3 shipped, which is WHO's: morphology is found by the names of its groups in the childhood classification, which
are Tonghu's own translation. A list is found by code, name, pinyin and initials.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from time import monotonic
from typing import Final

from tonghu.codes import iccc, icdo, tables
from tonghu.codes.bad_code import BadCode
from tonghu.codes.hqms_fields import Field, layout
from tonghu.codes.icd10 import normalise
from tonghu.platform.components.codes import BEST, Choice, among, choice, choices, resolve
from tonghu.platform.scope.scope import Scope
from tonghu.registry.content import Content
from tonghu.registry.forms.written import written
from tonghu.registry.seen import newest_change, newest_contents
from tonghu.registry.supplement import stages
from tonghu.tumours.recode import FIRST_HISTOLOGY, recode

DIAGNOSES, CAUSES, PROCEDURES, MORPHOLOGY = "icd10", "icd10_external", "icd9cm3", "morphology"
TOPOGRAPHY, STAGE = "topography", "stage"
#: Lists that grow out of the hospital's own cards.
OWN: Final = frozenset({DIAGNOSES, CAUSES, PROCEDURES, MORPHOLOGY})
#: So long a hospital's pairs are kept in this process before they are gathered again; where its cards changed since,
#: so long at least: an import in many chunks, or clerks at work, do not have them gathered at every key.
KEPT_SECONDS: Final = 600.0
FRESH_SECONDS: Final = 60.0
#: Notes of the American registries in the English terms, and that a code is one of former years.
_NOTE: Final = re.compile(r"\s*\[[^\]]*\]?")
_FORMER: Final = re.compile(r"\[PRE-20\d\d ONLY")
#: So many groups of the childhood classification stand beside a term; one that falls into more is named by none.
MOST_GROUPS: Final = 3
#: Morphology stands beside a mark of its own in both layouts: the name is that of the report.
_NAME_OF: Final = (("_morphology_code", "_name"), ("_code", "_name"))


def list_of(field: Field) -> str:
    """The list behind a field's codes; '' where it takes free text, or where its table is not copied."""
    if field.shape in OWN:
        return str(field.shape)
    return field.table if field.table and tables.table(field.table).entries else ""


def name_field(field: Field, layout_id: str) -> Field | None:
    """The field that holds the name of a field's code, if the layout has one."""
    known = layout(layout_id).by_name
    for ending, of_name in _NAME_OF:
        if field.name.endswith(ending):
            return known.get(field.name.removesuffix(ending) + of_name)
    return None


def find(list_id: str, text: str, own: Mapping[str, tuple[Choice, ...]], limit: int = BEST) -> list[Choice]:
    """The entries of a list that fit what was typed; what hospitals write stands first.

    Args:
        own: what they write, by list (:func:`own_pairs`).

    Raises:
        BadCode: no such list.
    """
    entries = own.get(list_id, ())
    if list_id in (MORPHOLOGY, TOPOGRAPHY):
        entries = _with(entries, _icdo(list_id))
    elif list_id.partition("-")[0] == STAGE:
        entries = _stages(list_id)
    elif list_id not in OWN:
        entries = choices(list_id)
    return among(entries, text, limit)


def name_of(list_id: str, code: str) -> str:
    """What a code table or ICD-O calls a code, in the reader's language; '' where it does not have it."""
    if not code or not list_id or list_id in OWN - {MORPHOLOGY}:
        return ""
    if list_id in (MORPHOLOGY, TOPOGRAPHY):
        return _icdo_name(list_id, code)
    if list_id.partition("-")[0] == STAGE:
        return next((each.name for each in _stages(STAGE) if each.code == code), "")
    entry = tables.table(list_id).entry(code)
    found = resolve(list_id, entry.code) if entry else None
    return found.name if found else ""


def pairs(contents: Iterable[Content]) -> dict[str, tuple[Choice, ...]]:
    """The code–name pairs of cards by list, the most frequent first; of two names of a code, the commoner."""
    seen: dict[str, Counter[tuple[str, str]]] = {each: Counter() for each in OWN}
    for content in contents:
        for code_field, list_id, named in _coded(content.layout):
            code, name = content.front.get(code_field, "").strip(), content.front.get(named, "").strip()
            if code and name and name != "-":
                seen[list_id][(code, name)] += 1
    return {list_id: _commonest(found) for list_id, found in seen.items()}


@dataclass(frozen=True, slots=True)
class _Own:
    """What was gathered of a hospital: when, how new its newest card was then, and the pairs by list."""

    at: float
    newest: datetime | None
    pairs: dict[str, tuple[Choice, ...]]


_held: dict[int, _Own] = {}


def own_pairs(by: Scope) -> Mapping[str, tuple[Choice, ...]]:
    """The pairs of the reader's own hospital, from its newest cards, and after them those that several write."""
    if by.institution is None:
        return written()
    held = _held.get(by.institution)
    age = monotonic() - held.at if held else KEPT_SECONDS
    if held and (age < FRESH_SECONDS or (age < KEPT_SECONDS and newest_change(by=by) == held.newest)):
        return held.pairs
    newest = newest_change(by=by)  # asked before: what changes meanwhile is gathered the next time
    own, others = pairs(newest_contents(by=by)), written()
    found = {list_id: _with(own.get(list_id, ()), others.get(list_id, ())) for list_id in OWN}
    _held[by.institution] = _Own(monotonic(), newest, found)
    return found


def _with(first: tuple[Choice, ...], more: Iterable[Choice]) -> tuple[Choice, ...]:
    """A list, and after it those of another whose codes it has not."""
    known = {normalise(each.code) for each in first}
    return (*first, *(each for each in more if normalise(each.code) not in known))


def _commonest(found: Counter[tuple[str, str]]) -> tuple[Choice, ...]:
    named: dict[str, Choice] = {}
    for (code, name), _times in found.most_common():
        named.setdefault(normalise(code), choice(code, name))
    return tuple(named.values())


@cache
def _coded(layout_id: str) -> tuple[tuple[str, str, str], ...]:
    """(field code, list, field code of the name) of every field whose codes come with a name."""
    return tuple(
        (field.code, str(field.shape), named.code)
        for field in layout(layout_id).fields
        if field.shape in OWN and (named := name_field(field, layout_id))
    )


@cache
def _icdo(list_id: str) -> tuple[Choice, ...]:
    if list_id == TOPOGRAPHY:
        sites = icdo.topography().values()
        return tuple(choice(str(icdo.Topography(site.code)), site.name_zh, site.name_en) for site in sites)
    terms = sorted(icdo.morphology().values(), key=lambda term: bool(_FORMER.search(term.name_en)))
    return tuple(_morphology(term) for term in terms)


def _morphology(term: icdo.MorphologyTerm) -> Choice:
    """A term of ICD-O-3, found in Chinese by the groups of the childhood classification that it falls into."""
    known = recode()
    fits = known.histologies[int(term.histology) - FIRST_HISTOLOGY] & known.behaviours[int(term.behaviour)]
    rows = [row for n, row in enumerate(known.rows) if fits >> n & 1]
    shown = list(dict.fromkeys(row.name_zh for row in rows))
    names = [*shown, *dict.fromkeys(iccc.subgroup(row.subgroup).name_zh for row in rows)]
    name = _NOTE.sub("", term.name_en).strip()
    zh = f"{name}（{'、'.join(shown)}）" if 0 < len(shown) <= MOST_GROUPS else name
    return choice(f"M{term.histology}0/{term.behaviour}", zh, name, names if len(shown) <= MOST_GROUPS else ())


def _icdo_name(list_id: str, code: str) -> str:
    """What ICD-O-3 calls a code in any of its writings."""
    try:
        if list_id == TOPOGRAPHY:
            wanted = str(icdo.Topography.parse(code))
        else:
            read = icdo.Morphology.parse(code)
            wanted = f"M{read.histology}0/{read.behaviour}"
    except BadCode:
        return ""
    return next((each.name for each in _icdo(list_id) if each.code == wanted), "")


@cache
def _stages(list_id: str) -> tuple[Choice, ...]:
    """The stages of every disease, or with ``stage-041`` those of one system by its subgroup."""
    subgroup = list_id.partition("-")[2]
    return tuple(
        choice(option.code, f"{system.zh} {option.zh}", f"{system.en} {option.en}")
        for system in stages()
        if not subgroup or subgroup in system.subgroups
        for option in system.options
    )
