"""The board: how reporting stands, month by month: of one's own hospital, or of the points of a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from tonghu.network import naming
from tonghu.network import queries as network
from tonghu.network.region_range import NATION, covered
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components import maps
from tonghu.registry.access import READ as READ_CARDS
from tonghu.registry.states import State
from tonghu.surveillance import board as boards
from tonghu.surveillance import calendar, queries
from tonghu.surveillance.access import SIGN, VIEW
from tonghu.surveillance.board import OUTSTANDING, Line, Sum
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.links import behind_url, cards_url

#: From this share of a province's points that owe something on, its tile says so in the stronger tone.
MANY_OUTSTANDING = 0.1
#: How many of the points that owe most stand beside the map.
EXCEPTIONS = 14


@requires(VIEW)
@require_GET
def board(request: Request) -> HttpResponse:
    """The board of the reader's own scope."""
    today = timezone.localdate()
    months = calendar.shown(today, until=Month.read(request.GET.get("until", "")))
    if request.scope.institution:
        return _of_point(request, months, today)
    return _of_region(request, months, today)


def _of_point(request: Request, months: Sequence[Month], today: date) -> HttpResponse:
    institution = request.scope.institution
    assert institution is not None
    cells = boards.cells_of(institution, months, today)
    states = queries.by_state(months, institution=institution)
    locks = queries.locks(months)
    may_read = request.scope.may(READ_CARDS)
    lines = [
        {
            "month": month, "cell": cells.get(month), "lock": locks.get(month),
            "states": [
                (state.label, states[month][state.value], cards_url(month=month, state=state.value) if may_read else "")
                for state in State if states[month].get(state.value) and state != State.VOIDED
            ],
            "url": behind_url("month", str(month)) if may_read else "",
            "reported_url": behind_url("reported", str(month)) if may_read and month in cells else "",
            "sent_url": behind_url("sent", str(month)) if may_read else "",
            "assumed_url": behind_url("assumed", str(month)) if may_read else "",
            "total": sum(n for state, n in states[month].items() if state != State.VOIDED),
            "reported": sum(states[month].get(state, 0) for state in (State.REPORTED, State.ACCEPTED)),
            "sign": request.scope.may(SIGN) and may_sign(cells.get(month), today),
        }
        for month in reversed(months) if month in cells or states[month]
    ]  # fmt: skip
    folded = [month for month in months if month not in cells and not states[month]]
    said = {
        "lines": lines, "folded": folded, "months": months, "point": queries.point_of(institution, today),
        "behind": [cell for cell in cells.values() if cell.state in OUTSTANDING],
        **_turning({"until": _until(request)}, months, today),
    }  # fmt: skip
    return render(request, "surveillance/board_point.html", said)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a region's board an address asks for.

    Attributes:
        digits: how many digits tell the regions below apart; None where there are none.
        show: a key of :data:`boards.SHOWS`, or '' for all points.
        by_points: whether points are listed, not regions.
        chosen: one of the board's months, where only that is asked for.
    """

    region: str
    digits: int | None
    show: str
    by_points: bool
    chosen: Month | None


def narrowed(request: Request, months: Sequence[Month]) -> Narrowing:
    """Return what of the board of some months is asked for, on the page and on paper alike.

    Raises:
        Http404: the region lies outside the reader's.
    """
    region = request.GET.get("region", request.scope.region_from or NATION)
    check_within(request, region)
    digits = below(region)
    show = request.GET.get("show", "")
    if show not in boards.SHOWS:
        show = "owing" if request.GET.get("late") == "1" else ""  # as addresses in older notices say it
    by = request.GET.get("by", "regions" if region == NATION else "points")
    chosen = Month.read(request.GET.get("month", ""))
    by_points = digits is None or bool(show) or by == "points"
    return Narrowing(region, digits, show, by_points, chosen if chosen in months else None)


def _of_region(request: Request, months: Sequence[Month], today: date) -> HttpResponse:
    own = request.scope.region_from or NATION
    asked_for = narrowed(request, months)
    region, digits, show = asked_for.region, asked_for.digits, asked_for.show
    by_points, chosen = asked_for.by_points, asked_for.chosen
    opens = request.scope.may(READ_CARDS)
    page = max(1, min(1000, _number(request.GET.get("page", "1"))))
    asked = chosen or (Month.of(today).plus(-1) if Month.of(today) == months[-1] else months[-1])
    until = _until(request)
    kept = {"region": region, "by": request.GET.get("by"), "show": show, "month": chosen, "until": until}
    said: dict[str, Any] = {
        "region": region, "at": naming.place(region), "above": above(region, own), "by_points": by_points,
        "show": show, "shown_as": _shows().get(show, ""), "until": f"&until={until}" if until else "",
        "chosen": chosen, "months": months, "locks": queries.locks(months), "asked": asked, "digits": digits,
        "legend": _legend() if by_points else _legend_of_regions(), **_turning(kept, months, today),
    }  # fmt: skip
    if by_points:
        of = [chosen] if chosen else None
        lines, more = boards.wall(months, today, region=region, show=show, of=of, page=page)
        said |= {"lines": linked(lines, opens=opens, region=region), "page": page, "more": more}
        said["total"] = boards.sums([asked], today, region=region, digits=0).get(region, {}).get(asked, Sum())
    else:
        assert digits is not None
        found = boards.sums(months, today, region=region, digits=digits)
        said["total"] = boards.total([one.get(asked, Sum()) for one in found.values()])
        said["regions"] = named_regions(region, found, months)
        if region == NATION:
            said["map"] = country_map(found, asked)
            said["owing"] = owing(found, months, chosen, today, region=region)
        said["as_of"] = boards.as_of(region)
    said["total_urls"] = {one: _address(kept, by="points", show=one, month=asked) for one in boards.SHOWS}
    said["ways"] = {
        "regions": _address(kept, by="regions", show="", month=""), "points": _address(kept, by="points"),
        "all": _address(kept, by="points", show="", month=""), "owing": _address(kept, by="points", show="owing"),
        "previous": _address(kept, page=page - 1), "next": _address(kept, page=page + 1),
        "any_month": _address(kept, month=""),
        "months": [(month, _address(kept, month=month)) for month in reversed(months)],
    }  # fmt: skip
    said["reported_url"] = behind_url("reported", str(asked), region=region) if opens else ""
    said["on_time_url"] = behind_url("on_time", str(asked), region=region) if opens else ""
    return render(request, "surveillance/board_region.html", said)


def _address(kept: Mapping[str, object], **changed: object) -> str:
    """The address of this board with something else in it."""
    return "?" + urlencode({name: str(one) for name, one in {**kept, **changed}.items() if one})


def owing(
    found: Mapping[str, Mapping[Month, Sum]], months: Sequence[Month], chosen: Month | None, today: date, *, region: str
) -> dict[str, Any]:
    """Who owes most, over all months of the board or the chosen one, and how many points owe each month."""
    by_month = [(month, sum(one.get(month, Sum()).outstanding for one in found.values())) for month in reversed(months)]
    of = [chosen] if chosen else None
    lines, more = boards.wall(months, today, region=region, show="owing", of=of, size=EXCEPTIONS)
    named = [(line, [cell for cell in reversed(line.cells) if _owes(cell, chosen)]) for line in lines]
    board = reverse("surveillance:board")
    kept = {"region": region, "by": "points", "show": "owing"}
    return {
        "lines": named, "more": more, "chosen": chosen, "all_url": board + _address(kept, month=chosen),
        "months": [(month, n, board + _address(kept, month=month)) for month, n in by_month if n],
    }  # fmt: skip


def _owes(cell: boards.Cell | None, chosen: Month | None) -> bool:
    return cell is not None and cell.state in OUTSTANDING and chosen in (None, cell.month)


def may_sign(cell: boards.Cell | None, today: date) -> bool:
    """Whether a zero report of a month can be signed: it is owed and over, and there is nothing yet."""
    return cell is not None and cell.cards == 0 and cell.zero_on is None and cell.month.last < today


def below(region: str) -> int | None:
    """How many digits tell the regions directly under one apart; None under a county."""
    if region == NATION:
        return 2
    return 4 if region.endswith("0000") else 6 if region.endswith("00") else None


def check_within(request: Request, region: str) -> None:
    """Refuse a region that is none, or not within the reader's (404)."""
    low, high = request.scope.region_from or "", request.scope.region_to or ""
    try:
        first, beyond = covered(region)
    except ValueError:
        raise Http404 from None
    if not (low <= first and beyond <= high):
        raise Http404


def above(region: str, own: str) -> list[naming.Place]:
    """The regions between the reader's own and the one shown, for the way back."""
    low, high = covered(own)
    return naming.places(one for one in network.ancestors(region) if low <= one.code < high)


def linked(lines: Sequence[Line], *, opens: bool, region: str) -> list[dict[str, Any]]:
    """The lines with what each cell leads to: reported cards, for who `opens` cards; else the point with its people.

    Before they are reported cards are the hospital's own: nobody above would find one in the list.
    """

    def leads_to(line: Line, cell: boards.Cell) -> str:
        if opens and cell.reported:
            return behind_url("reported", str(cell.month), region=region, institution=line.institution)
        return reverse("surveillance:point", args=[line.point])

    return [
        {"line": line, "cells": [(cell, leads_to(line, cell) if cell else "") for cell in line.cells]}
        for line in lines
    ]  # fmt: skip


def named_regions(
    region: str, found: Mapping[str, Mapping[Month, Sum]], months: Sequence[Month]
) -> list[dict[str, Any]]:
    """The regions below one as the board shows them: code, name, and how each month stands."""
    names = {one.code: one.name for one in naming.places(network.children(region))}
    return [
        {"code": code, "name": names.get(code, code), "sums": [(month, by_month.get(month)) for month in months]}
        for code, by_month in found.items()
    ]


def country_map(found: Mapping[str, Mapping[Month, Sum]], asked: Month, board: str = "") -> maps.TileMap:
    """The nation's points that owe something for a month, province by province."""
    known = {row["code"] for row in maps.grid()}
    places = {}
    for code, by_month in found.items():
        one = by_month.get(asked, Sum())
        if code not in known or not one.expected:
            continue
        many = one.outstanding >= MANY_OUTSTANDING * one.expected
        places[code] = maps.Place(
            value=str(one.outstanding) if one.outstanding else "",
            tone="block" if one.outstanding and many else "ask" if one.outstanding else "0",
            state=_("%(outstanding)d of %(expected)d points owe something")
            % {"outstanding": one.outstanding, "expected": one.expected},
            url=f"{board}?{urlencode({'region': code})}",
        )
    legend: tuple[tuple[maps.Tone, Any], ...] = (
        ("0", _("no point owes the month")), ("ask", _("so many points owe it")),
        ("block", _("so many, a tenth of the points or more")), ("none", _("no monitoring points")),
    )  # fmt: skip
    return maps.provinces(_("Where do points still owe %(month)s?") % {"month": asked}, places, legend)


def _turning(kept: Mapping[str, object], months: Sequence[Month], today: date) -> dict[str, Any]:
    """The ways to the months before and after those shown, and to each year; and to the same on paper."""

    def until(month: Month | str) -> str:
        return _address(kept, until=month, month="")

    earlier, later = months[0].plus(-1), min(months[-1].plus(len(months)), Month.of(today))
    return {
        "earlier": until(earlier) if earlier.first >= calendar.begun() else "",
        "later": until(later) if months[-1] < Month.of(today) else "",
        "years": [(year, until(f"{year}-12")) for year in range(today.year, calendar.begun().year - 1, -1)],
        "paper": reverse("surveillance:paper") + _address(kept),
    }


def _legend() -> list[tuple[str, str, Any]]:
    return [
        ("12", "", _("reported on time: cards")),
        (pgettext("cell of the board", "zero"), "", boards.STATES["zero"]),
        ("5/12", "open", _("not due yet: reported of all")),
        (_("12 +3 d"), "ask", _("reported late, by days")),
        (_("7/12 owed"), "block", boards.STATES["overdue"]),
        (_("missing"), "block", boards.STATES["missing"]),
        (_("12 ᵃ"), "", _("archive month assumed for some")),
        ("—", "", _("no point that month")),
    ]


def _legend_of_regions() -> list[tuple[str, str, Any]]:
    return [
        (_("2/5 owe"), "block", _("2 of 5 points owe something")),
        (_("1 late"), "ask", _("nobody owes anything, 1 point was late")),
        ("5", "", _("5 points, all on time")),
        ("5", "open", _("5 points, not all of them due yet")),
        ("—", "", _("no point that month")),
    ]


def _shows() -> dict[str, str]:
    """What a wall is narrowed to, in words."""
    return {
        "owing": _("Owe something now"), "late": _("Finished late"), "done": _("Finished on time"),
        "open": _("Not due yet"), "expected": _("Points expected"),
    }  # fmt: skip


def _until(request: Request) -> str:
    """Until which month an address goes, where it says one."""
    asked = Month.read(request.GET.get("until", ""))
    return str(asked) if asked else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
