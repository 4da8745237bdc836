"""A made-up file says what its truth says: worked out again here from the cells alone, by other means."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from synth_reading import File, made
from test_synth_calendar import birthdays_passed
from test_synth_catalogue import LEUKAEMIA, group_of

from tonghu.codes.hqms_fields import layout
from tonghu.synth.habits import HABITS

PARTS = "P752 P754 P755 P756 P757 P758 P759 P760 P761 P763 P767 P768 P769 P771 P772 P773 P774 P775 P776 P777 P778 P779"
MIXED = {"children": 0.7, "in_scope": 0.4, "rows": 600}


@pytest.fixture(scope="module", params=["2012", "2020"])
def clean(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> File:
    return made(tmp_path_factory.mktemp("clean"), layout=request.param, mistakes=0, seed=4, **MIXED)


def named(file: File) -> list[dict[str, str]]:
    """Rows by field name, so that both layouts read alike."""
    names = [layout(file.truth["layout"]).by_code[code].name for code in file.header]
    return [dict(zip(names, row, strict=True)) for row in file.rows]


def diagnoses(row: dict[str, str]) -> list[str]:
    slots = [row["principal_diagnosis_code"]]
    slots += [row.get(f"other_diagnosis_{n}_code", "") for n in range(1, 41)]
    while not slots[-1]:
        slots.pop()
    return slots


def scope_of(row: dict[str, str]) -> list[object] | None:
    age = birthdays_passed(
        date.fromisoformat(row["birth_date"]), datetime.fromisoformat(row["admission_datetime"]).date()
    )
    for slot, code in enumerate(diagnoses(row)):
        if group_of(code) and age < 20:
            return [group_of(code), code, slot, age]
    return None


def test_the_header_is_that_of_the_layout(clean: File) -> None:
    assert clean.header == [field.code for field in layout(clean.truth["layout"]).fields]
    assert {len(row) for row in clean.rows} == {len(clean.header)}
    assert len(clean.rows) == clean.truth["rows"] == 600


def test_scope_and_ages_follow_from_the_cells(clean: File) -> None:
    rows = named(clean)
    assert clean.truth["in_scope"] == {str(n): found for n, row in enumerate(rows, 1) if (found := scope_of(row))}
    young = sum(
        birthdays_passed(date.fromisoformat(r["birth_date"]), datetime.fromisoformat(r["admission_datetime"]).date())
        < 20
        for r in rows
    )
    assert clean.truth["under_20"] == young
    assert len(clean.truth["in_scope"]) == pytest.approx(240, abs=3)
    assert clean.truth["planted"] == clean.truth["touched"] == clean.truth["undetermined"] == []
    assert clean.truth["made_up"] is True
    assert clean.truth["iccc3_main"]["C91.000"] == "I"


def test_a_surplus_diagnosis_alone_can_carry_the_scope(clean: File) -> None:
    deep = [slot for _, _, slot, _ in clean.truth["in_scope"].values() if slot > 10]
    assert bool(deep) == (clean.truth["layout"] == "2020")


def test_children_under_one_have_their_age_in_months_or_days(clean: File) -> None:
    infants = 0
    for row in named(clean):
        born = date.fromisoformat(row["birth_date"])
        admitted = datetime.fromisoformat(row["admission_datetime"]).date()
        years = birthdays_passed(born, admitted)
        if years:
            assert row["age_years"] == str(years)
            assert not row.get("age_infant_months")
            assert not row.get("age_infant_days")
            continue
        infants += 1
        old = (admitted - born).days
        assert 0 < old <= 360
        if "age_infant_days" in row:
            assert (row["age_years"], row["age_infant_days"]) == ("0", str(old))
        else:
            assert row["age_years"] == ""
            assert abs(Decimal(row["age_infant_months"]) - Decimal(old) / 30) <= Decimal("0.005")
        if old <= 28:
            for weight in ("newborn_birth_weight_1_g", "newborn_admission_weight_g"):
                assert 1000 <= int(row[weight]) <= 9999
                assert row[weight].endswith("0")
    assert infants > 10


def test_days_are_in_order(clean: File) -> None:
    for row in named(clean):
        come = datetime.fromisoformat(row["admission_datetime"])
        gone = datetime.fromisoformat(row["discharge_datetime"])
        assert come < gone
        assert gone.strftime("%Y-%m") == clean.truth["month"]
        assert int(row["length_of_stay_days"]) == max(1, (gone.date() - come.date()).days)
        for name, value in row.items():
            if value and re.fullmatch(r"procedure_\d+_datetime|icu_\d_(in|out)|diagnosis_confirmed_date", name):
                assert come <= datetime.fromisoformat(value) <= gone, name
        assert come <= datetime.fromisoformat(row["quality_date"])
        if row.get("icu_1_in"):
            assert row["icu_1_type"]
            assert row["icu_1_in"] < row["icu_1_out"]
        cared = [row.get(f"{level}_care_days") or "0" for level in ("special", "level1", "level2", "level3")]
        assert sum(map(int, cared)) <= int(row["length_of_stay_days"])


def test_bills_add_up_to_the_cent(clean: File) -> None:
    by_code = layout("2012").by_code
    parts = [by_code[code].name for code in (PARTS + " P780 P781").split()]
    for row in named(clean):
        assert sum(Decimal(row[name]) for name in parts) == Decimal(row["cost_total"])
        assert Decimal(row["cost_self_pay"]) <= Decimal(row["cost_total"])
        assert (row["payment_method"] == "7") == (row["cost_self_pay"] == row["cost_total"])
        surgical = Decimal(row["cost_anaesthesia"]) + Decimal(row["cost_surgery"])
        assert surgical <= Decimal(row["cost_surgical_treatment"])
        assert Decimal(row["cost_antibacterial"]) <= Decimal(row["cost_western_medicine"])
        assert Decimal(row["cost_physical_therapy"]) <= Decimal(row["cost_nonsurgical_treatment"])
        if any(code.startswith(("D66", "D67")) for code in diagnoses(row)):
            assert Decimal(row["cost_coagulation_factor"]) > 0


def test_what_belongs_together_stands_together(clean: File) -> None:
    for row in named(clean):
        codes = diagnoses(row)
        assert len(set(codes)) == len(codes)
        assert "" not in codes
        main = codes[0]
        neoplasms = [code for code in codes if code[0] == "C" or "D00" <= code < "D49"]
        if main in neoplasms or main.startswith(("Z51", "Z08")):
            assert neoplasms
            assert row["pathology_1_name"]
            assert row["pathology_1_number"]
            assert re.fullmatch(r"M[89]\d{4}/[0-3]", row["pathology_1_morphology_code"])
        if main.startswith("C"):
            assert row["pathology_1_morphology_code"].endswith("/3")
        if main[0] in "ST":
            assert row["external_cause_1_code"][0] in "VWXY"
        if main.startswith("O8"):
            assert any(code.startswith("Z37") for code in codes)
            assert (row["sex"], bool(row["newborn_birth_weight_1_g"])) == ("2", True)
        died = row["discharge_disposition"] == "5"
        assert bool(row["autopsy"]) == died
        if "principal_diagnosis_outcome" in row:
            assert (row["principal_diagnosis_outcome"] == "4") == died
            assert int(row["resuscitation_count"]) == int(row["resuscitation_success_count"]) + died
        assert bool(row["readmission_31d_purpose"]) == (row["readmission_31d_planned"] == "2")
        if row["discharge_disposition"] == "2":
            assert row["transfer_hospital_name"]


def test_stays_of_one_child_follow_each_other(clean: File) -> None:
    stays = defaultdict(list)
    for row in named(clean):
        stays[row["org_code"], row["medical_record_no"]].append(row)
    assert sum(len(rows) > 1 for rows in stays.values()) > 30
    for rows in stays.values():
        rows.sort(key=lambda row: row["admission_datetime"])
        assert len({(r["patient_name"], r["sex"], r["birth_date"], r["national_id"]) for r in rows}) == 1
        counts = [int(r["admission_count"]) for r in rows]
        assert counts == list(range(counts[0], counts[0] + len(rows)))
        for earlier, later in pairwise(rows):
            assert earlier["discharge_datetime"] < later["admission_datetime"]


def test_every_text_fits_its_field(clean: File) -> None:
    fields = layout(clean.truth["layout"]).fields
    for row in clean.rows:
        for field, cell in zip(fields, row, strict=True):
            if field.type == "text" and field.max_length:
                assert len(cell) <= field.max_length, field.code


def test_leukaemia_has_its_share_of_the_stays(tmp_path: Path) -> None:
    file = made(tmp_path, rows=6000, children=1, in_scope=1, mistakes=0)
    codes = [code for _, code, _, _ in file.truth["in_scope"].values()]
    assert sum(code.startswith(LEUKAEMIA) for code in codes) / len(codes) == pytest.approx(0.5721, abs=0.03)
    chemotherapy = [code for code in file.column("P321") if code == "Z51.100"]
    assert len(chemotherapy) / len(codes) > 0.3


@pytest.mark.parametrize("layout_id", ["2012", "2020"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, layout_id: str) -> None:
    files = {}
    for name, seed in (("a", 11), ("b", 11), ("c", 12)):
        made(tmp_path, f"{name}.csv", rows=300, layout=layout_id, in_scope=0.2, children=0.5, seed=seed)
        files[name] = (tmp_path / f"{name}.csv").read_bytes(), (tmp_path / f"{name}.csv.json").read_bytes()
    assert files["a"] == files["b"]
    assert files["a"][0] != files["c"][0]


@pytest.mark.parametrize("maker", sorted(HABITS))
def test_makers_write_the_same_stays_differently(tmp_path: Path, maker: str) -> None:
    plain = made(tmp_path, "plain.csv", mistakes=0, **MIXED)
    other = made(tmp_path, "other.csv", mistakes=0, maker=maker, **MIXED)
    assert [row[0].upper() for row in plain.rows] == [row[0].upper() for row in other.rows]
    for ours, theirs in zip(plain.records(), other.records(), strict=True):
        for code in ("P6", "P22", "P25"):
            digits = [re.sub(r"\D", " ", text).split() for text in (ours[code], theirs[code])]
            if maker == "compact":
                assert "".join(digits[1]) == "".join(digits[0])
            else:
                for mine, other_digits in zip(*digits, strict=False):  # seconds, or midnight, may be missing
                    assert int(mine) == int(other_digits)
        assert theirs["P321"].upper() == ours["P321"].upper()
        assert theirs["P23"].replace(".", "") == ours["P23"]
        assert theirs["P4"].strip() == ours["P4"]
        assert theirs["P801"].replace("\n", "") == ours["P801"]
    assert [v[1].upper() for v in other.truth["in_scope"].values()] == [
        v[1].upper() for v in plain.truth["in_scope"].values()
    ]
    if maker == "filled":
        texts = [place for place, field in enumerate(layout("2012").fields) if field.type == "text"]
        assert all(row[place] for row in other.rows for place in texts)
        assert all(birth.endswith(" 00:00:00") for birth in other.column("P6"))
    if maker == "slash":
        assert any("X00" in code for code in other.column("P321"))
    if maker == "compact":
        assert any("x00" in row["P321"] or row["P321"][0].islower() for row in other.records())
    if maker == "quoted":
        assert any("\n" in row["P801"] for row in other.records())


def test_columns_can_be_shuffled_and_named_in_chinese(tmp_path: Path) -> None:
    straight = made(tmp_path, "a.csv", rows=50, mistakes=0)
    shuffled = made(tmp_path, "b.csv", rows=50, mistakes=0, shuffle_columns=True)
    chinese = made(tmp_path, "c.csv", rows=50, mistakes=0, chinese_header=True)
    assert shuffled.header != straight.header
    assert shuffled.records() == straight.records()
    assert chinese.rows == straight.rows
    assert chinese.header == [field.name_zh for field in layout("2012").fields]


def test_a_file_without_truth(tmp_path: Path) -> None:
    from tonghu.synth.making import Order, make_file

    counts = make_file(Order(out=tmp_path / "x.csv", rows=40, children=1, in_scope=1))
    assert (counts.rows, counts.in_scope + counts.undetermined) == (40, 40)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_the_truth_of_an_empty_file(tmp_path: Path) -> None:
    file = made(tmp_path, rows=0)
    assert (file.rows, file.truth["in_scope"], file.truth["under_20"]) == ([], {}, 0)
    assert json.dumps(file.truth)


def test_months_of_a_hospital_share_children_and_no_record_number(tmp_path: Path) -> None:
    """Made one by one, in whatever size: a number is one child's for ever, and some children come back."""
    whose: dict[str, tuple[str, ...]] = {}
    counts: dict[str, int] = {}
    back = {}
    for rows, month in ((1500, "2026-06"), (900, "2026-07"), (3000, "2026-08"), (2000, "2026-09")):
        stays = named(made(tmp_path, f"{month}.csv", rows=rows, month=month, hospital=540, mistakes=0))
        back[month] = len({row["medical_record_no"] for row in stays} & whose.keys())
        for row in sorted(stays, key=lambda row: int(row["admission_count"])):
            number = row["medical_record_no"]
            child = (row["patient_name"], row["sex"], row["birth_date"], row["national_id"])
            assert whose.setdefault(number, child) == child
            assert int(row["admission_count"]) > counts.get(number, 0)
            counts[number] = int(row["admission_count"])
    assert back["2026-06"] == 0
    assert back["2026-07"] >= 1
    assert min(back["2026-08"], back["2026-09"]) > 5
    again = named(made(tmp_path, "again.csv", rows=900, month="2026-07", hospital=540, mistakes=0))
    assert {row["medical_record_no"] for row in again} <= whose.keys()


def test_layouts_give_away_numbers_of_their_own(tmp_path: Path) -> None:
    for month in ("1950-01", "1950-02"):  # nobody comes back from before the first month that there is
        one, other = (
            {row["medical_record_no"] for row in named(made(tmp_path, rows=500, layout=layout_id, month=month))}
            for layout_id in ("2012", "2020")
        )
        assert not one & other
