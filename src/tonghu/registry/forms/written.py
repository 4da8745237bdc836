"""What hospitals call codes: gathered from their newest cards, and shown to all where several write the same.

A new hospital has no cards of its own to search in, and no list of diagnoses is shipped. So a pair of code and name
that several hospitals write is found everywhere (how many: ``names.yaml``); what fewer write stays with them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final

from django.db import transaction

from tonghu.codes.icd10 import normalise
from tonghu.platform.components.codes import Choice
from tonghu.platform.dated import setting
from tonghu.registry.models import WrittenName

RULES: Final = Path(__file__).parent.parent / "names.yaml"
#: So long the names are kept in this process before they are read again.
KEPT_SECONDS: Final = 600.0
#: Longer texts are no names of codes, and the column takes no more.
LONGEST_NAME: Final = 100
LONGEST_CODE: Final = 40

_held: dict[None, tuple[float, dict[str, tuple[Choice, ...]]]] = {}


class Gathered:
    """The pairs of one hospital after the other, counted by hospitals."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._choices: dict[tuple[str, str, str], Choice] = {}

    def add(self, pairs: Mapping[str, Iterable[Choice]]) -> None:
        """Take what one hospital calls codes, each code once."""
        for list_id, found in pairs.items():
            for each in found:
                if len(each.zh) <= LONGEST_NAME and len(each.code) <= LONGEST_CODE:
                    place = (list_id, normalise(each.code))
                    self._times[place][each.zh] += 1
                    self._choices.setdefault((*place, each.zh), each)

    def written(self, day: date) -> list[WrittenName]:
        """Of each code the name that most hospitals write, where they are enough; the commonest first."""
        least: int = setting(RULES, "names_of_codes", day)["hospitals"]
        rows = []
        for place, times in self._times.items():
            name, hospitals = max(times.items(), key=lambda each: (each[1], each[0]))
            if hospitals >= least:
                one = self._choices[*place, name]
                rows.append(
                    WrittenName(list_id=place[0], code=one.code, name=name, hospitals=hospitals, typed=list(one.typed))
                )
        return sorted(rows, key=lambda row: (row.list_id, -row.hospitals, row.code))


@transaction.atomic
def keep(rows: Iterable[WrittenName]) -> int:
    """Put these names in the place of those that were kept; returns how many there are."""
    WrittenName.objects.all().delete()
    return len(WrittenName.objects.bulk_create(rows))


def written() -> Mapping[str, tuple[Choice, ...]]:
    """What several hospitals call codes, by list; to be asked in the scope of a reader of cards."""
    at, found = _held.get(None, (0.0, {}))
    if not found or monotonic() - at > KEPT_SECONDS:
        lists: dict[str, list[Choice]] = defaultdict(list)
        for row in WrittenName.objects.order_by("pk"):
            lists[row.list_id].append(Choice(row.code, row.name, "", tuple(row.typed)))
        found = {list_id: tuple(entries) for list_id, entries in lists.items()}
        _held[None] = (monotonic(), found)
    return found
