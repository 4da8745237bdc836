"""One tumour as it is written: what is read, what is refused, and what the reason says."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tonghu.errors import InputRefused
from tonghu.tumours.classify import classify_one
from tonghu.tumours.columns import groups_of
from tonghu.tumours.legacy import translate, translations
from tonghu.tumours.recode import Verdict, recode


@pytest.mark.parametrize("site", ["C649", "C64.9", "c649", " C649 ", "Ｃ６４．９", "C64.9　", "c64.9\xa0"])
@pytest.mark.parametrize("histology", ["8960", "８９６０", " 8960", "8960/3", "M89600/3", "m8960/3", "89600/3"])
def test_writings_of_one_tumour(site, histology):
    answer = classify_one(site, histology, "3")
    assert answer[:3] == ("VI", "061", "036")
    assert answer.iccc3_name_en == "Nephroblastoma"


@pytest.mark.parametrize(
    ("cells", "zh", "en"),
    [
        ((None, "8960", "3"), "缺部位编码", "the site is missing"),
        (("  ", "8960", "3"), "缺部位编码", "the site is missing"),
        (("C64", "8960", "3"), "部位编码“C64”格式不符", "such as C649 or C64.9"),
        (("C64.99", "8960", "3"), "部位编码“C64.99”格式不符", "wrong shape"),
        (("649", "8960", "3"), "部位编码“649”格式不符", "wrong shape"),
        (("C6.49", "8960", "3"), "部位编码“C6.49”格式不符", "wrong shape"),
        (("C650", "8960", "3"), "没有“C650”", "not among the 330 sites"),
        (("C999", "8960", "3"), "没有“C999”", "not among the 330 sites"),
        (("C649", None, "3"), "缺形态学编码", "the histology is missing"),
        (("C649", "896", "3"), "形态学编码“896”格式不符", "four digits"),
        (("C649", "89603", "3"), "形态学编码“89603”格式不符", "four digits"),
        (("C649", "8960.0", "3"), "形态学编码“8960.0”格式不符", "four digits"),
        (("C649", "M8960/5", "3"), "形态学编码“M8960/5”格式不符", "four digits"),
        (("C649", "8960", None), "缺行为编码", "the behaviour is missing"),
        (("C649", "M89600", ""), "缺行为编码", "the behaviour is missing"),
        (("C649", "8960", "3.0"), "行为编码“3.0”格式不符", "one digit of 0, 1, 2, 3, 6, 9"),
        (("C649", "8960", "5"), "行为编码“5”格式不符", "one digit"),
        (("C649", "8960", "/3"), "行为编码“/3”格式不符", "one digit"),
        (("C649", "8960/1", "3"), "不一致", "contradicts"),
        (("C649", "7999", "3"), "对照表无此形态学", "histology not in the table"),
        (("C649", "8001", "2"), "对照表中该形态学无此行为", "not with this behaviour"),
        (("C649", "9370", "0"), "对照表中该形态学无此行为", "not with this behaviour"),
        (("C778", "8010", "3"), "对照表在该部位无此形态学", "histology not at this site"),
    ],
)
def test_what_is_refused_and_why(cells, zh, en):
    answer = classify_one(*cells)
    assert zh in answer.reason
    assert en in answer.reason
    assert answer[:3] == ("", "999", "999")


def test_every_fault_of_a_tumour_is_named():
    assert classify_one("C64", "896", "x").reason.count("格式不符") == 3


def test_behaviour_written_with_the_histology():
    assert classify_one("C649", "8960/3", None).iccc3_subgroup == "061"
    assert classify_one("C649", "M89600/3", " ").iccc3_subgroup == "061"


def test_a_histology_inside_a_range_is_classified_though_no_list_has_it():
    answer = classify_one("C649", "8016", "3")
    assert answer.iccc3_subgroup == "062"
    assert "范围" in answer.reason
    assert "inside a range" in answer.reason
    assert classify_one("C649", "8015", "3").reason == "iarc2017"


def test_m_codes_go_through_the_legacy_map_and_the_reason_says_so():
    answer = classify_one("C421", "M98210/3", None)
    assert answer.iccc3_subgroup == "011"
    assert "9821 → 9835（已核对" in answer.reason
    assert "translated from ICD-O-2: 9821 → 9835 (verified" in answer.reason
    assert classify_one("C421", "9821", "3").iccc3_subgroup == "999"
    assert "未经核对" in classify_one("C421", "M9822/3", None).reason
    assert "ICD-O-2 与 ICD-O-3 同号" in classify_one("C649", "M89600/3", None).reason


def test_langerhans_cells_by_the_letter_of_the_table():
    assert classify_one("C419", "9751", "3").iccc3_subgroup == "024"
    assert classify_one("C419", "9751", "1").iccc3_subgroup == "999"
    assert classify_one("C419", "9751", "3", "iccc3-2005").iccc3_subgroup == "999"


def test_versions_differ_where_they_should():
    assert [classify_one("C421", "9930", "3", v).iccc3_subgroup for v in ("iarc2017", "who2008", "iccc3-2005")] == [
        "012", "015", "015",
    ]  # fmt: skip
    with pytest.raises(InputRefused, match="2005"):
        classify_one("C649", "8960", "3", "iccc3")


def test_the_age_decides_the_one_number_that_depends_on_it():
    assert translate("9868", 3).icdo3 == "9946"
    assert translate("9868", 15).icdo3 == "9945"
    assert translate("9868").icdo3 == "9945"
    assert translate("8960") is None
    assert "→ 9946" in classify_one("C421", "M9868/3", None, age=3).reason


def test_every_translation_leads_to_a_number_of_icd_o_3_with_a_row():
    table = recode()
    for old, entries in translations().items():
        assert not table.histologies[int(old) - 8000], f"{old} is a number of ICD-O-3 too"
        for entry in entries:
            assert table.find("C421", int(entry.icdo3), 3)[1] is Verdict.LISTED
        assert entries[-1].age_below is None


def test_a_table_names_its_source():
    assert any("SEER" in line for line in recode("who2008").source)


cell = st.none() | st.text(max_size=8) | st.from_regex(r"[CcＣ]?\d{2,4}\.?\d?/?\d?", fullmatch=True)


@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6))
@example([("C649", "8960", "3"), (None, None, None), ("C64.9", "M8960/3", None)])
def test_nothing_written_in_three_cells_makes_it_fail(rows):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(["topography", "histology", "behaviour"], pl.String), orient="row")
    found = groups_of(frame).rows()
    assert found == [tuple(classify_one(*row)) for row in rows]
    for main, subgroup, extended, *_, reason in found:
        assert (subgroup == "999") == (extended == "999") == (main == "")
        assert reason
