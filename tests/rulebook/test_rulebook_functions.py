"""Every function of the language: the same answer from Python and DuckDB, and the Spark text as reviewed."""

# ruff: noqa: E501 -- tables of cases, a line each

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from tests.rulebook.helpers import FACTS

from tonghu.codes import icd10, identity
from tonghu.rulebook import language, meaning
from tonghu.rulebook.expressions import Name
from tonghu.rulebook.facts_file import read_schema
from tonghu.rulebook.parsing import parse
from tonghu.rulebook.python_executor import _Writer
from tonghu.rulebook.ruleset import RuleSet
from tonghu.rulebook.sql_text import DUCKDB, SPARK, sql

SCHEMA = read_schema(FACTS, "facts.yaml")

CASES = [
    ("starts_with('C910', 'C91')", True),
    ("starts_with('C910', '')", True),
    ("starts_with('c910', 'C91')", False),
    ("begins_any('T81', 'S|T')", True),
    ("begins_any('R81', 'S|T')", False),
    ("substr('急性白血病', 3, 2)", "白血"),
    ("substr('ab', 2, 9)", "b"),
    ("substr('ab', 5, 1)", ""),
    ("length('')", 0),
    ("length('急性a𠮷')", 4),
    ("upper('aßé急z')", "Aßé急Z"),
    ("abs(-3)", 3),
    ("abs(-2.50)", Decimal("2.50")),
    ("least(3, 1, 2)", 1),
    ("least('b', 'a')", "a"),
    ("least(1, (case when false then 1 end))", None),
    ("greatest(date '2020-01-01', date '2021-01-01')", date(2021, 1, 1)),
    ("greatest(1, (case when false then 1 end), 5)", None),
    ("code_key(' Ｃ９１．0x00\u3000')", "C910X00"),
    ("code_key('d66.X00')", "D66X00"),
    ("code_key('=\"d66.X00\"')", "D66X00"),
    ("code_key('（C91.0）')", "C910"),
    ("in_list('[C91.0]', 'C00-C97')", True),
    ("in_list('c91.000', 'C00-C97, D35.2-D35.4')", True),
    ("in_list('D35.5', 'C00-C97, D35.2-D35.4')", False),
    ("in_list('Ｄ35．300', 'C00-C97, D35.2-D35.4')", True),
    ("in_list('C98', 'C00-C97')", False),
    ("in_list('8013', '8010-8012, 8020, 8031, 8050-8052, 8070, 8013')", True),
    ("in_list('8030', '8010-8012, 8020, 8031, 8050-8052, 8070, 8013')", False),
    ("in_list('8071', '8010-8012, 8020, 8031, 8050-8052, 8070, 8013')", False),
    ("matches('M98210/3', 'M[89][0-9]{4}/[01239]')", True),
    ("matches('M98210/33', 'M[89][0-9]{4}/[01239]')", False),
    ("matches('a\n', 'a.?')", False),
    ("matches('a/b', '.*/b|x+')", True),
    ("matches('٣', '\\d')", False),
    ("years_between(date '2004-02-29', date '2022-02-28')", 17),
    ("years_between(date '2004-02-29', date '2022-03-01')", 18),
    ("years_between(timestamp '2004-05-01 23:00:00', timestamp '2022-05-01 01:00:00')", 18),
    ("years_between(date '2022-05-01', date '2021-05-02')", -1),
    ("days_between(timestamp '2022-05-01 23:00:00', date '2022-05-02')", 1),
    ("days_between(date '2022-05-02', date '2022-04-30')", -2),
    ("date_of(timestamp '2022-05-01 23:59:59')", date(2022, 5, 1)),
    ("date_of(date '2022-05-01')", date(2022, 5, 1)),
    ("at_midnight(timestamp '2022-05-01 00:00:00')", True),
    ("at_midnight(timestamp '2022-05-01 00:00:01')", False),
    ("at_midnight((case when false then timestamp '2022-05-01 00:00:00' end))", None),
    ("days_as_months(45)", Decimal("1.50")),
    ("days_as_months(1)", Decimal("0.03")),
    ("days_as_months(-1)", Decimal("-0.03")),
    ("days_as_months(0)", Decimal("0.00")),
    ("stay_days(timestamp '2022-05-01 08:00:00', timestamp '2022-05-01 09:00:00')", 1),
    ("stay_days(date '2022-05-01', date '2022-05-04')", 3),
    ("stay_days(date '2022-05-04', date '2022-05-01')", -3),
    ("id_valid('510107201609250028')", True),
    ("id_valid('510107201609250020')", False),
    ("id_valid('510107201602300028')", False),
    ("id_valid('')", False),
    ("id_birth('510107201609250028')", date(2016, 9, 25)),
    ("id_birth('510107160925002')", date(1916, 9, 25)),
    ("id_birth('510107201602300028')", None),
    ("id_birth('510107180009250028')", None),
    ("id_birth('x')", None),
    ("id_is_male('510107201609250010')", True),
    ("id_is_male('510107201609250028')", False),
    ("id_is_male('510107160925003')", True),
    ("id_is_male('51010716092500')", None),
    ("province_known('四川省成都市')", True),
    ("province_known('　中国内蒙古呼和浩特')", True),
    ("province_known('成都市')", False),
    ("to_text(-7)", "-7"),
    ("0.1 + 0.2 = 0.3", True),
    ("99999999999999.99 * 99999999999999.99 > 1", True),
    ("9223372036854775807 + 9223372036854775807 > 9223372036854775807", True),
    ("2 * 3 - -4", 10),
    ("-(1.5)", Decimal("-1.5")),
    ("'𠮷' > '急'", True),
    ("'a' < 'B'", False),
    ("3 in (1, 2.0, 3)", True),
    ("'a' in ('b')", False),
    ("2 between 1 and 2", True),
    ("not (1 > (case when false then 1 end))", None),
    ("1 > (case when false then 1 end) or 2 > 1", True),
    ("1 > (case when false then 1 end) and 2 > 1", None),
    ("(1 > (case when false then 1 end)) is null", True),
    ("(1 > (case when false then 1 end)) is true", False),
    ("(1 > (case when false then 1 end)) is not false", True),
    ("case when 1 > (case when false then 1 end) then 1 when 2 > 1 then 2 else 3 end", 2),
    ("case when 1 > 2 then 'a' end", None),
    ("coalesce(null, 1 + (case when false then 1 end), 4)", 4),
    ("coalesce(null, 1 > (case when false then 1 end)) is null", True),
    ("(1 = 1) = (2 = 2)", True),
]  # fmt: skip


def python_value(text: str) -> object:
    writer = _Writer(RuleSet(SCHEMA, ()), None)
    node = parse(text, SCHEMA.record_scope)
    return eval(writer.value(node), dict(writer.constants))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def no_name(_name: Name, _cell: bool) -> str:
    raise AssertionError


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_both_executors_say_what_the_language_means(connection, text, wanted):
    assert python_value(text) == wanted
    row = connection.execute(f"SELECT {sql(parse(text, SCHEMA.record_scope), DUCKDB, no_name)}").fetchone()
    assert row is not None
    assert row[0] == wanted
    assert type(row[0]) is type(wanted) or isinstance(wanted, datetime | int | Decimal)


def test_every_function_has_a_case():
    said = " ".join(text for text, _ in CASES)
    assert [name for name in language.FUNCTIONS if name != "given" and f"{name}(" not in said] == []


def test_every_example_of_the_language_parses():
    words = ("code", "id_number", "birth_date", "admission_datetime", "discharge_datetime", "confirmed_at",
             "blood_group", "total_cost", "sum_of_parts", "household_address", "payment_code", "a", "b", "c")  # fmt: skip
    types = dict.fromkeys(words, "text") | {"birth_date": "date", "admission_datetime": "datetime"}
    types |= {"discharge_datetime": "datetime", "confirmed_at": "datetime", "total_cost": "decimal"}
    types |= {"sum_of_parts": "decimal", "payment_code": "integer", "a": "integer", "b": "integer", "c": "integer"}
    from tonghu.rulebook.expressions import TYPES

    scope = {name: Name(name, TYPES[type_]) for name, type_ in types.items()}
    for function in language.FUNCTIONS.values():
        assert parse(function.example, scope), function.name
        assert function.zh, function.name
        assert function.en, function.name


SPARK_TEXTS = {
    "starts_with(name, 'a''b\\c')": r"startswith(`name`, 'a\'b\\c')",
    "begins_any(name, 'S|T')": "(startswith(`name`, 'S') OR startswith(`name`, 'T'))",
    "substr(name, 1, 3)": "substr(`name`, 1, 3)",
    "length(name)": "char_length(`name`)",
    "upper(name)": "translate(`name`, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
    "abs(days)": "abs(`days`)",
    "least(days, count)": "(CASE WHEN `days` IS NULL OR `count` IS NULL THEN NULL ELSE least(`days`, `count`) END)",
    "greatest(days, 1)": "(CASE WHEN `days` IS NULL OR 1 IS NULL THEN NULL ELSE greatest(`days`, 1) END)",
    "matches(name, 'a\\d.')": "rlike(`name`, concat('^(?:', 'a\\\\d[^\n]', ')\\\\z'))",
    "years_between(born, today)": "(year(`today`) - year(`born`) - CASE WHEN month(`today`) * 100 + day(`today`)"
    " < month(`born`) * 100 + day(`born`) THEN 1 ELSE 0 END)",
    "days_between(born, came)": "datediff(CAST(`came` AS DATE), `born`)",
    "date_of(came)": "CAST(`came` AS DATE)",
    "at_midnight(came)": "(`came` = CAST(CAST(`came` AS DATE) AS TIMESTAMP_NTZ))",
    "days_as_months(days)": "(CAST((CASE WHEN `days` >= 0 THEN 1 ELSE -1 END) * ((abs(`days`) * 200 + 30) DIV 60)"
    " AS DECIMAL(18, 0)) * 0.01BD)",
    "stay_days(born, today)": "(CASE datediff(`today`, `born`) WHEN 0 THEN 1 ELSE datediff(`today`, `born`) END)",
    "id_is_male(id_number)": r"(CASE WHEN (rlike(`id_number`, concat('^(?:', '[0-9]{17}[0-9Xx]', ')\\z'))"
    r" OR rlike(`id_number`, concat('^(?:', '[0-9]{15}', ')\\z')))"
    " THEN ascii(substr(`id_number`, CASE WHEN length(`id_number`) = 18 THEN 17 ELSE 15 END, 1)) % 2 = 1 END)",
    "to_text(days)": "CAST(`days` AS STRING)",
    "came < timestamp '2020-01-02 03:04:05'": "(`came` < TIMESTAMP_NTZ '2020-01-02 03:04:05')",
    "cost + 1 > 2.50": "((CAST(`cost` AS DECIMAL(38, 2)) + CAST(1 AS DECIMAL(38, 2))) > 2.50BD)",
    "given(name) and urgent": "(given AND `urgent`)",
}


@pytest.mark.parametrize(("text", "wanted"), SPARK_TEXTS.items())
def test_spark_texts(text, wanted):
    def naming(name: Name, cell: bool) -> str:
        return "given" if cell else SPARK.identifier(name.name)

    assert sql(parse(text, SCHEMA.record_scope), SPARK, naming) == wanted


def test_spark_texts_of_the_long_functions():
    def spark(text: str) -> str:
        return sql(parse(text, SCHEMA.record_scope), SPARK, lambda name, _: f"`{name.name}`")

    key = spark("code_key(code)")
    assert key.startswith(r"(CASE WHEN rlike(`code`, '^[A-Za-z0-9. ]*\\z') THEN upper(replace(replace(`code`, '.', '')")
    assert "translate(`code`, 'abcdefghijklmnopqrstuvwxyz！" in key
    assert spark("in_list(code, 'C00-C97')") == f"(({key} >= 'C00' AND {key} < 'C98'))"
    birth = spark("id_birth(id_number)")
    assert "THEN try_cast(concat(substr(`id_number`, 7, 4), " in birth
    assert r"substr(`id_number`, 7, 2) IN ('19', '20')" in birth
    assert "% 11 AS INTEGER) + 1, 1) = upper(substr(`id_number`, 18, 1))" in spark("id_valid(id_number)")
    assert spark("province_known(name)").startswith(r"(rlike(`name`, '^[\\x{0}\\x{9}\\x{a}")


@pytest.mark.parametrize(
    "text",
    [
        "c91.000",
        " D66.x00 ",
        "Ｃ９１．０",
        "a\tb\n",
        "'C91.0",
        '="C91.0"',
        "“C91.0”",
        "＇C91",
        "\xa0q\u3000",
        "",
        "8010",
    ],
)
def test_code_key_is_the_normalisation_of_codes(text):
    assert meaning.code_key(text) == icd10.normalise(text)


def identity_numbers() -> list[str]:
    """Numbers with every day of a calendar that has too many, and digits and check characters of every kind."""
    days = [
        f"{year}{month:02}{day:02}" for year in (1899, 1900, 2023, 2024) for month in range(14) for day in range(33)
    ]
    chance = random.Random(11643)
    found = ["", "x", "51010720160925 028", "+1010720160925002X", "５10107201609250028", "510107201609250028\n"]
    for day in days:
        seventeen = f"{chance.randrange(10**6):06}{day}{chance.randrange(1000):03}"
        found += [seventeen + check for check in (identity.check_character(seventeen), "0", "x", "X")]
        found.append(seventeen[:6] + seventeen[8:])
    return found


@pytest.mark.requirement("REG-11")
def test_identity_numbers_are_read_alike(connection):
    """The arithmetic of the SQL is not the arithmetic of the Python: each must come to the same."""
    asked = ("id_valid(id_number)", "id_birth(id_number)", "id_is_male(id_number)")
    texts = ", ".join(sql(parse(text, SCHEMA.record_scope), DUCKDB, lambda name, _: name.name) for text in asked)
    numbers = identity_numbers()
    said = connection.execute(f"SELECT {texts} FROM (SELECT unnest(?) AS id_number)", [numbers]).fetchall()
    assert said == [(identity.is_valid(n), identity.birth_date(n), identity.is_male(n)) for n in numbers]
    assert {valid for valid, _, _ in said} == {True, False}
