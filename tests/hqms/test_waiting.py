"""Rows that wait: each is judged once, in piles, with its own cells; what goes wrong beside the reading is not lost."""

from __future__ import annotations

import polars as pl
import pytest

from tonghu.hqms.waiting import Waiting


def part(*rows: int, **more: list[str | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame({"row": rows}), pl.DataFrame({"c0": [f"cell {row}" for row in rows], **more})


def test_every_row_is_judged_once_with_its_cells():
    piles: list[pl.DataFrame] = []

    def judge(table: pl.DataFrame, data: pl.DataFrame) -> pl.DataFrame:
        piles.append(pl.concat([table, data], how="horizontal"))
        return table

    waiting = Waiting(judge, together=3)
    for rows in ((1, 2), (3, 4), (5,), (6,)):
        waiting.add(*part(*rows))
    assert [found["row"].to_list() for found in waiting.found()] == [[1, 2, 3, 4], [5, 6]]
    assert [cell for pile in piles for cell in pile["c0"]] == [f"cell {row}" for row in range(1, 7)]


def test_parts_may_differ_in_the_columns_that_have_cells():
    seen: list[pl.DataFrame] = []
    waiting = Waiting(lambda table, data: (seen.append(data), table)[1], together=10)
    waiting.add(*part(1, c1=[None]))
    waiting.add(*part(2, c1=["here"]))
    waiting.found()
    assert seen[0]["c1"].to_list() == [None, "here"]


def test_nothing_waiting_is_nothing_found():
    assert Waiting(lambda table, _: table, together=1).found() == []


def test_what_the_judging_raises_is_raised():
    def judge(table: pl.DataFrame, data: pl.DataFrame) -> pl.DataFrame:
        raise MemoryError

    waiting = Waiting(judge, together=1)
    waiting.add(*part(1))
    with pytest.raises(MemoryError):
        waiting.found()


def test_what_many_rows_need_is_got_ready_once():
    calls: list[str] = []

    def judge(table: pl.DataFrame, _: pl.DataFrame) -> pl.DataFrame:
        calls.append("judged")
        return table

    waiting = Waiting(judge, 10, lambda: calls.append("ready"))
    waiting.add(*part(1))
    assert calls == []
    waiting.expect_many()
    waiting.expect_many()
    waiting.add(*part(2))
    waiting.add(*part(3))
    waiting.finish()
    assert len(waiting.found()) == 1
    assert calls == ["ready", "judged"]
