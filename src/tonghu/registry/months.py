"""Which archive months there are: one rule for files, for cards by hand and for messages."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.utils import timezone

from tonghu.errors import InputRefused

#: Case reports began with the stays of this month (国卫办医函〔2020〕22号: 补录 2017-01-01 起出院病例).
FIRST_MONTH: Final = date(2017, 1, 1)


def read_month(said: str) -> date:
    """Return the first day of a month as forms write it: 2026-10.

    Raises:
        InputRefused: it is none.
    """
    try:
        return date.fromisoformat(f"{said}-01")
    except ValueError as none:
        raise InputRefused(
            f"归档月“{said[:20]}”不是年-月，例如 2026-10",
            f"The archive month “{said[:20]}” is no month such as 2026-10",
        ) from none


def require_month(month: date) -> None:
    """Refuse an archive month, given by its first day, that no stay can have.

    Raises:
        InputRefused: it is to come, or lies before the first month of case reports.
    """
    today = timezone.localdate()
    if month > today.replace(day=1):
        raise InputRefused(
            f"归档月 {month:%Y-%m} 还没有到：请选择 {today:%Y-%m} 或更早的月份",
            f"The archive month {month:%Y-%m} is still to come: choose {today:%Y-%m} or an earlier one",
        )
    if month < FIRST_MONTH:
        raise InputRefused(
            f"归档月 {month:%Y-%m} 早于 {FIRST_MONTH:%Y-%m}：病例登记从 2017 年 1 月的出院病例开始",
            f"The archive month {month:%Y-%m} is before {FIRST_MONTH:%Y-%m}, with which case reports began",
        )
