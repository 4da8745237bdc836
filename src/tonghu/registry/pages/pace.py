"""How fast a clerk works off the queue: the time at work alone, not the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone

from tonghu.platform.components.parts import in_words
from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import CardAct

#: Whoever did nothing with a card for so long was at something else. A card with findings takes its clerk some seconds
#: to two minutes (a month of a hundred cards ten minutes); with five the slowest still count, a meal or a ward round
#: does not.
PAUSE: Final = timedelta(minutes=5)
#: The pace is that of the newest cards: so many of them.
NEWEST: Final = 40
#: Fewer cards at work than these say nothing of a pace: of two or three one may have been hard.
FEWEST: Final = 10
#: What was done longer ago belongs to another day's work.
SHIFT: Final = timedelta(hours=12)
#: Moments at which somebody did something with cards, the oldest first, each with how many they submitted then.
Moments = Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many cards the reader submitted today, and how many minutes at work a card takes; None: nothing is known."""

    today: int
    minutes_each: float | None

    def left(self, cards: int) -> str:
        """The time at work that so many cards take at this pace, in words; '' where nothing can be said."""
        return in_words(timedelta(minutes=self.minutes_each * cards)) if self.minutes_each and cards else ""

    @property
    def pause(self) -> int:
        """Longer breaks than so many minutes are not counted."""
        return PAUSE // timedelta(minutes=1)


def pace(by: Scope) -> Pace:
    """How fast the reader submits."""
    now = timezone.now()
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    acts = CardAct.objects.filter(institution=by.institution, person_id=by.person, at__gte=min(start, now - SHIFT))
    said = acts.values("at").annotate(submitted=Count("pk", filter=Q(act="submit"))).order_by("at")
    moments: list[tuple[datetime, int]] = list(said.values_list("at", "submitted"))
    today = sum(submitted for at, submitted in moments if at >= start)
    return Pace(today, minutes_each([moment for moment in moments if moment[0] >= now - SHIFT]))


def minutes_each(moments: Moments) -> float | None:
    """How many minutes at work a card takes, or None: what was done lies too long ago, or is too little.

    The time from one act to the next counts as work, unless it is a pause. Of many cards that were submitted with one
    press of a button nothing is learned of how long one takes.
    """
    cards, worked = 0, timedelta()
    for (at, submitted), (before, _earlier) in pairwise(moments[::-1]):
        if submitted <= 1 and at - before <= PAUSE:
            worked += at - before
            cards += submitted
        if cards == NEWEST:
            break
    return worked / timedelta(minutes=1) / cards if cards >= FEWEST else None
