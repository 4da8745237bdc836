"""Rows compared with the other rows of the file: HQ034, HQ035, HQ041, HQ042, and what makes them comparable."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from discharge_files import stays
from hypothesis import given, settings
from hypothesis import strategies as st

from tonghu.hqms import across

COMPARED = {"HQ034", "HQ035", "HQ041", "HQ042"}


def later(stay, **cells):
    """The same child's next stay, a month on."""
    shifted = {
        code: text.replace("2026-09", "2026-10") for code, text in stay.items() if code in ("P22", "P25", "P31", "P47")
    }
    return {**stay, **shifted, "P2": str(int(stay["P2"]) + 1), **cells}


def found(check, *rows, options=()):
    result = check(stays(*rows), *options)
    return {(int(f["row"]), f["rule"]) for f in result.findings if f["rule"] in COMPARED}


def test_two_stays_of_one_child_are_in_order(check, clean):
    first = {**clean, "P22": "2026-09-01 08:00:00", "P25": "2026-09-05 10:00:00"}
    assert found(check, first, later(first)) == set()


def test_the_same_key_twice(check, clean):
    assert {(1, "HQ034"), (2, "HQ034"), (1, "HQ035"), (2, "HQ035")} <= found(check, clean, clean)
    assert found(check, clean, {**clean, "P3": "another"}) == set()


def test_the_same_admission_count_twice(check, clean):
    first = {**clean, "P22": "2026-09-01 08:00:00", "P25": "2026-09-05 10:00:00"}
    assert found(check, first, later(first, P2=first["P2"])) == {(1, "HQ035"), (2, "HQ035")}


def test_one_record_number_with_two_names(check, clean):
    first = {**clean, "P22": "2026-09-01 08:00:00", "P25": "2026-09-05 10:00:00"}
    assert found(check, first, later(first, P4="王某")) == {(1, "HQ041"), (2, "HQ041")}
    assert found(check, first, later(first, P5="9")) == set()


def test_an_admission_before_the_last_discharge(check, clean):
    first = {**clean, "P22": "2026-09-01 08:00:00", "P25": "2026-10-20 10:00:00"}
    assert found(check, first, later({**first, "P25": "2026-09-05 10:00:00"})) == {(2, "HQ042")}


def test_out_of_scope_rows_are_compared_only_where_all_rows_are_asked_for(check, clean):
    outside = {**clean, "P321": "J18.000", "P351": ""}
    assert found(check, clean, outside) == set()
    assert (1, "HQ034") in found(check, clean, outside, options=["--all-rows"])


def test_a_file_without_the_key_compares_nothing(check, clean):
    header = [code for code in clean if code != "P3"]
    result = check(stays(clean, clean, header=header))
    assert not COMPARED & {f["rule"] for f in result.findings}


TIMES = st.one_of(
    st.none(),
    st.datetimes(datetime(2026, 9, 1), datetime(2026, 9, 5)).map(
        lambda t: t.replace(microsecond=0, second=0, minute=0)
    ),
)
STAYS = st.lists(
    st.fixed_dictionaries(
        {
            "org_code": st.sampled_from(["A", "B", None]),
            "medical_record_no": st.sampled_from(["1", "2", None]),
            "patient_name": st.sampled_from(["甲", "乙", None]),
            "sex": st.sampled_from(["1", "2", "0", "9", None]),
            "admission_datetime": TIMES,
            "discharge_datetime": TIMES,
            "admission_count": st.sampled_from([1, 2, None]),
        }
    ),
    max_size=8,
)


@settings(deadline=None)
@given(STAYS)
def test_the_facts_are_those_that_a_person_would_count(rows):
    schema = {
        "org_code": pl.String, "medical_record_no": pl.String, "patient_name": pl.String, "sex": pl.String,
        "admission_datetime": pl.Datetime("us"), "discharge_datetime": pl.Datetime("us"), "admission_count": pl.Int64,
    }  # fmt: skip
    table = pl.DataFrame(rows, schema=schema).with_row_index("row", 1)
    told = across.among(across.kept(table))
    assert told["row"].to_list() == list(range(1, len(rows) + 1))
    for row, facts in zip(rows, told.iter_rows(named=True), strict=True):
        key = (row["org_code"], row["medical_record_no"])
        same = [r for r in rows if (r["org_code"], r["medical_record_no"]) == key] if None not in key else []

        def counted(fact, same=same, row=row):
            return sum(r[fact] == row[fact] for r in same) if same and row[fact] is not None else None

        assert facts["stays_with_same_discharge_key"] == counted("discharge_datetime")
        assert facts["stays_with_same_admission_number"] == counted("admission_count")
        assert facts["names_for_record"] == (len({r["patient_name"] for r in same} - {None}) if same else None)
        assert facts["sexes_for_record"] == (len({r["sex"] for r in same} - {None, "0", "9"}) if same else None)
        began = row["admission_datetime"]
        before = [
            r["discharge_datetime"]
            for r in same
            if began and r["admission_datetime"] and r["admission_datetime"] < began and r["discharge_datetime"]
        ]
        assert facts["last_discharge_before"] == max(before, default=None)
        assert "birth_dates_for_record" not in facts


def test_record_numbers_of_one_length_are_not_remarked():
    def remarked(*numbers):
        return across.lost_zeros(pl.DataFrame({"medical_record_no": pl.Series(numbers, dtype=pl.String)}))

    assert remarked("0012", "0013", "14") is not None
    assert remarked("1012", "1013", "14") is None
    assert remarked("0012", "0013") is None
    assert remarked("R1", None) is None
    assert across.lost_zeros(pl.DataFrame({"row": [1]})) is None
