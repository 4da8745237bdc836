"""Which rows are in scope: ages by calendar and by what stands in, every slot, optional layers, nothing lost."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from discharge_files import stays
from hypothesis import given, settings
from hypothesis import strategies as st

from tonghu.codes.dates import completed_years
from tonghu.codes.hqms_fields import layout
from tonghu.hqms import ages, casting
from tonghu.hqms.layout import detect
from tonghu.hqms.prefilter import Bounds, Prefilter, bounds
from tonghu.hqms.screen import SET, Screen
from tonghu.rulebook import PACKAGED, load

ON = date(2026, 11, 22)
BOOK = load([PACKAGED / "registry"])


def in_scope(result):
    return {
        int(case["row"]): (case["scope_group"], case["scope_code"], case["scope_position"], case["age_years"])
        for case in result.cases
    }


@pytest.mark.requirement("REG-03")
@pytest.mark.parametrize(
    ("birth", "admission", "age"),
    [
        ("2006-09-08", "2026-09-07 23:59", "19"),
        ("2006-09-07", "2026-09-07 00:01", None),
        ("2004-02-29", "2024-02-28", "19"),
        ("2004-02-29", "2024-02-29", None),
        ("2008-02-29", "2025-02-28", "16"),
        ("2008-02-29", "2025-03-01", "17"),
        ("2026-09-07", "2026-09-07", "0"),
    ],
)
def test_age_is_completed_years_by_calendar(birth, admission, age, check, clean):
    result = check(stays({**clean, "P6": birth, "P22": admission}))
    assert [case["age_years"] for case in result.cases] == ([] if age is None else [age])
    assert result.summary["under_20"] == (0 if age is None else 1)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"P6": "", "P7": "19"}, ("malignant", "19")),
        ({"P6": "", "P7": "20"}, None),
        ({"P6": "20211345", "P7": "３"}, ("malignant", "3")),
        ({"P6": "2027-01-01", "P7": "5"}, ("malignant", "5")),
        ({"P22": "", "P7": "5"}, ("malignant", "5")),
        ({"P6": "", "P7": "", "P66": "3.50"}, ("malignant", "0")),
        ({"P6": "-", "P7": "-", "P66": "-"}, ("undetermined", "")),
        ({"P6": "", "P7": "five", "P66": ""}, ("undetermined", "")),
        ({"P6": "", "P7": "-1", "P66": ""}, ("undetermined", "")),
    ],
)
def test_what_stands_in_for_an_age_that_the_dates_do_not_tell(cells, expected, check, clean):
    result = check(stays({**clean, **cells}))
    found = [(case["scope_group"], case["age_years"]) for case in result.cases]
    assert found == ([] if expected is None else [expected])
    assert all(case["age_days"] == "" for case in result.cases)
    summary = result.summary
    undetermined = expected is not None and expected[0] == "undetermined"
    assert summary["undetermined"] == int(undetermined)
    assert summary["in_scope"] == sum(summary["by_group"].values()) == int(expected is not None and not undetermined)
    assert summary["under_20"] == summary["in_scope"]


def test_an_undetermined_row_keeps_its_class_and_its_findings(check, clean):
    result = check(stays({**clean, "P6": "", "P7": "", "P66": "", "P321": "C91.000"}))
    (case,) = result.cases
    assert case["scope_group"] == "undetermined"
    assert case["iccc3_subgroup"].startswith("01")
    assert "HQ001" in result.rules(1)


def test_an_unknown_age_without_a_code_in_scope_is_no_case(check, clean):
    result = check(stays({**clean, "P6": "", "P7": "", "P66": "", "P321": "J18.000", "P351": ""}))
    assert result.cases == []
    assert result.summary["undetermined"] == 0


@pytest.mark.requirement("REG-04")
@pytest.mark.parametrize("slot", [0, 1, 10])
def test_every_slot_counts_and_the_first_names_the_group(slot, check, clean):
    codes = ["P321", "P324", "P327", "P3291", "P3294", "P3297", "P3281", "P3284", "P3287", "P3271", "P3274"]
    row = {**clean, **dict.fromkeys(codes, ""), "P321": "Z51.100", codes[slot]: "d69.3", codes[10]: "Ｃ91．000"}
    group = ("malignant", "Ｃ91．000") if slot == 10 else ("itp", "d69.3")
    result = check(stays(row))
    assert in_scope(result)[1][:3] == (*group, str(slot))
    case = result.cases[0]
    if group[0] == "itp":
        assert (case["iccc3_subgroup"], case["iccc3_method"], case["iccc3_certainty"]) == ("", "", "")


def test_the_fortieth_other_diagnosis_of_2020_is_not_lost(check, clean):
    by_p = {f.p_code: f.code for f in layout("2020").fields if f.p_code}
    row = {by_p[code]: text for code, text in clean.items() if code in by_p}
    row = {**row, "C03C": "Z51.100", "C06x40C": "C91.000"}
    result = check(stays(row, header=[f.code for f in layout("2020").fields]))
    assert in_scope(result)[1][:3] == ("malignant", "C91.000", "40")
    assert result.summary["layout"] == "2020"


@pytest.mark.parametrize(
    ("layer", "code"), [("benign_other", "D18.000"), ("other_blood", "D61.000"), ("lch", "D76.000")]
)
def test_optional_layers_count_when_they_are_switched_on(layer, code, check, clean):
    row = stays({**clean, "P321": code})
    assert check(row).cases == []
    result = check(row, "--layers", layer)
    assert [case["scope_group"] for case in result.cases] == [layer]
    assert result.summary["layers"] == [layer]
    assert result.summary["by_group"][layer] == 1


def test_neighbours_of_the_list_are_out(check, clean):
    codes = ["D69.000", "D61.000", "D35.000", "C98.000", "D08.x00", "Z85.600", "D10.000", "M98210/3"]
    assert check(stays(*({**clean, "P321": code} for code in codes))).cases == []


def test_the_scope_of_a_day_before_the_rules_is_empty(check, clean):
    assert check(stays(clean), on="2016-12-31").cases == []


# --- Properties

DATES = st.dates(date(1995, 1, 1), date(2026, 12, 31))
BIRTHS = st.one_of(
    DATES.map(str), DATES.map(lambda d: d.strftime("%Y/%m/%d")), DATES.map(lambda d: d.strftime("%Y%m%d"))
)
ODD = st.sampled_from(["", "-", "20211345", "46024", "２０１６-09-25", "2016-9-5", "昨天", "2004-02-29"])
CODES = st.one_of(
    st.sampled_from(
        [
            "",
            "C91.000",
            "c64.x00",
            "D69.3",
            "D69.000",
            "Ｄ６６",
            "D 61.9",
            "Z51.100",
            "J18.0",
            "D35.2",
            "C.22",
            "'C91.0",
            '="D66"',
            "（D61.9）",
        ]
    ),
    st.from_regex(r"\A[A-Z][0-9]{2}\.[0-9]{3}\Z"),
)
ROWS = st.fixed_dictionaries(
    {
        "P6": st.one_of(BIRTHS, ODD),
        "P22": st.one_of(BIRTHS, ODD),
        "P7": st.sampled_from(["", "5", "19", "20", "x", "7.0"]),
        "P66": st.sampled_from(["", "3.5", "0", "x"]),
        "P321": CODES,
        "P324": CODES,
    }
)
COLUMNS = detect(["P6", "P22", "P7", "P66", "P321", "P324"])


def cells(rows):
    """Rows as the reader gives them: columns by position, an empty cell is null."""
    header = enumerate(COLUMNS.header)
    return pl.DataFrame(
        {f"c{at}": pl.Series([row[code] or None for row in rows], dtype=pl.String) for at, code in header}
    )


@pytest.mark.parametrize("layers", [(), ("benign_other", "other_blood", "lch")])
@settings(deadline=None, max_examples=60)
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_the_prefilter_keeps_all_that_the_rules_find(layers, rows):
    rules = BOOK.on(ON, None, [SET], "2012", options=layers)
    data = cells(rows)
    limits = bounds(rules.rules)
    assert limits.age_below == 20
    prefilter = Prefilter(COLUMNS, limits)
    kept = prefilter.keep(data)
    cast = casting.columns(data, {f"c{at}": field for at, field in COLUMNS.fields.items()}).facts
    table = cast.with_columns(
        pl.int_range(1, len(data) + 1, eager=True, dtype=pl.Int64).alias("row"),
        pl.lit(ON).alias("today"),
        pl.lit("2012").alias("layout"),
    )
    everything = Screen(rules, COLUMNS, limits.age_below)
    found = everything.decide(table, data)
    assert set(found["at"]) <= set(kept.arg_true())
    # What the prefilter counts and what only the fetched rows tell add up to all who are young.
    screen = Screen(rules, COLUMNS, limits.age_below)
    screen.decide(table.filter(kept), data.filter(kept))
    assert prefilter.young + screen.late_young == (ages.of(cast)["age_years"] < 20).sum()


def test_bounds_that_cannot_be_read_keep_everything():
    class Strange:
        finds = next(rule for rule in BOOK.rules if rule.id == "HQ043").finds

    limits = bounds([Strange])
    assert limits == Bounds(None, None)
    data = pl.DataFrame({f"c{at}": ["J18.000" if at > 3 else "2016-09-25"] for at in range(6)})
    assert Prefilter(COLUMNS, limits).keep(data).all()


@given(st.lists(st.tuples(DATES, DATES), min_size=1))
def test_ages_over_columns_are_those_of_the_calendar(pairs):
    table = pl.DataFrame(pairs, schema={"birth_date": pl.Date, "admission_datetime": pl.Date}, orient="row")
    told = ages.of(table)
    assert told["age_years"].to_list() == [completed_years(b, a) if b <= a else None for b, a in pairs]
    assert told["age_days"].to_list() == [(a - b).days if b <= a else None for b, a in pairs]


def test_many_odd_rows_are_read_like_few():
    rows = [{"P6": "2016-9-5", "P22": "2026-9-7 8:05", "P7": "", "P66": "", "P321": "C91.0", "P324": ""}] * 600
    data = cells(rows)
    limits = bounds(BOOK.on(ON, None, [SET], "2012").rules)
    assert Prefilter(COLUMNS, limits).keep(data).all()
    assert Prefilter(COLUMNS, limits).keep(data[:3]).all()
    for sign in ("/", ""):
        plain = data.with_columns(
            pl.lit(f"2016{sign}09{sign}05").alias("c0"), pl.lit(f"2026{sign}09{sign}07").alias("c1")
        )
        prefilter = Prefilter(COLUMNS, limits)
        assert prefilter.keep(plain).all()
        assert prefilter.keep(plain).all()
        assert prefilter.young == 1200
