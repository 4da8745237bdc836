"""What the other cards of a record say: the facts of the rules that compare stays (HQ034, HQ035, HQ041, HQ042).

A file's check takes them from the file's rows; a card takes them from the hospital's own cards and views. Voided cards
do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from tonghu.hqms.casting import Value
from tonghu.patients.models import HospitalView
from tonghu.registry.models import Card
from tonghu.registry.states import State
from tonghu.registry.summary import Summary

#: Names of front-page fields on which other cards of the record rest.
RESTS_ON = frozenset(
    {
        "medical_record_no", "admission_count", "admission_datetime", "discharge_datetime", "sex", "patient_name",
        "birth_date",
    }
)  # fmt: skip
#: Sex codes that say nothing: unknown and not stated.
_UNSTATED = ("", "0", "9")

#: A hospital, the card's number (None for one that is not there yet), and what it says.
Stay = tuple[int, int | None, Summary]


def among(stays: Sequence[Stay]) -> list[dict[str, Value]]:
    """Return the facts of each stay that compare it with the others of its record, in the order given."""
    hospitals = {institution for institution, _card, _said in stays}
    records = {said.record_number for _institution, _card, said in stays}
    others: dict[tuple[int, str], list[Card]] = defaultdict(list)
    held = Card.objects.filter(institution__in=hospitals, record_number__in=records).exclude(state=State.VOIDED)
    for card in held.only("institution_id", "record_number", "admission_count", "admission_at", "discharge_at", "sex"):
        others[card.institution_id, card.record_number].append(card)
    views: dict[tuple[int, str], set[tuple[str, object]]] = defaultdict(set)
    known = HospitalView.objects.filter(institution__in=hospitals, record_number__in=records)
    for institution, record, name, born in known.values_list(
        "institution", "record_number", "patient_name", "birth_date"
    ):
        views[institution, record].add((name, born))
    return [
        _facts(
            said,
            [one for one in others[institution, said.record_number] if one.pk != card],
            views[institution, said.record_number],
        )
        for institution, card, said in stays
    ]


def _facts(said: Summary, others: Sequence[Card], views: set[tuple[str, object]]) -> dict[str, Value]:
    same = [one for one in others if said.discharge_at and one.discharge_at == said.discharge_at]
    found: dict[str, Value] = {"stays_with_same_discharge_key": 1 + len(same)}
    if said.admission_count:
        twice = [one for one in others if one.admission_count == said.admission_count]
        found["stays_with_same_admission_number"] = 1 + len(twice)
    sexes = {sex for sex in (said.sex, *(one.sex for one in others)) if sex not in _UNSTATED}
    found["sexes_for_record"] = len(sexes)
    found["names_for_record"] = len({name for name, _born in views})
    found["birth_dates_for_record"] = len({born for _name, born in views if born})
    if said.admission_at:
        before = [one.discharge_at for one in others if one.admission_at and one.admission_at < said.admission_at]
        if before:
            found["last_discharge_before"] = _wall_time(max(before))
    return found


def _wall_time(moment: datetime) -> datetime:
    """A time as pages write it."""
    return timezone.make_naive(timezone.localtime(moment))
