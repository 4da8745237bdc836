"""Planted defects: what the truth says was broken was broken, and nothing else was touched."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from synth_reading import File, made
from test_synth_calendar import birthdays_passed
from test_synth_files import diagnoses, named, scope_of

from tonghu.synth.mistakes import RULES

PLENTY = {"children": 1.0, "in_scope": 1.0, "rows": 3000, "seed": 9}


@pytest.fixture(scope="module", params=["2012", "2020"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[File, File]:
    """The same rows without and with mistakes."""
    folder = tmp_path_factory.mktemp("mistakes")
    return (
        made(folder, "clean.csv", layout=request.param, mistakes=0, **PLENTY),
        made(folder, "damaged.csv", layout=request.param, mistakes=0.6, **PLENTY),
    )


def by_row(file: File) -> dict[int, list[tuple[str, str]]]:
    planted = defaultdict(list)
    for row, rule, column in file.truth["planted"]:
        planted[row].append((rule, column))
    return planted


def test_rows_without_a_planted_defect_are_untouched(pair: tuple[File, File]) -> None:
    clean, damaged = pair
    planted = by_row(damaged)
    changed = {n for n, (a, b) in enumerate(zip(clean.rows, damaged.rows, strict=True), 1) if a != b}
    assert changed == set(planted)
    assert len(planted) / 3000 == pytest.approx(0.6, abs=0.05)


def test_many_rules_are_broken_in_both_layouts(pair: tuple[File, File]) -> None:
    _, damaged = pair
    rules = {rule for _, rule, _ in damaged.truth["planted"]}
    assert rules <= set(RULES)
    assert len(rules) >= (86 if damaged.truth["layout"] == "2012" else 78)
    assert {column for _, _, column in damaged.truth["planted"]} <= set(damaged.header)


def test_the_published_share_of_cards_has_a_defect(tmp_path: Path) -> None:
    file = made(tmp_path, rows=4000, children=1, in_scope=1)
    touched = {row for row, _, _ in file.truth["planted"]}
    assert len(touched) / 4000 == pytest.approx(0.33, abs=0.03)


def test_the_scope_moves_only_where_a_defect_moves_it(pair: tuple[File, File]) -> None:
    clean, damaged = pair
    planted = by_row(damaged)
    undetermined = {str(row) for row in damaged.truth["undetermined"]}
    assert undetermined
    assert set(clean.truth["in_scope"]) == set(damaged.truth["in_scope"]) | undetermined
    assert clean.truth["under_20"] == damaged.truth["under_20"] + len(undetermined)
    movers = {"HQ034", "HQ068", "HQ069"}
    for row, entry in damaged.truth["in_scope"].items():
        if entry != clean.truth["in_scope"][row]:
            assert movers & {rule for rule, _ in planted[int(row)]}
        assert diagnoses(named_row(damaged, int(row)))[entry[2]] == entry[1]


def named_row(file: File, row: int) -> dict[str, str]:
    return named(File(file.header, [file.rows[row - 1]], file.truth))[0]


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()


def _age(row: dict[str, str]) -> int:
    return birthdays_passed(_day(row["birth_date"]), _day(row["admission_datetime"]))


def _sum_of_parts(row: dict[str, str]) -> Decimal:
    parts = {name: value for name, value in row.items() if name.startswith("cost_")}
    not_summed = (
        "cost_total cost_self_pay cost_physical_therapy cost_anaesthesia cost_surgery cost_antibacterial".split()
    )
    return sum((Decimal(value) for name, value in parts.items() if name not in not_summed), Decimal(0))


def _neoplasm(code: str) -> bool:
    return code[:1] == "C" or "D00" <= code < "D49"


def _check_sum(number: str) -> int:
    return sum((10 if c == "X" else int(c)) * pow(2, 17 - i, 11) for i, c in enumerate(number)) % 11


# What a broken row looks like, from the published text of each rule; the planters know nothing of these.
BROKEN: dict[str, Callable[[dict[str, str]], bool]] = {
    "HQ004": lambda r: any(
        r.get(f"other_diagnosis_{n}_code") and not (r[f"other_diagnosis_{n}_name"] and r[f"other_diagnosis_{n}_poa"])
        for n in range(1, 41)
    ),
    "HQ005": lambda r: len(set(diagnoses(r))) < len(diagnoses(r)) or "" in diagnoses(r),
    "HQ008": lambda r: _neoplasm(r["principal_diagnosis_code"]) and not r["pathology_1_morphology_code"],
    "HQ009": lambda r: (
        r["principal_diagnosis_code"][0] == "Z"
        and any(_neoplasm(c) for c in diagnoses(r))
        and not r["pathology_1_morphology_code"]
    ),
    "HQ010": lambda r: bool(r["pathology_1_morphology_code"]) and not r["pathology_1_number"],
    "HQ011": lambda r: r["principal_diagnosis_code"][0] in "ST" and not r["external_cause_1_code"],
    "HQ012": lambda r: r["discharge_disposition"] == "2" and not r["transfer_hospital_name"],
    "HQ014": lambda r: r["readmission_31d_planned"] == "2" and not r["readmission_31d_purpose"],
    "HQ015": lambda r: r["discharge_disposition"] == "5" and not r["autopsy"],
    "HQ017": lambda r: (
        not r["newborn_admission_weight_g"] and (_day(r["admission_datetime"]) - _day(r["birth_date"])).days <= 28
    ),
    "HQ018": lambda r: (
        not r["newborn_birth_weight_1_g"] and (_day(r["admission_datetime"]) - _day(r["birth_date"])).days <= 28
    ),
    "HQ024": lambda r: not re.fullmatch(r"\w{9}|\w{18}|\w{22}", r["org_code"]),
    "HQ026": lambda r: any(len(r[f"{which}_postcode"]) != 6 for which in ("current", "registered")),
    "HQ036": lambda r: (
        len(r["national_id"]) != 18 or not r["national_id"][:17].isdigit() or _check_sum(r["national_id"]) != 1
    ),
    "HQ037": lambda r: _check_sum(r["national_id"]) == 1 and r["national_id"][6:14] != r["birth_date"].replace("-", ""),
    "HQ038": lambda r: _check_sum(r["national_id"]) == 1 and int(r["national_id"][16]) % 2 != int(r["sex"]) % 2,
    "HQ039": lambda r: _check_sum(r["national_id"]) == 1 and r["national_id"][:2] == "99",
    "HQ043": lambda r: r["discharge_datetime"] < r["admission_datetime"],
    "HQ044": lambda r: _day(r["birth_date"]) > _day(r["admission_datetime"]),
    "HQ045": lambda r: _day(r["discharge_datetime"]) > date(2090, 1, 1),
    "HQ046": lambda r: _day(r["diagnosis_confirmed_date"]) < _day(r["admission_datetime"]),
    "HQ047": lambda r: (
        not _day(r["admission_datetime"]) <= _day(r["procedure_1_datetime"]) <= _day(r["discharge_datetime"])
    ),
    "HQ048": lambda r: r["icu_1_out"] > r["discharge_datetime"],
    "HQ049": lambda r: r["icu_2_in"] < r["icu_1_out"] < r["icu_2_out"] <= r["discharge_datetime"],
    "HQ050": lambda r: _day(r["quality_date"]) < _day(r["admission_datetime"]),
    "HQ051": lambda r: int(r["age_years"]) == _age(r) + 1,
    "HQ054": lambda r: (
        sum(int(r[f"{n}_care_days"]) for n in ("special", "level1", "level2", "level3")) > int(r["length_of_stay_days"])
    ),
    "HQ055": lambda r: any(c.startswith("P12") for c in diagnoses(r)),
    "HQ056": lambda r: any(c.startswith("P") for c in diagnoses(r)) and _age(r) >= 2,
    "HQ058": lambda r: any(c[0] in "VWXY" or "/" in c for c in diagnoses(r)),
    "HQ059": lambda r: not re.fullmatch(r"|M[89]\d{4}/[012369]", r["pathology_1_morphology_code"]),
    "HQ061": lambda r: r["sex"] == "2" and any(c.startswith("N43") for c in diagnoses(r)),
    "HQ062": lambda r: r["sex"] == "1" and any(c.startswith("N83") for c in diagnoses(r)),
    "HQ066": lambda r: r["principal_diagnosis_code"][0] == "C" and r["pathology_1_morphology_code"].endswith("/0"),
    "HQ067": lambda r: r["pathology_1_morphology_code"].endswith("/6"),
    "HQ068": lambda r: (
        r["principal_diagnosis_code"].startswith("C79") and not any(c[0] == "C" for c in diagnoses(r)[1:])
    ),
    "HQ069": lambda r: r["principal_diagnosis_code"] == "Z51.100" and not any(_neoplasm(c) for c in diagnoses(r)),
    "HQ071": lambda r: any(c.startswith("O80") for c in diagnoses(r)) and not any(c[:3] == "Z37" for c in diagnoses(r)),
    "HQ072": lambda r: r["principal_diagnosis_outcome"] == "4" and r["discharge_disposition"] != "5",
    "HQ073": lambda r: r["principal_diagnosis_outcome"] != "4" and r["discharge_disposition"] == "5",
    "HQ075": lambda r: bool(r["autopsy"]) and r["discharge_disposition"] != "5",
    "HQ077": lambda r: r["occupation"] in ("54", "80") and _age(r) < 15,
    "HQ078": lambda r: r["occupation"] == "24" and not r["employer_address"],
    "HQ079": lambda r: _sum_of_parts(r) != Decimal(r["cost_total"]),
    "HQ080": lambda r: Decimal(r["cost_other"]) < 0 and _sum_of_parts(r) == Decimal(r["cost_total"]),
    "HQ082": lambda r: Decimal(r["cost_self_pay"]) > Decimal(r["cost_total"]),
    "HQ083": lambda r: Decimal(r["cost_physical_therapy"]) > Decimal(r["cost_nonsurgical_treatment"]),
    "HQ084": lambda r: Decimal(r["cost_anaesthesia"]) > Decimal(r["cost_surgical_treatment"]),
    "HQ085": lambda r: Decimal(r["cost_antibacterial"]) > Decimal(r["cost_western_medicine"]),
    "HQ086": lambda r: Decimal(r["cost_general_service"]) == 0 and _sum_of_parts(r) == Decimal(r["cost_total"]),
    "HQ089": lambda r: Decimal(r["cost_surgical_treatment"]) > 0 and not r["procedure_1_code"],
    "HQ092": lambda r: Decimal(r["cost_blood"]) > 0 and r["rh_group"] == "4",
    "HQ094": lambda r: (
        (r["payment_method"] == "7" and r["cost_self_pay"] != r["cost_total"])
        or (r["payment_method"] == "6" and Decimal(r["cost_self_pay"]) > 0)
    ),
    "HQ095": lambda r: (
        r["principal_diagnosis_code"][:3] in ("D66", "D67") and Decimal(r["cost_coagulation_factor"]) == 0
    ),
}


def test_what_the_truth_calls_broken_is_broken(pair: tuple[File, File]) -> None:
    clean, damaged = pair
    seen = set()
    for row, rule, _ in damaged.truth["planted"]:
        if rule in BROKEN:
            seen.add(rule)
            assert BROKEN[rule](named_row(damaged, row)), (row, rule)
    of_2012 = {"HQ046", "HQ048", "HQ049", "HQ054", "HQ072", "HQ073"}
    assert set(BROKEN) - seen == (set() if damaged.truth["layout"] == "2012" else of_2012)
    rows = named(clean)
    for rule in seen - USES_PLANTED_FIELD:
        broken = [n for n, row in enumerate(rows[:300], 1) if BROKEN[rule](row)]
        assert not broken, f"{rule} breaks in clean rows {broken}"


# Their test reads a date that the planter wrote and that other rows may not have, or takes the age for given.
USES_PLANTED_FIELD = {"HQ017", "HQ018", "HQ046", "HQ047", "HQ048", "HQ049", "HQ051"}


def test_defects_between_stays(pair: tuple[File, File]) -> None:
    _, damaged = pair
    rows = named(damaged)
    stays = defaultdict(list)
    for n, row in enumerate(rows, 1):
        stays[row["org_code"], row["medical_record_no"]].append((n, row))
    found = defaultdict(int)
    for row, rule, _ in damaged.truth["planted"]:
        this = rows[row - 1]
        others = [other for n, other in stays[this["org_code"], this["medical_record_no"]] if n != row]
        if rule == "HQ034":
            assert this in others
        elif rule == "HQ035":
            assert any(this["admission_count"] == other["admission_count"] for other in others)
        elif rule == "HQ041":
            assert any(this["patient_name"] != other["patient_name"] for other in others)
        elif rule == "HQ042":
            assert any(
                other["admission_datetime"] < this["admission_datetime"] < other["discharge_datetime"]
                or other["admission_datetime"] > this["admission_datetime"]
                for other in others
            )
        else:
            continue
        found[rule] += 1
    assert set(found) == {"HQ034", "HQ035", "HQ041", "HQ042"}


def test_dbf_gets_no_defect_that_it_cannot_hold(tmp_path: Path) -> None:
    from tonghu.synth.making import Order, make_file

    truth = tmp_path / "t.json"
    make_file(Order(out=tmp_path / "x.dbf", truth=truth, rows=800, children=1, in_scope=1, mistakes=1))
    text = truth.read_text(encoding="utf-8")
    assert '"HQ021"' in text
    assert '"HQ022"' not in text


@pytest.mark.parametrize("layout_id", ["2012", "2020"])
def test_mistakes_everywhere_leave_the_scope_alone(tmp_path: Path, layout_id: str) -> None:
    options = {"layout": layout_id, "rows": 2500, "in_scope": 0.1, "children": 0.4, "seed": 13}
    clean = made(tmp_path, "clean.csv", mistakes=0, **options)
    damaged = made(tmp_path, "damaged.csv", mistakes=0.7, mistakes_everywhere=True, **options)
    planted = by_row(damaged)
    outside = set(planted) - {int(row) for row in damaged.truth["in_scope"]} - set(damaged.truth["undetermined"])
    assert len(outside) > 1000
    changed = {n for n, (a, b) in enumerate(zip(clean.rows, damaged.rows, strict=True), 1) if a != b}
    assert changed == set(planted)
    for row, rule, _ in damaged.truth["planted"]:
        if rule in BROKEN:
            assert BROKEN[rule](named_row(damaged, row)), (row, rule)
    for row in outside:
        assert scope_of(named_row(clean, row)) is None


def test_a_dropped_column_is_one_finding_on_the_file(tmp_path: Path) -> None:
    whole = made(tmp_path, "whole.csv", rows=20, mistakes=0)
    short = made(tmp_path, "short.csv", rows=20, mistakes=0, drop_column=True)
    ((row, rule, column),) = short.truth["planted"]
    assert (row, rule) == (0, "HQ033")
    assert [header for header in whole.header if header != column] == short.header
    place = whole.header.index(column)
    assert [row[:place] + row[place + 1 :] for row in whole.rows] == short.rows
