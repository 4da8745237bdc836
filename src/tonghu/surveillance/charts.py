"""The charts of this room. Each asks one question and answers it in a sentence; one specification for page and print.

Pictures are kept for the same figures and language: figures of regions change once an hour, pages are opened often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from tonghu.platform.components.charts import SERIES, Chart

#: Beyond so many standard deviations a point differs from the others by more than chance (two in a thousand).
BEYOND_CHANCE: Final = 3.09
#: Fewer cards say nothing about a point.
FEWEST: Final = 20
LATE: Final = "#b3261e"
Words = str | Promise
Row = dict[str, Any]


def progress(
    days: Sequence[tuple[date, int]],
    total: int,
    due: date,
    *,
    question: Words,
    answer: Words,
    opened: Callable[[date, int], str],
) -> Chart:
    """How many cards of a month had been reported by each day, against all of them and the due date.

    Args:
        opened: how the table of figures shows the count of a day, with the way to its cards.
    """
    rows = tuple((day.isoformat(), count) for day, count in days)
    return Chart(
        question=question, answer=answer, picture=_progress(rows, total, due.isoformat(), _language()),
        head=(_("Day"), _("Reported so far")), figures=[(day.isoformat(), opened(day, count)) for day, count in days],
    )  # fmt: skip


@lru_cache(maxsize=64)
def _progress(rows: tuple[tuple[str, int], ...], total: int, due: str, _language: str) -> Any:
    import altair as alt  # heavy: only where a chart is drawn

    across = alt.X("day:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=6, grid=False))
    up = alt.Y("cards:Q", title=pgettext("axis", "cards"), axis=alt.Axis(tickCount=4), scale=alt.Scale(domainMin=0))
    line = (
        alt.Chart(alt.InlineData([{"day": day, "cards": cards} for day, cards in rows]))
        .mark_line(interpolate="step-after", strokeWidth=2.5, color=SERIES[0])
        .encode(x=across, y=up)
    )
    whole = alt.Chart(alt.InlineData([{"cards": total}])).mark_rule(strokeDash=[2, 3], color="#6b7a8c").encode(y=up)
    end = alt.Chart(alt.InlineData([{"day": due}])).mark_rule(color=LATE, strokeWidth=1.5).encode(x=across)
    words = (
        alt.Chart(alt.InlineData([{"day": due, "said": _("due")}]))
        .mark_text(align="right", dx=-4, dy=6, baseline="top", color=LATE)
        .encode(x=across, y=alt.value(0), text="said:N")
    )
    return (whole + end + words + line).properties(width="container", height=160)


def by_month(
    rows: Sequence[tuple[str, float | None]],
    *,
    question: Words,
    answer: Words,
    unit: Words,
    figures: Sequence[Any],
    head: Sequence[Words] = (),
) -> Chart:
    """One figure a month, as bars; `head`: the headings of `figures` where they hold more than month and figure."""
    known = tuple((month, value) for month, value in rows if value is not None)
    return Chart(
        question=question, answer=answer, picture=_bars(known, str(unit), _language()),
        head=head or (_("Archive month"), unit), figures=figures,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _bars(rows: tuple[tuple[str, float], ...], unit: str, _language: str) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.InlineData([{"month": month, "value": value} for month, value in rows]))
        .mark_bar(color=SERIES[0], width=alt.ExprRef("min(56, 0.9 * bandwidth('x'))"))  # few months are no wall of blue
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(tickCount=4), scale=_from_zero(value for _, value in rows)),
        )
        .properties(width="container", height=170)
    )


def _from_zero(values: Iterable[Any]) -> Any:
    """A scale that begins at nothing; where nothing is all there is, it still has a height."""
    import altair as alt

    return alt.Scale(domainMin=0) if any(values) else alt.Scale(domain=[0, 10])


def before_and_after(
    rows: Sequence[tuple[str, float, float]], *, question: Words, answer: Words, unit: Words, figures: Sequence[Any]
) -> Chart:
    """Two lines over months: the share of cards with errors at first, and now."""
    return Chart(
        question=question, answer=answer, picture=_two_lines(tuple(rows), _language()),
        head=(
            _("Archive month"), unit, _("With errors at first"), _("with errors at first, %"),
            _("With errors now"), _("with errors now, %"),
        ),
        figures=figures,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _two_lines(rows: tuple[tuple[str, float, float], ...], _language: str) -> Any:
    import altair as alt

    first, now = _("at first"), pgettext("errors", "now")
    points = [
        {"month": month, "share": share, "when": when}
        for month, before, after in rows
        for when, share in ((first, before), (now, after))
    ]
    return (
        alt.Chart(alt.InlineData(points))
        .mark_line(point=True, strokeWidth=2.5)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y(
                "share:Q", title=_("cards with errors, %"), axis=alt.Axis(tickCount=4),
                scale=_from_zero(point["share"] for point in points),
            ),
            color=alt.Color(
                "when:N", title=None, scale=alt.Scale(domain=[first, now], range=[SERIES[1], SERIES[0]]),
                legend=alt.Legend(orient="top"),
            ),
            strokeDash=alt.StrokeDash(
                "when:N", legend=None, scale=alt.Scale(domain=[first, now], range=[[4, 3], [1, 0]])
            ),
        )
        .properties(width="container", height=170)
    )  # fmt: skip


def limits(cards: int, whole: float) -> tuple[float, float]:
    """Between which shares (percent) a point of so many cards differs from the whole by no more than chance."""
    deviation = (whole * (100 - whole) / cards) ** 0.5
    return max(0.0, whole - BEYOND_CHANCE * deviation), min(100.0, whole + BEYOND_CHANCE * deviation)


def funnel(
    points: Sequence[tuple[str, int, float]], whole: float, *, question: Words, answer: Words, figures: Sequence[Any]
) -> Chart:
    """Points by how many cards they have and what share of them had errors at first, with the limits of chance."""
    return Chart(
        question=question, answer=answer, picture=_funnel(tuple(points), whole, _language()),
        head=(_("Monitoring point"), _("Reported cards"), _("With errors at first"), _("with errors at first, %")),
        figures=figures,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _funnel(points: tuple[tuple[str, int, float], ...], whole: float, _language: str) -> Any:
    import altair as alt

    most = max((cards for _name, cards, _share in points), default=FEWEST)
    steps = sorted({round(FEWEST * (most / FEWEST) ** (step / 40)) for step in range(41)})
    band = [{"cards": cards, "low": low, "high": high} for cards in steps for low, high in (limits(cards, whole),)]
    rows = [
        {"name": name, "cards": cards, "share": share, "beyond": share > limits(cards, whole)[1]}
        for name, cards, share in points
    ]
    across = alt.X(
        "cards:Q", title=_("cards in twelve months"), axis=alt.Axis(tickCount=6, grid=False),
        scale=alt.Scale(type="log", domain=[FEWEST, max(most, FEWEST + 1)]),
    )  # fmt: skip
    title = _("with errors at first, %")
    up = alt.Y("share:Q", title=title, axis=alt.Axis(tickCount=5))
    shade = alt.Chart(alt.InlineData(band)).mark_area(opacity=0.14, color="#6b7a8c").encode(
        x=across, y=alt.Y("low:Q", title=title), y2="high:Q"
    )  # fmt: skip
    middle = alt.Chart(alt.InlineData([{"share": whole}])).mark_rule(strokeDash=[2, 3], color="#6b7a8c").encode(y=up)
    dots = alt.Chart(alt.InlineData(rows)).mark_circle(size=28, opacity=0.7).encode(
        x=across, y=up,
        color=alt.condition("datum.beyond", alt.value(LATE), alt.value(SERIES[0])),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("cards:Q"), alt.Tooltip("share:Q", format=".1f")],
    )  # fmt: skip
    return (shade + middle + dots).properties(width="container", height=260)


def _language() -> str:
    return get_language() or ""
