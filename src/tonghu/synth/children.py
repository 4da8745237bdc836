"""Children in scope: who falls ill with what, at what age, and when their stays of a month lie."""

from __future__ import annotations

from functools import cache

from tonghu.synth.calendar import birth_days
from tonghu.synth.catalogue import BANDS, Disease, diseases
from tonghu.synth.chance import Chance, Wheel

OLDEST = 19
# Newborns with cancer are rare; and from day 361 on "days / 30" passes 12 months, which no clean file may hold.
YOUNGEST_DAYS, OLDEST_INFANT_DAYS = 29, 360


def second_stay(disease: Disease) -> float:
    """How likely a child who is in hospital this month comes a second time; a third time is a third as likely."""
    return min(0.6, disease.stays / 32)


@cache
def _patients() -> Wheel[Disease]:
    """Diseases by the number of their patients in hospital in a month: cases x stays, over the stays of one month."""
    table = diseases()
    return Wheel(table, [d.cases * d.stays / (1 + second_stay(d) * 4 / 3) for d in table])


@cache
def _ages_at_diagnosis(disease: Disease) -> Wheel[tuple[int, int]]:
    return Wheel(BANDS, [rate * (high - low + 1) for rate, (low, high) in zip(disease.incidence, BANDS, strict=True)])


def who_comes(chance: Chance) -> tuple[Disease, str, int]:
    """A patient of this month: disease, sex (1 or 2), completed years at admission."""
    disease = _patients().spin(chance)
    low, high = _ages_at_diagnosis(disease).spin(chance)
    age = chance.between(low, high)
    if low == 1 and disease.incidence[1] > disease.incidence[2] and age == 1 and chance.happens(0.4):
        age = chance.between(2, 4)  # the peak at two to four rather than in the second year
    if disease.stays > 2:
        later = age + (0, 0, 0, 1, 1, 2)[chance.below(6)]
        age = later if later <= OLDEST else age
    return disease, "1" if chance.random() < disease.male else "2", age


def birth_day(chance: Chance, admitted: int, age: int) -> int:
    """A birth day (ordinal) with which `age` years are completed on `admitted`; now and then on the very edge."""
    if age == 0:
        if chance.happens(0.08):
            return admitted - chance.between(3, YOUNGEST_DAYS - 1)
        return admitted - chance.between(YOUNGEST_DAYS, OLDEST_INFANT_DAYS)
    first, last = birth_days(admitted, age)
    lot = chance.random()
    if lot < 0.008:
        return last  # the birthday is the day of admission
    if lot < 0.016:
        return first  # one day before the next birthday
    return first + int(lot * (last - first + 1))


def repeats(chance: Chance, disease: Disease) -> int:
    """How many stays this child has this month (1 to 3)."""
    again = second_stay(disease)
    return 1 + (chance.random() < again) + (chance.random() < again / 3)
