"""Made-up cards for the tests of surveillance: rows as the registry keeps them, past its states."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import made_up
from made_up_cards import page
from tonghu.network.models import Institution
from tonghu.patients.services import enter_view
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.content import seal
from tonghu.registry.models import Card, CardVersion
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import Point

CHINA = ZoneInfo("Asia/Shanghai")
_numbers = itertools.count(1)


def point(institution: Institution, start: date = date(2020, 1, 1), end: date | None = None) -> Point:
    """Make an institution a monitoring point."""
    with open_scope(system_scope("migration")):
        return Point.objects.create(institution=institution, valid=(start, end), ground="designated")


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a day in China."""
    return datetime.combine(day, time(hour), CHINA)


def cards(
    institution: Institution,
    month: Month,
    count: int = 1,
    *,
    reported: date | datetime | None = None,
    state: str = "",
    **more: object,
) -> list[Card]:
    """Cards of an archive month; `reported`: when they first reached the centre. In the scope of migrations."""
    first = at(reported) if isinstance(reported, date) and not isinstance(reported, datetime) else reported
    clerk = made_up.post("entry_clerk", institution)
    found = []
    for _ in range(count):
        number = next(_numbers)
        with made_up.acting(clerk) as by:
            view = enter_view(
                institution=institution.pk, record_number=f"BOARD{number}", patient_name="欧阳测童", by=by
            )
        values = {
            "institution": institution, "child_id": view.child_id, "view": view, "record_number": f"BOARD{number}",
            "discharge_at": at(month.first), "archive_month": month.first, "layout": "2012", "origin": "manual",
            "state": state or ("reported" if first else "draft"), "first_reported_at": first, "reported_at": first,
            "reported_version": 1 if first else None, "authors": [clerk.person_id], **more,
        }  # fmt: skip
        with open_scope(system_scope("migration")):
            card = Card.objects.create(**values)
            CardVersion.objects.create(
                card=card, institution=institution, number=1, origin="manual", content=seal(page()),
                content_key=b"0" * 32, changed=["P5"],
            )  # fmt: skip
        found.append(card)
    return found
