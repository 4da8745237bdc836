"""A small world of facts, and rules written in a line, for the tests of the engine."""

# ruff: noqa: E501 -- tables of cases, a line each

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tonghu.rulebook import Rulebook, RuleSet, load
from tonghu.rulebook.expressions import Value
from tonghu.rulebook.schema import UNREADABLE
from tonghu.rulebook.tables import table_of

FACTS: dict[str, Any] = {
    "schema": "visit",
    "supplied": [
        {"name": "name", "type": "text", "zh": "姓名", "en": "name"},
        {"name": "code", "type": "text", "zh": "编码", "en": "code"},
        {"name": "id_number", "type": "text", "zh": "证件号", "en": "identity number"},
        {"name": "days", "type": "integer", "zh": "天数", "en": "days"},
        {"name": "count", "type": "integer", "zh": "次数", "en": "count"},
        {"name": "cost", "type": "decimal", "zh": "费用", "en": "cost"},
        {"name": "paid", "type": "decimal", "zh": "已付", "en": "paid"},
        {"name": "born", "type": "date", "zh": "出生", "en": "born"},
        {"name": "today", "type": "date", "by": "run", "zh": "今天", "en": "today"},
        {"name": "came", "type": "datetime", "zh": "来", "en": "came"},
        {"name": "left", "type": "datetime", "zh": "走", "en": "left"},
        {"name": "urgent", "type": "boolean", "zh": "急", "en": "urgent"},
        {"name": "sent", "type": "date", "by": "card", "zh": "报出", "en": "sent"},
        {"name": "d{n}", "repeat": 10, "type": "text", "zh": "诊断{n}", "en": "diagnosis {n}"},
        {"name": "e{n}", "repeat": 10, "type": "text", "zh": "结局{n}", "en": "outcome {n}"},
        {"name": "p{n}", "repeat": 3, "type": "decimal", "zh": "费{n}", "en": "fee {n}"},
        {"name": "q{n}", "repeat": 3, "type": "integer", "zh": "量{n}", "en": "quantity {n}"},
    ],
    "derived": [
        {"name": "age", "type": "integer", "zh": "年龄", "en": "age", "as": "years_between(born, came)"},
        {"name": "is_child", "type": "boolean", "zh": "儿童", "en": "child", "as": "age < 18"},
        {"name": "tumours", "type": "integer", "zh": "肿瘤", "en": "tumours", "over": "diagnosis",
         "count": "in_list(key, 'C00-C97') and position > 0"},
        {"name": "any_died", "type": "boolean", "zh": "亡", "en": "died", "over": "diagnosis",
         "any": "outcome = '4'", "where": "position < 9"},
        {"name": "kinds", "type": "integer", "zh": "种", "en": "kinds", "over": "diagnosis", "distinct": "code_key(key)"},
        {"name": "last", "type": "integer", "zh": "末", "en": "last", "over": "diagnosis",
         "max": "case when given(key) then position end"},
        {"name": "first_key", "type": "text", "zh": "首", "en": "first", "over": "diagnosis", "min": "key"},
        {"name": "total", "type": "decimal", "zh": "合计", "en": "total", "over": "fee", "sum": "price"},
        {"name": "most", "type": "decimal", "zh": "最多", "en": "most", "over": "fee", "max": "price * amount"},
        {"name": "least_amount", "type": "integer", "zh": "最少", "en": "least", "over": "fee", "min": "amount"},
        {"name": "free", "type": "boolean", "zh": "免费", "en": "free", "over": "fee", "any": "price = 0",
         "where": "amount > 0 and is_child"},
        {"name": "prices", "type": "integer", "zh": "价", "en": "prices", "over": "fee", "distinct": "price"},
        {"name": "bought", "type": "integer", "zh": "买", "en": "bought", "over": "fee", "count": "given(price)"},
    ],
    "collections": {
        "diagnosis": {
            "zh": "诊断", "en": "diagnosis", "exists": "any",
            "slots": [{"position": 0, "key": "code"}, {"repeat": 10, "position": "{n}", "key": "d{n}", "outcome": "e{n}"}],
        },
        "fee": {"zh": "费", "en": "fee", "slots": [{"repeat": 3, "price": "p{n}", "amount": "q{n}", "kind": "'drug'"}]},
        "field": {"zh": "项", "en": "field", "exists": "always", "values": ["name", "days", "born"]},
    },
}  # fmt: skip

RULE: dict[str, Any] = {
    "id": "R1", "version": 1, "valid_from": date(2020, 1, 1), "level": "error", "each": "record", "at": "days",
    "clause": "NHC20.3.2", "source": "made up", "verified": True,
    "title": {"zh": "题", "en": "title"}, "message": {"zh": "错", "en": "wrong"},
}  # fmt: skip

DAY = date(2026, 11, 22)


def rule(**parts: Any) -> dict[str, Any]:
    """A rule file's row, with `parts` in place of the usual ones; None leaves one out."""
    return {key: value for key, value in (RULE | parts).items() if value is not None or key == "valid_to"}


def write(folder: Path, *rules: Mapping[str, Any], facts: Mapping[str, Any] = FACTS, **more: Any) -> Path:
    """A folder with a facts file and one rule file."""
    folder.mkdir(exist_ok=True)
    (folder / "facts.yaml").write_text(yaml.safe_dump(dict(facts), allow_unicode=True), encoding="utf-8")
    content = {"set": "tests", "schema": facts["schema"], "rules": list(rules)} | more
    (folder / "rules.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def rulebook(folder: Path, *rules: Mapping[str, Any], **more: Any) -> Rulebook:
    """The rulebook of such a folder."""
    return load([write(folder, *rules, **more)])


Said = set[tuple[int, str, str, str, frozenset[str]]]


def said_by_python(ruleset: RuleSet, records: Sequence[Mapping[str, Value]], columns: Sequence[str] | None) -> Said:
    """(row, rule, fact, verdict, missing) of every answer."""
    judge = ruleset.for_record(columns)
    return {
        (row, answer.rule.id, answer.fact, answer.verdict, frozenset(answer.missing))
        for row, record in enumerate(records)
        for answer in judge(record)
    }


def said_by_duckdb(ruleset: RuleSet, records: Sequence[Mapping[str, Value]], columns: Sequence[str] | None) -> Said:
    """The same, of the table that the records make."""
    table = table_of(ruleset.schema, records, columns)
    plan = ruleset.for_table(table.column_names)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("records", table)
        found = plan.run(connection, "records").fetchall()
        unknown = plan.unknowns(connection, "records").fetchall()
        # Columns that hold nothing may be left out of the query: it finds the same.
        given = [name for name in table.column_names if table[name].null_count < len(records)]
        empty = {name for name in table.column_names if not {name, name + UNREADABLE} & set(given)}
        lean = ruleset.for_table(table.column_names, empty).run(connection, "records").fetchall()
    assert set(lean) == set(found)
    said: Said = {(row, plan.rules[at].id, plan.facts[fact], "finds", frozenset()) for row, at, fact in found}
    return said | {
        (row, plan.rules[at].id, plan.facts[fact], "unknown", frozenset(missing)) for row, at, fact, missing in unknown
    }
