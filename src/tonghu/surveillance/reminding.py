"""Who is told what about a month that is due: by the days of ``calendar.yaml``, each once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from django.urls import reverse

from tonghu.network.region_range import covered
from tonghu.platform.accounts.sign_in import posts_in_effect
from tonghu.platform.notices.services import notify
from tonghu.surveillance import board, calendar
from tonghu.surveillance.board import Cell
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.notices import DUE, OVERDUE, REGION_OVERDUE

#: Those who do the work: the auditor too, without whom nothing is approved or reported.
WORKERS = ("point_lead", "entry_clerk", "auditor", "records_department")
DEPUTY = "responsible_deputy"
OFFICER = "commission_officer"


def remind(today: date) -> int:
    """Tell everybody who is to be reminded today, in the scope of the nation; return how many notices are new.

    The same day again tells nobody twice.
    """
    rule = calendar.reminders(today)
    told = 0
    for month in (Month.of(today).plus(-1), Month.of(today).plus(-2)):
        if month.back_file:
            continue
        days = (today - month.due).days
        if -days in rule["before"] and days <= 0:
            told += _points(month, today, days, DUE, WORKERS)
        elif days in rule["after"]:
            with_deputy = (*WORKERS, DEPUTY) if days >= rule["deputy_after"] else WORKERS
            told += _points(month, today, days, OVERDUE, with_deputy)
            if days >= rule["region_after"]:
                told += _officers(month, today, days)
    return told


def _points(month: Month, today: date, days: int, kind: str, roles: Iterable[str]) -> int:
    """Those who answer for each point that has not finished a month."""
    cells = {cell.institution: cell for cell, _region in board.outstanding([month], today)}
    people = _holders(list(cells), roles, today)
    told = 0
    for institution, cell in cells.items():
        told += len(
            notify(
                kind,
                to=sorted(people[institution]),
                data=_said(cell, days),
                url=reverse("surveillance:month", args=[month]),
                key=f"{month}:{days}:{institution}",
            )
        )
    return told


def _said(cell: Cell, days: int) -> dict[str, str | int]:
    return {
        "month": str(cell.month), "due": cell.month.due.isoformat(), "days": abs(days), "reported": cell.reported,
        "waiting": cell.waiting,
    }  # fmt: skip


def _officers(month: Month, today: date, days: int) -> int:
    """The officers of each health commission, with how many of their points owe something."""
    owing = Counter(region for cell, region in board.outstanding([month], today) if cell.state in board.OUTSTANDING)
    posts = posts_in_effect(today).filter(role=OFFICER).values_list("person_id", "institution__region_code")
    told = 0
    for person, region in posts:
        low, high = covered(region)
        points = sum(count for code, count in owing.items() if low <= code < high)
        if points:
            data = {"month": str(month), "days": days, "points": points}
            url = f"{reverse('surveillance:board')}?by=points&late=1"
            told += len(notify(REGION_OVERDUE, to=[person], data=data, url=url, key=f"{month}:{days}:{region}"))
    return told


def _holders(institutions: list[int], roles: Iterable[str], today: date) -> dict[int, set[int]]:
    """Who can act from one of the roles at each institution today."""
    found: dict[int, set[int]] = defaultdict(set)
    held = posts_in_effect(today).filter(institution__in=institutions, role__in=list(roles))
    for institution, person in held.values_list("institution_id", "person_id"):
        found[institution].add(person)
    return found
