"""How fast a job goes and how long it will still take, from the counts that it reports.

Pure arithmetic, so that it can be proved. The rate is smoothed over the last seconds: a job that slows down is seen to
slow down, one slow piece does not make the time left jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Seconds over which a change of speed is taken up (to 63 %).
MEMORY = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a job was at a moment, and how fast.

    Attributes:
        done: units finished.
        at: the moment, in seconds of a clock that never goes back.
        rate: units a second; None before two moments are known.
    """

    done: int
    at: float
    rate: float | None = None


def advance(before: Pace | None, done: int, at: float) -> Pace:
    """Return the pace after a report of `done` units at `at`.

    The first report of a run is where it starts from, so that a resumed job does not seem to have done everything at
    once. A count that goes back starts anew. Two reports at the same moment count as one.
    """
    if before is None or done < before.done:
        return Pace(done, at)
    span = at - before.at
    if span <= 0:
        return before
    speed = (done - before.done) / span
    if before.rate is None:
        return Pace(done, at, speed)
    share = -math.expm1(-span / MEMORY)
    return Pace(done, at, before.rate + share * (speed - before.rate))


def seconds_left(done: int, total: int | None, rate: float | None, age: float = 0.0) -> float | None:
    """Return the seconds until `total` is reached, as seen `age` seconds after the last report; None where unknown.

    Never negative: a job whose report is overdue is about to end, as far as anybody can tell.
    """
    if total is None or rate is None or rate <= 0:
        return None
    return max(0.0, max(0, total - done) / rate - max(0.0, age))
