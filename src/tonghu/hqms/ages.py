"""Age at admission over columns: the twin of the rulebook's derived facts `age_at_admission` and `age_days_by_dates`.

Completed years by calendar from birth to admission. Where the dates do not tell (missing, unreadable, birth after
admission), the age on the page stands in: years if given, else 0 where an infant's months or days are given.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from tonghu.codes import dates
from tonghu.hqms.layout import ADMISSION, BIRTH

YEARS, INFANT = "age_years", ("age_infant_months", "age_infant_days")
_TYPES = {BIRTH: pl.Date(), ADMISSION: pl.Datetime("us"), YEARS: pl.Int64(), **dict.fromkeys(INFANT, pl.Int64())}


def of(table: pl.DataFrame) -> pl.DataFrame:
    """`age_years` (completed years, or null) and `age_days` (only where the dates tell) of a typed table.

    `table` may lack any of the columns that tell the age; `admission_datetime` may be a date.
    """
    birth, admission = pl.col(BIRTH), pl.col(ADMISSION).cast(pl.Date)
    whole = table.select(
        pl.col(name) if name in table.columns else pl.lit(None, kind).alias(name) for name, kind in _TYPES.items()
    )
    stated = [pl.when(pl.col(YEARS) >= 0).then(pl.col(YEARS))]
    stated += [pl.when(pl.col(name) >= 0).then(pl.lit(0, pl.Int64)) for name in INFANT]
    if len(whole) != len(table):  # none of the columns is there: literals alone make one row
        whole = whole.clear(len(table))
    return whole.select(
        pl.coalesce(completed_years(birth, admission), *stated).alias("age_years"),
        pl.when(birth <= admission).then((admission - birth).dt.total_days()).alias("age_days"),
    )


def of_one(birth: date | None, admission: date | None, years: int | None) -> int | None:
    """`age_years` of one row without an infant's stated age: the twin of :func:`of`."""
    if birth is not None and admission is not None and birth <= admission:
        return dates.completed_years(birth, admission)
    return years if years is not None and years >= 0 else None


def completed_years(birth: pl.Expr, on: pl.Expr) -> pl.Expr:
    """Birthdays completed by `on`; null where birth lies after it. Who is born on 29 February turns a year older on
    1 March in common years: as numbers yyyymmdd, 0301 is the first day that is not below 0229."""
    return pl.when(birth <= on).then((_number(on) - _number(birth)).floordiv(10_000)).cast(pl.Int64)


def _number(day: pl.Expr) -> pl.Expr:
    return day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)
