"""All examples of the registry rules, as one table: DuckDB finds what the Python executor finds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from made_up_stays import DAY, FRONT_PAGE, SCOPE, clean

from tonghu.rulebook import Rulebook

TYPES = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "decimal": pl.Decimal(18, 2),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "boolean": pl.Boolean(),
}
ODD = [
    {},
    {"principal_diagnosis_code": "", "other_diagnosis_1_code": "...", "national_id": "１２３"},
    {"birth_date": date(1900, 1, 1), "admission_datetime": datetime(2099, 12, 31, 23, 59), "age_years": -5},
    {"cost_total": Decimal("99999999.99"), "cost_other": Decimal("-0.01"), "cost_blood": Decimal("99999999.99")},
    {"length_of_stay_days": -(2**31), "admission_count": 2**40},
]


@pytest.mark.parametrize("layout", ["2012", "2020"])
@pytest.mark.parametrize("rule_set", [FRONT_PAGE, SCOPE])
def test_both_executors_find_the_same_in_all_examples(layout: str, rule_set: str, rulebook: Rulebook) -> None:
    rules = rulebook.on(DAY, sets={rule_set}, layout=layout, options={"benign_other", "other_blood", "lch"})
    facts = {name: fact for name, fact in rules.schema.facts.items() if fact.is_in(layout)}
    records = [dict(example.record) for rule in rules.rules for example in rule.examples]
    records = [r for r in records if all(name.removesuffix("__unreadable") in facts for name in r)]
    records += [clean(layout), *ODD]
    # Only the columns that some record fills: the other slots are absent from the file, and the query stays small.
    named = {name.removesuffix("__unreadable") for record in records for name in record}
    columns = {name: TYPES[str(facts[name].type.kind)] for name in sorted(named)}
    columns |= {name: pl.Boolean() for record in records for name in record if name.endswith("__unreadable")}
    table = pl.DataFrame(
        {name: pl.Series([record.get(name) for record in records], dtype=type_) for name, type_ in columns.items()}
    ).with_row_index("row")

    judge = rules.for_record(set(columns))
    expected = {
        (row, answer.rule.id, answer.fact)
        for row, record in enumerate(records)
        for answer in judge(record)
        if answer.verdict == "finds"
    }
    plan = rules.for_table(set(columns))
    with duckdb.connect() as connection:
        connection.register("stays", table)
        found = plan.run(connection, "stays").fetchall()
    assert {(row, plan.rules[rule].id, plan.facts[fact]) for row, rule, fact in found} == expected
    assert len(expected) > len(rules.rules) / 2
