"""Pages on figures: where the weak points are, what the cases are, and the cards behind each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from tonghu.network import naming
from tonghu.network.models import Institution
from tonghu.network.region_range import NATION, covered
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.components import maps
from tonghu.platform.components.figures import figure
from tonghu.platform.components.table import Table
from tonghu.registry.access import READ as READ_CARDS
from tonghu.registry.forms.diagnoses import diagnosis_names
from tonghu.registry.pages.card_lists import LISTED, columns
from tonghu.registry.seen import show_names
from tonghu.surveillance import behind, board, charts, figures
from tonghu.surveillance.access import VIEW
from tonghu.surveillance.calendar import Month, shown
from tonghu.surveillance.figures import Figures, PointShare
from tonghu.surveillance.links import behind_url
from tonghu.surveillance.views import above, below, check_within

#: Rules and points that are named; the others stand behind "all".
NAMED: Final = 12
#: Figures of the page on weak points; the others stand on that of the cases or on the calendar.
_OF_QUALITY: Final = ("rule", "state", "problem", "problem_at_first")
_OF_CALENDAR: Final = tuple(topic for topic in behind.OF_A_MONTH if topic != "month")
#: A key holds a month, a state and the name of a department at most.
LONGEST_KEY: Final = 80
SHADES: Final[tuple[maps.Tone, ...]] = ("0", "1", "2", "3", "4")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a list of bars: what, how many cards, the share of all (percent), and the cards behind it."""

    label: str
    count: int
    share: float
    url: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A question whose answer needs no picture, and where its particulars stand."""

    question: str
    plain: str
    url: str = ""


@requires(VIEW)
@require_GET
def quality(request: Request) -> HttpResponse:
    """Where the weak points are: timeliness, errors before and after correction, rules, points compared."""
    place = _Place(request, figures.QUALITY)
    held = place.figures
    said: dict[str, Any] = place.context()
    if held is not None and held.cards:
        months = [month for month in shown(place.today) if held.first <= month <= held.last]
        said |= {
            "charts": [each for each in (_timeliness(place, months), _problems(place, held, months)) if each],
            "rules": place.bars("rule", most=NAMED),
            "states": place.bars("state"),
        }
        if place.region is not None:
            now_of = place.today if held.now else None
            said |= _compared(place, figures.of_points(place.region, now_of))
    return render(request, "surveillance/quality.html", said)


@requires(VIEW)
@require_GET
def cases(request: Request) -> HttpResponse:
    """What the cases are: by group, ICCC-3, age, sex, month and where the children live."""
    place = _Place(request, figures.CASES)
    held = place.figures
    said: dict[str, Any] = place.context()
    if held is not None and held.cards:
        said |= {
            "groups": place.bars("group"), "iccc": place.bars("iccc"), "ages": place.bars("age", by_key=True),
            "sexes": place.bars("sex"), "by_month": _by_month(place, held), "map": _residence(place, held),
            "nowhere": place.opened("residence", "", held.of("residence").get("", 0)),
            "nowhere_count": held.of("residence").get("", 0),
        }  # fmt: skip
    return render(request, "surveillance/cases.html", said)


@requires(READ_CARDS)
@require_GET
def cards(request: Request) -> HttpResponse:
    """The cards behind a figure, in the reader's scope."""
    place = _Place(request)
    topic, key = request.GET.get("topic", ""), request.GET.get("key", "")[:LONGEST_KEY]
    first, last = figures.months(place.today)
    if month := behind.month_of(topic, key):
        first = last = month
    one = _institution(request, place)
    rows = behind.narrowed(behind.cards(first, last, place.region, request.scope, one.pk if one else None), topic, key)
    if rows is None:
        raise Http404
    called: dict[int, str] = {}
    diagnoses: dict[str, str] = {}
    table = Table(
        request=request, name="cards", rows=rows.select_related("view", "institution"), order="-pk",
        columns=columns(request.scope.institution is None, called, diagnoses), caption=_("Cards behind the figure"),
        empty=_("No card of your reach is behind this figure now."),
    )  # fmt: skip
    called.update(show_names(table.slice.rows, LISTED, by=request.scope))
    diagnoses.update(diagnosis_names(table.slice.rows, request.scope))
    name = behind.name_of(topic, key) if key or topic not in ("all", "problem", "problem_at_first") else ""
    said = {
        "table": table, "what": "" if name == str(first) == str(last) else name, "topic": behind.topic_name(topic),
        "first": first, "last": last, "one": one,
        "of_quality": topic in _OF_QUALITY, "of_calendar": topic in _OF_CALENDAR, **place.context(),
    }  # fmt: skip
    return render(request, "surveillance/behind.html", said)


def _institution(request: Request, place: _Place) -> Institution | None:
    """The hospital to which the address narrows a region's figure; 404 where it lies elsewhere."""
    wanted = request.GET.get("institution", "")
    if not wanted or place.region is None:
        return None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 18):
        raise Http404
    low, high = covered(place.region)
    found = Institution.objects.filter(pk=int(wanted), region_code__gte=low, region_code__lt=high).first()
    if found is None:
        raise Http404
    return found


class _Place:
    """Whose figures a page shows: the reader's hospital, or a region in their reach."""

    def __init__(self, request: Request, topics: Sequence[str] = ()) -> None:
        self.today = timezone.localdate()
        self.scope = request.scope
        self.own = request.scope.region_from or NATION
        self.region = None if request.scope.institution else request.GET.get("region", self.own)
        if self.region is not None:
            check_within(request, self.region)
        self.figures: Figures | None = None
        if topics:
            self.figures = figures.figures(request.scope, self.region or "", self.today, topics)
        self.opens = request.scope.may(READ_CARDS)

    def context(self) -> dict[str, Any]:
        """What every page of figures says: where, of when, and the ways up and down."""
        at = naming.place(self.region) if self.region else None
        return {
            "place": self, "figures": self.figures, "region": self.region or "", "at": at,
            "above": above(self.region, self.own) if self.region else [],
            "all_cards": self.opened("all", "", self.figures.cards) if self.figures else "",
            "below": _below(self.region) if self.region else [],
        }  # fmt: skip

    def url(self, topic: str, key: str, institution: int | None = None) -> str:
        """Where the cards of a figure are; '' for who may not read them."""
        return behind_url(topic, key, region=self.region, institution=institution) if self.opens else ""

    def opened(self, topic: str, key: str, count: int, institution: int | None = None) -> str:
        """A count that opens its cards."""
        return figure(count, self.url(topic, key, institution))

    def held(self, month: str, count: int) -> str:
        """All cards of a month that hospitals hold; above a hospital nobody sees those that are not reported."""
        return self.opened("month", month, count) if self.region is None else f"{count:,}"

    def bars(self, topic: str, *, most: int | None = None, by_key: bool = False) -> list[Bar]:
        """The figures of a topic, the largest first or in the order of their keys."""
        held = self.figures
        if held is None:
            return []
        rows: Sequence[tuple[str, int]] = sorted(held.of(topic).items(), key=lambda row: row[0] if by_key else -row[1])
        return [
            Bar(behind.name_of(topic, key), count, 100 * count / held.cards, self.url(topic, key))
            for key, count in rows[:most]
        ]


def _below(region: str) -> list[Any]:
    from tonghu.network.queries import children

    return naming.places(children(region)) if below(region) else []


def _timeliness(place: _Place, months: Sequence[Month]) -> Any:
    """The share of cards that were reported by the due date, month by month, of the months that are due."""
    due = [month for month in months if month.due < place.today]
    if place.scope.institution is not None:
        cells = board.cells_of(place.scope.institution, due, place.today)
        known = {month: (cell.cards, cell.on_time, cell.reported) for month, cell in cells.items()}
    else:
        assert place.region is not None
        sums = board.sums(due, place.today, region=place.region, digits=0).get(place.region, {})
        known = {month: (one.cards, one.on_time, one.reported) for month, one in sums.items()}
    rows = [(str(month), 100 * known[month][1] / known[month][0]) for month in due if known.get(month, (0, 0, 0))[0]]
    if not rows:
        return None
    cards, on_time, reported = (sum(known[month][side] for month in due if month in known) for side in (0, 1, 2))
    if not on_time:
        return Plain(
            _("What share of the cards is reported on time?"),
            _(
                "None: hospitals have %(cards)d cards of %(first)s to %(last)s, %(reported)d of them were reported, "
                "not one by its due date."
            )
            % {"cards": cards, "reported": reported, "first": rows[0][0], "last": rows[-1][0]},
            reverse("surveillance:board") + (f"?{urlencode({'region': place.region})}" if place.region else ""),
        )
    return charts.by_month(
        [(month, round(share, 1)) for month, share in rows],
        question=_("What share of the cards is reported on time?"),
        answer=(
            _(
                "%(on_time)s of the %(cards)s cards that hospitals have of these months, reported or not, "
                "%(share).1f %%; %(month)s: %(last).1f %%."
            )
            if place.region is not None
            else _("%(on_time)s of %(cards)s cards over these months, %(share).1f %%; %(month)s: %(last).1f %%.")
        )
        % {"on_time": f"{on_time:,}", "cards": f"{cards:,}", "share": 100 * on_time / cards, "month": rows[-1][0],
           "last": rows[-1][1]},
        unit=_("reported on time, %"),
        head=(_("Archive month"), _("Cards, reported or not"), _("Cards on time"), _("reported on time, %")),
        figures=[
            (str(month), place.held(str(month), known[month][0]), place.opened("on_time", str(month), known[month][1]),
             f"{100 * known[month][1] / known[month][0]:.1f}")
            for month in due if known.get(month, (0, 0, 0))[0]
        ],
    )  # fmt: skip


def _problems(place: _Place, held: Figures, months: Sequence[Month]) -> Any:
    """The share of cards with errors, in their first version and now."""
    first, now, all_of = held.of("problem_at_first"), held.of("problem"), held.of("month")
    rows = [
        (str(month), round(100 * first.get(str(month), 0) / cards, 1), round(100 * now.get(str(month), 0) / cards, 1))
        for month in months
        if (cards := all_of.get(str(month), 0))
    ]
    if not rows:
        return None
    if not any(before or after for _month, before, after in rows):
        return Plain(
            _("How many cards have errors, before and after correction?"),
            _("None: not one of %(cards)d cards had an error, neither at first nor now.") % {"cards": held.cards},
        )
    return charts.before_and_after(
        rows,
        question=_("How many cards have errors, before and after correction?"),
        answer=_("%(before).1f %% at first, %(after).1f %% now.")
        % {"before": 100 * sum(first.values()) / held.cards, "after": 100 * sum(now.values()) / held.cards},
        # Above hospitals only what was reported is looked into; beside it stand, for timeliness, all cards.
        unit=_("Reported cards") if place.region is not None else _("Cards, reported or not"),
        figures=[
            (month, place.opened("month", month, all_of[month]),
             place.opened("problem_at_first", month, first.get(month, 0)), f"{before:.1f}",
             place.opened("problem", month, now.get(month, 0)), f"{after:.1f}")
            for month, before, after in rows
        ],
    )  # fmt: skip


def _by_month(place: _Place, held: Figures) -> Any:
    rows = sorted(held.of("month").items())
    most, count = max(rows, key=lambda row: row[1])
    return charts.by_month(
        rows,
        question=_("How many cards does each archive month have?"),
        answer=_("%(cards)d in all; most in %(month)s: %(count)d.")
        % {"cards": held.cards, "month": most, "count": count},
        unit=pgettext("axis", "cards"),
        figures=[(month, place.opened("month", month, cards)) for month, cards in rows],
    )


def _compared(place: _Place, points: Sequence[PointShare]) -> dict[str, Any]:
    """Points compared in a funnel: who has more errors at first than chance explains."""
    large = [point for point in points if point.cards >= charts.FEWEST]
    cards = sum(point.cards for point in points)
    if len(points) < 2 or not cards:
        return {}
    if len(large) < 2:
        return {"compared": [_point_line(place, point) for point in points[:NAMED]], "fewest": charts.FEWEST}
    whole = 100 * sum(point.problem_at_first for point in points) / cards
    beyond = sorted(
        (point for point in large if point.share > charts.limits(point.cards, whole)[1]), key=lambda one: -one.share
    )
    answer = (
        _("%(count)d of %(all)d points have more errors than chance explains (%(share).1f %% is the whole).")
        if beyond
        else _("None of %(all)d points has more errors than chance explains (%(share).1f %% is the whole).")
    )
    chart = charts.funnel(
        [(point.name, point.cards, round(point.share, 2)) for point in large], whole,
        question=_("Which points have more errors at first than chance explains?"),
        answer=answer % {"count": len(beyond), "all": len(large), "share": whole},
        figures=[
            (point.name, place.opened("all", "", point.cards, point.institution),
             place.opened("problem_at_first", "", point.problem_at_first, point.institution), f"{point.share:.1f}")
            for point in sorted(large, key=lambda one: (-one.share, -one.cards))[:NAMED]
        ],
    )  # fmt: skip
    return {"funnel": chart}


def _point_line(place: _Place, point: PointShare) -> dict[str, Any]:
    """A point that has too few cards to be judged by its share: its numbers alone, each opening its cards."""
    return {
        "name": point.name,
        "cards": place.opened("all", "", point.cards, point.institution),
        "first": place.opened("problem_at_first", "", point.problem_at_first, point.institution),
        "now": place.opened("problem", "", point.problem, point.institution),
    }


def _residence(place: _Place, held: Figures) -> maps.TileMap:
    """Where the children live, province by province, shaded by how many."""
    known = {row["code"] for row in maps.grid()}
    counts: Mapping[str, int] = {code: count for code, count in held.of("residence").items() if code in known}
    steps = _steps(sorted(counts.values()))
    places = {
        code: maps.Place(
            value=f"{count:,}", tone=SHADES[sum(count > step for step in steps)],
            state=_("cards"), url=place.url("residence", code),
        )
        for code, count in counts.items()
    }  # fmt: skip
    legend = [(SHADES[at], words) for at, words in enumerate(_ranges(steps, max(counts.values(), default=1)))]
    return maps.provinces(_("Where do the children live?"), places, legend)


def _ranges(steps: Sequence[int], most: int) -> list[str]:
    """What each shade stands for, in words: from–to cards."""
    lows, highs = [1, *(step + 1 for step in steps)], [*steps, most]
    return [
        _("1 card")
        if high == 1
        else _("%(count)s cards") % {"count": f"{low:,}" if low == high else f"{low:,}–{high:,}"}
        for low, high in zip(lows, highs, strict=True) if low <= high
    ]  # fmt: skip


def _steps(counts: Sequence[int]) -> list[int]:
    """Four bounds between five shades: fifths of the provinces, equal bounds once."""
    return sorted({counts[len(counts) * fifth // 5] for fifth in range(1, 5)}) if counts else []
