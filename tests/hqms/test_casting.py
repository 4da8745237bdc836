"""The vectorised casting means what the casting of one cell means."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tonghu.codes.dates import ACCEPTED_FORMS, REFUSED_FORMS
from tonghu.codes.hqms_fields import layout
from tonghu.codes.numbers import DECIMAL_FORMS, INTEGER_FORMS
from tonghu.hqms import casting

P = layout("2012").by_code
KINDS = {
    "text": P["P4"],
    "coded": P["P5"],
    "integer": P["P27"],
    "decimal": P["P782"],
    "date": P["P6"],
    "datetime": P["P22"],
}

HAND_MADE = [
    *(text for text, *_ in ACCEPTED_FORMS),
    *REFUSED_FORMS,
    *(text for text, *_ in INTEGER_FORMS),
    *(text for text, *_ in DECIMAL_FORMS),
    *(
        "-",
        "－",
        "—",
        "",
        " ",
        "\u3000",
        "\u00a0-\u00a0",
        "１",
        "Ａ",
        "男",
        "5.10107E+17",
        "2024-02-29 23:59:59",
        "1900-02-29",
    ),
]
near = st.from_regex(
    r"\A[ \u3000]?-?[0-9０-９]{0,4}[-/ .]?[0-9]{0,2}[-/]?[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?\s?\Z"
)
plain_dates = st.datetimes(datetime(1890, 1, 1), datetime(2110, 1, 1)).flatmap(
    lambda t: st.sampled_from(
        ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S"]
    ).map(t.strftime)
)
texts = st.one_of(
    st.sampled_from(HAND_MADE),
    near,
    plain_dates,
    st.text(max_size=8),
    st.decimals(-1e16, 1e16, allow_nan=False).map(str),
)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), texts), max_size=12))
def test_a_column_is_read_like_each_of_its_cells(cells):
    frame = pl.DataFrame({f"c{n}": pl.Series(cells, dtype=pl.String) for n in range(len(KINDS))})
    fields = {f"c{n}": field for n, field in enumerate(KINDS.values())}
    cast = casting.columns(frame, fields)
    issues = set(cast.issues.iter_rows())
    for field in fields.values():
        one_by_one = [casting.cell(field, cell) for cell in cells]
        assert cast.facts[field.name].to_list() == [value for value, _ in one_by_one]
        assert {i for i in issues if i[1] == field.name} == {
            (row, field.name, note) for row, (_, note) in enumerate(one_by_one) if note
        }
        unreadable = [value is None and note is not None for value, note in one_by_one]
        companion = f"{field.name}__unreadable"
        assert (
            cast.facts[companion].to_list() if companion in cast.facts.columns else [False] * len(cells)
        ) == unreadable


def test_types_are_those_the_rules_are_told():
    frame = pl.DataFrame(
        {"c0": ["2026-01-02 08:05:00"], "c1": ["12.5"], "c2": [None]}, schema_overrides={"c2": pl.String}
    )
    cast = casting.columns(frame, {"c0": P["P22"], "c1": P["P782"], "c2": P["P27"]})
    assert cast.facts.schema == {
        "admission_datetime": pl.Datetime("us"),
        "cost_total": pl.Decimal(18, 2),
        "length_of_stay_days": pl.Int64,
    }
    assert cast.facts.row(0) == (datetime(2026, 1, 2, 8, 5), Decimal("12.50"), None)


@pytest.mark.parametrize("filler", ["-", "－", "—", " - "])
def test_the_filler_says_nothing_but_in_free_text(filler):
    assert casting.cell(P["P6"], filler) == (None, None)
    assert casting.cell(P["P5"], filler) == (None, None)
    assert casting.cell(P["P4"], filler) == (filler.strip(), None)


def test_a_date_field_cuts_the_time():
    assert casting.cell(P["P6"], "2016-09-25 08:00") == (date(2016, 9, 25), None)
    assert casting.cell(P["P6"], "2016-09-25 28:00") == (None, "unreadable")


@pytest.mark.parametrize("name", ["org_code", "medical_record_no"])
def test_a_number_in_scientific_notation_is_noted_and_stays_as_it_is(name):
    field = layout("2012").by_name[name]
    assert casting.cell(field, "5.10107E+17") == ("5.10107E+17", "scientific")
    assert casting.cell(field, "E17") == ("E17", None)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), texts), max_size=12))
def test_the_screen_reads_the_same_dates(cells):
    read = casting.dates(pl.Series("c0", cells, dtype=pl.String))
    assert read.to_list() == [casting.cell(P["P6"], cell)[0] for cell in cells]
