"""Python and DuckDB give one answer: hypothesis writes conditions, facts and records, unknown answers included."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rulebook.helpers import FACTS, RULE, said_by_duckdb, said_by_python

from tonghu.rulebook.expressions import Kind, Value
from tonghu.rulebook.facts_file import read_schema
from tonghu.rulebook.rule_error import RuleError
from tonghu.rulebook.rule_file import read_rules
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.schema import UNREADABLE, Schema

CODES = ("C91.000", "c64.X00", "D32", "Ｃ９１．０", "C00", "C98", "Z51.1 ", "8010", "", "-", "四川省成都市", "急𠮷ß")
IDS = ("510107201609250028", "51010720160925002x", "510107160925002", "510107201602300028", "x")
SCHEMA = read_schema(FACTS, "facts.yaml")


# --- Conditions as text, by kind


def texts(each: str) -> dict[str, list[str]]:
    """The names that a condition may read, by kind."""
    found: dict[str, list[str]] = {kind: [] for kind in ("text", "integer", "decimal", "date", "datetime", "boolean")}
    for name, node in SCHEMA.scopes[each].items():
        if node.type.kind in (Kind.MIXED, Kind.NULL):
            continue
        found[node.type.kind].append(name)
    return found


@cache
def expressions(each: str) -> dict[str, st.SearchStrategy[str]]:
    """A strategy for expressions of each kind, nested."""
    names = texts(each)
    text = st.sampled_from([*names["text"], *(f"'{code}'" for code in CODES)])
    integer = st.one_of(st.sampled_from(names["integer"]), st.integers(-3, 40).map(str))
    decimal = st.one_of(st.sampled_from(names["decimal"]), st.sampled_from(["0.05", "100.00", "3"]))
    day = st.sampled_from([*names["date"], "date '2020-02-29'", "date_of(came)", "id_birth(id_number)"])
    moment = st.sampled_from([*names["datetime"], "timestamp '2024-02-29 23:59:59'"])
    members = [name for names_ in names.values() for name in names_]
    leaf = st.one_of(
        st.sampled_from(names["boolean"]),
        st.sampled_from([f"given({name})" for name in members]),
        st.sampled_from([f"{name} is null" for name in members]),
    )

    comparison = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    more_text = st.one_of(
        text,
        text.map(lambda t: f"upper({t})"),
        text.map(lambda t: f"code_key({t})"),
        text.map(lambda t: f"substr({t}, 2, 3)"),
        integer.map(lambda i: f"to_text({i})"),
        st.tuples(text, text).map(lambda p: f"coalesce({p[0]}, {p[1]})"),
    )
    more_integer = st.one_of(
        integer,
        text.map(lambda t: f"length({t})"),
        st.tuples(day, day).map(lambda p: f"years_between({p[0]}, {p[1]})"),
        st.tuples(day, moment).map(lambda p: f"days_between({p[0]}, {p[1]})"),
        st.tuples(moment, moment).map(lambda p: f"stay_days({p[0]}, {p[1]})"),
        st.tuples(integer, st.sampled_from("+-"), integer).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(integer, integer).map(lambda p: f"({p[0]} * {p[1]})"),
        st.tuples(integer, integer).map(lambda p: f"least({p[0]}, {p[1]})"),
        integer.map(lambda i: f"abs(-{i})" if not i.startswith("-") else f"abs({i})"),
    )
    more_decimal = st.one_of(
        decimal,
        st.tuples(decimal, st.sampled_from("+-"), decimal).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        decimal.map(lambda d: f"({d} * 3.5)"),
        integer.map(lambda i: f"days_as_months(least({i}, 9999))"),
        st.tuples(decimal, integer).map(lambda p: f"greatest({p[0]}, {p[1]})"),
        st.tuples(decimal, decimal).map(lambda p: f"coalesce({p[0]}, {p[1]})"),
    )

    def compared(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(of, comparison, of).map(" ".join)

    base = st.one_of(
        leaf,
        compared(more_text),
        compared(more_integer),
        compared(more_decimal),
        st.tuples(more_integer, comparison, more_decimal).map(" ".join),
        compared(day),
        compared(moment),
        text.map(lambda t: f"in_list({t}, 'C00-C97, D32, D35.2-D35.4, 8010-8015, Z51')"),
        text.map(lambda t: f"begins_any({t}, 'C|D3')"),
        st.tuples(text, text).map(lambda p: f"starts_with({p[0]}, {p[1]})"),
        text.map(lambda t: f"matches({t}, '[A-Zc].*0?')"),
        text.map(lambda t: f"province_known({t})"),
        text.map(lambda t: f"{t} in ('C00', '-', '')"),
        more_integer.map(lambda i: f"{i} not in (1, 2, 3)"),
        st.tuples(more_decimal, decimal, decimal).map(lambda p: f"{p[0]} between {p[1]} and {p[2]}"),
        st.just("id_valid(id_number)"),
        st.just("id_is_male(id_number)"),
    )

    def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
            inner.map(lambda b: f"not ({b})"),
            inner.map(lambda b: f"({b}) is true"),
            inner.map(lambda b: f"({b}) is not false"),
            inner.map(lambda b: f"({b}) is null"),
            st.tuples(inner, inner).map(lambda p: f"({p[0]}) = ({p[1]})"),
            st.tuples(inner, inner, inner).map(lambda p: f"case when {p[0]} then {p[1]} else {p[2]} end"),
            st.tuples(inner, inner).map(lambda p: f"case when {p[0]} then {p[1]} end"),
            st.tuples(inner, inner).map(lambda p: f"coalesce({p[0]}, {p[1]})"),
            st.tuples(inner, more_integer, integer).map(lambda p: f"case when {p[0]} then {p[1]} end > {p[2]}"),
        )

    return {"condition": st.recursive(base, nested, max_leaves=5)}


# --- Records


VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: st.sampled_from(CODES),
    Kind.INTEGER: st.one_of(st.integers(-2, 30), st.sampled_from([0, 1, 10**15, -(10**15)])),
    Kind.DECIMAL: st.sampled_from(
        [Decimal("0.00"), Decimal("0.05"), Decimal("100.00"), Decimal("9999999999999999.99")]
    ),
    Kind.DATE: st.dates(date(2000, 1, 1), date(2026, 12, 31)),
    Kind.DATETIME: st.datetimes(datetime(2000, 1, 1), datetime(2026, 12, 31)).map(lambda d: d.replace(microsecond=0)),
    Kind.BOOLEAN: st.booleans(),
}


@st.composite
def records(draw: st.DrawFn, schema: Schema) -> dict[str, Value]:
    record: dict[str, Value] = {}
    for name in draw(st.lists(st.sampled_from(sorted(schema.facts)), max_size=20, unique=True)):
        fact = schema.facts[name]
        state = draw(st.sampled_from(["value", "value", "value", "null", "unreadable"]))
        if state == "value":
            record[name] = draw(st.sampled_from(IDS) if name == "id_number" else VALUES[fact.type.kind])
        elif state == "unreadable" and fact.type.kind is not Kind.TEXT:
            record |= {name: None, name + UNREADABLE: True}
        else:
            record[name] = None
    return record


ATS = {"record": "days", "diagnosis": "key", "fee": "price", "field": "value"}


@st.composite
def rules(draw: st.DrawFn, number: int) -> dict[str, object]:
    each = draw(st.sampled_from([*ATS, "record"]))
    condition = expressions(each)["condition"]
    row = RULE | {"id": f"R{number}", "each": each, "at": ATS[each]}
    if draw(st.booleans()):
        row["when"] = draw(condition)
    row[draw(st.sampled_from(["must", "flag"]))] = draw(condition)
    return row


def compiled(schema: Schema, rows: list[dict[str, object]]) -> RuleSet:
    found = read_rules({"set": "t", "schema": "visit", "rules": rows}, "t.yaml", {"visit": schema}, lambda _: True)
    return RuleSet(schema, tuple(found))


@pytest.mark.requirement("REG-11")
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_both_executors_agree(data: st.DataObject) -> None:
    rows = [data.draw(rules(number)) for number in range(data.draw(st.integers(1, 5)))]
    try:
        ruleset = compiled(SCHEMA, rows)
    except RuleError as error:  # only numbers grown too long are refused, all else that is generated must load
        if "38" not in error.reason_en:
            raise
        return
    asked = data.draw(st.lists(records(SCHEMA), min_size=1, max_size=4))
    columns = data.draw(st.one_of(st.none(), st.sets(st.sampled_from(sorted(SCHEMA.facts)), min_size=10).map(sorted)))
    if columns is not None:
        known = set(columns) | {name + UNREADABLE for name in columns}
        asked = [{name: value for name, value in record.items() if name in known} for record in asked]
    assert said_by_python(ruleset, asked, columns) == said_by_duckdb(ruleset, asked, columns), rows


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize(
    "conditions",
    [
        # Occurrences shared by rules of which one needs a fact, one a sum over the wide row, one a sum over occurrences
        [("diagnosis", "urgent"), ("record", "tumours > days"), ("diagnosis", "least_amount > 1")],
        [("diagnosis", "urgent"), ("record", "tumours > 1"), ("diagnosis", "least_amount > 1 and urgent and age > 3")],
        [("diagnosis", "least_amount > 1 and tumours > 0 and is_child"), ("diagnosis", "position = last")],
        # A code of the record that several things are asked of, in the record and beside occurrences
        [("diagnosis", "code_key(code) = code_key(key)"), ("record", "in_list(code, 'C00-C97')")],
        [("diagnosis", "in_list(code, 'D32') and in_list(key, 'C')"), ("diagnosis", "in_list(code, 'C') and is_child")],
        # What an occurrence itself must fulfil, before the record is asked
        [("diagnosis", "in_list(key, 'C') and age > 3"), ("diagnosis", "outcome = '4' and any_died")],
        [("fee", "price > 1 and is_child and total > 2"), ("fee", "given(kind) and free")],
    ],
)  # fmt: skip
def test_groups_of_rules_have_what_they_ask_for(conditions: list[tuple[str, str]]) -> None:
    rows = [
        RULE | {"id": f"R{number}", "each": each, "at": ATS[each], "flag": condition}
        for number, (each, condition) in enumerate(conditions)
    ]
    asked: list[dict[str, Value]] = [
        {},
        {"urgent": True, "code": "C91.000", "d1": "c91.0", "e1": "4", "d9": "D32", "q1": 2, "p1": Decimal("3.00")},
        {"urgent": None, "code": "D32", "d2": "C00", "days": 0, "q1": 1, "q2": 5, "p2": Decimal("0.00")},
        {"born": date(2015, 1, 1), "came": datetime(2020, 1, 2), "code": "D32", "d1": "C00", "d3": "C01", "q3": 9},
    ]
    for columns in (None, ["days", "code", "d1", "d2", "e1", "born", "came", "q1", "p1"]):
        known = set(SCHEMA.facts if columns is None else columns)
        some = [{name: value for name, value in record.items() if name in known} for record in asked]
        ruleset = compiled(SCHEMA, rows)
        said = said_by_python(ruleset, some, columns)
        assert said == said_by_duckdb(ruleset, some, columns)
        assert said


def test_a_set_without_rules_says_nothing() -> None:
    assert said_by_duckdb(RuleSet(SCHEMA, ()), [{"days": 1}], None) == set()


def test_a_table_of_duckdb_is_read_where_it_lies() -> None:
    ruleset = compiled(SCHEMA, [RULE | {"id": "R0", "flag": "days > 3"}, RULE | {"id": "R1", "flag": "days is null"}])
    plan = ruleset.for_table(["days"])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE stays AS SELECT * FROM (VALUES (7, 4), (8, 2), (9, NULL)) AS v(stay, days)")
        found = plan.run(connection, "stays", "stay").fetchall()
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert sorted((row, plan.rules[rule].id, plan.facts[fact]) for row, rule, fact in found) == [
        (7, "R0", "days"),
        (9, "R1", "days"),
    ]
    assert tables == [("stays",)]
