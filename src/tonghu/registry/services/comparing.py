"""What the other cards of a record say: the facts of the rules that compare stays (HQ034, HQ035, HQ041, HQ042).

A file's check takes them from the file's rows; a card takes them from the hospital's own cards: names and birth dates
from what each says itself, since the hospital's view of a child knows the newest alone. Voided cards do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from tonghu.codes import hqms_fields
from tonghu.codes.text import seen
from tonghu.hqms import record
from tonghu.hqms.casting import Value
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import Card
from tonghu.registry.seen import whom
from tonghu.registry.states import EDITABLE, State
from tonghu.registry.summary import Identity, Summary
from tonghu.rulebook import RuleSet
from tonghu.rulebook.lean_executor import finding_judge
from tonghu.rulebook.python_executor import Judge

#: Names of front-page fields on which other cards of the record rest.
RESTS_ON = frozenset(
    {
        "medical_record_no", "admission_count", "admission_datetime", "discharge_datetime", "sex", "patient_name",
        "birth_date",
    }
)  # fmt: skip
#: Sex codes that say nothing: unknown and not stated.
_UNSTATED = ("", "0", "9")

#: What a card knows of its stay without being opened, beside the facts that compare it.
KNOWN: Final = frozenset({"admission_datetime"})
#: A card's time of change is that of its transaction's begin; whoever compared meanwhile compares again.
MEANWHILE: Final = timedelta(minutes=10)
_COMPARED: Final = (
    "institution_id", "record_number", "admission_count", "admission_at", "discharge_at", "sex", "version",
)  # fmt: skip
#: A hospital, the card's number (None for one that is not there yet), and what it says.
Stay = tuple[int, int | None, Summary | Card]


def among(stays: Sequence[Stay]) -> list[dict[str, Value]]:
    """Return the facts of each stay that compare it with the others of its record, in the order given."""
    hospitals = {institution for institution, _card, _said in stays}
    records = {said.record_number for _institution, _card, said in stays}
    others: dict[tuple[int, str], list[Card]] = defaultdict(list)
    held = Card.objects.filter(institution__in=hospitals, record_number__in=records).exclude(state=State.VOIDED)
    for card in held.only(*_COMPARED):
        others[card.institution_id, card.record_number].append(card)
    asked = {(institution, said.record_number): card for institution, card, said in stays}
    # Opened where there is another stay to compare with; most records have one.
    several = [cards for place, cards in others.items() if len(cards) > 1 or cards[0].pk != asked.get(place)]
    called = whom(card for cards in several for card in cards)
    return [
        _facts(said, card, [one for one in others[institution, said.record_number] if one.pk != card], called)
        for institution, card, said in stays
    ]


@lru_cache(maxsize=512)
def _rules(layout: str, on: date, region: str | None) -> tuple[RuleSet, Judge]:
    """The rules that compare stays, by what they read; ``KNOWN`` and the facts that compare are all of it."""
    rules = record.rules(layout, on, region)
    compared = {name for name, fact in rules.schema.facts.items() if fact.by == "file"}
    chosen = replace(rules, rules=tuple(rule for rule in rules.rules if rules.facts_read[rule.id] & compared))
    return chosen, finding_judge(chosen, compared | KNOWN)


def comparing(layout: str, on: date, region: str | None = None) -> RuleSet:
    """The rules that compare a stay with the others of its record, on a day and at a place."""
    return _rules(layout, on, region)[0]


def found_without_opening(
    card: Card, others: Mapping[str, Value], on: date, region: str | None
) -> set[tuple[str, str]]:
    """What the rules that compare find on a card, by rule and column, from its columns and what compares it with
    others: some microseconds.
    """
    names = hqms_fields.layout(card.layout).by_name
    facts = dict(others)
    if card.admission_at:
        facts["admission_datetime"] = _wall_time(card.admission_at)
    _chosen, judge = _rules(card.layout, on, region)
    return {(answer.rule.reports, names[answer.fact].code) for answer in judge(facts)}


def siblings(cards: Collection[Card], *, also: Collection[str] = ()) -> list[int]:
    """The cards in hand of the same records of one hospital, those asked about left out.

    Args:
        also: further record numbers, say those that the cards had before.
    """
    records = {card.record_number for card in cards} | set(also)
    held = Card.objects.filter(
        institution__in={card.institution_id for card in cards}, record_number__in=records, state__in=EDITABLE
    )
    return list(held.exclude(pk__in=[card.pk for card in cards]).order_by("pk").values_list("pk", flat=True))


def ask_siblings(cards: Sequence[Card], *, key: str, by: Scope, also: Collection[str] = ()) -> None:
    """Have the rules that compare asked again about the other cards of the records; where there are none, nothing.

    Args:
        key: of what was done with the cards, so that it is asked for once.
    """
    if others := siblings(cards, also=also):
        enqueue("registry.compare", by=by, key=f"compare-{key}", cards=others)


def uncompared(institution: int) -> QuerySet[Card]:
    """The cards in hand of a hospital of whose record another card came or changed since they were compared."""
    others = Card.objects.filter(institution=OuterRef("institution"), record_number=OuterRef("record_number"))
    since = ExpressionWrapper(OuterRef("compared_at") - MEANWHILE, output_field=DateTimeField())
    newer = others.exclude(pk=OuterRef("pk")).filter(Q(changed_at__gt=since))
    any_other = others.exclude(pk=OuterRef("pk"))
    held = Card.objects.filter(institution=institution, state__in=EDITABLE)
    return held.filter((Q(compared_at=None) & Exists(any_other)) | Exists(newer))


def _facts(
    said: Summary | Card, card: int | None, others: Sequence[Card], called: Mapping[int, Identity]
) -> dict[str, Value]:
    same = [one for one in others if said.discharge_at and one.discharge_at == said.discharge_at]
    found: dict[str, Value] = {"stays_with_same_discharge_key": 1 + len(same)}
    if said.admission_count:
        twice = [one for one in others if one.admission_count == said.admission_count]
        found["stays_with_same_admission_number"] = 1 + len(twice)
    sexes = {sex for sex in (said.sex, *(one.sex for one in others)) if sex not in _UNSTATED}
    found["sexes_for_record"] = len(sexes)
    own = said if isinstance(said, Summary) else called.get(card or 0)
    people = [one for one in (own, *(called.get(one.pk) for one in others)) if one]
    found["names_for_record"] = len({seen(one.patient_name) for one in people} - {""})
    found["birth_dates_for_record"] = len({one.birth_date for one in people} - {None})
    if said.admission_at:
        before = [one.discharge_at for one in others if one.admission_at and one.admission_at < said.admission_at]
        if before:
            found["last_discharge_before"] = _wall_time(max(before))
    return found


def _wall_time(moment: datetime) -> datetime:
    """A time as pages write it."""
    return timezone.make_naive(timezone.localtime(moment))
