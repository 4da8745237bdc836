"""``tonghu rules``: list, show, test, run and replay, as a user meets them."""

from __future__ import annotations

import json

import pytest
from tests.rulebook.helpers import rule, write

from tonghu.cli import main
from tonghu.rulebook import commands, rulebook

MADE_UP = [
    rule(
        id="X1", must="days <= 10", title={"zh": "天数不多", "en": "Not too long"}, fixed=True,
        message={"zh": "天数 {days} 过多", "en": "{days} days are too many"}, mend={"zh": "改", "en": "Mend it"},
        examples={"finds": [{"days": 11}], "passes": [{"days": 10}], "unknown": [{"missing": ["days"]}]},
    ),
    rule(id="X2", each="diagnosis", at="key", flag="in_list(key, 'V')", params={"n": 1}, layouts=["2012"],
         examples={"finds": [{"d1": "V01"}]}),
    rule(id="X3", must="sent <= today", level="warning"),
    rule(id="X4", flag="days > 1", level=None, outcome="benign", optional=True, verified=False),
    rule(id="X5", by="count", at=None, each=None),
]  # fmt: skip


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The commands over a made-up rulebook in place of the packaged one."""
    folder = write(tmp_path / "rules", *MADE_UP)
    monkeypatch.setattr(rulebook, "PACKAGED", folder)
    return folder


def said(capsys, *words: object, code: int = 0) -> str:
    assert main(["rules", *map(str, words)]) == code
    return capsys.readouterr().out


@pytest.mark.requirement("REG-11")
def test_list(house, capsys):
    out = said(capsys, "list", "--on", "2026-11-22")
    assert "X1\terror\t天数不多\tNot too long" in out
    assert "X4\tbenign\t题（可选 optional）" in out
    assert [line.split("\t")[0] for line in said(capsys, "list", "--inert").splitlines()] == ["X3"]
    assert "待 sent" in said(capsys, "list", "--inert")
    assert said(capsys, "list", "--on", "2019-01-01") == ""
    assert "X2" not in said(capsys, "list", "--layout", "2020")


def test_show(house, capsys):
    out = said(capsys, "show", "X1")
    for part in (
        "天数不多",
        "Not too long",
        "错误 error，不可放宽 fixed",
        "days <= 10",
        "NHC20.3.2",
        "已核实",
        "发现 finds",
        "改",
    ):
        assert part in out
    assert "参数 params     :n = 1" in said(capsys, "show", "X2")
    assert "derived or not yet verified" in said(capsys, "show", "X4")
    assert "判断 by         count" in said(capsys, "show", "X5")


def test_what_is_not_there_is_said_in_one_line(house, capsys, tmp_path):
    for words in (
        ["show", "X9"],
        ["list", "--on", "yesterday"],
        ["list", "--rules", tmp_path / "none"],
        ["run", "--facts", tmp_path / "none.json"],
    ):
        assert main(["rules", *map(str, words)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"days": ' + "[" * 200_000 + "]" * 200_000 + "}", "嵌套过深"),
        ("[" * 200_000, "嵌套过深"),
        ('{"a": ' * 200_000, "嵌套过深"),
        ('{"days": ' + "1" * 5000 + "}", "数字过大"),
        ('{"cost": 1e' + "9" * 30 + "}", "数字过大"),
        ('{"days": ' + "[" * 100 + "]" * 100 + "}", "第 1 条记录"),
        ('{"cost": NaN}', "第 1 条记录"),
        ('{"cost": Infinity}', "第 1 条记录"),
        ('{"days": tru', "1:10"),
    ],
)
def test_facts_that_no_record_can_hold_are_said_in_one_line_of_both_languages(house, capsys, tmp_path, text, words):
    place = tmp_path / "deep.json"
    place.write_text(text, encoding="utf-8")
    assert main(["rules", "run", "--facts", str(place)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert len(told[0]) < 400
    assert words in told[0]
    assert " / deep.json" in told[0]


def test_the_examples_are_run(house, capsys):
    assert "5 条规则，4 个示例，0 处不符，2 条无示例 / 5 rules, 4 examples, 0 wrong answers" in said(capsys, "test")


def test_a_wrong_example_is_named_and_fails(house, capsys):
    write(
        house, rule(id="X1", must="days <= 10", examples={"finds": [{"days": 9}], "unknown": [{"missing": ["cost"]}]})
    )
    out = said(capsys, "test", "--set", "tests", code=1)
    assert "X1 示例 1（python）：应为 finds，实为 passes" in out
    assert "X1 示例 1（duckdb）" in out
    assert "X1 示例 2（duckdb）：应为 unknown，实为 unknown days" in out


def test_run_over_json_and_csv(house, capsys, tmp_path):
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"days": 11, "d2": "V99", "cost": 1.5}), encoding="utf-8")
    out = said(capsys, "run", "--facts", one)
    assert "1\tX1\terror\tdays\t天数 11 过多\t11 days are too many" in out
    assert "1\tX2\terror\td2\t错\twrong" in out
    assert "1\tX3\t未知 unknown\tdays\t错，缺 missing: sent today\twrong" in out
    many = tmp_path / "many.csv"
    many.write_text("days,born,urgent\n12,2020-01-01,true\nmany,,\n", encoding="utf-8")
    out = said(capsys, "run", "--facts", many, "--layout", "2020")
    assert "1\tX1\terror\tdays" in out
    assert "2\tX1\t未知 unknown" in out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{"),
        ("a.json", "[1]"),
        ("a.json", '{"nothing": 1}'),
        ("a.json", '{"days": "x"}'),
        ("a.csv", "nothing\n1\n"),
    ],
)
def test_facts_that_cannot_be_read(house, capsys, tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["rules", "run", "--facts", str(tmp_path / name)]) == 2
    assert "a." in capsys.readouterr().err


@pytest.mark.requirement("REG-11")
def test_replay_says_what_changes(house, capsys, tmp_path):
    after = write(
        tmp_path / "after",
        rule(id="X1", must="days <= 5", level="warning"),
        rule(id="X2", each="diagnosis", at="key", flag="in_list(key, 'W')"),
    )
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([{"days": 7, "d1": "V01"}, {"days": 20}, {"days": 1}]), encoding="utf-8")
    out = said(capsys, "replay", rows, "--from", "2026-11-22", "--to", after)
    assert out.splitlines() == [
        "3 条记录 / records",
        "新发现 newly caught: 1",
        "  X1\t1\t行 rows 0",
        "不再发现 let go: 1",
        "  X2\t1\t行 rows 0",
        "等级变化 changed level: 1",
        "  X1\terror → warning\t1\t行 rows 1",
    ]


def test_words_for_people_are_given_in_both_languages():
    assert set(commands._LEVELS) == {"error", "warning", "confirm"}


def test_a_region_that_never_was_is_refused(house, capsys):
    for words in (["list", "--at", "510199"], ["list", "--at", "51"]):
        assert main(["rules", *words]) == 2
        assert "51" in capsys.readouterr().err
    assert main(["rules", "list", "--at", "510100"]) == 0
