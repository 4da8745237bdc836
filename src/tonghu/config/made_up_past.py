"""The made-up country's earlier months get the days on which they would have been reported.

Its people do everything through the services, today; on a calendar every month would be late then, and nobody ever on
time. So what was done for an earlier month is moved to days before or after its due date, by a plan: cards, versions,
acts, imports and zero reports alike. This writes around the services, as the owner of the database, and for hospitals
that are marked made up alone; a site on which any other hospital has a card is refused. The audit log keeps the moment
at which all of this was really done, and the history of each record says that its dates were given to it.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from django.db import connections
from django.utils import timezone

from tonghu.config.made_up_points import MadeUpPoint, days_after_due, points
from tonghu.errors import InputRefused
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.surveillance.calendar import Month

REASON: Final = "演示用：虚构的以往月份按计划标注日期"
#: By how much what an import wrote moves: that of a file that was corrected came two days before the corrected one.
_ENTERED: Final = """%(entered)s + CASE WHEN EXISTS (
    SELECT FROM intake_batch AS earlier JOIN intake_batch AS later USING (institution_id, archive_month)
    WHERE earlier.id = {batch} AND later.id > earlier.id) THEN interval '2 days' ELSE interval '0' END"""
_OF_ITS_FIRST: Final = "(SELECT batch FROM registry_cardversion WHERE card_id = registry_card.id AND number = 1)"
#: The card and what belongs to it; acts of the centre come three days after the report, at most today.
_MOVED: Final = (
    f"""
UPDATE registry_card SET created_at = created_at - ({_ENTERED.format(batch=_OF_ITS_FIRST)}),
       changed_at = changed_at - %(days)s,
       state_since = state_since - CASE WHEN state IN ('accepted', 'returned_by_centre') THEN %(verified)s
                                        ELSE %(days)s END,
       first_reported_at = first_reported_at - %(days)s, reported_at = reported_at - %(days)s
WHERE institution_id = %(institution)s AND archive_month = %(month)s""",
    f"""
UPDATE registry_cardversion AS version SET made_at = made_at - ({_ENTERED.format(batch="version.batch")})
FROM registry_card AS card
WHERE card.id = version.card_id AND card.institution_id = %(institution)s AND card.archive_month = %(month)s""",
    """
UPDATE registry_act AS act SET at = at - CASE WHEN act.act IN ('submit', 'void') THEN %(entered)s
                                              WHEN act.act IN ('accept', 'return_by_centre') THEN %(verified)s
                                              ELSE %(days)s END
FROM registry_card AS card
WHERE card.id = act.card_id AND card.institution_id = %(institution)s AND card.archive_month = %(month)s""",
    f"""
UPDATE intake_batch AS batch SET created_at = created_at - ({_ENTERED.format(batch="batch.id")}),
       confirmed_at = confirmed_at - ({_ENTERED.format(batch="batch.id")})
WHERE institution_id = %(institution)s AND archive_month = %(month)s""",
    """
UPDATE surveillance_zeroreport SET signed_at = signed_at - %(days)s
WHERE institution_id = %(institution)s AND archive_month = %(month)s""",
)
_STRANGERS: Final = """
SELECT EXISTS (SELECT FROM registry_card AS card JOIN network_institution AS place ON place.id = card.institution_id
               WHERE NOT place.made_up)"""
#: Whether dates were given already; what stands in the history is there exactly when they were.
_DATED: Final = "SELECT EXISTS (SELECT FROM surveillance_zeroreport_event WHERE pgh_reason = %s)"
#: When the earlier months were really reported: before today, where a start was interrupted yesterday.
_DONE: Final = """
SELECT min(report.signed_at) FROM surveillance_zeroreport AS report
JOIN network_institution AS place ON place.id = report.institution_id WHERE place.made_up"""
_HELD: Final = "SELECT id FROM network_institution WHERE code = %s AND made_up"


def date_back(seed: int, months: int) -> int:
    """Give what the made-up hospitals did for the last `months` archive months its days; returns how many moved.

    Once for all, wholly or not at all: who asks again, moves nothing.

    Raises:
        InputRefused: a hospital that is not made up has cards here.
    """
    by = replace(system_scope("migration"), reason=REASON)
    moved = 0
    with open_scope(by, using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(_STRANGERS)
        if cursor.fetchone()[0]:
            raise InputRefused(
                "本站有真实医院的报告卡，不能改动日期",
                "Hospitals that are not made up have cards here: no date is moved",
            )
        cursor.execute(_DATED, [REASON])
        if cursor.fetchone()[0]:
            return 0
        cursor.execute(_DONE)
        done = cursor.fetchone()[0]
        today = timezone.localdate(done) if done else timezone.localdate()
        for point in points(seed):
            cursor.execute(_HELD, [point.hospital.code])
            held = cursor.fetchone()
            for back in range(1, months + 1):
                said = _said(point, Month.of(today).plus(-back), back, today)
                if held is None or said is None:
                    continue
                for statement in _MOVED:
                    cursor.execute(statement, {**said, "institution": held[0]})
                moved += 1
    return moved


def _said(point: MadeUpPoint, month: Month, back: int, today: date) -> dict[str, Any] | None:
    """By how much a month's acts move; None where they would have been done today or later."""
    day = month.due + timedelta(days=days_after_due(point, back))
    if day >= today:
        return None
    days = today - day
    return {
        "month": month.first, "days": days, "entered": days + timedelta(days=1),
        "verified": max(days - timedelta(days=3), timedelta()),
    }  # fmt: skip
