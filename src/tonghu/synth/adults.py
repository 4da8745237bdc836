"""Everybody else: children with other diseases, newborns, adults (some with diseases that count only in children)."""

from __future__ import annotations

from functools import cache

from tonghu.synth.calendar import birth_days
from tonghu.synth.catalogue import Ordinary, ordinary_stays
from tonghu.synth.chance import Chance, Wheel


@cache
def _young() -> Wheel[Ordinary]:
    table = (*ordinary_stays("child"), *ordinary_stays("newborn"))
    return Wheel(table, [o.weight for o in table])


@cache
def _grown() -> Wheel[Ordinary]:
    table = ordinary_stays("adult")
    return Wheel(table, [o.weight for o in table])


def who_else(chance: Chance, *, child: bool) -> tuple[Ordinary, str, int]:
    """A patient out of scope: what for, sex (1 or 2), completed years at admission."""
    ordinary = (_young() if child else _grown()).spin(chance)
    sex = ordinary.sex or ("1" if chance.random() < 0.52 else "2")
    return ordinary, sex, chance.between(ordinary.low, ordinary.high)


def birth_day_of(chance: Chance, ordinary: Ordinary, admitted: int, age: int) -> int:
    """A birth day (ordinal) for `age`; newborns are 1 to 28 days old, infants older. Twentieth birthdays do occur."""
    if ordinary.who == "newborn":
        return admitted - chance.between(1, 28)
    if age == 0:
        return admitted - chance.between(29, 360)
    first, last = birth_days(admitted, age)
    lot = chance.random()
    return last if lot < 0.01 else first + int(lot * (last - first + 1))
