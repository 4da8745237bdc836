"""ICCC-3 of a front page: the strongest evidence first, and what each certainty fills in."""

import polars as pl
import pytest

from tonghu.codes import icdo
from tonghu.tumours.front_page import _fallbacks, fallback, front_page_groups, iccc_from_front_page, sites_of


def groups(code, *morphologies, **more):
    answer = iccc_from_front_page(morphologies, code, **more)
    return answer.subgroup, answer.method, answer.certainty


@pytest.mark.parametrize(
    ("code", "subgroup", "certainty"),
    [
        ("C91.000", "011", "A"),
        ("c91.0", "011", "A"),
        ("C64.x00", "061", "B"),
        ("C69.200", "050", "B"),
        ("C71.900", "036", "C"),
        ("D43.2", "036", "C"),
        ("C40.200", "085", "C"),
        ("C49.x00x001", "095", "C"),
        ("C71.600", "999", "D"),
        ("D76.000", "999", "D"),
        ("C16.900", "999", "D"),
        ("C79.500", "999", "N"),
        ("D01.000", "999", "N"),
        ("D35.000", "999", "N"),
        ("D35.200", "035", "B"),
        ("D61.900", "999", "N"),
        ("", "999", "N"),
        ("白血病", "999", "N"),
        (None, "999", "N"),
    ],
)
def test_the_code_alone(code, subgroup, certainty):
    assert groups(code) == (subgroup, "icd10", certainty)


def test_every_key_of_the_table_fills_what_its_certainty_says():
    table = _fallbacks()
    assert len(table) > 147
    for key, line in table.items():
        assert fallback(key) == line
        answer = iccc_from_front_page([], key)
        match line.certainty:
            case "A" | "B":
                assert answer.subgroup == line.likely
            case "C":
                assert answer.subgroup in ("036", "085", "095")
                assert answer.subgroup[:2] == line.likely[:2]
            case "D" | "N":
                assert answer.subgroup == "999"
                assert answer.main == ""


@pytest.mark.parametrize(
    ("code", "morphology", "subgroup"),
    [
        ("C64.x00", "M89600/3", "061"),
        ("C64.x00", "M83120/3", "062"),
        ("C71.600", "M94700/3", "033"),
        ("C71.6", "９４７０／３", "033"),
        ("C91.000", "M98210/3", "011"),
        ("C83.500", "M96850/3", "022"),
        ("D44.400", "M93500/1", "035"),
        ("C40.200", "M91800/3", "081"),
        ("C49.100", "M92600/3", "094"),
        ("C41.900", "M92600/3", "083"),
        ("C62.900", "90653", "103"),
        ("C71.500", "M90640/3", "101"),
        ("C38.300", "M90640/3", "102"),
        ("C69.200", "视网膜母细胞瘤 M95100/3", "050"),
        # The code says nothing of the site, but the tumour is one wherever it is.
        ("Z51.103", "M95000/3", "041"),
        ("C79.500", "M95000/3", "041"),
    ],
)
def test_morphology_with_the_site_of_the_code(code, morphology, subgroup):
    assert groups(code, morphology) == (subgroup, "icd10_morphology", "A")


def test_the_first_morphology_that_leads_anywhere_counts():
    assert groups("C64.x00", None, "", "x", "M80000/6", "M89630/3", "M89600/3")[0] == "061"


def test_a_weaker_method_answers_only_where_the_stronger_finds_nothing_and_says_so():
    answer = iccc_from_front_page(["M80700/3"], "Z51.103")
    assert answer[:3] == ("999", "icd10", "N")
    answer = iccc_from_front_page(["M80000/0"], "C64.x00")
    assert answer[:3] == ("061", "icd10", "B")
    assert "icd10_morphology 无结果" in answer.reason
    assert "nothing by icd10_morphology" in answer.reason
    # The code alone says medulloblastoma or astrocytoma; the morphology decides, whatever the code makes likely.
    assert groups("C69.200", "M89100/3") == ("091", "icd10_morphology", "A")


def test_an_icd_o_site_is_the_strongest():
    assert groups("C41.900", "M92600/3", topography="C499") == ("094", "icd_o", "A")
    answer = iccc_from_front_page(["M92600/3"], "C41.900", topography="C99")
    assert answer[:2] == ("083", "icd10_morphology")
    assert iccc_from_front_page(["M99990/3"], "C64.x00", topography="C649").reason.startswith("icd_o、icd10_morphology")


def test_the_translation_is_told_and_the_age_is_used():
    assert "9868 → 9946" in iccc_from_front_page(["M98680/3"], "C93.100", age=2).reason
    assert iccc_from_front_page(["M98680/3"], "C93.100").main == "I"


def test_sites_of_a_code():
    assert sites_of("C64.x00") == ("C649",)
    assert sites_of("C71") == tuple(f"C71{n}" for n in range(10))
    assert sites_of("C92.4") == ("C421",)
    assert sites_of("C85.900") == ("C779",)
    assert len(sites_of("Z51.1")) == len(icdo.topography()) == 330
    assert all(site in icdo.topography() for code in ("C45.7", "D43.2", "C43.5") for site in sites_of(code))


def test_a_frame_answers_as_one_by_one_does():
    rows = [
        ("C91.000", None, None, 3), ("C91.000", "M98210/3", None, 3), (None, None, None, None),
        ("C93.100", "x", "M98680/3", 2), ("C91.000", None, None, 3), ("C93.100", "x", "M98680/3", 40),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["code", "first", "second", "age"], orient="row")
    found = front_page_groups(frame, "code", ["first", "second"], age_column="age")
    assert found.rows() == [tuple(iccc_from_front_page(row[1:3], row[0], age=row[3])) for row in rows]
    assert front_page_groups(frame, "code", []).height == len(rows)
