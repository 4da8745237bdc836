"""The whole grid of sites, histologies and behaviours against a reader of the tables that shares nothing with ours."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tonghu.codes import icdo
from tonghu.tumours import recode
from tonghu.tumours.classify import classify_one
from tonghu.tumours.columns import classify, grid, groups_of

TABLES = Path(recode.__file__).parent / "data" / "iccc3"
VERSIONS = ("iarc2017", "who2008", "iccc3-2005")
SITES = sorted(icdo.topography())
ROMAN = dict(zip((f"{n:02d}" for n in range(1, 13)), "I II III IV V VI VII VIII IX X XI XII".split(), strict=True))


def table(version):
    lines = (TABLES / f"{version}.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if line[0] != "#"))


def oracle(version):
    """answer[site, histology - 8000, behaviour] = row number + 1, filled cell by cell from the printed ranges."""
    answer = np.zeros((len(SITES), 2000, 10), dtype=np.int16)
    for number, row in enumerate(table(version), 1):
        for part in row["topography"].split(","):
            first, last = part[:4], part[-4:]
            sites = [at for at, site in enumerate(SITES) if first <= site <= last]
            for histologies in row["histology"].split(","):
                low, high = int(histologies[:4]), int(histologies[-4:])
                for behaviour in row["behaviour"].split(","):
                    cells = answer[np.ix_(sites, range(low - 8000, high - 7999), [int(behaviour)])]
                    assert not cells.any(), f"rows {number} and {cells.max()} overlap"
                    answer[np.ix_(sites, range(low - 8000, high - 7999), [int(behaviour)])] = number
    return answer


def everything(behaviours):
    site, histology, behaviour = np.meshgrid(np.arange(len(SITES)), np.arange(2000), behaviours, indexing="ij")
    return pl.DataFrame(
        {
            "topography": pl.Series(SITES).gather(site.ravel()),
            "histology": pl.Series([str(n) for n in range(8000, 10000)]).gather(histology.ravel()),
            "behaviour": pl.Series([str(n) for n in range(10)]).gather(behaviour.ravel()),
        }
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_tumour_falls_where_the_printed_ranges_say(version):
    behaviours = [0, 1, 2, 3, 6, 9]
    expected = pl.Series(oracle(version)[:, :, behaviours].ravel())
    rows = table(version)
    found = groups_of(everything(behaviours), version)
    for column, values in {
        "iccc3_main": ["", *(ROMAN[row["main"]] for row in rows)],
        "iccc3_subgroup": ["999", *(row["subgroup"] for row in rows)],
        "iccc3_extended": ["999", *(row["extended"] for row in rows)],
        "iccc3_name_en": ["Not classified", *(row["name_en"] for row in rows)],
    }.items():
        assert found[column].equals(pl.Series(values).gather(expected), check_names=False), column


@pytest.mark.parametrize(("version", "tumours"), [("iarc2017", 397_428), ("who2008", 380_283)])
def test_as_many_tumours_are_classified_as_another_implementation_classifies(version, tumours):
    # The counts are those of an independent program on the same tables (imsweb's Java, every histology).
    found = groups_of(everything([0, 1, 3]), version)
    assert (found["iccc3_subgroup"] != "999").sum() == tumours


def test_the_extended_table_of_2005_agrees_with_the_main_table_wherever_that_has_a_row():
    lines = (Path(__file__).parent / "data" / "iccc3_2005_main.csv").read_text(encoding="utf-8").splitlines()
    asked = 0
    for row in csv.DictReader(line for line in lines if line[0] != "#"):
        behaviour = 1 if row["subgroup"][:2] == "03" or row["subgroup"] == "101" else 3
        for part in row["topography"].split(","):
            for histologies in row["histology"].split(","):
                for number in range(int(histologies[:4]), int(histologies[-4:]) + 1):
                    site = next(site for site in SITES if part[:4] <= site <= part[-4:])
                    answer = classify_one(site, str(number), str(behaviour), "iccc3-2005")
                    assert answer.iccc3_subgroup == row["subgroup"], (site, number)
                    asked += 1
    assert asked > 1000


def test_one_tumour_and_columns_answer_alike():
    tumours = everything([0, 1, 3, 6]).sample(4000, seed=7)
    answers = [classify_one(*cells) for cells in tumours.iter_rows()]
    assert groups_of(tumours).rows() == [tuple(answer) for answer in answers]


def test_the_moduli_of_the_grid_are_free():
    # Otherwise the search for one costs start-up time.
    assert [axis.words.len() for axis in grid().axes] == [853, 2559, 10]


def test_rows_keep_their_order_and_other_columns():
    frame = pl.DataFrame(
        {
            "id": [3, 1, 2],
            "behaviour": [3, 3, 1],
            "topography": ["C649", None, "C71.9"],
            "histology": [8960, 9500, 9421],
        }
    )
    found = classify(frame)
    assert found.select(frame.columns).equals(frame)
    assert found["iccc3_subgroup"].to_list() == ["061", "999", "032"]
    assert found.columns[4:] == [
        "iccc3_main", "iccc3_subgroup", "iccc3_extended", "iccc3_name_zh", "iccc3_name_en", "reason",
    ]  # fmt: skip


def test_no_rows():
    assert classify(pl.DataFrame(schema=dict.fromkeys(["topography", "histology", "behaviour"], pl.String))).height == 0
