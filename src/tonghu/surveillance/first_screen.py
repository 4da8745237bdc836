"""The first screens of who answers for reporting: of a point's lead and deputy, and of the authorities above."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.network.region_range import NATION
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.components.figures import figure
from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import FirstPart
from tonghu.registry.access import AUDIT, ENTER, READ, VERIFY
from tonghu.registry.states import State
from tonghu.surveillance import board, calendar, charts, queries
from tonghu.surveillance.access import SIGN, VIEW
from tonghu.surveillance.behind import STROKE
from tonghu.surveillance.board import OUTSTANDING, Cell
from tonghu.surveillance.links import behind_url, cards_url
from tonghu.surveillance.views import country_map, may_sign, owing

#: The speed of reporting is that of so many days.
LATELY = 7
#: So many things that changed are named.
NAMED = 8


def lead(by: Scope) -> dict[str, Any] | None:
    """Will we be on time? One line, one chart, who is stuck where."""
    if by.institution is None or by.may(ENTER) or by.may(AUDIT):
        return None
    today = timezone.localdate()
    months = calendar.shown(today)
    cells = board.cells_of(by.institution, months, today)
    behind = [month for month in months if month in cells and cells[month].state in OUTSTANDING]
    month = behind[-1] if behind else calendar.asked_about(today)
    cell = cells.get(month)
    back = queries.returned_by_centre(by.institution)  # of whichever month
    returned = figure(back, cards_url(state=State.RETURNED_BY_CENTRE) if by.may(READ) else "")
    if cell is None:
        return {"back": back, "returned": returned} if back else None
    days = queries.reported_by_day(by.institution, month)
    finish = _finish(cell, days, today)
    return {
        "back": back, "returned": returned,
        "cell": cell, "question": _question(cell, today), "line": _line(cell, finish, today),
        "others": [each for each in behind if each != month],
        "chart": _progress(cell, days, today, by),
        "figures": {
            topic: figure(count, behind_url(topic, str(month)) if by.may(READ) else "")
            for topic, count in (("reported", cell.reported), ("month", cell.cards), ("waiting", cell.waiting))
        },
        "stuck": [
            {
                "state": State(one.state).label, "with": ROLES[queries.WITH_WHOM[one.state]].name,
                "department": one.department, "count": one.count, "since": one.since,
                "url": behind_url("stuck", STROKE.join((str(month), one.state, one.department))),
            }
            for one in queries.stuck(by.institution, [month])
        ],
        "sign": by.may(SIGN) and may_sign(cell, today),
    }  # fmt: skip


def owed(by: Scope) -> dict[str, Any] | None:
    """The months that are overdue at the hospital of who enters or audits: without them an empty queue looks done."""
    if by.institution is None or not (by.may(ENTER) or by.may(AUDIT)):
        return None
    today = timezone.localdate()
    cells = board.cells_of(by.institution, calendar.shown(today), today)
    found = [cell for _month, cell in sorted(cells.items()) if cell.state in OUTSTANDING]
    waiting = [behind_url("waiting", str(cell.month)) if by.may(READ) else "" for cell in found]
    owing = [(cell, figure(cell.waiting, url)) for cell, url in zip(found, waiting, strict=True)]
    return {"owing": owing} if owing else None


def region(by: Scope) -> dict[str, Any] | None:
    """The points of a region: what they owe, then what changed since yesterday; for the centre the nation as tiles."""
    if by.institution is not None or by.region_from is None:
        return None
    today, own = timezone.localdate(), by.region_from
    asked = calendar.Month.of(today).plus(-1)
    months = calendar.shown(today)
    found = board.sums(months, today, region=own, digits=2 if own == NATION else 0)
    opens = by.may(READ)
    said: dict[str, Any] = {
        "region": own, "asked": asked, "as_of": board.as_of(own),
        "total": board.total([by_month.get(asked, board.Sum()) for by_month in found.values()]),
        "owing": owing(found, months, None, today, region=own),
        "total_urls": {
            one: f"{reverse('surveillance:board')}?by=points&show={one}&month={asked}" for one in board.SHOWS
        },
        "news": [_told(one, own, opens) for one in queries.news(queries.yesterday(today), NAMED)],
        "reported_url": behind_url("reported", str(asked), region=own) if opens else "",
        "on_time_url": behind_url("on_time", str(asked), region=own) if opens else "",
    }  # fmt: skip
    if own == NATION:
        said["map"] = country_map(found, asked, reverse("surveillance:board"))
    if by.may(VERIFY):
        said["to_verify"] = queries.to_verify()
        said["verify_url"] = _address("registry:received")
        said["verify_figure"] = figure(said["to_verify"], said["verify_url"])
    return said


def _told(one: queries.News, region: str, opens: bool) -> dict[str, Any]:
    """A piece of news with its number, which opens its cards for who reads cards."""
    key = f"{one.month}{STROKE}{one.on.isoformat()}"
    url = behind_url("arrived", key, region=region, institution=one.institution.pk) if opens else ""
    return {"what": one, "figure": figure(one.count, url)}


def _progress(cell: Cell, days: list[tuple[date, int]], today: date, by: Scope) -> Any:
    """How much of the month had been reported by each day; None where there is no card."""
    if not cell.cards:
        return None
    month, opens = cell.month, by.may(READ)

    def opened(day: date, count: int) -> str:
        return figure(count, behind_url("by_day", f"{month}{STROKE}{day.isoformat()}") if opens else "")

    return charts.progress(
        _curve(days, month.first, min(today, max(month.due, today))), cell.cards, month.due, opened=opened,
        question=_("How much of %(month)s has been reported?") % {"month": month},
        answer=_("%(reported)d of %(cards)d cards so far.") % {"reported": cell.reported, "cards": cell.cards},
    )  # fmt: skip


def _finish(cell: Cell, days: list[tuple[date, int]], today: date) -> date | None:
    """The day on which all will be reported at the speed of the last week; None where nothing moves."""
    lately = sum(count for day, count in days if day > today - timedelta(days=LATELY))
    if not cell.waiting or not lately:
        return None
    return today + timedelta(days=-(-cell.waiting * LATELY // lately))


def _question(cell: Cell, today: date) -> str:
    """What the line answers: whether it will be on time is asked until the month is due or all of it is there."""
    said = {"month": cell.month, "due": f"{cell.month.due:%m-%d}"}
    over = cell.month.last < today
    if over and (cell.zero_on is not None if not cell.cards else not cell.waiting):
        return _("%(month)s is complete") % said
    if today > cell.month.due:
        return _("%(month)s was due on %(due)s: what is still missing?") % said
    if today == cell.month.due:
        return _("%(month)s is due today: is it complete?") % said
    return _("Will %(month)s be on time? Due %(due)s") % said


def _line(cell: Cell, finish: date | None, today: date) -> dict[str, Any]:
    """The answer in one line, with its tone."""
    left = (cell.month.due - today).days
    if cell.zero_on is not None and not cell.cards:
        return {"tone": "done", "words": _("A zero report was signed on %(day)s.") % {"day": cell.zero_on}}
    if cell.state in OUTSTANDING:
        return {"tone": "block", "words": _("Overdue by %(days)d days.") % {"days": cell.days}}
    if cell.month.last >= today:
        return {"tone": "quiet", "words": _("The month still runs; %(days)d days are left.") % {"days": left}}
    if not cell.waiting and cell.cards:
        return {
            "tone": "done",
            "words": _("All that is known has been reported; %(days)d days are left.") % {"days": left},
        }
    if not cell.cards:
        return {"tone": "quiet", "words": _("No card of the month yet; %(days)d days are left.") % {"days": left}}
    if finish is None:
        return {
            "tone": "ask",
            "words": _("Nothing was reported in the last week; %(days)d days are left.") % {"days": left},
        }
    said = {"day": finish, "days": left}
    if finish > cell.month.due:
        return {"tone": "ask", "words": _("Not on time at the speed of the last week: it would be %(day)s.") % said}
    return {"tone": "done", "words": _("On time at the speed of the last week: by %(day)s.") % said}


def _curve(days: list[tuple[date, int]], first: date, last: date) -> list[tuple[date, int]]:
    """The running sum by day, from the month's first day to today."""
    sofar, points = 0, [(first, 0)]
    for day, count in days:
        sofar += count
        points.append((day, sofar))
    return [*points, (last, sofar)] if points[-1][0] < last else points


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


PARTS = (
    FirstPart("surveillance/first_owed.html", owed, permission=VIEW, order=5),
    FirstPart("surveillance/first_lead.html", lead, permission=VIEW, order=20),
    FirstPart("surveillance/first_region.html", region, permission=VIEW, order=20, covers=("registry:received",)),
)
