"""What the cards of the last twelve archive months are: of hospitals and small regions now, of others as a job counted.

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

from tonghu.network.region_range import NATION, covered
from tonghu.platform.scope.scope import Scope
from tonghu.registry.states import IN_HAND
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Figure, FigureOfPoint, FiguresMade

_FIGURES: Final = Path(__file__).with_name("figures.sql").read_text(encoding="utf-8")
MONTHS: Final = 12
#: What the pages ask for: where the weak points are, and what the cases are.
QUALITY: Final = ("all", "state", "month", "problem", "problem_at_first", "rule")
CASES: Final = ("all", "group", "iccc", "age", "sex", "month", "residence")
TOPICS: Final = tuple(dict.fromkeys((*QUALITY, *CASES)))
#: A region with no more reported cards than this is counted when the page is asked, so that figure and list are one.
COUNTED_NOW: Final = 2_000
_REGIONS: Final = """
INSERT INTO surveillance_figure (region_code, topic, key, cards)
SELECT above.code, topic, key, sum(cards) FROM made
CROSS JOIN LATERAL (
  SELECT DISTINCT code FROM unnest(ARRAY['000000', left(region_code, 2) || '0000', left(region_code, 4) || '00',
                                         region_code]) AS code
) AS above
GROUP BY 1, 2, 3"""
_BY_POINT: Final = """
SELECT place.id, place.region_code, count(*) AS cards, count(*) FILTER (WHERE errors > 0) AS problem,
       count(*) FILTER (WHERE problem_at_first) AS problem_at_first, min(place.name) AS name
FROM registry_seencard AS card JOIN network_institution AS place ON place.id = card.institution_id
WHERE card.archive_month BETWEEN %(first)s AND %(last)s AND card.state <> 'voided'
  AND place.region_code COLLATE "C" >= %(low)s AND place.region_code COLLATE "C" < %(high)s
GROUP BY 1, 2"""
_POINTS: Final = f"""
INSERT INTO surveillance_figureofpoint (institution_id, region_code, cards, problem, problem_at_first)
SELECT id, region_code, cards, problem, problem_at_first FROM ({_BY_POINT}) AS point"""  # noqa: S608 -- our own


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by topic and key, of the archive months `first` to `last`, as of `at`; `now`: when the page was asked."""

    by_topic: Mapping[str, Mapping[str, int]]
    first: Month
    last: Month
    at: datetime
    now: bool = False

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
    return _now(today, topics, institution=institution, region=NATION)


def of_region(region: str, today: date, topics: Sequence[str] = TOPICS) -> Figures | None:
    """Return the figures of a region: counted now where they are few, else by the job; None before it has run."""
    made = FiguresMade.objects.order_by("-pk").first()
    if made is None:
        return None
    found: dict[str, dict[str, int]] = {}
    for topic, key, cards in Figure.objects.filter(region_code=region).values_list("topic", "key", "cards"):
        found.setdefault(topic, {})[key] = cards
    held = Figures(found, Month(made.first), Month(made.last), made.at)
    return held if held.cards > COUNTED_NOW else _now(today, topics, institution=None, region=region)


def _now(today: date, topics: Sequence[str], *, institution: int | None, region: str) -> Figures:
    first, last = months(today)
    found: dict[str, dict[str, int]] = {}
    said = {**_said(first, last, region), "institution": institution, "topics": list(topics)}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, said)
        for _county, topic, key, cards in cursor.fetchall():
            of_topic = found.setdefault(topic, {})
            of_topic[key] = of_topic.get(key, 0) + cards
    return Figures(found, first, last, timezone.now(), now=True)


def figures(by: Scope, region: str, today: date, topics: Sequence[str] = TOPICS) -> Figures | None:
    """The figures that a reader sees: of their hospital, or of a region in their reach."""
    if by.institution is not None:
        return of_hospital(by.institution, today, topics)
    return of_region(region, today, topics)


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


def of_points(region: str, now_of: date | None = None) -> list[PointShare]:
    """Every point of a region with at least one reported card, the largest first.

    Args:
        now_of: today, where they are counted now, as the region's figures are; None: as the job last counted.
    """
    low, high = covered(region)
    if now_of is not None:
        with connection.cursor() as cursor:
            cursor.execute(f"{_BY_POINT} ORDER BY cards DESC, id", _said(*months(now_of), region))
            return [
                PointShare(point, name, cards, first, now)
                for point, _region, cards, now, first, name in cursor.fetchall()
            ]
    held = FigureOfPoint.objects.filter(region_code__gte=low, region_code__lt=high, cards__gt=0).order_by("-cards")
    rows = held.values_list("institution_id", "institution__name", "cards", "problem_at_first", "problem")
    return [PointShare(*row) for row in rows]


def count(today: date) -> dict[str, Any]:
    """Count everything anew, in one transaction. For the job alone, in the scope of the nation."""
    first, last = months(today)
    said = {**_said(first, last, NATION), "institution": None, "topics": list(TOPICS)}
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


def _said(first: Month, last: Month, region: str) -> dict[str, Any]:
    low, high = covered(region)
    return {"first": first.first, "last": last.first, "low": low, "high": high, "in_hand": [*IN_HAND]}
