"""The board: month × point, how each cell stands, summed up by region. Reads counts; there is no person in it.

``cells.sql`` decides the state of a cell once, for the wall, the sums and the reminders alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from psycopg.types.range import Range

from tonghu.network.models import Institution
from tonghu.network.region_range import NATION, covered
from tonghu.platform.components.table import Mark
from tonghu.platform.shell import Words
from tonghu.surveillance.calendar import Month, shown
from tonghu.surveillance.figures import COUNTED_NOW

_CELLS: Final = Path(__file__).with_name("cells.sql").read_text(encoding="utf-8")
_ALL: Final = "SELECT * FROM cell"
#: Points of a region with a month in some state, the worst first.
_SHOWN: Final = """
SELECT institution_id FROM cell WHERE state = ANY (%(states)s) AND month = ANY (%(wanted)s::date[])
GROUP BY 1 ORDER BY count(*) DESC, max(days) DESC, sum(cards - reported) DESC, institution_id
LIMIT %(size)s OFFSET %(offset)s"""
_FIGURES: Final = """
SELECT rpad(left(region_code, %(digits)s), 6, '0') AS code, month, count(*) AS expected,
       count(*) FILTER (WHERE state IN ('on_time', 'zero')) AS done,
       count(*) FILTER (WHERE state IN ('late', 'zero_late')) AS late,
       count(*) FILTER (WHERE state = 'missing') AS missing, count(*) FILTER (WHERE state = 'overdue') AS overdue,
       sum(cards) AS cards, sum(reported) AS reported, sum(on_time) AS on_time
FROM cell GROUP BY 1, 2 ORDER BY 1, 2"""
#: The same cells as the job last saw them, for the nation: 1,750 points are too many to work out for a page.
_AS_SUMMED_UP: Final = """
WITH cell AS (
  SELECT institution_id, region_code, archive_month AS month, state, days, cards, reported, on_time
  FROM surveillance_standing WHERE archive_month = ANY (%(months)s::date[])
)
"""
_SUMMED_UP: Final = """
SELECT computed_at FROM surveillance_standing
WHERE coalesce((SELECT cards FROM surveillance_figure WHERE region_code = %(region)s AND topic = 'all' AND key = ''),
               %(few)s + 1) > %(few)s
ORDER BY id LIMIT 1"""
_SUM_UP: Final = """
, fresh AS (
  INSERT INTO surveillance_standing AS held
    (institution_id, archive_month, region_code, state, days, cards, reported, on_time, computed_at)
  SELECT institution_id, month, region_code, state, days, cards, reported, on_time, now() FROM cell
  ON CONFLICT (institution_id, archive_month) DO UPDATE
    SET region_code = EXCLUDED.region_code, state = EXCLUDED.state, days = EXCLUDED.days, cards = EXCLUDED.cards,
        reported = EXCLUDED.reported, on_time = EXCLUDED.on_time, computed_at = EXCLUDED.computed_at
  RETURNING 1
), gone AS (
  DELETE FROM surveillance_standing AS held
  WHERE NOT EXISTS (
    SELECT FROM cell WHERE cell.institution_id = held.institution_id AND cell.month = held.archive_month
  )
)
SELECT count(*) AS cells FROM fresh"""
#: What asks for an act now: nothing came, or not everything, and the due date has passed.
OUTSTANDING: Final = ("missing", "overdue")
#: What came after the due date.
CAME_LATE: Final = ("late", "zero_late")
#: In words, for the legend and for those who do not see the mark.
STATES: Final[dict[str, Words]] = {
    "on_time": gettext_lazy("reported on time"),
    "zero": gettext_lazy("zero report"),
    "open": gettext_lazy("not due yet"),
    "late": gettext_lazy("reported late"),
    "zero_late": gettext_lazy("zero report, late"),
    "overdue": gettext_lazy("overdue, not everything reported"),
    "missing": gettext_lazy("overdue, nothing reported"),
}
#: What a wall can be narrowed to; each is a figure of :class:`Sum`, which opens it.
SHOWS: Final[dict[str, tuple[str, ...]]] = {
    "owing": OUTSTANDING,
    "late": CAME_LATE,
    "done": ("on_time", "zero"),
    "open": ("open",),
    "expected": tuple(STATES),
}
PAGE: Final = 40
#: For how many months the standing of every point is kept summed up.
KEPT: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How one month of one point stands.

    Attributes:
        cards: report cards of the month that are not voided; `reported` of them reached the centre, `on_time` by the
            due date; of `assumed` nobody declared the archive month.
        state: a key of :data:`STATES`.
        days: how many days after the due date the month was finished, or is unfinished today; below 1: none.
        zero_on: the day on which a zero report was signed that stands, also where there are cards against it.
    """

    institution: int
    month: Month
    cards: int
    reported: int
    on_time: int
    assumed: int
    state: str
    days: int
    zero_on: date | None

    @property
    def waiting(self) -> int:
        """Cards that have not reached the centre."""
        return self.cards - self.reported

    @property
    def contradicted(self) -> bool:
        """Whether a zero report stands although there are cards."""
        return self.zero_on is not None and self.cards > 0

    @property
    def tone(self) -> str:
        """``block`` for what is missing now, ``ask`` for what came late or contradicts itself; '' where all is well."""
        if self.state in OUTSTANDING:
            return "block"
        return "ask" if self.state in CAME_LATE or self.contradicted else ""

    @property
    def text(self) -> str:
        """What stands in the cell: the number, and a word where something is late."""
        if self.state == "missing":
            return _("missing")
        if self.state in ("zero", "zero_late"):
            return (
                pgettext("cell of the board", "zero")
                if self.state == "zero"
                else _("zero +%(days)d d") % {"days": self.days}
            )
        if self.state == "overdue":
            return _("%(waiting)d/%(cards)d owed") % {"waiting": self.waiting, "cards": self.cards}
        if self.state == "late":
            return _("%(cards)d +%(days)d d") % {"cards": self.cards, "days": self.days}
        if self.waiting:
            return f"{self.reported}/{self.cards}"
        return str(self.cards) if self.cards else "·"

    @property
    def brief(self) -> str:
        """What is owed, in a few words: how many cards where it is known, and since when."""
        if self.state == "overdue":
            return _("%(cards)d cards, %(days)d d") % {"cards": self.waiting, "days": self.days}
        return ngettext("no report yet, %(days)d day overdue", "no report yet, %(days)d days overdue", self.days) % {
            "days": self.days
        }

    @property
    def words(self) -> str:
        """The same as a sentence, for the title of the cell and for screen readers."""
        said = [f"{self.month}", str(STATES[self.state])]
        if self.cards:
            said.append(
                _("%(reported)d of %(cards)d cards reported") % {"reported": self.reported, "cards": self.cards}
            )
        if self.days > 0 and self.state != "on_time":
            said.append(_("%(days)d days after the due date") % {"days": self.days})
        if self.assumed:
            said.append(_("archive month assumed for %(cards)d") % {"cards": self.assumed})
        if self.contradicted:
            said.append(_("a zero report stands although there are cards"))
        return " · ".join(said)

    @property
    def mark(self) -> Mark:
        """The state as a word with a mark, for pages that have the room."""
        tone: Any = self.tone or ("quiet" if self.state == "open" else "done")
        if self.state in OUTSTANDING or self.state in CAME_LATE:
            return Mark(_("%(state)s, %(days)d days") % {"state": STATES[self.state], "days": self.days}, tone)
        return Mark(STATES[self.state], tone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One point of the wall: its cells by month, None where it owes nothing; `point`: the latest of its points."""

    institution: int
    point: int
    code: str
    name: str
    region_code: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How the points of a region stand in one month."""

    expected: int = 0
    done: int = 0
    late: int = 0
    missing: int = 0
    overdue: int = 0
    cards: int = 0
    reported: int = 0
    on_time: int = 0

    @property
    def outstanding(self) -> int:
        """Points that owe something now."""
        return self.missing + self.overdue

    @property
    def open(self) -> int:
        """Points whose month is not due yet."""
        return self.expected - self.done - self.late - self.outstanding

    @property
    def timeliness(self) -> float | None:
        """Percent of the month's cards that were reported by the due date; None without cards."""
        return 100 * self.on_time / self.cards if self.cards else None


def cells_of(institution: int, months: Sequence[Month], today: date) -> dict[Month, Cell]:
    """The months that one point owes, in the reader's scope."""
    found = _ask(_CELLS + _ALL, _said(months, today, institutions=[institution]))
    return {cell.month: cell for cell in map(_cell, found)}


def wall(
    months: Sequence[Month],
    today: date,
    *,
    region: str = NATION,
    show: str = "",
    of: Sequence[Month] | None = None,
    page: int = 1,
    size: int = PAGE,
) -> tuple[list[Line], bool]:
    """One page of the points of a region with their cells, and whether more follow: all of them by region and name.

    Args:
        show: a key of :data:`SHOWS`: only points of which a month stands so, the worst on top.
        of: the months asked for that, some of `months` (default: all).
        size: points on a page.
    """
    first, asked = (page - 1) * size, size + 1
    if show:
        wanted = {
            "states": list(SHOWS[show]), "wanted": [month.first for month in of or months],
            "size": asked, "offset": first,
        }  # fmt: skip
        said = _said(months, today, region=region) | wanted
        listed = [row["institution_id"] for row in _ask(_source(region) + _SHOWN, said)]
    else:
        low, high = covered(region)
        held = Institution.objects.filter(
            region_code__gte=low, region_code__lt=high, points__valid__overlap=_of(months)
        )
        listed = list(
            held.distinct()
            .order_by("region_code", "name_pinyin", "pk")
            .values_list("pk", flat=True)[first : first + asked]
        )
    rows: dict[int, tuple[dict[str, Any], dict[Month, Cell]]] = {}
    here = listed[:size]
    for row in _ask(_CELLS + _ALL, _said(months, today, region=region, institutions=here)):
        cell = _cell(row)
        rows.setdefault(cell.institution, (row, {}))[1][cell.month] = cell
    lines = [_line(*rows[number], months) for number in here if number in rows]
    return lines, len(listed) > size


def sums(months: Sequence[Month], today: date, *, region: str = NATION, digits: int = 6) -> dict[str, dict[Month, Sum]]:
    """How each region below one stands, month by month; ``digits``: how much of the code tells them apart.

    Keys are six-digit codes; with ``digits=0`` there is one, the region itself. The nation's are as of :func:`as_of`.
    """
    found: dict[str, dict[Month, Sum]] = {}
    for row in _ask(_source(region) + _FIGURES, _said(months, today, region=region) | {"digits": digits}):
        said = {name: int(row[name]) for name in Sum.__dataclass_fields__}
        found.setdefault(row["code"] if digits else region, {})[Month(row["month"])] = Sum(**said)
    return found


def total(each: Iterable[Sum]) -> Sum:
    """Several sums as one."""
    held = list(each)
    return Sum(**{name: sum(getattr(one, name) for one in held) for name in Sum.__dataclass_fields__})


def as_of(region: str) -> datetime | None:
    """When the sums of a region were worked out; None: just now.

    Just now also for a nation with few reported cards, so that its figures and the lists beside them are one; how many
    it has is what the job of figures saw last.
    """
    if region != NATION:
        return None
    rows = _ask(_SUMMED_UP, {"region": NATION, "few": COUNTED_NOW})
    return rows[0]["computed_at"] if rows else None


def sum_up(today: date) -> int:
    """Work the standing of every point out anew; returns how many cells there are. For the job alone."""
    (row,) = _ask(_CELLS + _SUM_UP, _said(shown(today, KEPT), today))
    return int(row["cells"])


def outstanding(months: Sequence[Month], today: date) -> Iterator[tuple[Cell, str]]:
    """Every cell in scope that is not finished, with the code of the point's region; for reminders."""
    sql = "SELECT * FROM cell WHERE state IN ('missing', 'overdue', 'open') ORDER BY institution_id, month"
    for row in _ask(_CELLS + sql, _said(months, today)):
        yield _cell(row), row["region_code"]


def _source(region: str) -> str:
    """Where sums come from: the nation's from what the job saw, once it has looked; all others are worked out."""
    return _AS_SUMMED_UP if as_of(region) is not None else _CELLS


def _of(months: Sequence[Month]) -> Range[date]:
    return Range(months[0].first, months[-1].plus(1).first)


def _said(
    months: Sequence[Month], today: date, *, region: str = NATION, institutions: Sequence[int] | None = None
) -> dict[str, Any]:
    low, high = covered(region)
    return {
        "months": [month.first for month in months], "dues": [month.due for month in months], "today": today,
        "first": months[0].first, "last": months[-1].first, "low": low, "high": high,
        "institutions": None if institutions is None else list(institutions),
    }  # fmt: skip


def _ask(sql: str, said: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, said)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _line(row: dict[str, Any], cells: dict[Month, Cell], months: Sequence[Month]) -> Line:
    named = {name: row[name] for name in ("code", "name", "region_code")}
    shown_cells = tuple(cells.get(month) for month in months)
    return Line(institution=row["institution_id"], point=row["point_id"], cells=shown_cells, **named)


def _cell(row: dict[str, Any]) -> Cell:
    return Cell(
        institution=row["institution_id"], month=Month(row["month"]), cards=int(row["cards"]),
        reported=int(row["reported"]), on_time=int(row["on_time"]), assumed=int(row["assumed"]), state=row["state"],
        days=int(row["days"]), zero_on=row["zero_on"],
    )  # fmt: skip
