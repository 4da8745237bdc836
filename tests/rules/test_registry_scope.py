"""The surveillance scope against the list that it was made from, and against every code around it.

``data/scope_icd10.csv``: the 180 prefixes of the project's reading of the policy annex 2(2), with yes, no or uncertain.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_stays import DAY, SCOPE

from tonghu.rulebook import Rulebook

with (Path(__file__).parent / "data" / "scope_icd10.csv").open(encoding="utf-8", newline="") as file:
    LISTED = {row["prefix"].replace(".", ""): row["include"] for row in csv.DictReader(file)}
LAYERS = {"benign_other", "other_blood", "lch"}

Scope = Callable[[Mapping[str, Any]], list[tuple[str, str | None, int | None]]]


def included(key: str) -> str:
    """What the list says of a code without dots: by its longest prefix, and no where it has none."""
    return next((LISTED[key[:length]] for length in (5, 4, 3) if key[:length] in LISTED), "no")


@pytest.fixture(scope="module")
def scope(rulebook: Rulebook) -> Scope:
    judge = rulebook.on(DAY, sets={SCOPE}, layout="2020").for_record()
    return lambda record: [(a.verdict, a.rule.outcome, a.slot) for a in judge(record)]


def found_codes(rulebook: Rulebook, codes: list[str], options: set[str]) -> dict[str, set[str | None]]:
    """The outcomes of each code as principal diagnosis of a child of five."""
    plan = rulebook.on(DAY, sets={SCOPE}, options=options).for_table({"age_years", "principal_diagnosis_code"})
    table = pl.DataFrame({"row": range(len(codes)), "principal_diagnosis_code": codes}).with_columns(age_years=5)
    found: dict[str, set[str | None]] = {code: set() for code in codes}
    with duckdb.connect() as connection:
        connection.register("stays", table.cast({"age_years": pl.Int64}))
        for row, rule, _ in plan.run(connection, "stays").fetchall():
            found[codes[row]].add(plan.rules[rule].outcome)
    return found


@pytest.mark.requirement("REG-04")
def test_every_code_of_icd10_is_in_scope_exactly_when_listed(rulebook: Rulebook) -> None:
    codes = [
        f"{letter}{category:02}.{fourth}00"
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for category in range(100)
        for fourth in "x0123456789"
    ]
    narrow, wide = found_codes(rulebook, codes, set()), found_codes(rulebook, codes, LAYERS)
    for code in codes:
        wanted = included(code.replace(".", ""))
        assert len(narrow[code]) == (wanted == "yes"), code
        assert len(wide[code]) == (wanted in ("yes", "uncertain")), code
        assert wanted != "uncertain" or wide[code] <= LAYERS, code
    assert sum(map(len, narrow.values())) > 1000


@pytest.mark.requirement("REG-04")
@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("C91.000", "malignant"),
        ("c91.000x006", "malignant"),
        ("C91", "malignant"),
        ("Ｃ９１．０００", "malignant"),
        ("C91.0 ", "malignant"),
        ("C96.500", "malignant"),
        ("D05.900", "in_situ"),
        ("D33.200", "cns_benign"),
        ("D35.300", "cns_benign"),
        ("D44.400", "uncertain"),
        ("D61.900x002", "aplastic_anaemia"),
        ("D69.300", "itp"),
        ("D66.x00x001", "haemophilia"),
        ("D76.200", "hlh"),
    ],
)
def test_groups_whatever_the_writing(code: str, group: str, scope: Scope) -> None:
    for fact, slot in (("principal_diagnosis_code", 0), ("other_diagnosis_1_code", 1), ("other_diagnosis_40_code", 40)):
        assert scope({"age_years": 5, fact: code}) == [("finds", group, slot)]


@pytest.mark.requirement("REG-03")
@given(birth=st.dates(date(2004, 1, 1), date(2026, 9, 7)), admission=st.dates(date(2026, 9, 7), date(2026, 11, 22)))
@settings(max_examples=200)
def test_in_scope_is_who_has_not_had_the_twentieth_birthday(birth: date, admission: date, scope: Scope) -> None:
    leapling = (birth.month, birth.day) == (2, 29)
    twentieth = date(birth.year + 20, 2, 29) if leapling else birth.replace(year=birth.year + 20)
    record = {
        "birth_date": birth,
        "admission_datetime": datetime(admission.year, admission.month, admission.day, 23, 59),
        "principal_diagnosis_code": "C91.000",
    }
    assert bool(scope(record)) is (admission < twentieth)


@pytest.mark.requirement("REG-03")
@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"birth_date__unreadable": True, "age_years": 19}, "finds"),
        ({"birth_date__unreadable": True, "age_years": 20}, None),
        ({"birth_date": date(2026, 9, 8), "age_years": 7}, "finds"),  # birth after admission: the age stands in
        ({"birth_date": date(2026, 9, 8), "age_years": 45}, None),
        ({"age_infant_days": 12}, "finds"),
        ({"age_years": -3}, "unknown"),
        ({"birth_date": date(2026, 9, 8)}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_where_the_dates_do_not_tell_the_age_on_the_page_stands_in(
    facts: dict[str, Any], verdict: str | None, scope: Scope
) -> None:
    record = {"admission_datetime": datetime(2026, 9, 7), "other_diagnosis_2_code": "C91.000", **facts}
    assert [found[0] for found in scope(record)] == ([verdict] if verdict else [])
    # Without a code in scope there is nothing to be unsure of.
    assert scope({**record, "other_diagnosis_2_code": "J18.000"}) == []
