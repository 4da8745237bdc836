"""What cannot be loaded is refused with file, rule and reason, in both languages; layers and dates choose."""

# ruff: noqa: E501 -- tables of cases, a line each

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal

import pytest
from tests.rulebook.helpers import DAY, FACTS, rule, rulebook, write

from tonghu.errors import InputRefused
from tonghu.rulebook import RuleError, load

WRONG = [
    ({"must": "nothing > 1"}, "没有名为“nothing”的事实", "there is no fact “nothing”"),
    ({"must": "wonder(days) > 1"}, "没有名为“wonder”的函数", "no function “wonder”"),
    ({"must": "born < 'x'"}, "不能比较", "cannot be compared"),
    ({"must": "born < came"}, "date_of()", "use date_of()"),
    ({"must": "days / 2 > 1"}, "没有这种写法", "no such thing"),
    ({"must": "days"}, "应为判断式", "should be true or false"),
    ({"must": "days > :most"}, "没有名为“:most”的参数", "no parameter “:most”"),
    ({"must": "days > 1 and"}, "不能识读", "does not read"),
    ({"must": "days > 1; days > 2"}, "应为一个表达式", "one expression is needed"),
    ({"must": "days > 1 and name"}, "不是判断式", "is not true or false"),
    ({"must": "name + 1 > 2"}, "不是数", "is no number"),
    ({"must": "length(days) > 1"}, "参数应为文本", "takes a text"),
    ({"must": "in_list(code)"}, "需要 2 个参数", "takes 2 arguments"),
    ({"must": "substr(name, 0, 1) = 'a'"}, "从第 1 个字符起数", "counts from 1"),
    ({"must": "in_list(code, 'C97-C00')"}, "代码清单", "code list"),
    ({"must": "in_list(code, name)"}, "直接写出的文本", "a text written out"),
    ({"must": "matches(name, '^a')"}, "共通的范围", "not common to all executors"),
    ({"must": "matches(name, '(a')"}, "有误", "is wrong"),
    ({"must": "matches(name, 'a*?')"}, "共通的范围", "not common"),
    ({"must": "days in (count)"}, "应列出值", "needs a list of values"),
    ({"must": "cast(days as date) = born"}, "不可用", "cannot be used"),
    ({"must": "date '2020-02-30' = born"}, "不可用", "cannot be used"),
    ({"must": "days is not name"}, "不可用", "cannot be used"),
    ({"must": "case days when 1 then true end"}, "case 后应直接写 when", "without a value after case"),
    ({"must": "cost * cost * cost > 1"}, "38 位数字", "over 38 digits"),
    ({"must": "days > 1e3"}, "数字写法不可用", "is not written like"),
    ({"must": "days > 1", "flag": "days > 1"}, "must 或 flag", "either must or flag"),
    ({"must": "days > 1", "each": "nurse"}, "没有名为“nurse”的集合", "no collection “nurse”"),
    ({"must": "value > 1", "each": "field", "at": "value"}, "不能比较", "cannot be compared"),
    ({"must": "position > 1", "each": "diagnosis", "at": "position"}, "不是事实", "a constant, not a fact"),
    ({"must": "days > 1", "at": "nothing"}, "at：没有“nothing”", "at: there is no “nothing”"),
    ({"must": "days > 1", "at": None}, "缺少 at", "at is missing"),
    ({"must": "days > 1", "clause": "NHC20.99"}, "没有条款 NHC20.99", "no clause NHC20.99"),
    ({"must": "days > 1", "level": "fatal"}, "没有等级“fatal”", "no level “fatal”"),
    ({"must": "days > 1", "level": None}, "level 或 outcome", "either level or outcome"),
    ({"must": "days > 1", "layer": "village"}, "没有层级", "no layer “village”"),
    ({"must": "days > 1", "layer": "province"}, "province 层应写 region", "names its region"),
    ({"must": "days > 1", "layer": "province", "region": "51"}, "六位", "six digits"),
    ({"must": "days > 1", "valid_to": date(2019, 1, 1)}, "valid_to 应晚于", "should be after"),
    ({"must": "days > 1", "version": "one"}, "类型不对", "should be int"),
    ({"must": "days > 1", "verified": "yes"}, "类型不对", "should be bool"),
    ({"must": "days > 1", "colour": "red"}, "不认识的键 colour", "unknown key colour"),
    ({"must": "days > 1", "title": {"zh": "题"}}, "title：缺少 en", "title: en is missing"),
    ({"must": "days > 1", "message": {"zh": "{nothing}", "en": "x"}}, "{nothing}", "neither a fact nor a parameter"),
    ({"must": "days > 1", "params": {"most": [1]}}, "参数值", "a parameter cannot be"),
    ({"must": "days > 1", "examples": {"finds": [{"nothing": 1}]}}, "没有名为“nothing”", "no fact “nothing”"),
    ({"must": "days > 1", "examples": {"finds": [{"days": "one"}]}}, "应为 integer", "should be integer"),
    ({"must": "days > 1", "examples": {"finds": [{"cost": True}]}}, "应为 decimal", "should be decimal"),
    ({"must": "days > 1", "examples": {"finds": [{"born": "2020-13-01"}]}}, "应为 date", "should be date"),
    ({"must": "days > 1", "examples": {"finds": [{"came": "soon"}]}}, "应为 datetime", "should be datetime"),
    ({"must": "days > 1", "examples": {"finds": [{"urgent": 1}]}}, "应为 boolean", "should be boolean"),
    ({"must": "days > 1", "examples": {"finds": [{"days__unreadable": 1}]}}, "类型不对", "should be bool"),
    ({"must": "days > 1", "examples": {"wins": []}}, "不认识的键", "unknown key"),
    ({"must": "days > 1", "by": "count"}, "不写 must", "has no must"),
]  # fmt: skip


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize(("parts", "zh", "en"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_a_wrong_rule_is_named_with_its_reason(tmp_path, parts, zh, en):
    with pytest.raises(RuleError) as refused:
        rulebook(tmp_path, rule(id="R7", **parts))
    assert (refused.value.file, refused.value.rule) == ("rules.yaml", "R7")
    assert zh in refused.value.reason_zh
    assert en in refused.value.reason_en
    assert "规则文件 rules.yaml 的规则 R7" in str(refused.value)
    assert "\n" not in str(refused.value)


def changed(path: list[object], value: object) -> dict:
    facts = copy.deepcopy(FACTS)
    inner = facts
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return facts


WRONG_FACTS = [
    (changed(["dictionary"], "atlas"), "没有名为“atlas”的字段字典"),
    (changed(["colour"], "red"), "不认识的键"),
    (changed(["supplied", 0, "type"], "number"), "没有类型“number”"),
    (changed(["supplied", 0, "by"], "pigeon"), "来源 by"),
    (changed(["supplied", 1, "name"], "name"), "已被使用"),
    (changed(["derived", 0, "name"], "days"), "已被使用"),
    (changed(["derived", 0, "as"], "is_child"), "没有名为“is_child”"),
    (changed(["derived", 0, "type"], "text"), "声明为 text"),
    (changed(["derived", 0, "over"], "diagnosis"), "导出事实应写 as"),
    (changed(["derived", 2, "over"], "nurse"), "没有名为“nurse”的集合"),
    (changed(["derived", 7, "sum"], "kind"), "sum 只能用于数"),
    (changed(["collections", "fee", "exists"], "maybe"), "any 或 always"),
    (changed(["collections", "fee", "values"], ["name"]), "slots、values、fields 之一"),
    (changed(["collections", "fee", "slots", 0, "price"], "x{n}"), "没有名为“x{n}”的事实"),
    (changed(["collections", "fee", "slots"], [{"kind": "'drug'"}]), "至少应有一个事实"),
    (changed(["collections", "record"], {"zh": "a", "en": "b", "values": ["name"]}), "record"),
]


@pytest.mark.parametrize(("facts", "zh"), WRONG_FACTS, ids=[zh for _, zh in WRONG_FACTS])
def test_a_wrong_facts_file_is_named_with_its_reason(tmp_path, facts, zh):
    with pytest.raises(RuleError) as refused:
        rulebook(tmp_path, facts=facts)
    assert refused.value.file == "facts.yaml"
    assert zh in refused.value.reason_zh


@pytest.mark.parametrize(
    ("text", "zh"),
    [("a: [", "不是正确的 YAML"), ("- 1", "应为键值"), ("set: a", "缺少"), ("set: a\nschema: b\nrules: []", "没有事实表“b”"),
     ("set: a\nschema: visit\nrules: 1", "类型不对"), ("set: a\nschema: visit\nrules: [1]", "类型不对")],
)  # fmt: skip
def test_a_file_that_is_no_rule_file(tmp_path, text, zh):
    write(tmp_path)
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=zh):
        load([tmp_path])


def test_a_schema_is_declared_once_and_a_file_must_be_there(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    with pytest.raises(RuleError, match="已在"):
        load([tmp_path])
    with pytest.raises(RuleError, match="不能读取"):
        load([tmp_path / "none.yaml"])


R = {"must": "days > 1"}
FIXED = rule(**R, fixed=True, level="warning")
SICHUAN = {"layer": "province", "region": "510000", "version": 2}

CONTRADICTIONS = [
    ([rule(**R), rule(**R)], "版本 1 重复"),
    ([rule(**R), rule(**R, version=2)], "有效期重叠"),
    ([FIXED, rule(must="days > 2", fixed=True, **SICHUAN)], "改变了规则的适用或判断"),
    ([FIXED, rule(must="days > 1", when="count > 1", fixed=True, **SICHUAN)], "改变了规则的适用或判断"),
    ([FIXED, rule(**R, **SICHUAN)], "去掉了不可放宽的标记"),
    ([FIXED, rule(**R, fixed=True, **SICHUAN | {"level": "confirm"})], "等级由 warning 降低"),
    ([FIXED, rule(must="days > 2", layer="hospital", hospital="H1", version=2)], "改变了规则"),
    ([rule(**R, fixed=True, **SICHUAN), rule(must="days > 3", **SICHUAN | {"region": "510100"})], "改变了规则"),
]


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize(("rules", "zh"), CONTRADICTIONS, ids=[str(n) for n in range(len(CONTRADICTIONS))])
def test_rules_that_contradict_each_other(tmp_path, rules, zh):
    with pytest.raises(RuleError) as refused:
        rulebook(tmp_path, *rules)
    assert zh in refused.value.reason_zh
    assert refused.value.rule == "R1"


def test_one_id_belongs_to_one_set(tmp_path):
    write(tmp_path, rule(**R))
    (tmp_path / "more.yaml").write_text(
        (tmp_path / "rules.yaml").read_text(encoding="utf-8").replace("set: tests", "set: others"), encoding="utf-8"
    )
    with pytest.raises(RuleError, match="同名"):
        load([tmp_path])


@pytest.mark.requirement("REG-11")
def test_a_lower_layer_may_raise_a_fixed_rule_and_refine_another(tmp_path):
    book = rulebook(
        tmp_path,
        FIXED,
        rule(**R, fixed=True, **SICHUAN | {"level": "error"}),
        rule(id="R2", must="days > 5"),
        rule(id="R2", must="days > 7", **SICHUAN),
        rule(id="R2", must="days > 9", layer="hospital", hospital="H1", version=3),
        rule(id="R3", must="days > 5", version=1, valid_to=date(2024, 1, 1)),
        rule(id="R3", must="days > 6", version=2, valid_from=date(2024, 1, 1)),
        rule(id="R4", must="days > 5", layer="province", region="110000"),
    )

    def held(day=DAY, region=None, hospital=None):
        chosen = book.on(day, region, hospital=hospital).rules
        return {r.id: (r.must, str(r.level), r.version) for r in chosen}

    assert held() == {"R1": ("days > 1", "warning", 1), "R2": ("days > 5", "error", 1), "R3": ("days > 6", "error", 2)}
    assert held(region="510107")["R1"] == ("days > 1", "error", 2)
    assert held(region="510107")["R2"][0] == "days > 7"
    assert held(region="510107", hospital="H1")["R2"][0] == "days > 9"
    assert "R4" not in held(region="510107")
    assert held(region="110105")["R4"][0] == "days > 5"
    assert held(day=date(2023, 12, 31))["R3"] == ("days > 5", "error", 1)
    assert held(day=date(2024, 1, 1))["R3"] == ("days > 6", "error", 2)
    assert held(day=date(2019, 12, 31)) == {}


def test_optional_rules_layouts_and_sets(tmp_path):
    book = rulebook(
        tmp_path,
        rule(id="R1", **R, layouts=["2012"]),
        rule(id="R2", flag="days > 1", level=None, outcome="benign", optional=True),
    )
    assert [r.id for r in book.on(DAY).rules] == ["R1"]
    assert [r.id for r in book.on(DAY, layout="2020").rules] == []
    assert [r.id for r in book.on(DAY, options={"benign"}, sets={"tests"}).rules] == ["R1", "R2"]
    assert [r.id for r in book.on(DAY, options={"R2"}, layout="2020").rules] == ["R2"]
    with pytest.raises(InputRefused, match="没有规则集“other”"):
        book.on(DAY, sets={"other"})
    assert book.sets == ("tests",)


def test_rules_of_two_schemas_are_not_mixed(tmp_path):
    write(tmp_path / "a", rule(**R))
    write(tmp_path / "b", rule(id="R2", **R), facts=FACTS | {"schema": "other"}, set="others")
    book = load([tmp_path])
    with pytest.raises(InputRefused, match="分属不同的事实表"):
        book.on(DAY)
    assert book.on(DAY, sets={"others"}).schema.name == "other"
    with pytest.raises(InputRefused, match="空"):
        load([]).on(DAY)


def test_inert_rules_wait_for_what_nobody_supplies(tmp_path):
    ruleset = rulebook(
        tmp_path, rule(id="R1", must="sent <= today"), rule(id="R2", must="tumours = 0"), rule(id="R3", must="is_child")
    ).on(DAY)
    assert [r.id for r in ruleset.inert()] == ["R1"]
    assert ruleset.inert({"sent"}) == ()
    assert ruleset.facts_read["R3"] == {"born", "came"}
    assert {"code", "d1", "d10"} <= ruleset.facts_read["R2"]


def test_words_are_filled_with_the_record_the_slot_and_the_parameters(tmp_path):
    message = {"zh": "{name}：{key} 在第 {position} 位，上限 {most}", "en": "{outcome}"}
    parts = {"each": "diagnosis", "at": "key", "message": message, "params": {"most": 2.5}}
    ruleset = rulebook(tmp_path, rule(must="position < :most", **parts)).on(DAY)
    record = {"name": "张某", "d3": "C91"}
    (answer,) = ruleset.for_record()(record)
    assert ruleset.words(answer, record).zh == "张某：C91 在第 3 位，上限 2.5"
    assert ruleset.words(answer, record).en == "(empty)"
    assert ruleset.rules[0].params == {"most": Decimal("2.5")}
