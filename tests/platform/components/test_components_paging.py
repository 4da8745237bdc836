"""Paging by key: every row once, in order, whichever way one walks; a cursor made by hand does no harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Case, CharField, F, Value, When
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tonghu.platform.components import keyset


@dataclass(frozen=True)
class Row:
    pk: int
    value: int | None


ROWS = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=25).map(
    lambda values: [Row(n, value) for n, value in enumerate(values)]
)


def in_order(rows: list[Row], down: bool) -> list[Row]:
    known = sorted((row for row in rows if row.value is not None), key=lambda row: (row.value, row.pk), reverse=down)
    return known + sorted((row for row in rows if row.value is None), key=lambda row: row.pk, reverse=down)


def walk(rows: Any, order: str, size: int) -> tuple[list[Any], list[Any]]:
    """Every page to the end, then every page back to the first."""
    there, page = [], keyset.cut(rows, order=order, key="pk", size=size)
    there.append(page.rows)
    while page.after:
        page = keyset.cut(rows, order=order, key="pk", size=size, after=page.after)
        there.append(page.rows)
    back = [page.rows]
    while page.before:
        page = keyset.cut(rows, order=order, key="pk", size=size, before=page.before)
        back.append(page.rows)
    return there, back[::-1]


@given(ROWS, st.booleans(), st.integers(1, 7))
def test_every_row_once_in_order_there_and_back(rows: list[Row], down: bool, size: int) -> None:
    there, back = walk(rows, "-value" if down else "value", size)
    assert [row for page in there for row in page] == in_order(rows, down)
    assert [row for page in back for row in page] == in_order(rows, down)
    assert all(len(page) <= size for page in there)


@pytest.mark.django_db
@pytest.mark.parametrize("order", ["shown", "-shown", "pk", "-model"])
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_query_walks_like_a_list_and_unknown_values_come_last(order: str, size: int) -> None:
    rows = ContentType.objects.annotate(
        shown=Case(
            When(app_label__in=("accounts", "jobs"), then=Value(None)), default=F("app_label"), output_field=CharField()
        )
    )
    there, back = walk(rows, order, size)
    name, down = order.removeprefix("-"), order.startswith("-")
    known = sorted(
        (r for r in rows if getattr(r, name) is not None), key=lambda r: (getattr(r, name), r.pk), reverse=down
    )
    unknown = sorted((r for r in rows if getattr(r, name) is None), key=lambda r: r.pk, reverse=down)
    whole = [row.pk for row in [*known, *unknown]]
    assert whole
    assert [row.pk for page in there for row in page] == whole
    assert [row.pk for page in back for row in page] == whole


@pytest.mark.django_db
def test_a_page_costs_one_query_of_its_own_size(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        keyset.cut(ContentType.objects.all(), order="model", key="pk", size=5)
    assert "LIMIT 6" in asked.captured_queries[0]["sql"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "x", "!!", "bnVsbA", "W10", "WyIiLG51bGxd", "WzEsWzJdXQ", "WyJcdTAwMDAiLDFd", "WyJhIiwiYiJd", "a" * 3000,
        "4pyT", "W251bGwsSW5maW5pdHld", "WzFlOTk5LDFd", "W05hTiwxXQ", "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTld",
        "W1tb" * 460,
    ],
)  # fmt: skip
def test_a_cursor_that_says_nothing_sensible_gives_the_first_page(cursor: str) -> None:
    """Not base64, not JSON, null, empty, no key, a list, a NUL, letter as key, too long, not ASCII, infinite, deep."""
    first = keyset.cut(ContentType.objects.all(), order="model", key="pk", size=3)
    assert keyset.cut(ContentType.objects.all(), order="model", key="pk", size=3, after=cursor).rows == first.rows
    rows = [{"pk": 1, "model": "a"}, {"pk": 2, "model": "b"}]
    assert keyset.cut(rows, order="model", key="pk", size=3, after=cursor).rows == rows


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("order", "said"),
    [("-pk", False), ("model", False), ("-app_label", False), ("first", True)],
)
def test_nothing_is_said_of_unknown_values_where_there_are_none(order: str, said: bool) -> None:
    """PostgreSQL sorts every row where NULLS LAST stands beside an index that knows of none."""
    rows = ContentType.objects.annotate(first=F("pk"))
    with CaptureQueriesContext(connection) as asked:
        page = keyset.cut(rows, order=order, key="pk", size=1)
        keyset.cut(rows, order=order, key="pk", size=1, after=page.after)
    first, after = (query["sql"] for query in asked.captured_queries)
    assert ("NULLS LAST" in first) is said
    assert ("NULLS LAST" in after) is said
    assert ("IS NULL" in after) is said
