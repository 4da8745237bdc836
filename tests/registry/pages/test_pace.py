"""How fast a clerk goes: the time at work, whatever lies between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from made_up_cards import Point
from tonghu.registry.models import CardAct
from tonghu.registry.pages import pace as module
from tonghu.registry.pages.pace import Moments, Pace, minutes_each, pace
from tonghu.registry.services import move

NOON = datetime(2026, 11, 20, 12, 0)
pytestmark = pytest.mark.requirement("REG-05")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards say something, so that few moments tell a story."""
    monkeypatch.setattr(module, "FEWEST", 2)


def moments(*minutes: float, cards: int = 1) -> Moments:
    return [(NOON + timedelta(minutes=each), cards) for each in minutes]


def test_the_time_from_card_to_card_is_the_pace(few: None) -> None:
    assert minutes_each(moments(0, 1, 3, 5)) == pytest.approx(5 / 3)


def test_a_meal_is_no_work(few: None) -> None:
    """Three cards a minute apart, an hour and a half at table, three more: still a minute a card."""
    assert minutes_each(moments(0, 1, 2, 92, 93, 94)) == pytest.approx(1)
    assert minutes_each(moments(0, 1, 2)) == minutes_each(moments(0, 1, 2, 92)), "the first card after it says nothing"


def test_other_work_on_cards_is_work(few: None) -> None:
    asked = [(NOON + timedelta(minutes=2), 0)]
    assert minutes_each(sorted([*moments(0, 4, 5), *asked])) == pytest.approx(2.5)


def test_many_at_once_say_nothing_of_one(few: None) -> None:
    together = moments(3, cards=120)
    assert minutes_each([*moments(0, 1, 2), *together]) == pytest.approx(1)
    assert minutes_each(together) is None


def test_nothing_is_said_of_too_little() -> None:
    assert minutes_each([]) is None
    assert minutes_each(moments(*range(module.FEWEST))) is None, "the first says nothing"
    assert minutes_each(moments(*range(module.FEWEST + 1))) == pytest.approx(1)
    assert minutes_each(moments(0, 10, 20, 30, 40)) is None, "hourly looks are no pace"


def test_the_newest_cards_tell_it() -> None:
    slow = [4.0 * n for n in range(20)]
    fast = [slow[-1] + 0.5 * n for n in range(1, module.NEWEST + 1)]
    assert minutes_each(moments(*slow, *fast)) == pytest.approx(0.5)


def test_it_is_said_in_words_and_only_where_something_is_left() -> None:
    assert Pace(3, 0.5).left(10) != ""
    assert Pace(3, 0.5).left(0) == Pace(0, None).left(10) == ""


@pytest.mark.django_db
def test_it_is_the_readers_own_acts_that_count(point: Point) -> None:
    mine, other = [point.card() for _ in range(3)], point.card()
    with point.acting("entry_clerk") as by:
        for card in mine[:2]:
            move(cards=[card.pk], act="submit", by=by)
        move(cards=[mine[2].pk], act="submit", by=by)
    with point.acting("records_department") as by:
        move(cards=[other.pk], act="submit", by=by)
    with point.acting("entry_clerk") as by:
        assert CardAct.objects.filter(act="submit", at__lte=timezone.now()).count() == 4
        assert pace(by).today == 3
        assert pace(by).minutes_each is None, "one transaction, one moment"
