"""The board on paper: a PDF that says who took it and when, on every page. It names no patient."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date

from django.http import FileResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tonghu.network import naming
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.documents.paper import Grid, Paper, Text
from tonghu.platform.scope.wording import label_in_words
from tonghu.registry.states import State
from tonghu.surveillance import board as boards
from tonghu.surveillance import calendar, queries
from tonghu.surveillance.access import VIEW
from tonghu.surveillance.board import Sum
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.views import Narrowing, named_regions, narrowed

#: So many points are printed; a longer wall says how many it shows.
MOST = 400


@requires(VIEW)
@require_GET
def board(request: Request) -> HttpResponseBase:
    """The board that the reader looks at, with the same narrowing, as a PDF."""
    from tonghu.platform.documents.pdf import pdf  # heavy: only where a paper is made

    today = timezone.localdate()
    months = calendar.shown(today, until=Month.read(request.GET.get("until", "")))
    if request.scope.institution is not None:
        title, blocks = _("How reporting stands"), _of_point(request.scope.institution, months, today)
    else:
        asked = narrowed(request, months)
        at = naming.place(asked.region)
        title = _("How reporting stands: %(name)s") % {"name": at.name if at else asked.region}
        blocks = _of_region(asked, months, today)
    now = timezone.localtime()
    taken = f"{label_in_words(request.scope.label)} {now:%Y-%m-%d %H:%M}"
    if request.post is not None and request.post.institution.made_up:
        taken = f"{_('Made-up data')} · {taken}"
    paper = Paper(
        title=title, blocks=blocks, issued_by=request.scope.label.split(" · ")[-1], day=today, wide=True,
        foot=_("Taken by %(who)s") % {"who": taken}, watermark=taken,
        language="en" if (get_language() or "").startswith("en") else "zh",
    )  # fmt: skip
    name = f"reporting-{months[0]}-{months[-1]}.pdf"
    return FileResponse(io.BytesIO(pdf(paper)), as_attachment=True, filename=name, content_type="application/pdf")


def _of_point(institution: int, months: Sequence[Month], today: date) -> list[Grid | Text]:
    cells = boards.cells_of(institution, months, today)
    if not cells:
        return [Text(_("Your institution is no monitoring point in these months: nothing is expected."))]
    states = queries.by_state(months, institution=institution)
    return [
        Grid(
            caption=f"{months[0]} – {months[-1]}",
            head=(_("Archive month"), _("Due"), _("State"), _("Cards"), _("Ever reported"), _("Cards on time"),
                  _("Where they stand")),
            rows=[
                (str(month), month.due.isoformat(), cell.mark.text, f"{cell.cards:,}", f"{cell.reported:,}",
                 f"{cell.on_time:,}", _where(states[month]))
                for month in reversed(months) if (cell := cells.get(month))
            ],
            numbers=frozenset({3, 4, 5}),
        )
    ]  # fmt: skip


def _where(states: Mapping[str, int]) -> str:
    """In which states a month's cards are, in the order of their way."""
    return " · ".join(
        f"{state.label} {states[state.value]:,}" for state in State if states.get(state.value) and state != State.VOIDED
    )


def _of_region(asked: Narrowing, months: Sequence[Month], today: date) -> list[Grid | Text]:
    caption = f"{months[0]} – {months[-1]}"
    head = [str(month) for month in months]
    numbers = frozenset(range(1, len(months) + 1))
    if asked.digits is not None and not asked.by_points:
        found = boards.sums(months, today, region=asked.region, digits=asked.digits)
        named = named_regions(asked.region, found, months)
        rows = [(one["name"], *(_sum(each) for _month, each in one["sums"])) for one in named]
        return [Grid(caption=caption, head=(_("Region"), *head), rows=rows, numbers=numbers)]
    of = [asked.chosen] if asked.chosen else None
    lines, more = boards.wall(months, today, region=asked.region, show=asked.show, of=of, size=MOST)
    if not lines:
        return [Text(_("No point stands so."))]
    rows = [(line.name, *(cell.text if cell else "—" for cell in line.cells)) for line in lines]
    grid = Grid(caption=caption, head=(_("Monitoring point"), *head), rows=rows, numbers=numbers)
    return [grid, Text(_("The first %(count)d points are printed.") % {"count": MOST})] if more else [grid]


def _sum(one: Sum | None) -> str:
    if one is None:
        return "—"
    if one.outstanding:
        return _("%(n)s/%(of)s owe") % {"n": one.outstanding, "of": one.expected}
    return _("%(n)s late") % {"n": one.late} if one.late else str(one.expected)
