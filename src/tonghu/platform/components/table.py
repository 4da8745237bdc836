"""Tables of records: filters, order, columns and place stand in the address; paging by key, whatever the size.

A view builds one and its template shows it::

    table = Table(
        request, name="people", rows=Person.objects.all(), order="name",
        columns=(
            Column("name", _("Name"), link=lambda p: p.get_absolute_url()),
            Column("posts", _("Posts"), value=lambda p: p.post_count, kind="number", sort=None),
        ),
        filters=(Filter("q", _("Name"), lambda rows, text: rows.filter(name__contains=text)),),
        empty=_("People whom you register appear here."),
    )
    # template: {% load components %}{% table table %}

A page costs one query of ``page + 1`` rows. Counting all of them under row security is dear: a caller that knows the
number hands it over as ``total``, or has the rows that the filters leave counted up to ``count_to``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tonghu.errors import InputRefused
from tonghu.platform.components import keyset
from tonghu.platform.shell import Words

Kind = Literal["text", "sentence", "number", "money", "date", "time", "mark", "code"]

PAGE: Final = 50
COOKIE: Final = "tonghu_columns_{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A cell that opens something."""

    text: object
    url: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as a word with a mark: ``tone`` is ``block``, ``ask``, ``done`` or ``quiet``. Colour is never alone."""

    text: Words
    tone: Literal["block", "ask", "done", "quiet"] = "quiet"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: stands in the address and in what is remembered; also the attribute (or key) that is read.
        label: the header; a unit stands in it.
        value: what a row shows, where it is not simply the attribute `name`.
        kind: ``number`` (right, tabular), ``money`` (yuan, two decimals), ``date``, ``time``, ``mark`` (a
            :class:`Mark`), ``code``, ``text`` (one line, cut where it is long), ``sentence`` (wraps, read to its end).
        unit: shown behind the label.
        sort: what the rows are ordered by: None where the column cannot order, '' for `name` itself.
        link: where the cell leads.
        shown: whether it is shown before the reader chooses.
        fixed: cannot be hidden.
    """

    name: str
    label: Words
    value: Callable[[Any], object] | None = None
    kind: Kind = "text"
    unit: Words = ""
    sort: str | None = ""
    link: Callable[[Any], str] | None = None
    shown: bool = True
    fixed: bool = False

    @property
    def order(self) -> str | None:
        """What the rows are ordered by for this column."""
        return self.name if self.sort == "" else self.sort

    def cell(self, row: Any) -> object:
        """What a row shows in this column."""
        if self.value is not None:
            said = self.value(row)
        else:
            said = row.get(self.name) if isinstance(row, dict) else getattr(row, self.name)
        return Link(text=said, url=self.link(row)) if self.link and said not in (None, "") else said


class Narrow(Protocol):
    """Narrows rows to those that fit what the reader chose."""

    def __call__(self, rows: Any, chosen: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: a list of choices, or free text where there are none.

    Attributes:
        name: stands in the address.
        label: above the field.
        narrow: ``narrow(rows, chosen)`` returns fewer rows; not asked for an empty choice. Raises InputRefused where it
            cannot read what was typed: the table says so and shows no row.
        choices: pairs of value and label; a value that is none of them is ignored.
        example: stands grey in an empty field.
        words: what the field shows of what was chosen, where links of the site carry a number that says nothing to
            people; it must mean the same when it is sent again.
    """

    name: str
    label: Words
    narrow: Narrow
    choices: Sequence[tuple[str, Words]] = ()
    example: Words = ""
    words: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's header as the template shows it."""

    column: Column
    url: str
    direction: Literal["ascending", "descending", ""]


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as the template shows it."""

    filter: Filter
    chosen: str

    @property
    def shown(self) -> str:
        """What stands in the field."""
        return self.filter.words(self.chosen) if self.filter.words and self.chosen else self.chosen


@dataclass(kw_only=True)
class Table:
    """One table of one request; see the module."""

    request: HttpRequest
    name: str
    rows: QuerySet[Any] | Sequence[Any]
    columns: Sequence[Column]
    order: str
    key: str = "pk"
    filters: Sequence[Filter] = ()
    page: int = PAGE
    total: int | None = None
    count_to: int = 0
    caption: Words = ""
    empty: Words = field(default_factory=lambda: _("There is nothing here yet."))
    row_mark: Callable[[Any], str] | None = None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The filters with what the reader chose."""
        return tuple(Field(each, self._chosen(each)) for each in self.filters)

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return any(each.chosen for each in self.fields)

    @cached_property
    def refused(self) -> str:
        """Why what was typed into a filter cannot be read, and how it is written; '' where it can."""
        why = self._kept[1]
        if why is None:
            return ""
        return why.en if (get_language() or "").startswith("en") else why.zh

    @cached_property
    def sorted_by(self) -> str:
        """What the rows are ordered by: a column that may order, with ``-`` for descending."""
        asked = self.request.GET.get("sort", "")
        known = {column.order for column in self.columns} - {None}
        return asked if asked.removeprefix("-") in known else self.order

    @cached_property
    def slice(self) -> keyset.Slice:
        """The rows of this page and where the neighbours begin."""
        rows, refused = self._kept
        if refused is not None:
            return keyset.Slice([], "", "")
        after, before = self.request.GET.get("after", ""), self.request.GET.get("before", "")
        return keyset.cut(rows, order=self.sorted_by, key=self.key, size=self.page, after=after, before=before)

    @cached_property
    def in_all(self) -> int | None:
        """How many rows the filters leave, where that is known; one more than ``count_to`` stands for more."""
        if self.total is not None or not self.count_to:
            return self.total
        rows, refused = self._kept
        if refused is not None:
            return 0
        if not isinstance(rows, QuerySet):
            return len(rows)
        if not (self.next_url or self.previous_url):
            return len(self.slice.rows)  # this page is all there is
        return int(rows.order_by()[: self.count_to + 1].count())

    @property
    def more_than(self) -> int:
        """``count_to``, where there are more rows than that; else 0."""
        return self.count_to if self.total is None and self.in_all and self.in_all > self.count_to else 0

    @property
    def visible(self) -> tuple[Column, ...]:
        """The columns that the reader chose, else those shown at first."""
        said = self.request.COOKIES.get(COOKIE.format(self.name))
        if said is None:
            return tuple(column for column in self.columns if column.shown or column.fixed)
        wanted = said.split(".")
        return tuple(column for column in self.columns if column.fixed or column.name in wanted)

    @property
    def choices(self) -> tuple[tuple[Column, bool], ...]:
        """Every column that may be hidden, with whether it is shown."""
        shown = {column.name for column in self.visible}
        return tuple((column, column.name in shown) for column in self.columns if not column.fixed)

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The visible columns' headers, each with the address that orders by it."""
        return tuple(self._heading(column) for column in self.visible)

    @property
    def lines(self) -> list[tuple[Any, str, list[tuple[Column, object]]]]:
        """The rows as (row, mark, cells)."""
        columns = self.visible
        return [
            (row, self.row_mark(row) if self.row_mark else "", [(column, column.cell(row)) for column in columns])
            for row in self.slice.rows
        ]

    @property
    def next_url(self) -> str:
        """The address of the next page; '' on the last."""
        return self._with(after=self.slice.after, before=None) if self.slice.after else ""

    @property
    def previous_url(self) -> str:
        """The address of the previous page; '' on the first."""
        return self._with(before=self.slice.before, after=None) if self.slice.before else ""

    @property
    def unfiltered_url(self) -> str:
        """The address without filters."""
        return self._with(after=None, before=None, **{each.name: None for each in self.filters})

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What else stands in the address and must survive a change of filters."""
        own = {each.name for each in self.filters} | {"after", "before"}
        said = self.request.GET.dict()
        return [(name, str(value)) for name, value in said.items() if name not in own]

    @cached_property
    def _kept(self) -> tuple[Any, InputRefused | None]:
        """The rows that the filters leave; or why one of them cannot be read."""
        rows: Any = self.rows
        try:
            for each in self.fields:
                if each.chosen:
                    rows = each.filter.narrow(rows, each.chosen)
        except InputRefused as why:
            return [], why
        return rows, None

    def _heading(self, column: Column) -> Heading:
        if column.order is None:
            return Heading(column, "", "")
        descending = self.sorted_by == f"-{column.order}"
        ascending = self.sorted_by == column.order
        url = self._with(sort=f"-{column.order}" if ascending else column.order, after=None, before=None)
        return Heading(column, url, "ascending" if ascending else "descending" if descending else "")

    def _chosen(self, each: Filter) -> str:
        said = self.request.GET.get(each.name, "").strip()[:100]
        return said if not each.choices or said in {value for value, _label in each.choices} else ""

    def _with(self, **changes: str | None) -> str:
        said = {**self.request.GET.dict(), **changes}
        return "?" + urlencode({name: value for name, value in said.items() if value})
