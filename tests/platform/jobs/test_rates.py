"""Rate and time left, for every course that a job can take."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.platform.jobs.rates import MEMORY, Pace, advance, seconds_left

gaps = st.floats(0.01, 500, allow_nan=False)
pieces = st.lists(st.tuples(gaps, st.integers(0, 10_000)), min_size=1, max_size=40)


def course(start: int, steps: list[tuple[float, int]]) -> Pace:
    pace = advance(None, start, 0.0)
    for gap, more in steps:
        pace = advance(pace, pace.done + more, pace.at + gap)
    return pace


@given(st.integers(0, 10**9), st.lists(gaps, min_size=1, max_size=30), st.integers(1, 1000))
def test_a_steady_job_has_its_own_rate_wherever_it_started(start: int, steps: list[float], speed: int) -> None:
    pace = advance(None, start, 0.0)
    for n, _ in enumerate(steps, 1):
        pace = advance(pace, start + n * speed, float(n))
    assert pace.rate == pytest.approx(speed)
    assert seconds_left(pace.done, pace.done + 10 * speed, pace.rate) == pytest.approx(10)


@given(st.integers(0, 10**6), pieces)
def test_the_rate_lies_between_the_slowest_and_the_fastest_piece(start: int, steps: list[tuple[float, int]]) -> None:
    pace = course(start, steps)
    speeds = []
    at, done = 0.0, start
    for gap, more in steps:  # as the floats that advance saw
        speeds.append(((done + more) - done) / ((at + gap) - at))
        at, done = at + gap, done + more
    assert pace.rate is not None
    slack = 1e-9 * max(1.0, *speeds)
    assert min(speeds) - slack <= pace.rate <= max(speeds) + slack


@given(st.integers(0, 10**6), pieces, st.integers(0, 10**7), st.floats(0, 1000))
def test_time_left_is_never_negative_shrinks_with_waiting_and_is_none_where_nobody_knows(
    start: int, steps: list[tuple[float, int]], more: int, age: float
) -> None:
    pace = course(start, steps)
    left = seconds_left(pace.done, pace.done + more, pace.rate)
    assert (left is None) == (pace.rate == 0)
    if left is not None:
        later = seconds_left(pace.done, pace.done + more, pace.rate, age)
        assert later is not None
        assert 0 <= later <= left
        assert later == pytest.approx(max(0.0, left - age))
    assert seconds_left(pace.done, None, pace.rate) is None
    assert seconds_left(pace.done, pace.done + more, None) is None


def test_a_change_of_speed_is_taken_up_over_the_memory() -> None:
    pace = course(0, [(1.0, 100)] * 20)
    for _ in range(int(MEMORY)):
        pace = advance(pace, pace.done + 10, pace.at + 1)
    assert pace.rate == pytest.approx(10 + 90 * math.exp(-1))


def test_a_resumed_job_does_not_seem_to_have_done_everything_at_once() -> None:
    pace = advance(advance(None, 900_000, 50.0), 900_100, 51.0)
    assert pace.rate == 100


def test_a_count_that_goes_back_starts_anew_and_two_reports_at_one_moment_are_one() -> None:
    pace = course(0, [(1.0, 50)])
    assert advance(pace, 10, 2.0) == Pace(10, 2.0)
    same = advance(pace, 70, pace.at)
    assert same == pace
    assert advance(same, 100, pace.at + 1).rate == pytest.approx(50), "the units of both are counted in the next"


def test_more_than_the_total_leaves_no_time() -> None:
    assert seconds_left(12, 10, 3.0) == 0
