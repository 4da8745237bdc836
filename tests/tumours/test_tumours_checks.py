"""Edits on single records, against the printed tables read a second time, and one record against a file."""

import csv
import random
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from tonghu.codes import icdo
from tonghu.errors import InputRefused
from tonghu.tumours.checks import COLUMNS, OUTPUT, PROFILES, check, check_one, rules

DATA = Path(__file__).parent / "data"
ON = date(2026, 1, 1)
SITES = sorted(icdo.topography())
HISTOLOGIES = sorted({histology for histology, _ in icdo.morphology()})


@cache
def read(name):
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def tumour(age, topography, histology, **more):
    cells = {"age": str(age), "sex": "9", "topography": topography, "histology": histology}
    return {**cells, "behaviour": "3", "grade": None, "basis": "7", **more}


def checks_of(cells, profile, only="A"):
    return {found.check for found in check_one(cells, profile, ON) if found.check.startswith(only)}


@pytest.mark.requirement("REG-11")
@pytest.mark.parametrize(
    ("age", "topography", "histology", "iarc", "encr"),
    [
        # The examples of the edit list, computed there from both lists.
        (7, "C692", "9510", {"A08", "A13"}, set()),
        (12, "C741", "9500", {"A12"}, set()),
        (10, "C649", "8960", {"A14"}, set()),
        (16, "C421", "9946", set(), {"A79"}),
        (2, "C779", "9650", {"A11"}, {"A51"}),
        (10, "C716", "9470", set(), set()),
    ],
)
def test_computed_examples(age, topography, histology, iarc, encr):
    cells = tumour(age, topography, histology)
    assert checks_of(cells, "iarc") == iarc
    assert checks_of(cells, "encr") == encr


def inside(code, text):
    """Whether a code lies in a printed list such as C400-C419,C809 (empty or ALL: anywhere)."""
    return text in ("", "ALL") or any(part[:4] <= code <= part[-4:] for part in text.split(","))


def unlikely_ages(name, first, age, site, histology):
    found = set()
    for line in read(name):
        low, high = map(int, line["age"].split("-"))
        if low <= age <= high and inside(site, line["topo"]) and inside(histology, line["morp"]):
            found.add(f"A{first + int(line['n'])}")
    return found


def printed_a01_to_a10(age, site, histology):
    """A01-A10 in the words of CanReg5."""
    category = site[:3]
    return {
        check
        for check, holds in {
            "A01": age <= 25 and histology in ("9730", "9823", "9890"),
            "A02": age < 15 and histology in ("9724", "9732", "9823"),
            "A03": age >= 15 and histology in "8910 8960 8961 8962 8970 8981 8991 9072 9470 9490 9500 9687".split(),
            "A04": age < 5 and category in ("C53", "C61"),
            "A05": age < 20 and (category in "C15 C19 C20 C21 C23 C24 C50 C53 C54 C55".split() or site == "C384"),
            "A06": age < 20 and category == "C17" and int(histology) < 9590,
            "A07": age < 20 and category in ("C33", "C34", "C18") and histology[:3] != "824",
            "A08": age > 5 and histology in ("9510", "9512") and category == "C69",
            "A09": (age < 15 or age > 45) and category == "C58" and histology == "9100",
            "A10": age < 40 and category == "C61" and histology[:3] == "814",
        }.items()
        if holds
    }


def site_rule_holds(site, histology):
    """T01: whether CanReg5's families find anything."""
    for family in read("canreg5_site_histology_families.csv"):
        if inside(histology, family["histologies"]):
            here = site.startswith(tuple(family["topography_prefixes"].split()))
            if (family["rule"] == "must be at" and not here) or (family["rule"] == "must not be at" and here):
                return True
    return False


def drawn(count, seed):
    """Tumours that meet many edges: half of them made after a line of a printed list, at the ends of its ages."""
    draw = random.Random(seed)
    lines = [*read("iarc_age.csv"), *read("encr_age.csv")]
    for _ in range(count):
        line = draw.choice(lines)
        near = draw.random() < 0.5
        age = int(draw.choice(line["age"].split("-"))) + draw.choice((-1, 0, 0, 1))
        place = draw.choice(line["topo"].split(","))[:4] if near and line["topo"] not in ("", "ALL") else None
        histology = draw.choice(line["morp"].split(","))[:4] if near else draw.choice(HISTOLOGIES)
        yield tumour(
            max(0, age),
            place or draw.choice(SITES),
            histology,
            sex=draw.choice("129"),
            behaviour=draw.choice("33301236"),
            grade=draw.choice(["1", "4", "5", "6", "8", "9", "0", None]),
            basis=draw.choice("0123456789"),
        )


@pytest.fixture(scope="module")
def tumours():
    return list(drawn(4000, seed=20))


@pytest.fixture(scope="module")
def frame(tumours):
    return pl.DataFrame(tumours, schema=dict.fromkeys(COLUMNS, pl.String))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_and_one_record_find_the_same(tumours, frame, profile):
    by_row = check(frame, profile, ON, few=0)
    assert by_row.columns == list(OUTPUT)
    assert by_row.equals(check(frame, profile, ON))
    singly = [(row, *found) for row, cells in enumerate(tumours, 1) for found in check_one(cells, profile, ON)]
    assert by_row.rows() == singly
    assert len({found[1] for found in singly}) > 30


def test_iarc_finds_what_the_printed_lists_say(tumours, frame):
    found = check(frame, "iarc", ON)
    seen = set()
    by_row = dict(found.group_by("row").agg("check").iter_rows())
    for row, cells in enumerate(tumours, 1):
        age, site, histology = int(cells["age"]), cells["topography"], cells["histology"]
        expected = printed_a01_to_a10(age, site, histology)
        expected |= unlikely_ages("iarc_age.csv", 10, age, site, histology)
        sexes = {"1": ("C51", "C58"), "2": ("C60", "C63")}.get(cells["sex"])
        if sexes and sexes[0] <= site[:3] <= sexes[1]:
            expected.add("S01")
        if cells["behaviour"] == "2" and site[:3] in "C40 C41 C42 C47 C49 C70 C71 C72".split():
            expected.add("B01")
        if site_rule_holds(site, histology):
            expected.add("T01")
        checked = {name for name in by_row.get(row, ()) if name[0] == "A" or name in ("S01", "B01", "T01")}
        assert checked == expected, cells
        seen |= expected
    assert {f"A{n:02d}" for n in range(1, 47)} <= seen, "lines that no drawn tumour met"


def test_encr_finds_what_its_age_list_says(tumours, frame):
    by_row = dict(check(frame, "encr", ON).group_by("row").agg("check").iter_rows())
    for row, cells in enumerate(tumours, 1):
        expected = unlikely_ages("encr_age.csv", 50, int(cells["age"]), cells["topography"], cells["histology"])
        assert {name for name in by_row.get(row, ()) if name[0] == "A"} == expected, cells


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("topography", "histology", "behaviour", "grade"),
    [("C719", "9421", "1", "1"), ("C709", "9530", "0", "1"), ("C752", "9350", "1", "9"), ("C751", "8270", "0", None)],
)
def test_tumours_of_the_central_nervous_system_that_are_not_malignant_are_valid(
    profile, topography, histology, behaviour, grade
):
    cells = tumour(8, topography, histology, behaviour=behaviour, grade=grade)
    assert [found for found in check_one(cells, profile, ON) if found.level == "error"] == []


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"topography": "C64.9", "histology": "M89600/3", "behaviour": ""}, set()),
        ({"topography": "C64"}, {"V01"}),
        ({"histology": "896"}, {"V02", "V03"}),
        ({"behaviour": "6"}, {"V03", "V04"}),
        ({"sex": "男"}, {"V04"}),
        ({"basis": "x"}, {"V04"}),
        ({"age": "十岁"}, {"D04"}),
        ({"age": "106"}, {"D04", "A03", "A46"}),
        ({"age": ""}, set()),
        ({"grade": "５"}, {"G02"}),
    ],
)
def test_cells_as_they_are_written(cells, found):
    written = {**tumour(3, "C649", "8960"), **cells}
    assert {finding.check for finding in check_one(written, "iarc", ON)} - {"M01"} == found


def test_a_message_names_the_values_in_both_languages():
    (found,) = check_one(tumour(3, "C619", "8910", sex="2"), "iarc", ON)[:1]
    assert found == ("S01", "error", "性别 2 与部位 C619 不符", "Sex 2 does not fit the site C619")


def test_an_unknown_profile_is_refused():
    with pytest.raises(InputRefused, match="iarc"):
        rules("iacr")


def test_nothing_to_check():
    assert check(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)), "iarc", ON).height == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_every_example_of_a_rule_gives_its_answer(profile):
    chosen = rules(profile, ON)
    judge = chosen.for_record()
    for rule in chosen.rules:
        assert {example.verdict for example in rule.examples} >= {"finds"}, rule.id
        for example in rule.examples:
            answers = {answer.rule.id: answer.verdict for answer in judge(example.record)}
            assert answers.get(rule.id, "passes") == example.verdict, (rule.id, example.record)
