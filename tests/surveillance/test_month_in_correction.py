"""A reported card gets another archive month: its hospital counts it there at once, those above once it is reported
anew. Until then each reads a figure and, behind it, the cards that make it.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from points_and_cards import point as monitored
from test_board import _fold
from test_every_figure import PAGES, page, rows, walk

import made_up
from made_up_cards import Point
from run_jobs import run_one
from tonghu.network.region_range import NATION
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card
from tonghu.registry.services import correct_month, move
from tonghu.registry.states import State
from tonghu.surveillance import behind, board, calendar, figures, queries
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Arrival, Standing

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-08")]

TODAY = timezone.localdate()
OLD, NEW = Month(date(2026, 9, 1)), Month(date(2026, 10, 1))
WHY = "病案室实际于十月归档"
#: Cards, and of these such of which nobody declared the month, in the old month and in the new one.
STAYS, MOVED = [(1, 1), (0, 0)], [(0, 0), (1, 0)]


@pytest.fixture
def point() -> Point:
    made = Point()
    monitored(made.hospital)
    return made


@pytest.fixture
def above(point: Point) -> tuple[Post, ...]:
    """Who reads the board from above: the nation, the province, and the county of the hospital."""
    officers = (made_up.authority("health", region) for region in ("510000", "510104"))
    return (point.centre(), *(made_up.post("commission_officer", one) for one in officers))


def on(point: Point, card: Card, *steps: tuple[str, str]) -> None:
    for role, act in steps:
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by, reason=WHY)
            assert not answer.refused, answer.zh


def in_correction(point: Point) -> Card:
    """A card that the centre returned, of which the clerk has corrected the month."""
    card = point.card()
    on(
        point, card, ("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"),
        ("centre_officer", "return_by_centre"),
    )  # fmt: skip
    with point.acting("entry_clerk") as by:
        correct_month(card=card.pk, month=NEW.first, based_on=1, reason=WHY, by=by)
    return card


def counted(point: Point, reader: Post) -> list[tuple[int, int]]:
    """What a reader's board says of both months, having seen that the cards behind it are as many."""
    with made_up.acting(reader) as by:
        cells = board.cells_of(point.hospital.pk, calendar.shown(TODAY), TODAY)
        for month in (OLD, NEW):
            listed = behind.cards(month, month, None, by, point.hospital.pk)
            assert listed.count() == cells[month].cards
            assert listed.filter(archive_month_assumed=True).count() == cells[month].assumed
        told = queries.by_state([OLD, NEW], region=by.region_from or NATION)
        for month in (OLD, NEW):
            assert sum(told[month].values()) - told[month].get(State.VOIDED, 0) == cells[month].cards
        return [(cells[month].cards, cells[month].assumed) for month in (OLD, NEW)]


def test_those_above_count_the_month_that_was_reported_until_it_is_reported_anew(
    point: Point, above: tuple[Post, ...]
) -> None:
    card = in_correction(point)
    own = point.post("entry_clerk")
    steps = (("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report"))
    for step in steps:
        assert counted(point, own) == MOVED
        assert [counted(point, reader) for reader in above] == [STAYS] * len(above), f"before {step}"
        on(point, card, step)
    assert counted(point, own) == MOVED
    assert [counted(point, reader) for reader in above] == [MOVED] * len(above)
    with open_scope(system_scope("summary")):
        _fold()
    with open_scope(system_scope("migration")):
        assert [(one.archive_month, one.cards, one.own) for one in Arrival.objects.all()] == [(NEW.first, 1, None)]


def test_what_a_hospital_does_with_a_card_in_correction_is_one_for_those_above(
    point: Point, above: tuple[Post, ...]
) -> None:
    """Draft, submitted or approved is the hospital's own affair: no figure, filter or list tells it above."""
    card = in_correction(point)
    own = point.post("entry_clerk")
    inner = ("草稿", "待审核", "审核通过", "已退回")
    for step, state in ((None, "returned_by_centre"), (("entry_clerk", "submit"), "submitted")):
        on(point, card, *([step] if step else []))
        with made_up.acting(own) as by:
            assert dict(figures.of_hospital(point.hospital.pk, TODAY, ("state",)).of("state")) == {state: 1}
        sum_up("figures")
        for reader in above:
            key = "corrected" if state == "submitted" else state
            with made_up.acting(reader) as by:
                region = by.region_from or NATION
                made = figures.of_region(region, TODAY, ("state",))
                assert made is not None
                assert dict(made.of("state")) == {key: 1}
                listed = behind.narrowed(behind.cards(OLD, NEW, None, by), "state", key)
                assert listed is not None
                assert [one.pk for one in listed] == [card.pk]
            page = made_up.browser(reader).get("/cards", {"state": key}).content.decode()
            assert card.record_number in page
            choice = page.split('name="state"')[1].split("</select>")[0]
            assert not [word for word in inner if f">{word}<" in choice]
            assert "正在更正" in choice


def test_folding_keeps_both_sides_apart(point: Point, above: tuple[Post, ...]) -> None:
    in_correction(point)
    with open_scope(system_scope("summary")):
        _fold()
    assert counted(point, point.post("entry_clerk")) == MOVED
    assert [counted(point, reader) for reader in above] == [STAYS] * len(above)


def test_a_card_that_is_voided_and_restored_in_correction_goes_and_comes_on_both_sides(
    point: Point, above: tuple[Post, ...]
) -> None:
    card = in_correction(point)
    on(point, card, ("auditor", "void_reported"))
    assert [counted(point, reader) for reader in (point.post("entry_clerk"), *above)] == [[(0, 0)] * 2] * 4
    on(point, card, ("auditor", "restore_reported"))
    assert counted(point, point.post("entry_clerk")) == MOVED
    assert [counted(point, reader) for reader in above] == [STAYS] * len(above)


def sum_up(job: str = "sum_up") -> None:
    by = system_scope("summary")
    with open_scope(by):
        asked = enqueue(f"surveillance.{job}", by=by)
    run_one(asked.pk)


def test_the_job_that_sums_the_nation_up_counts_what_was_reported(point: Point) -> None:
    in_correction(point)
    sum_up()
    with open_scope(system_scope("migration")):
        held = Standing.objects.filter(institution=point.hospital, archive_month__in=(OLD.first, NEW.first))
        assert dict(held.values_list("archive_month", "reported")) == {OLD.first: 1, NEW.first: 0}


@pytest.mark.requirement("REG-15")
def test_every_figure_of_both_months_opens_what_makes_it(point: Point, above: tuple[Post, ...]) -> None:
    in_correction(point)
    for reader in (*above, point.post("entry_clerk"), point.post("point_lead")):
        client = made_up.browser(reader)
        found = [walk(client, address) for address in (*PAGES, *(f"/reporting/months/{one}" for one in (OLD, NEW)))]
        assert sum(found) >= 3, reader.role
    client = made_up.browser(point.centre())
    for month, cards in ((OLD, 1), (NEW, 0)):
        assert rows(page(client, f"/reporting/cards?topic=reported&key={month}")) == cards
