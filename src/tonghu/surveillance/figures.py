"""What the cards of the last twelve archive months are: of one hospital now, of regions as a job last counted them.

Regions count what was reported to the centre, hospitals all of their cards that are not voided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from tonghu.network.region_range import covered
from tonghu.platform.scope.scope import Scope
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Figure, FigureOfPoint, FiguresMade

_FIGURES: Final = Path(__file__).with_name("figures.sql").read_text(encoding="utf-8")
MONTHS: Final = 12
#: What the pages ask for: where the weak points are, and what the cases are.
QUALITY: Final = ("all", "state", "month", "problem", "problem_at_first", "rule")
CASES: Final = ("all", "group", "iccc", "age", "sex", "month", "residence")
TOPICS: Final = tuple(dict.fromkeys((*QUALITY, *CASES)))
_REGIONS: Final = """
INSERT INTO surveillance_figure (region_code, topic, key, cards)
SELECT above.code, topic, key, sum(cards) FROM made
CROSS JOIN LATERAL (
  SELECT DISTINCT code FROM unnest(ARRAY['000000', left(region_code, 2) || '0000', left(region_code, 4) || '00',
                                         region_code]) AS code
) AS above
GROUP BY 1, 2, 3"""
_POINTS: Final = """
INSERT INTO surveillance_figureofpoint (institution_id, region_code, cards, problem, problem_at_first)
SELECT place.id, place.region_code, count(*), count(*) FILTER (WHERE errors > 0),
       count(*) FILTER (WHERE problem_at_first)
FROM registry_seencard AS card JOIN network_institution AS place ON place.id = card.institution_id
WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided'
GROUP BY 1, 2"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by topic and key, of the archive months `first` to `last`, as of `at`."""

    by_topic: Mapping[str, Mapping[str, int]]
    first: Month
    last: Month
    at: datetime

    @property
    def cards(self) -> int:
        """How many cards there are in all."""
        return self.by_topic.get("all", {}).get("", 0)

    def of(self, topic: str) -> Mapping[str, int]:
        """The counts of a topic by key."""
        return self.by_topic.get(topic, {})


def months(today: date) -> tuple[Month, Month]:
    """The archive months that figures are of: twelve, the running one last."""
    last = Month.of(today)
    return last.plus(1 - MONTHS), last


def of_hospital(institution: int, today: date, topics: Sequence[str] = TOPICS) -> Figures:
    """Count one hospital's cards now, in the reader's scope, by the topics that are wanted."""
    first, last = months(today)
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {**_said(first, last), "institution": institution, "topics": list(topics)})
        for _region, topic, key, cards in cursor.fetchall():
            found.setdefault(topic, {})[key] = cards
    return Figures(found, first, last, timezone.now())


def of_region(region: str) -> Figures | None:
    """Return what the job last counted of a region; None before it has run."""
    made = FiguresMade.objects.order_by("-pk").first()
    if made is None:
        return None
    found: dict[str, dict[str, int]] = {}
    for topic, key, cards in Figure.objects.filter(region_code=region).values_list("topic", "key", "cards"):
        found.setdefault(topic, {})[key] = cards
    return Figures(found, Month(made.first), Month(made.last), made.at)


def figures(by: Scope, region: str, today: date, topics: Sequence[str] = TOPICS) -> Figures | None:
    """The figures that a reader sees: of their hospital, or of a region in their reach."""
    return of_hospital(by.institution, today, topics) if by.institution is not None else of_region(region)


@dataclass(frozen=True, slots=True)
class PointShare:
    """One point among others: its cards and how many of them had errors at first."""

    institution: int
    name: str
    cards: int
    problem_at_first: int
    problem: int

    @property
    def share(self) -> float:
        """Percent of the cards whose first version had errors."""
        return 100 * self.problem_at_first / self.cards


def of_points(region: str) -> list[PointShare]:
    """Every point of a region with at least one reported card, the largest first."""
    low, high = covered(region)
    held = FigureOfPoint.objects.filter(region_code__gte=low, region_code__lt=high, cards__gt=0).order_by("-cards")
    rows = held.values_list("institution_id", "institution__name", "cards", "problem_at_first", "problem")
    return [PointShare(*row) for row in rows]


def count(today: date) -> dict[str, Any]:
    """Count everything anew, in one transaction. For the job alone, in the scope of the nation."""
    first, last = months(today)
    said = {**_said(first, last), "institution": None, "topics": list(TOPICS)}
    Figure.objects.all().delete()
    FigureOfPoint.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH made AS ({_FIGURES}) {_REGIONS}", said)
        figures_made = cursor.rowcount
        cursor.execute(_POINTS, said)
        points = cursor.rowcount
    FiguresMade.objects.all().delete()
    FiguresMade.objects.create(at=timezone.now(), first=first.first, last=last.first)
    return {"figures": figures_made, "points": points}


def _said(first: Month, last: Month) -> dict[str, Any]:
    return {"first": first.first, "last": last.first}
