"""Findings, history, progress, confirmation, ages and maps: what they say, in both languages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tonghu.codes import regions
from tonghu.platform.components import maps
from tonghu.platform.components.ages import age
from tonghu.platform.components.parts import Change, Confirm, Event, Finding, Level, Progress, in_words


def shown(tag: str, language: str = "zh-hans", **values: Any) -> str:
    with translation.override(language):
        return Template("{% load components %}{% " + tag + " %}").render(Context(values))


@pytest.mark.parametrize(
    ("born", "said", "english"),
    [
        (date(2026, 11, 15), "0天", "0 days"),
        (date(2026, 11, 14), "1天", "1 day"),
        (date(2026, 10, 16), "30天", "30 days"),
        (date(2026, 10, 15), "1月", "1 month"),
        (date(2025, 11, 16), "11月", "11 months"),
        (date(2025, 11, 15), "1岁", "1 year"),
        (date(2023, 7, 15), "3岁4月", "3 y 4 m"),
        (date(2020, 11, 16), "5岁11月", "5 y 11 m"),
        (date(2020, 11, 15), "6岁", "6 years"),
        (date(2012, 2, 29), "14岁", "14 years"),
    ],
)
def test_ages_are_said_as_people_say_them(born: date, said: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert age(born, date(2026, 11, 15)) == said
    with translation.override("en"):
        assert age(born, date(2026, 11, 15)) == english


def test_nobody_is_younger_than_nothing() -> None:
    with pytest.raises(ValueError, match="before the birth"):
        age(date(2026, 11, 16), date(2026, 11, 15))


def test_findings_stand_with_what_blocks_first_and_say_how_to_mend() -> None:
    page = shown(
        "findings findings",
        findings=[
            Finding(level=Level.CONFIRM, what="rare", rule="C1", override_url="/why"),
            Finding(level=Level.ERROR, what="<wrong>", where="born", mend="write it so", why="clause 3", field="born"),
        ],
    )
    assert page.index("须修改") < page.index("rare")
    assert "&lt;wrong&gt;" in page
    assert 'href="#id_born"' in page
    assert 'href="/why"' in page
    assert "全部规则通过" in shown("findings findings", findings=[])


def test_history_says_who_when_why_and_what_changed_but_no_secret() -> None:
    at = datetime(2026, 11, 15, 8, 42, tzinfo=ZoneInfo("UTC"))
    changes = [
        Change(label="born", before="2020-06-16", after="2020-06-15"),
        Change(label="place", before=None, after="X"),
        Change(label="note", before="Y", after=""),
        Change(label="number", before="110", after="120", secret=True),
        Change(label="<b>name</b>", before="<i>", after="&"),
    ]
    assert [change.kind for change in changes] == ["changed", "added", "removed", "changed", "changed"]
    page = shown(
        "timeline events",
        events=[
            Event(at=at, who="李想", post="录入员", what="修改", why="证件不符", changes=changes, url="/h"),
            Event(at=at, who="系统", what="生成"),
        ],
    )
    assert "2026-11-15 16:42" in page  # China's time
    assert "原因：证件不符" in page
    assert "修改了 5 个字段" in page
    assert "<del>2020-06-16</del>" in page
    assert "<ins>2020-06-15</ins>" in page
    assert "&lt;b&gt;name&lt;/b&gt;</th>" in page
    assert "<del>&lt;i&gt;</del>" in page
    assert "<ins>&amp;</ins>" in page
    assert "110" not in page
    assert "还没有记录" in shown("timeline events", events=[])


def test_progress_never_says_whole_before_it_is_and_counts_the_time_left() -> None:
    assert Progress(label="x", done=999, total=1000).percent == 99
    assert Progress(label="x", done=1000, total=1000).percent == 100
    assert Progress(label="x", done=5).percent is None
    running = Progress(label="x", done=100, total=1000, rate=10.0, unit="行", url="/p", cancel_url="/c")
    page = shown("progress progress", progress=running)
    assert "10%" in page
    assert "已完成 100 / 1,000 行" in page
    assert "每秒 10 行" in page
    assert "约剩 2 分钟" in page
    assert 'hx-get="/p"' in page
    assert 'action="/c"' in page
    done = shown("progress progress", progress=Progress(label="x", done=9, total=9, rate=1.0, state="done", url="/p"))
    assert "hx-get" not in done
    assert "剩" not in done
    assert "等待开始" in shown("progress progress", progress=Progress(label="x", done=0, state="waiting"))
    assert "因错误中止" in shown("progress progress", progress=Progress(label="x", done=0, state="failed", note="why"))
    assert "已取消" in shown("progress progress", progress=Progress(label="x", done=0, state="cancelled"))
    assert Progress(label="x", done=1, total=9, rate=0.2).rate_whole == 1


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_percentage_is_whole_and_within_its_bounds(done: int, total: int) -> None:
    percent = Progress(label="x", done=done, total=total).percent
    assert percent is not None
    assert 0 <= percent <= 100
    assert (percent == 100) == (done >= total)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 秒"), (59, "59 秒"), (60, "1 分钟"), (3569, "59 分钟"), (3600, "1 小时 0 分"), (9000, "2 小时 30 分")],
)
def test_durations_in_words(seconds: int, said: str) -> None:
    with translation.override("zh-hans"):
        assert in_words(timedelta(seconds=seconds)) == said


def test_a_confirmation_says_its_consequence_and_asks_for_a_reason() -> None:
    act = Confirm(
        question="Remove?",
        consequences=(("132 cards", "go"),),
        act="Remove",
        url="/do",
        fields=(("batch", "7"),),
        reason=True,
    )
    page = shown("confirm act", act=act)
    for words in ("Remove?", "132 cards", 'name="batch" value="7"', 'name="reason"', 'action="/do"', "无法撤销"):
        assert words in page
    assert 'name="reason"' not in shown(
        "confirm act", act=Confirm(question="?", consequences=(), act="a", url="/", tone="")
    )
    taken_back = Confirm(question="?", consequences=(), act="a", url="/", final=False)
    assert "无法撤销" not in shown("confirm act", act=taken_back)


class _Form(forms.Form):
    name = forms.CharField()
    note = forms.CharField(required=False)


def test_a_form_counts_the_fields_to_mend_and_not_what_is_no_fields_fault() -> None:
    wrong = _Form({"name": ""})
    assert "1 个字段需要修改" in shown("form form", form=wrong)
    refused = _Form({"name": "x"})
    refused.add_error(None, "not let in")
    page = shown("form form", form=refused)
    assert "not let in" in page
    assert "需要修改" not in page
    refused.add_error("note", "too long")
    assert "1 个字段需要修改" in shown("form form", form=refused)


def test_a_form_that_enter_submits_says_so_to_the_keys_and_shows_no_other_key() -> None:
    assert 'data-keys="submit"' in shown("form form enter=True", form=_Form())
    assert "<kbd>" not in shown("form form enter=True", form=_Form())
    plain = shown("form form", form=_Form())
    assert 'data-keys="submit"' not in plain
    assert "<kbd>Ctrl</kbd>" in plain


def test_every_province_stands_on_one_tile_of_its_own() -> None:
    grid = maps.grid()
    assert {row["code"] for row in grid} == set(regions.provinces())
    assert len({(row["row"], row["column"]) for row in grid}) == len(grid)
    assert all(regions.provinces()[row["code"]].startswith(row["zh"]) for row in grid)


def test_a_map_says_every_state_in_words_and_opens_what_makes_it() -> None:
    said = maps.provinces(
        "late?", {"510000": maps.Place(value="3", tone="ask", state="late", url="/sc")}, [("ask", "late")]
    )
    page = shown("tile_map map", map=said)
    assert 'href="/sc"' in page
    assert "四川 3 late" in page
    assert page.count("<g ") == 34
    with translation.override("en"):
        assert "SC" in {tile.name for tile in maps.provinces("?", {}).tiles}
    with pytest.raises(KeyError, match="999999"):
        maps.provinces("?", {"999999": maps.Place()})


def test_any_list_becomes_rows_of_tiles() -> None:
    listed = maps.listed("?", [(str(n), str(n), maps.Place()) for n in range(5)], across=3)
    assert [(tile.x // maps.TILE, tile.y // maps.TILE) for tile in listed.tiles] == [
        (0, 0),
        (1, 0),
        (2, 0),
        (0, 1),
        (1, 1),
    ]
    assert (listed.width, listed.height) == (3 * maps.TILE, 2 * maps.TILE)
    assert maps.listed("?", []).tiles == ()


def test_masked_values_have_a_visible_placeholder_and_no_field() -> None:
    page = shown("masked value label url", value="张*涵", label="姓名", url="/reveal")
    assert "张*涵" in page
    assert "已脱敏" in page
    assert "显示完整的姓名" in page
    assert "<input" not in page
    assert "/reveal" not in shown("masked value", value="张*涵")


def test_numbers_marks_and_empty_places() -> None:
    assert shown("mark text tone", text="<b>", tone="ask") == '<span class="mark mark-ask">&lt;b&gt;</span>'
    assert 'href="/new"' in shown("empty what url act", what="nothing", url="/new", act="add")
    with translation.override("zh-hans"):
        said = Template("{% load components %}{{ a|number }} {{ b|money }} {{ c|money }}{% age born day %}").render(
            Context({"a": None, "b": 3, "c": None, "born": date(2026, 1, 1), "day": date(2026, 3, 1)})
        )
    assert "不详" in said
    assert "3.00" in said
    assert said.endswith("2月")
