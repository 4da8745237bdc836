"""Tables: filters, order, columns and place come from the address; what is not known there is ignored."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from tonghu.platform.components.table import Column, Filter, Link, Mark, Table

ROWS = [{"pk": n, "name": f"name {n:02}", "amount": n * 1000, "state": "late" if n % 2 else "done"} for n in range(25)]


def table(query: str = "", cookies: dict[str, str] | None = None, rows: Any = None, **options: Any) -> Table:
    request = RequestFactory().get(f"/x?{query}")
    request.COOKIES.update(cookies or {})
    return Table(
        request=request, name="t", rows=ROWS if rows is None else rows, order="name", key="pk", page=10,
        columns=(
            Column("name", "Name", link=lambda row: f"/x/{row['pk']}", fixed=True),
            Column("amount", "Amount", kind="number", unit="yuan"),
            Column("state", "State", value=lambda row: Mark(row["state"], "ask"), kind="mark", sort=None),
            Column("pk", "Number", kind="number", shown=False),
        ),
        filters=(
            Filter("q", "Name", lambda rows, text: [row for row in rows if text in row["name"]]),
            Filter("state", "State", lambda rows, said: [row for row in rows if row["state"] == said],
                   choices=[("late", "late"), ("done", "done")]),
        ),
        **options,
    )  # fmt: skip


def shown(table: Table) -> str:
    with translation.override("zh-hans"):
        return Template("{% load components %}{% table table %}").render(Context({"table": table, "csrf_token": "T"}))


def test_order_comes_from_the_address_and_an_unknown_column_is_ignored() -> None:
    assert table("sort=-amount").slice.rows[0]["amount"] == 24000
    for wrong in ("sort=password", "sort=state", "sort=--name", "sort=name__x"):
        assert table(wrong).sorted_by == "name"


def test_headings_say_the_direction_and_turn_it() -> None:
    by_name = {heading.column.name: heading for heading in table("sort=amount&q=name").headings}
    assert by_name["amount"].direction == "ascending"
    assert by_name["amount"].url == "?sort=-amount&q=name"
    assert by_name["name"].direction == ""
    assert by_name["state"].url == ""
    assert {h.column.name: h for h in table("sort=-amount").headings}["amount"].direction == "descending"


def test_filters_narrow_and_a_choice_that_is_none_is_ignored() -> None:
    assert {row["state"] for row in table("state=late").slice.rows} == {"late"}
    assert not table("state=gone").narrowed
    narrow = table("q=name+03&after=x")
    assert [row["pk"] for row in narrow.slice.rows] == [3]
    assert narrow.unfiltered_url == "?"
    assert narrow.hidden == []
    assert table("sort=amount&q=1").hidden == [("sort", "amount")]


def test_paging_keeps_filters_and_order_in_the_address() -> None:
    first = table("state=late&sort=amount")
    assert first.previous_url == ""
    second = table(first.next_url[1:])
    assert [row["pk"] for row in second.slice.rows] == [21, 23]
    assert second.next_url == ""
    assert [row["pk"] for row in table(second.previous_url[1:]).slice.rows] == list(range(1, 20, 2))


def test_the_chosen_columns_are_remembered_and_the_fixed_one_stays() -> None:
    assert [column.name for column in table().visible] == ["name", "amount", "state"]
    chosen = table(cookies={"tonghu_columns_t": "pk.nonsense"})
    assert [column.name for column in chosen.visible] == ["name", "pk"]
    assert [(column.name, there) for column, there in chosen.choices] == [
        ("amount", False), ("state", False), ("pk", True)]  # fmt: skip
    assert [column.name for column in table(cookies={"tonghu_columns_t": ""}).visible] == ["name"]


def test_a_cell_links_where_it_leads_but_not_from_nothing() -> None:
    column = Column("name", "Name", link=lambda row: "/there")
    assert column.cell({"name": "a"}) == Link(text="a", url="/there")
    assert column.cell({"name": ""}) == ""
    assert Column("imag", "Part").cell(3) == 0


@pytest.mark.parametrize(("rows", "word"), [([], "这里还没有内容"), (ROWS, "name 00")])
def test_nothing_and_much_are_both_pages(rows: Any, word: str) -> None:
    page = shown(table(rows=rows))
    assert word in page
    assert ("<form" in page) == bool(rows)  # nothing to filter, nothing to choose from


def test_filters_that_leave_nothing_offer_everything_again() -> None:
    page = shown(table("q=zzz&sort=amount"))
    assert "没有符合筛选条件的记录" in page
    assert 'href="?sort=amount"' in page


def test_text_of_a_row_is_escaped_and_numbers_are_set_apart() -> None:
    rows = [{"pk": 1, "name": "<script>alert(1)</script>", "amount": 1234567, "state": "late"}]
    page = shown(table(rows=rows, total=1, row_mark=lambda row: "ask", caption="Cards"))
    assert "<script>" not in page
    assert "1,234,567" in page
    assert 'class="row-ask"' in page
    assert "本页 1 行，共 1 行" in page


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("text", None, "不详"), ("text", "", "不详"), ("text", True, "是"), ("text", False, "否"),
        ("number", 1234, "1,234"), ("number", "12a", "12a"), ("money", Decimal("1234.5"), "1,234.50"),
        ("money", "?", "?"), ("date", date(2026, 11, 5), "2026-11-05"),
        ("time", datetime(2026, 11, 5, 8, 3), "2026-11-05 08:03"), ("code", "C91.0", "C91.0"),
    ],
)  # fmt: skip
def test_every_kind_of_cell(kind: Any, value: object, said: str) -> None:
    template = Template("{% load components %}{% cell column value %}")
    with translation.override("zh-hans"):
        assert said in template.render(Context({"column": Column("x", "X", kind=kind), "value": value}))
